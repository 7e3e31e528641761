//! Every operation: composed gradients against finite differences, fused values and gradients against composed.

use super::*;
use candle_core::{Device, Var};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Differences of f64 values; candle's own GELU gradient rounds its constants to seven digits.
const BY_DIFFERENCES: f64 = 1e-4;
const FUSED_VALUE: f64 = 3e-6;
const FUSED_GRADIENT: f64 = 2e-5;

type Op<'a> = &'a dyn Fn(&[Tensor]) -> Result<Tensor>;

fn random(shape: &[usize], seed: u64) -> Vec<f64> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..shape.iter().product()).map(|_| rng.random_range(-1.5..1.5)).collect()
}

/// Value and gradients of `Σ f(inputs)·r` for a fixed random r, in one float type.
fn run(op: Op, shapes: &[&[usize]], values: &[Vec<f64>], dtype: DType) -> Result<(f64, Vec<f64>, Vec<Vec<f64>>)> {
    let dev = Device::Cpu;
    let vars: Vec<Var> = (shapes.iter().zip(values))
        .map(|(s, v)| Var::from_tensor(&Tensor::from_vec(v.clone(), *s, &dev)?.to_dtype(dtype)?))
        .collect::<Result<_>>()?;
    let inputs: Vec<Tensor> = vars.iter().map(|v| v.as_tensor().clone()).collect();
    let y = op(&inputs)?;
    let r = Tensor::from_vec(random(y.dims(), 99), y.shape(), &dev)?.to_dtype(dtype)?;
    let loss = (&y * r)?.sum_all()?;
    let grads = loss.backward()?;
    let list = |t: &Tensor| t.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>();
    let of = |v: &Var| list(grads.get(v.as_tensor()).expect("a gradient reaches every input"));
    let gradients = vars.iter().map(of).collect::<Result<_>>()?;
    Ok((loss.to_dtype(DType::F64)?.to_scalar()?, list(&y)?, gradients))
}

fn close(a: &[f64], b: &[f64], tolerance: f64, what: &str) {
    let scale = b.iter().fold(1e-3f64, |m, v| m.max(v.abs()));
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() < tolerance * scale, "{what}[{i}]: {a} against {b}");
    }
}

fn check(name: &str, shapes: &[&[usize]], op: Op) {
    check_within(BY_DIFFERENCES, name, shapes, op);
}

fn check_within(by_differences: f64, name: &str, shapes: &[&[usize]], op: Op) {
    let mut values: Vec<Vec<f64>> = shapes.iter().zip(1..).map(|(s, seed)| random(s, seed)).collect();
    let (_, y, grads) = run(op, shapes, &values, DType::F64).unwrap();
    let mut rng = StdRng::seed_from_u64(7);
    for i in 0..values.len() {
        for _ in 0..12 {
            let (k, h) = (rng.random_range(0..values[i].len()), 1e-5);
            let at = values[i][k];
            let mut loss_at = |v: f64| {
                values[i][k] = v;
                run(op, shapes, &values, DType::F64).unwrap().0
            };
            let slope = (loss_at(at + h) - loss_at(at - h)) / (2.0 * h);
            values[i][k] = at;
            close(&[grads[i][k]], &[slope], by_differences, &format!("{name}: gradient {i} by differences"));
        }
    }
    let (_, y32, grads32) = run(op, shapes, &values, DType::F32).unwrap();
    close(&y32, &y, FUSED_VALUE, &format!("{name}: fused value"));
    for (i, (fused, composed)) in grads32.iter().zip(&grads).enumerate() {
        close(fused, composed, FUSED_GRADIENT, &format!("{name}: fused gradient {i}"));
    }
}

fn side(like: &Tensor) -> Result<Tensor> {
    // Two tasks of 3 + 2 columns, the second with a padding column.
    Tensor::new(&[[1f64, 1.0, 1.0, -1.0, -1.0], [1.0, 1.0, -1.0, -1.0, 0.0]], &Device::Cpu)?.to_dtype(like.dtype())
}

#[test]
fn dense_layer() {
    for act in [Activation::Identity, Activation::Gelu] {
        // More rows than one tile.
        check("dense", &[&[2, 150, 5], &[5, 7], &[7]], &|t| dense(&t[0], &t[1], &t[2], act));
    }
}

