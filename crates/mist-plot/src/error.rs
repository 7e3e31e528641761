//! Why there is no picture.

/// Why a picture cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// What the backend says.
    #[error("cannot draw: {0}")]
    Draw(String),
    /// A PNG file that cannot be made.
    #[error("cannot encode a picture")]
    Encode(#[from] png::EncodingError),
}
