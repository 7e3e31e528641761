//! What the statistical tests share.
#![allow(dead_code, reason = "every test file uses a part")]

pub mod damage;
pub mod oracle;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use mist_data_gen::{Base, Joint, MetaDistribution, Seeds, Split};
use rand_chacha::ChaCha8Rng;

/// The stream of a test, by number.
pub fn rng(stream: u64) -> ChaCha8Rng {
    Seeds { root: 20_240_501 }.rng(Split::Scratch, stream)
}

/// Asserts that the mean of independent values is `expected` within `sigmas` standard errors.
pub fn assert_mean(values: &[f64], expected: f64, sigmas: f64, what: &str) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let error = (variance / n).sqrt();
    // Where the variance is zero only rounding is left.
    assert!((mean - expected).abs() <= sigmas * error + 1e-12, "{what}: mean {mean} ± {error}, expected {expected}");
}

/// The Kolmogorov–Smirnov statistic √n sup |F_n − F|.
pub fn ks_statistic(values: &[f64], cdf: impl Fn(f64) -> f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let distance = sorted.iter().enumerate().fold(0.0_f64, |worst, (i, &v)| {
        let f = cdf(v);
        worst.max(f - i as f64 / n).max((i + 1) as f64 / n - f)
    });
    distance * n.sqrt()
}

/// P(√n D > 2.0) ≈ 2 exp(−2 · 4) = 7e-4 under the null hypothesis.
pub const KS_LIMIT: f64 = 2.0;

/// A configuration with every kind and option, which no tuning of the shipped ones changes.
pub fn wide() -> MetaDistribution {
    MetaDistribution::from_toml(include_str!("wide.toml")).unwrap()
}

/// All files of a folder.
pub fn bytes(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.file_name().unwrap().into(), fs::read(&path).unwrap())).collect()
}

/// The standard error of the MI that a distribution states: its own, or what its documentation says that it typically is off by.
pub fn stated_error(base: &Base) -> f64 {
    match base {
        Base::Regression(_) => 0.003,
        _ => base.mi_standard_error(),
    }
}
