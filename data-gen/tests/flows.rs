//! Fitted flows: bijections with the determinant that they state, which change no MI; files known by their hash.

mod common;

use std::{path::Path, sync::Arc};

use common::{assert_mean, rng};
use mist_data_gen::{
    Base, Joint, MetaDistribution, Seeds, Split, Task,
    config::Config,
    families::elliptical::{Elliptical, dispersion::Dispersion},
    fitted::{Coupling, FittedFlow, FlowFile},
    mixing::haar,
};
use nalgebra::{DMatrix, DVector};
use rand::Rng;
use rand_distr::StandardNormal;

/// A flow of random weights, which bend about as much as fitted ones do.
fn random(dim: usize, layers: usize, stream: u64) -> FittedFlow {
    let mut rng = rng(900 + stream);
    let mut normal = |rows: usize, columns: usize, size: f64| {
        DMatrix::from_fn(rows, columns, |_, _| size * rng.sample::<f64, _>(StandardNormal))
    };
    let driving = Coupling::driving(dim);
    let hidden = 12;
    let mut parts = Vec::new();
    for _ in 0..layers {
        let vector = |m: DMatrix<f64>| DVector::from_column_slice(m.as_slice());
        parts.push((
            normal(driving, hidden, 1.0),
            vector(normal(hidden, 1, 0.5)),
            normal(hidden, dim - driving, 0.1),
            vector(normal(dim - driving, 1, 0.1)),
            normal(hidden, dim - driving, 0.2),
            vector(normal(dim - driving, 1, 0.3)),
        ));
    }
    let lower = DMatrix::from_fn(dim, dim, |i, j| match i.cmp(&j) {
        std::cmp::Ordering::Less => 0.0,
        std::cmp::Ordering::Equal => 0.3 + 0.7 / (1.0 + i as f64),
        std::cmp::Ordering::Greater => 0.4 / dim as f64 * ((i * 7 + j) as f64).sin(),
    });
    let layers = parts.into_iter().map(|(hidden, hidden_bias, scale, scale_bias, shift, shift_bias)| Coupling {
        rotation: haar(dim, &mut rng),
        hidden,
        hidden_bias,
        scale,
        scale_bias,
        shift,
        shift_bias,
        most_log_scale: 1.5,
    });
    FittedFlow::new((0..dim).map(|i| 0.1 * i as f64).collect(), lower, layers.collect()).unwrap()
}

fn normals(n: usize, dim: usize, stream: u64) -> DMatrix<f64> {
    let mut rng = rng(stream);
    DMatrix::from_fn(n, dim, |_, _| rng.sample(StandardNormal))
}

#[test]
fn both_directions_undo_each_other() {
    for (dim, layers) in [(2, 0), (2, 3), (3, 1), (5, 8), (16, 8), (32, 8)] {
        let flow = random(dim, layers, dim as u64);
        // From the middle to far out.
        for size in [1.0, 8.0, 1e4] {
            let base = normals(50, dim, 1) * size;
            let mut rows = base.clone();
            flow.to_data(&mut rows);
            assert!(rows.iter().all(|v| v.is_finite()));
            assert!((&rows - &base).abs().max() > 0.1);
            flow.to_base(&mut rows);
            assert!((&rows - &base).abs().max() < 1e-9 * size.max(1.0), "{dim} columns, {layers} layers, size {size}");
        }
    }
}

#[test]
fn the_determinant_is_that_of_finite_differences() {
    const STEP: f64 = 1e-5;
    for (dim, layers) in [(2, 2), (3, 4), (5, 6), (8, 3)] {
        let flow = random(dim, layers, 40 + dim as u64);
        let at = normals(1, dim, 7);
        let stated = flow.to_base(&mut at.clone())[0];
        let jacobian = DMatrix::from_fn(dim, dim, |i, j| {
            let moved = |by: f64| {
                let mut row = at.clone();
                row[(0, j)] += by;
                flow.to_base(&mut row);
                row[(0, i)]
            };
            (moved(STEP) - moved(-STEP)) / (2.0 * STEP)
        });
        let found = jacobian.determinant().abs().ln();
        assert!((stated - found).abs() < 1e-6, "{dim} columns: {stated}, by differences {found}");
    }
}

/// The density of what the flow makes of normals is the density that it states: its entropy is that of the base less the
/// determinant, and it integrates to 1 over the plane.
#[test]
fn the_density_is_that_of_the_rows_it_makes() {
    let flow = random(2, 3, 3);
    let (half, cells) = (12.0, 800);
    let width = 2.0 * half / cells as f64;
    let grid = DMatrix::from_fn(cells * cells, 2, |k, side| {
        let cell = if side == 0 { k / cells } else { k % cells };
        -half + width * (cell as f64 + 0.5)
    });
    let total: f64 = flow.log_density(&grid).into_iter().map(f64::exp).sum::<f64>() * width * width;
    assert!((total - 1.0).abs() < 2e-3, "{total}");
}