#[test]
fn cell_inputs_are_the_functions_they_say() {
    let (z, n) = (random(&[2, 5, 3], 4), 30);
    let new = |values: &[f64], shape: &[usize]| Tensor::from_vec(values.to_vec(), shape, &Device::Cpu).unwrap();
    let single = |t: Tensor| t.to_dtype(DType::F32).unwrap();
    let ties: Vec<f64> = z.iter().map(|z| z.abs() / 2.0).collect();
    let indicators = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0];
    let shape = [2, 5, 3];
    let inputs = [single(new(&z, &shape)), single(new(&ties, &shape)), single(new(&indicators, &[2, 3]))];
    let got = cell_inputs(&inputs[0], &inputs[1], &inputs[2]).unwrap();
    assert_eq!(got.dims(), [2, 5, 3, 8]);
    let got: Vec<f32> = got.flatten_all().unwrap().to_vec1().unwrap();
    for (cell, got) in (0..n).zip(got.chunks_exact(8)) {
        let z = z[cell];
        let (he2, he3, z3) = ((z * z - 1.0) / 1.4, (z * z - 3.0) * z / 2.4, 3.0 * z);
        let indicator = indicators[cell / 15 * 3 + cell % 3];
        let want = [z, he2, he3, z3.tanh(), z3.cos(), z3.sin(), ties[cell], indicator];
        for (got, want) in got.iter().zip(want) {
            assert!((f64::from(*got) - want).abs() < 1e-6, "cell {cell}: {got} against {want}");
        }
    }
}

#[test]
fn affine_maps_of_wide_layers() {
    for act in [Rectifier::Identity, Rectifier::Gelu, Rectifier::Relu] {
        check("linear", &[&[2, 41, 21], &[19, 21], &[19]], &|t| linear(&t[0], &t[1], &t[2], act));
    }
}

#[test]
fn attention_with_heads_and_masks() {
    // More queries than one block, and keys that fill no register.
    check("attention", &[&[2, 70, 6], &[2, 37, 6], &[2, 37, 6]], &|t| attention(&t[0], &t[1], &t[2], 2, None));
    check("attention with a mask", &[&[2, 3, 6], &[2, 5, 6], &[2, 5, 6]], &|t| {
        let keys = Tensor::new(&[[1f64, 1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0, 1.0]], &Device::Cpu)?;
        attention(&t[0], &t[1], &t[2], 3, Some(&keys.to_dtype(t[0].dtype())?))
    });
}

#[test]
fn normalisations() {
    check("layer_norm", &[&[3, 4, 35], &[35], &[35]], &|t| layer_norm(&t[0], &t[1], &t[2]));
    check("rms_norm", &[&[3, 4, 35], &[35]], &|t| rms_norm(&t[0], &t[1]));
    check("standardise", &[&[2, 9, 6]], &|t| standardise(&t[0], None));
    check("standardise with padding", &[&[2, 4, 3]], &|t| {
        let mask = Tensor::new(&[[1f64, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0]], &Device::Cpu)?;
        standardise(&t[0], Some(&mask.to_dtype(t[0].dtype())?))
    });
}

#[test]
fn sums_over_sides() {
    check("side_sum", &[&[2, 3, 5, 4]], &|t| side_sum(&t[0], &side(&t[0])?));
    check("side_pool", &[&[2, 3, 5, 4]], &|t| side_pool(&t[0], &side(&t[0])?));
}

#[test]
fn gates() {
    check("gate_concat", &[&[2, 3, 5], &[2, 3, 5]], &|t| gate_concat(&t[0], &t[1]));
}

#[test]
fn triangle_product() {
    // Whole blocks of channels, a block and a rest, and a rest alone; columns that are no multiple of the tile.
    for e in [32, 48, 35, 3] {
        check("triangle", &[&[2, 7, 7, e], &[2, 7, 7, e]], &|t| triangle(&t[0], &t[1]));
    }
}

#[test]
fn cross_moments() {
    // Few columns, and many.
    for d in [2, 4, 6] {
        check("moments", &[&[2, 6, d, 3]], &|t| {
            moments(&t[0], &Tensor::new(&[6f64, 5.0], &Device::Cpu)?.to_dtype(t[0].dtype())?)
        });
    }
}

