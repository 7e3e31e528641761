//! M_test: every family in three settings of fixed parameters, and the MI that the suites draw.

use super::{Case, Golden, ROWS, ks, ks_limit, statistics};
use mist_data_gen::config::Variant;
use mist_data_gen::families::elliptical::scatter::Scatter;
use mist_data_gen::{Base, DrawnTask, MetaDistribution, Seeds, Split};
use rayon::prelude::*;

const SEEDS: Seeds = Seeds { root: 31 };

/// Tasks drawn for the law of the MI of a family.
const TASKS: u64 = 1 << 14;

fn golden() -> Golden {
    Golden::read(include_bytes!("../../reference/m_test.safetensors"))
}

/// The task of a case, every parameter multiplied by `factor` if its name is `changed`.
fn drawn(case: &Case, changed: &str, factor: f64) -> DrawnTask {
    let name: Vec<&str> = case.family.split('-').collect();
    let (kind, map) = (name[0], name[name.len() - 1]);
    let mut toml = format!(
        "name = \"fixed\"\n[suite]\nn_min = 1\nn_max = 1\nn_points = 1\nrepeats = 1\n\
         [[dims]]\nweight = 1.0\nlaw = \"uniform\"\nmin = {0}\nmax = {0}\nequal = true\n\
         [[family]]\nweight = 1.0\nkind = \"{kind}\"\nmaps = [\"{map}\"]\n",
        case.dim_x
    );
    if let [_, dispersion, _] = name[..] {
        toml += &format!("dispersion = \"{dispersion}\"\n");
    }
    for (key, value) in case.parameters.iter().filter(|(key, _)| *key != "pairs") {
        let value = if key == changed { value * factor } else { *value };
        toml += &format!("{key} = [{value:?}, {value:?}]\n");
    }
    let meta = MetaDistribution::from_toml(&toml).unwrap();
    // The number of pairs cannot be set: the first task that has it.
    let has_pairs = |drawn: &DrawnTask| match (drawn.task.base(), case.parameters.get("pairs")) {
        (Base::Elliptical(base), Some(&pairs)) => {
            matches!(base.scatter(), Scatter::Factors(dispersion) if dispersion.pairs() as f64 == pairs)
        }
        _ => true,
    };
    (0..1000).map(|i| meta.draw_task(&SEEDS, Split::Test, i)).find(has_pairs).unwrap()
}

#[test]
fn tasks_are_those_of_the_reference() {
    let golden = golden();
    assert_eq!(golden.cases.len(), 13 * 3);
    golden.assert_tasks(|case| {
        let drawn = drawn(case, "", 1.0);
        assert_eq!(drawn.task.family(), case.family);
        drawn
    });
}

/// The power of the comparison: what is this little off is refused.
#[test]
fn wrong_parameters_are_seen() {
    let golden = golden();
    let changes =
        [("rho", 1.1), ("lambda", 1.1), ("epsilon", 1.1), ("alpha", 1.5), ("beta", 1.5), ("eta", 1.5), ("nu", 1.5)];
    golden.cases.par_iter().for_each(|case| {
        for (key, factor) in changes.into_iter().filter(|(key, _)| case.parameters.contains_key(*key)) {
            let DrawnTask { task, mut rng, .. } = drawn(case, key, factor);
            let refusal = golden.refusal(case, &statistics(&task.sample(ROWS, &mut rng)));
            assert!(refusal.is_some(), "{} passes with {key} times {factor}", case.name);
        }
    });
}

/// For every family of a suite, the distance of the MI it draws from that of the reference.
fn mi_distances(suite: &str, meta: &MetaDistribution) -> Vec<(String, f64)> {
    let golden = golden();
    let len = meta.suite_len().unwrap();
    let per_family = len / meta.variants().len() as u64;
    let distance = |(v, variant): (u64, &Variant)| {
        // A family's indices of the suite, then those of its further rounds.
        let index = |i: u64| i / per_family * len + v * per_family + i % per_family;
        let mi = |i: u64| meta.draw_task(&SEEDS, Split::Test, index(i)).task.mi_nats();
        let values: Vec<f64> = (0..TASKS).into_par_iter().map(mi).collect();
        let [quantiles] = &golden.quantiles[&format!("{suite}/{}", variant.name)][..] else {
            panic!("the MI is one statistic");
        };
        (variant.name.clone(), ks(&values, quantiles, golden.tasks))
    };
    (0..).zip(meta.variants()).map(distance).collect()
}

#[test]
fn suites_draw_the_mi_of_the_reference() {
    let limit = ks_limit(13);
    for (suite, families) in [("m_test_imd", 6), ("m_test_oomd", 7)] {
        let meta = MetaDistribution::named(suite).unwrap();
        let distances = mi_distances(suite, &meta);
        assert_eq!(distances.len(), families);
        for (name, distance) in distances {
            assert!(distance <= limit, "{suite}, {name}: √(nm/(n+m)) D = {distance} of the MI, limit {limit}");
        }

        // The power of the comparison: narrower laws are refused.
        let narrower = [
            ("[0.0, 0.5]", "[0.0, 0.4]"),
            ("[0.1, 5.0]", "[0.1, 4.0]"),
            ("[0.1, 3.0]", "[0.1, 2.5]"),
            ("[0.1, 2.0]", "[0.1, 1.8]"),
        ];
        let toml = narrower.iter().fold(meta.to_toml(), |toml, (law, other)| toml.replace(law, other));
        for (name, distance) in mi_distances(suite, &MetaDistribution::from_toml(&toml).unwrap()) {
            assert!(distance > limit, "{suite}, {name} passes with a narrower law: {distance}");
        }
    }
}