fn pair() -> Elliptical {
    Elliptical::normal(Dispersion::sparse(3, 2, 2, 2.0).unwrap())
}

/// What is stated of each row and of all is exact: taken back through the flows, the rows are those of the base, with its
/// densities; and their mean is the MI.
#[test]
fn flows_change_no_mi_and_no_pointwise_value() {
    let plain = Task::new("pair", Base::Elliptical(pair()));
    let (of_x, of_y) = (Arc::new(random(3, 4, 11)), Arc::new(random(2, 3, 12)));
    let bent = plain.clone().with_flows((Some(of_x.clone()), Some(of_y.clone())));
    assert_eq!(plain.mi_nats(), bent.mi_nats());
    let (mut sample, pointwise) = bent.sample_pointwise(20_000, &mut rng(5));
    let (before, of_rows) = plain.sample_pointwise(20_000, &mut rng(5));
    assert_eq!(pointwise, of_rows);
    assert_mean(&pointwise, bent.mi_nats(), 4.0, "pointwise MI");
    assert!((&sample.x - &before.x).abs().max() > 0.5);
    of_x.to_base(&mut sample.x);
    of_y.to_base(&mut sample.y);
    let again = plain.base().pointwise_mi(&sample);
    let off = again.iter().zip(&pointwise).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(off < 1e-9, "{off}");
}

/// An estimator that knows nothing of flows: k nearest neighbours in the joint and the marginal spaces (Kraskov,
/// Stögbauer and Grassberger 2004, equation 8), on a pair of two columns each.
#[test]
fn nearest_neighbours_find_the_same_mi() {
    let base = Elliptical::normal(Dispersion::sparse(2, 2, 2, 1.2).unwrap());
    let plain = Task::new("pair", Base::Elliptical(base));
    let bent = plain.clone().with_flows((Some(Arc::new(random(2, 2, 21))), Some(Arc::new(random(2, 2, 22)))));
    let ksg = |task: &Task| {
        let sample = task.sample(1200, &mut rng(6));
        let distance = |m: &DMatrix<f64>, i: usize, j: usize| (m.row(i) - m.row(j)).abs().max();
        let digamma = statrs::function::gamma::digamma;
        let (n, k) = (sample.x.nrows(), 4);
        let sum: f64 = (0..n)
            .map(|i| {
                let mut both: Vec<(f64, f64, f64)> = (0..n)
                    .filter(|j| *j != i)
                    .map(|j| (distance(&sample.x, i, j), distance(&sample.y, i, j)))
                    .map(|(x, y)| (x.max(y), x, y))
                    .collect();
                both.sort_by(|a, b| a.0.total_cmp(&b.0));
                let near = both[k - 1].0;
                let count = |of: fn(&(f64, f64, f64)) -> f64| both.iter().filter(|d| of(d) < near).count() as f64;
                digamma(count(|d| d.1) + 1.0) + digamma(count(|d| d.2) + 1.0)
            })
            .sum();
        digamma(k as f64) + digamma(n as f64) - sum / n as f64
    };
    let (before, after) = (ksg(&plain), ksg(&bent));
    assert!((before - plain.mi_nats()).abs() < 0.1, "{before}, truth {}", plain.mi_nats());
    assert!((after - bent.mi_nats()).abs() < 0.15, "{after}, truth {}", bent.mi_nats());
}

fn text(dims: &str, flow: &str) -> String {
    format!(
        "name = \"like-the-data\"\npermute_columns = true\n[[n]]\nweight = 1.0\nlaw = \"uniform\"\nmin = 20\nmax = 30\n\
         [[family]]\nweight = 1.0\nkind = \"normal\"\ndispersion = \"canonical\"\nswap = 0.5\n{dims}\n\
         [family.flow]\n{flow}\n"
    )
}

