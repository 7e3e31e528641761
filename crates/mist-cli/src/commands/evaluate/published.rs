//! Figures that others have published, with their sources.

use mist_train::metrics::N_BINS;

/// Mean squared errors of a published estimator on one part, nats², by the bins [`N_BINS`].
pub struct Published {
    /// Title of the part.
    pub part: &'static str,
    /// The estimator.
    pub estimator: &'static str,
    /// One for each of the bins.
    pub mse: [f64; N_BINS.len()],
}

/// Where the figures of [`PUBLISHED`] are from.
pub const SOURCE: &str = "MIST and MIST-QR: \"MIST: Mutual Information Estimation via Supervised Training\" (arXiv \
                          2511.18945), M_test, on that paper's own draws";

/// What is known of InfoAtlas.
pub const INFO_ATLAS: &str = "InfoAtlas: no figure that is comparable, on these suites and in nats, is known to us, so \
                              none is given";

/// The figures.
pub const PUBLISHED: [Published; 4] = [
    Published { part: "m_test_imd", estimator: "MIST", mse: [3.1, 0.34, 0.28] },
    Published { part: "m_test_imd", estimator: "MIST-QR", mse: [3.1, 0.31, 0.12] },
    Published { part: "m_test_oomd", estimator: "MIST", mse: [8.0, 7.3, 8.8] },
    Published { part: "m_test_oomd", estimator: "MIST-QR", mse: [9.5, 9.9, 10.0] },
];

/// The figures of a part.
pub fn of(part: &str) -> impl Iterator<Item = &'static Published> {
    PUBLISHED.iter().filter(move |published| published.part == part)
}
