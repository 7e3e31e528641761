//! The quantile function of the normal distribution, on tensors.

use candle_core::{DType, Result, Tensor};
use statrs::distribution::{ContinuousCDF, Normal};
use std::f64::consts::PI;

/// `Φ⁻¹(u)`, whose derivative is `√(2π) e^(z²/2)` at z. The values pass through the memory of the host.
///
/// # Shapes
/// Any, with values in (0, 1) → the same.
pub(super) fn normal_quantile(u: &Tensor) -> Result<Tensor> {
    let normal = Normal::standard();
    let host: Vec<f64> = u.to_device(&candle_core::Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
    let z: Vec<f64> = host.into_iter().map(|u| normal.inverse_cdf(u)).collect();
    let slopes: Vec<f64> = z.iter().map(|z| (2.0 * PI).sqrt() * (0.5 * z * z).exp()).collect();
    let like = |values: Vec<f64>| Tensor::from_vec(values, u.shape(), &candle_core::Device::Cpu)?.to_dtype(u.dtype());
    let (z, slopes) = (like(z)?.to_device(u.device())?, like(slopes)?.to_device(u.device())?);
    // Itself, with a gradient.
    z + ((u - u.detach())? * slopes)?
}

/// The digamma function of values from 1 on: `ψ(x) = ψ(x + 4) − Σ 1/(x + i)` and Stirling's series, within 1e-8.
///
/// # Shapes
/// Any → the same.
pub(super) fn digamma(x: &Tensor) -> Result<Tensor> {
    let mut below = x.recip()?;
    for i in 1..4 {
        below = (below + (x + f64::from(i))?.recip()?)?;
    }
    let x = (x + 4.0)?;
    let r = x.sqr()?.recip()?;
    // 1/12 r − 1/120 r² + 1/252 r³ − 1/240 r⁴
    let series = r.affine(-1.0 / 240.0, 1.0 / 252.0)?;
    let series = (series * &r)?.affine(1.0, -1.0 / 120.0)?;
    let series = ((series * &r)?.affine(1.0, 1.0 / 12.0)? * &r)?;
    ((x.log()? - (x.recip()? * 0.5)?)? - series)? - below
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    #[test]
    fn quantiles_and_their_slopes() -> Result<()> {
        let u = Var::new(&[0.001f64, 0.3, 0.5, 0.99], &Device::Cpu)?;
        let z = normal_quantile(&u)?;
        let slopes = z.sum_all()?.backward()?.get(&u).unwrap().to_vec1::<f64>()?;
        for ((u, z), slope) in u.to_vec1::<f64>()?.into_iter().zip(z.to_vec1::<f64>()?).zip(slopes) {
            let normal = Normal::standard();
            assert!((normal.cdf(z) - u).abs() < 1e-9);
            let want = (normal.inverse_cdf(u + 1e-6) - normal.inverse_cdf(u - 1e-6)) / 2e-6;
            assert!((slope / want - 1.0).abs() < 1e-5, "{slope} and {want}");
        }
        Ok(())
    }

    #[test]
    fn digamma_agrees_with_the_library() -> Result<()> {
        let values: Vec<f64> = (0..60).map(|i| 1.0 + f64::from(i) * 0.37).collect();
        let got = digamma(&Tensor::new(values.as_slice(), &Device::Cpu)?)?.to_vec1::<f64>()?;
        for (x, got) in values.into_iter().zip(got) {
            let want = statrs::function::gamma::digamma(x);
            assert!((got - want).abs() < 2e-8, "ψ({x}) = {want}, not {got}");
        }
        Ok(())
    }
}