#[test]
fn a_configuration_names_flows_by_file_and_hash() {
    let dir = tempfile::tempdir().unwrap();
    let x = FlowFile::write(&dir.path().join("x.safetensors"), random(4, 2, 31)).unwrap();
    let y = FlowFile::write(&dir.path().join("y.safetensors"), random(2, 2, 32)).unwrap();
    assert_eq!(FlowFile::read(x.path(), Some(x.sha256())).unwrap(), x);
    let read = |text: &str| MetaDistribution::from_toml_in(text, dir.path());

    let meta = read(&text("", "x = \"x.safetensors\"\ny = \"y.safetensors\"")).unwrap();
    assert_eq!(meta.variants()[0].name, "normal-canonical-base-fitted");
    // Every default and both hashes are written out; the same from anywhere, and with the same hash.
    let resolved = meta.to_toml();
    assert!(resolved.contains(x.sha256()) && resolved.contains(y.sha256()), "{resolved}");
    assert_eq!(MetaDistribution::from_toml(&resolved).unwrap().config(), meta.config());
    let beside = meta.config().beside_its_files().to_toml();
    let other = tempfile::tempdir().unwrap();
    for name in ["x.safetensors", "y.safetensors"] {
        std::fs::copy(dir.path().join(name), other.path().join(name)).unwrap();
    }
    assert_eq!(MetaDistribution::from_toml_in(&beside, other.path()).unwrap().sha256(), meta.sha256());

    // Draws: the flows belong to X and Y as they are in the end, whichever way the base lies.
    let seeds = Seeds { root: 4 };
    let mut swapped = 0;
    for index in 0..30 {
        let draw = meta.draw_task(&seeds, Split::Scratch, index);
        swapped += usize::from(draw.task.is_swapped());
        assert_eq!((draw.task.dim_x(), draw.task.dim_y()), (4, 2));
        let sample = draw.clone().sample_pointwise();
        assert_eq!(sample, meta.draw_task(&seeds, Split::Scratch, index).sample_pointwise());
        assert!(sample.sample.x.iter().all(|v| v.is_finite()));
    }
    assert!((5..25).contains(&swapped), "{swapped}");

    let one_side = read(&text("dims = [4, 1]", "x = \"x.safetensors\"")).unwrap();
    assert_eq!(one_side.draw(&seeds, Split::Scratch, 0).sample.y.ncols(), 1);
    let hash = "0".repeat(64);
    for (dims, flow, expected) in [
        ("", "x = \"x.safetensors\"", "key `family[0].dims` is missing"),
        ("dims = [3, 2]", "x = \"x.safetensors\"", "is a flow of 4 columns, expected 3"),
        ("dims = [4, 2]", "x = \"z.safetensors\"", "key `family[0].flow.x`: cannot read"),
        ("dims = [4, 2]", "", "no flow at all"),
        ("dims = [4, 2]", "z = \"z.safetensors\"", "expected a table of `x`, `y`"),
        ("dims = [4, 2]", "y_sha256 = \"a\"", "does not apply to a side without `y`"),
        ("dims = [4, 2]", &format!("x = \"x.safetensors\"\nx_sha256 = \"{hash}\""), "another flow: its SHA-256 is"),
    ] {
        let error = read(&text(dims, flow)).unwrap_err().to_string();
        assert!(error.contains(expected) && error.starts_with("line "), "{error}");
    }
    // Rows of equal values are no data for a flow.
    let discrete = "name = \"a\"\n[[n]]\nweight = 1.0\nlaw = \"uniform\"\nmin = 9\nmax = 9\n[[family]]\nweight = 1.0\n\
                    kind = \"channel\"\ndims = [4, 2]\n[family.flow]\nx = \"x.safetensors\"\n";
    assert!(read(discrete).unwrap_err().to_string().contains("does not apply"));
    assert!(Config::from_toml_in(discrete, Path::new("")).is_err());
}

#[test]
fn a_damaged_file_is_refused_and_never_panics() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.safetensors");
    let flow = random(3, 2, 41);
    let bytes = flow.to_bytes();
    assert_eq!(bytes, flow.to_bytes());
    assert_eq!(FittedFlow::from_bytes(&bytes).unwrap(), flow);
    let mut noise = rng(42);
    let mut refused = 0;
    for _ in 0..400 {
        let mut damaged = bytes.clone();
        // Most of the file is weights, of which any finite ones will do; the hash is what tells.
        let until = if noise.random_bool(0.7) { 900 } else { bytes.len() };
        let at = noise.random_range(0..until);
        damaged[at] ^= 1 << noise.random_range(0..8);
        std::fs::write(&path, &damaged).unwrap();
        let sha256 = FlowFile::write(&dir.path().join("sound"), flow.clone()).unwrap().sha256().to_owned();
        assert!(FlowFile::read(&path, Some(&sha256)).is_err());
        refused += usize::from(FittedFlow::from_bytes(&damaged).is_err());
    }
    assert!(refused > 150, "{refused}");
    for length in [0, 7, 100, bytes.len() - 1] {
        assert!(FittedFlow::from_bytes(&bytes[..length]).is_err());
    }
    let mut skew = flow.layers()[0].clone();
    skew.rotation *= 2.0;
    let error = FittedFlow::new(vec![0.0; 3], DMatrix::identity(3, 3), vec![skew]).unwrap_err().to_string();
    assert!(error.contains("orthogonal"), "{error}");
}
