//! What is applied on top of a base is a bijection of one side: nothing of the base is lost.

mod common;

use common::{rng, wide};
use mist_data_gen::{
    Base, Joint, Map, MetaDistribution, Sample, Seeds, Split, Task,
    families::{
        elliptical::{Elliptical, dispersion::Dispersion},
        link::{Curve, Link, Noise, Source},
    },
    layout::Layout,
    maps::Side,
    mixing::{Mixing, linear},
    warp::WarpKind,
};
use nalgebra::DMatrix;
use rand::Rng;

/// The one preimage of a value under a map, by bisection: the map is increasing.
fn preimage(map: Map, side: Side, value: f64) -> f64 {
    let image = |v: f64| {
        let mut one = [v];
        map.apply(side, &mut one);
        one[0]
    };
    let (mut low, mut high) = (-1.0, 1.0);
    while image(low) > value {
        low *= 2.0;
    }
    while image(high) < value {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if image(middle) < value {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Undoes [`Task::transform`], step by step in reverse.
fn undo(task: &Task, sample: Sample) -> Sample {
    let Sample { mut x, mut y } = sample;
    if task.is_swapped() {
        (x, y) = (y, x);
    }
    let undo_layout = |layout: &Layout, columns: DMatrix<f64>| {
        let mut out = columns.clone();
        for (j, (&from, &negate)) in layout.order.iter().zip(&layout.negate).enumerate() {
            let sign = if negate { -1.0 } else { 1.0 };
            out.set_column(from, &(columns.column(j) * sign));
        }
        out
    };
    if let Some((of_x, of_y)) = task.layout() {
        x = undo_layout(of_x, x);
        y = undo_layout(of_y, y);
    }
    let (of_x, of_y) = task.warp();
    for (warp, side) in [(of_x, &mut x), (of_y, &mut y)] {
        if let Some(warp) = warp {
            warp.undo(side);
        }
    }
    x.apply(|v| *v = preimage(task.map(), Side::X, *v));
    y.apply(|v| *v = preimage(task.map(), Side::Y, *v));
    if let Some((of_x, of_y)) = task.mixing() {
        x *= of_x.clone().try_inverse().expect("invertible");
        y *= of_y.clone().try_inverse().expect("invertible");
    }
    Sample { x, y }
}

#[test]
fn transforms_can_be_undone() {
    /// Relative to the largest value: bisection of Φ is limited by its flat tails.
    const TOLERANCE: f64 = 1e-7;
    let seeds = Seeds { root: 3 };
    let meta = wide();
    let (mut rotated, mut warped, mut swapped) = (0, 0, 0);
    for index in 0..400 {
        let mut drawn = meta.draw_task(&seeds, Split::Scratch, index);
        let task = &drawn.task;
        rotated += usize::from(task.mixing().is_some());
        warped += usize::from(task.warp().0.is_some());
        swapped += usize::from(task.is_swapped());
        let base = task.base().sample(20, &mut drawn.rng.clone());
        let sample = task.sample(20, &mut drawn.rng);
        assert_eq!(sample, task.transform(base.clone(), &mut drawn.rng));
        assert_eq!((sample.x.ncols(), sample.y.ncols()), (task.dim_x(), task.dim_y()));
        let back = undo(task, sample);
        for (a, b) in [(&base.x, &back.x), (&base.y, &back.y)] {
            // A side of counts may be all zeros.
            let error = (a - b).abs().max() / a.abs().max().max(1e-9);
            assert!(error < TOLERANCE, "{} {index}: off by {error}", task.family());
        }
    }
    let counts = format!("{rotated} mixed, {warped} warped, {swapped} swapped");
    assert!(rotated > 40 && warped > 10 && swapped > 10, "{counts}");
}

#[test]
fn maps_are_strictly_increasing() {
    let mut rng = rng(0);
    let mut values: Vec<f64> = (0..5_000).map(|_| rng.random_range(-8.0..8.0)).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    for map in Map::ALL {
        for side in [Side::X, Side::Y] {
            let mut images = values.clone();
            map.apply(side, &mut images);
            // Beyond 5 the normal CDF's steps come close to the spacing of floats near 1.
            let strict = |w: &[f64]| {
                w[0] < w[1] || (matches!(map, Map::NormalCdf | Map::Bimodal) && w[0] > 1.0 - 1e-6 && w[0] <= w[1])
            };
            assert!(images.windows(2).all(strict), "{map:?} {side:?}");
        }
    }
}

#[test]
fn maps_take_known_values() {
    let at = |map: Map, side, v: f64| {
        let mut one = [v];
        map.apply(side, &mut one);
        one[0]
    };
    assert_eq!(at(Map::HalfCube, Side::X, -9.0), -27.0);
    assert_eq!(at(Map::Identity, Side::Y, -9.0), -9.0);
    assert!((at(Map::Asinh, Side::Y, 1.0) - (1.0 + 2.0_f64.sqrt()).ln()).abs() < 1e-15);
    assert!((at(Map::NormalCdf, Side::X, 1.959_963_984_540_054) - 0.975).abs() < 1e-12);
    let wiggly_x = 0.2 * 1.0_f64.sin() + 0.03 * (-2.5_f64).sin();
    assert!((at(Map::Wiggly, Side::X, 0.0) - wiggly_x).abs() < 1e-15);
    let wiggly_y = 0.17 * 3.5_f64.sin() + 0.02 * (-2.5_f64).sin();
    assert!((at(Map::Wiggly, Side::Y, 0.0) - wiggly_y).abs() < 1e-15);
}

#[test]
fn rotation_keeps_lengths() {
    let base = Base::Elliptical(Elliptical::normal(Dispersion::dense(6, 4, 0.3).unwrap()));
    let task = Task::new("rotated", base).with_mixing(Mixing::Rotation, &mut rng(1));
    let plain = task.base().sample(50, &mut rng(2));
    let rotated = task.transform(plain.clone(), &mut rng(3));
    for row in 0..50 {
        assert!((plain.x.row(row).norm() - rotated.x.row(row).norm()).abs() < 1e-12);
        assert!((plain.y.row(row).norm() - rotated.y.row(row).norm()).abs() < 1e-12);
    }
    assert!((plain.x - rotated.x).abs().max() > 0.1);
}

#[test]
fn swap_exchanges_the_sides() {
    let link = Link::new(Source::Normal, Curve::Cubic, Noise::Normal, 0.3).unwrap();
    let plain = Task::new("link", Base::Link(link));
    let swapped = plain.clone().with_swap(true);
    let (a, b) = (plain.sample(9, &mut rng(3)), swapped.sample(9, &mut rng(3)));
    assert_eq!((a.x, a.y), (b.y, b.x));
    assert_eq!(plain.mi_nats(), swapped.mi_nats());
}

#[test]
fn layout_orders_then_negates() {
    let layout = Layout { order: vec![2, 0, 1], negate: vec![false, true, false] };
    let columns = DMatrix::from_row_slice(1, 3, &[1.0, 2.0, 3.0]);
    assert_eq!(layout.apply(columns).as_slice(), [3.0, -1.0, 2.0]);
}

#[test]
fn linear_mixing_is_well_conditioned() {
    for stream in 0..20 {
        let singular = linear(6, &mut rng(40 + stream)).singular_values();
        assert!(singular.max() / singular.min() < 1.0_f64.exp().powi(2), "{singular}");
    }
}

/// Every warp moves every row of a wide enough side, is undone, and leaves a single column alone.
#[test]
fn warps_are_bijections_that_mix() {
    let mut stream = rng(60);
    for kind in WarpKind::ALL {
        for dim in [2, 3, 8] {
            for side in [Side::X, Side::Y] {
                let what = format!("{kind:?}, {dim} columns, {side:?}");
                let Some(warp) = kind.draw(side, dim, &mut stream) else {
                    assert!(kind == WarpKind::PlaneSpiral && dim == 2, "{what}");
                    continue;
                };
                let before = DMatrix::from_fn(200, dim, |_, _| stream.random_range(-3.0..3.0));
                let mut after = before.clone();
                warp.apply(&mut after);
                assert!((&after - &before).abs().max() > 0.1, "{what}");
                warp.undo(&mut after);
                assert!((&after - &before).abs().max() < 1e-11, "{what}");
            }
        }
        assert!(kind.draw(Side::X, 1, &mut stream).is_none());
    }
}

#[test]
fn derived_columns_say_nothing_new() {
    let meta = MetaDistribution::named("mist_6").unwrap();
    let seeds = Seeds { root: 11 };
    let mut derived = 0;
    for index in 0..600 {
        let drawn = meta.draw_task(&seeds, Split::Scratch, index);
        let task = drawn.task.clone();
        if task.derived() == (None, None) {
            continue;
        }
        derived += 1;
        let (x, y) = task.base().categories();
        assert!(!x.into_iter().chain(y).any(|category| category));
        assert_eq!(task.mi_nats(), task.base().mi_nats());
        let pointwise = task.base().pointwise_mi(&task.base().sample(12, &mut drawn.rng.clone()));
        let (sample, of_rows) = task.sample_pointwise(12, &mut drawn.rng.clone());
        assert_eq!(of_rows, pointwise);
        assert_eq!((sample.x.ncols(), sample.y.ncols()), (task.dim_x(), task.dim_y()));
        assert!(task.dim_x() <= 32 && task.dim_y() <= 32);
        let values = || sample.x.iter().chain(&sample.y);
        assert!(values().all(|v| v.is_finite()), "{} {index}", task.family());
        // The base's columns are still there, up to order and sign.
        let base = task.base().sample(12, &mut drawn.rng.clone());
        if task.mixing().is_none() && task.map() == Map::Identity && task.warp() == (None, None) {
            let (first, second) = if task.is_swapped() { (&sample.y, &sample.x) } else { (&sample.x, &sample.y) };
            for (base, side) in [(&base.x, first), (&base.y, second)] {
                for column in base.column_iter() {
                    assert!(side.column_iter().any(|c| c == column || -c == column), "{} {index}", task.family());
                }
            }
        }
    }
    assert!((100..180).contains(&derived), "{derived}");
}

#[test]
fn totals_are_the_sums_of_their_sides() {
    let base = Base::from(Elliptical::normal(Dispersion::dense(3, 2, 0.4).unwrap()));
    let task = Task::new("pairs", base).with_derived((2, 1), &mut rng(0)).with_totals();
    let sample = task.sample(20, &mut rng(1));
    assert_eq!((task.dim_x(), task.dim_y()), (5, 3));
    for (side, dim) in [(&sample.x, 3), (&sample.y, 2)] {
        let sums = side.columns(0, dim).column_sum();
        assert!((side.column(dim) - sums).abs().max() < 1e-12);
    }
}