#[test]
fn whole_cell_network() {
    // Inputs, H, U, C; more rows than one tile.
    let (f, h, u, c) = (4, 5, 6, 7);
    let shapes: [&[usize]; 11] =
        [&[2, 60, 5, f], &[f, h], &[h], &[h, h], &[h], &[3 * h, u], &[u], &[u, u], &[u], &[u, c], &[c]];
    for padded in [false, true] {
        check("cell_network", &shapes, &|t| {
            let layers = CellLayers {
                expand: (&t[1], &t[2]),
                context: (&t[3], &t[4]),
                mix1: (&t[5], &t[6]),
                mix2: (&t[7], &t[8]),
                project: (&t[9], &t[10]),
            };
            let side = side(&t[0])?;
            let mask = if padded { Some(side.abs()?.reshape((2, 1, 5, 1))?) } else { None };
            let side = if padded { side } else { side.affine(1.0, 1e-3)? };
            cell_network(&t[0], &side, mask.as_ref(), false, &layers, 3)
        });
    }
}

#[test]
fn whole_pair_block() {
    // Columns, E, H: less than one tile of pairs, and more; a hidden layer wider and narrower than the channels.
    for (d, e, h) in [(4, 8, 9), (23, 6, 7), (3, 9, 4)] {
        let square: &[usize] = &[e, e];
        let shapes: [&[usize]; 17] = [
            &[2, d, d, e],
            &[e],
            square,
            &[e],
            square,
            &[e],
            square,
            &[e],
            square,
            &[e],
            &[e],
            &[e, h],
            &[h],
            &[e, h],
            &[e, h],
            &[h, e],
            &[e],
        ];
        for padded in [false, true] {
            // Two layers of which one is a GELU, whose rounded constants weigh more where the values are large.
            check_within(10.0 * BY_DIFFERENCES, "pair_block", &shapes, &|t| {
                let layers = PairLayers {
                    norm1: &t[1],
                    left: (&t[2], &t[3]),
                    right: (&t[4], &t[5]),
                    gate: (&t[6], &t[7]),
                    out: (&t[8], &t[9]),
                    norm2: &t[10],
                    mlp1: (&t[11], &t[12]),
                    mlp1_row: &t[13],
                    mlp1_col: &t[14],
                    mlp2: (&t[15], &t[16]),
                };
                let symmetric = ((&t[0] + t[0].transpose(1, 2)?)? * 0.5)?;
                let root = Tensor::new(&[1.5f64, 2.5], &Device::Cpu)?.to_dtype(t[0].dtype())?;
                if !padded {
                    return pair_block(&symmetric, &root, None, &layers);
                }
                // The last column of the second task is padding.
                let real = Tensor::ones((2, d), t[0].dtype(), &Device::Cpu)?;
                let last = real.slice_assign(&[1..2, d - 1..d], &Tensor::zeros((1, 1), t[0].dtype(), &Device::Cpu)?)?;
                let mask = last.unsqueeze(2)?.broadcast_mul(&last.unsqueeze(1)?)?.unsqueeze(3)?;
                let columns = last.sum(1)?;
                pair_block(&symmetric.broadcast_mul(&mask)?, &root, Some((&mask, &columns)), &layers)
            });
        }
    }
}

#[test]
fn smoothed_ranks() {
    check("soft_ranks", &[&[37, 3]], &|t| {
        let widths = Tensor::from_vec(random(&[37, 3], 3), (37, 3), &Device::Cpu)?;
        soft_ranks(&t[0], &(widths.abs()? + 0.1)?.to_dtype(t[0].dtype())?)
    });
}

#[test]
fn smoothed_counts() {
    for (dim_x, dim_y) in [(1, 1), (2, 3)] {
        check("soft_counts", &[&[29, dim_x + dim_y]], &|t| {
            let radii = Tensor::from_vec(random(&[29, PLACES, 2], 3), (29, PLACES, 2), &Device::Cpu)?;
            soft_counts(&t[0], dim_x, &(radii.abs()? + 0.1)?.to_dtype(t[0].dtype())?, 0.4)
        });
    }
}

#[test]
fn quadratic_forms() {
    // One whole vector of channels, one and a rest, and a rest alone.
    for q in [16, 19, 3] {
        check("quadratic", &[&[2, 7, 4, q], &[2, 4, 4, q]], &|t| quadratic(&t[0], &t[1]));
    }
}
