//! Pictures of estimates, as SVG and PNG.
//!
//! [`Xy`], [`Heat`], [`Cells`] and [`Cloud`] are pictures, [`Grid`] puts several beside each other, and [`intervals`] draws
//! answers below each other. [`svg`] and [`png()`] turn any [`Picture`] into a file; the same picture gives the same bytes.
//!
//! ```
//! use mist_plot::{Axis, COLOURS, Mark, Points, Scale, Xy, svg};
//!
//! let points = vec![(1.0, 0.2, Some((0.1, 0.3))), (2.0, 0.5, Some((0.4, 0.6)))];
//! let axis = |name: &str, values: [f64; 2]| Axis::over(name, Scale::Linear, values);
//! let panel = Xy {
//!     title: "two answers".into(),
//!     x: axis("columns", [1.0, 2.0]),
//!     y: axis("nats", [0.1, 0.6]),
//!     diagonal: false,
//!     band: Vec::new(),
//!     series: vec![Points { name: "mist".into(), colour: COLOURS[0], mark: Mark::Line, points }],
//! };
//! assert!(svg(&panel)?.contains("two answers"));
//! # Ok::<(), mist_plot::PlotError>(())
//! ```

mod axis;
mod cells;
mod cloud;
mod error;
mod grid;
mod heat;
mod intervals;
mod picture;
mod xy;

pub use axis::{Axis, Scale};
pub use cells::Cells;
pub use cloud::Cloud;
pub use error::PlotError;
pub use grid::Grid;
pub use heat::Heat;
pub use intervals::{Interval, Panel, intervals};
pub use picture::{Area, COLOURS, Picture, png, svg};
pub use plotters::style::RGBColor;
pub use xy::{Mark, Point, Points, Xy};
