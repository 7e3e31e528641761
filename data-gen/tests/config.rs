//! Configurations: what is accepted, what is refused and how, and the shares that draws show.

use std::collections::{HashMap, HashSet};

use mist_data_gen::{
    ConfigError, Joint, MetaDistribution, Seeds, Split,
    config::Config,
    held_out::{HELD_OUT, drawn_by},
};

const VALID: &str = r#"
name = "small"

[[dims]]
weight = 1.0
law = "uniform"
min = 2
max = 4
equal = true

[[n]]
weight = 1.0
law = "uniform"
min = 10
max = 20

[[family]]
weight = 1.0
kind = "student"
dispersion = "dense"
maps = ["base", "asinh"]
nu = [2.0, 3.0]
"#;

/// The message for the valid configuration with one piece replaced.
fn refusal(from: &str, to: &str) -> String {
    assert!(VALID.contains(from), "{from}");
    let error = Config::from_toml(&VALID.replacen(from, to, 1)).expect_err(to);
    error.to_string()
}

#[test]
fn refusals_name_key_and_expectation() {
    for (from, to, message) in [
        (
            "nu = [2.0, 3.0]",
            "nu = [3.0, 2.0]",
            "line 22: key `family[0].nu`: expected [low, high] with 0.01 ≤ low ≤ high ≤ 1000000, got `[3, 2]`",
        ),
        (
            "nu = [2.0, 3.0]",
            "rho = [0.0, 1.0]",
            "line 22: key `family[0].rho`: expected [low, high] with 0 ≤ low ≤ high ≤ 0.9999, got `[0, 1]`",
        ),
        (
            "nu = [2.0, 3.0]",
            "alpha = [0.0, 1.0]",
            "line 22: key `family[0].alpha` does not apply to kind `student` with dispersion `dense`",
        ),
        (
            "nu = [2.0, 3.0]",
            "rotate = 1.5",
            "line 22: key `family[0].rotate`: expected a probability in [0, 1], got `1.5`",
        ),
        (
            "dispersion = \"dense\"\n",
            "",
            "line 17: key `family[0].dispersion` is missing: expected one of dense, sparse, lvm, 2pair, identity, \
             canonical, lkj, factor, totals",
        ),
        (r#"["base", "asinh"]"#, "[]", "line 21: key `family[0].maps`: expected at least one map, got `[]`"),
        (
            r#"["base", "asinh"]"#,
            r#"["base", "base"]"#,
            "line 17: key `family`: expected every family listed once, got `student-dense-base`",
        ),
        ("weight = 1.0", "weight = 0.0", "line 5: key `dims[0].weight`: expected a finite number > 0, got `0`"),
        ("min = 2", "min = 5", "line 7: key `dims[0].min`: expected a whole number in [1, max = 4], got `5`"),
        ("max = 4", "max = 4000", "line 8: key `dims[0].max`: expected at most 512, got `4000`"),
        ("name = \"small\"", "name = \"\"", "line 2: key `name`: expected a name, got `an empty string`"),
        (
            "name = \"small\"",
            "name = \"small\"\nmax_cells = 79",
            "line 3: key `max_cells`: expected at least 80 (the smallest n times the largest dim_x + dim_y), got `79`",
        ),
        (
            "name = \"small\"",
            "name = \"small\"\n[suite]\nn_min = 1\nn_max = 2\nn_points = 2\nrepeats = 1",
            "line 16: key `n` does not apply to a configuration with a [suite]",
        ),
    ] {
        assert_eq!(refusal(from, to), message);
    }
    let message = refusal(r#"["base", "asinh"]"#, r#"["normal_cdf"]"#);
    assert!(message.starts_with("line 21: key `family[0].maps`: expected no `normal_cdf`"), "{message}");
}

#[test]
fn syntax_errors_name_the_place() {
    let message = refusal("nu = [2.0, 3.0]", "mu = [2.0, 3.0]");
    assert_eq!(message, "line 22: key `family[0].mu` does not apply to kind `student` with dispersion `dense`");
    let message = refusal("kind = \"student\"", "kind = \"gamma\"");
    assert!(message.starts_with("line 19: key `family[0].kind`: expected one of normal, student"), "{message}");
    assert!(message.ends_with("got `gamma`"), "{message}");
    let message = refusal("nu = [2.0, 3.0]", "nu = \"two\"");
    assert!(message.starts_with("line 22: key `family[0].nu`") && message.ends_with("got `two`"), "{message}");
    let message = refusal("max = 4", "max = -4");
    assert!(message.contains("line"), "{message}");
}

#[test]
fn absent_parts_are_named() {
    for (text, key) in [
        ("name = \"empty\"", "family"),
        ("name = \"x\"\n[[family]]\nweight = 1.0\nkind = \"additive\"", "dims"),
        ("name = \"x\"\n[[family]]\nweight = 1.0\nkind = \"link\"", "n"),
    ] {
        match Config::from_toml(text) {
            Err(ConfigError::Missing { key: got, .. }) => assert_eq!(got, key),
            other => panic!("{other:?}"),
        }
    }
    let error = MetaDistribution::named("m_tain").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "no configuration is named `m_tain`: expected one of {}",
            MetaDistribution::names().collect::<Vec<_>>().join(", ")
        )
    );
}

#[test]
fn resolved_configurations_parse_to_themselves() {
    for name in MetaDistribution::names() {
        let meta = MetaDistribution::named(name).unwrap();
        assert_eq!(meta.name(), name);
        let resolved = meta.to_toml();
        let again = MetaDistribution::from_toml(&resolved).unwrap();
        assert_eq!(again.config(), meta.config());
        assert_eq!(again.to_toml(), resolved);
        assert_eq!(again.sha256(), meta.sha256());
        assert!(!resolved.contains("normal_cdf") || name.starts_with("mist_") || name == "bmi");
        let total: f64 = meta.variants().iter().map(|v| v.weight).sum();
        assert!((total - 1.0).abs() < 1e-12);
    }
    // Defaults are written out.
    assert!(Config::from_toml(VALID).unwrap().to_toml().contains("rho = [0.0, 0.5]"));
}

fn names(config: &str) -> HashSet<String> {
    let meta = MetaDistribution::named(config).unwrap();
    meta.variants().iter().map(|v| v.name.clone()).collect()
}

#[test]
fn published_families() {
    assert_eq!(names("m_train").len(), 16);
    assert_eq!(names("m_test_imd").len(), 6);
    assert_eq!(names("m_test_oomd").len(), 7);
    // Held out means held out.
    assert!(names("m_train").is_disjoint(&names("m_test_oomd")));
    for mix in MetaDistribution::names().filter(|name| name.starts_with("mist_")) {
        assert!(names(mix).is_disjoint(&names("m_test_oomd")));
        assert!(names(mix).is_superset(&names("m_train")));
        assert!(drawn_by(&MetaDistribution::named(mix).unwrap()).is_empty(), "{mix}");
    }
    // The list holds out what there is, not names that nothing bears.
    assert_eq!(drawn_by(&MetaDistribution::named("held_out").unwrap()), HELD_OUT);
}

#[test]
fn m_train_follows_its_laws() {
    let meta = MetaDistribution::named("m_train").unwrap();
    let mut families = HashMap::<String, u32>::new();
    let (mut dims, mut rows) = ([0_u32; 33], (usize::MAX, 0));
    for index in 0..8_000 {
        let drawn = meta.draw_task(&Seeds { root: 5 }, Split::Train, index);
        assert_eq!(drawn.task.dim_x(), drawn.task.dim_y());
        assert!(drawn.task.mi_nats() >= -1e-12 && drawn.task.mi_nats().is_finite());
        dims[drawn.task.dim_x()] += 1;
        rows = (rows.0.min(drawn.n), rows.1.max(drawn.n));
        *families.entry(drawn.task.family().to_owned()).or_default() += 1;
    }
    // 500 ± 21.7 for each of 16 families, 258 ± 15.8 for each of 31 dims: within 4.5 standard errors.
    assert_eq!(families.len(), 16);
    assert!(families.values().all(|c| (402..598).contains(c)), "{families:?}");
    assert_eq!(dims[..2], [0, 0]);
    assert!(dims[2..].iter().all(|c| (187..329).contains(c)), "{dims:?}");
    assert!(rows.0 >= 10 && rows.1 <= 500 && rows.0 < 13 && rows.1 > 497, "{rows:?}");
}

/// Whatever the training mix is tuned to: the draws have the shares and bounds that it states.
#[test]
fn training_mix_follows_its_laws() {
    let meta = MetaDistribution::named("mist_6").unwrap();
    let most = meta.config().max_cells.unwrap();
    let draws = 8_000;
    let mut families = HashMap::<String, u32>::new();
    let (mut unequal, mut single) = (0, 0);
    for index in 0..draws {
        let drawn = meta.draw_task(&Seeds { root: 5 }, Split::Train, index);
        let (dim_x, dim_y) = (drawn.task.dim_x(), drawn.task.dim_y());
        assert!(drawn.n * (dim_x + dim_y) <= most);
        let family = drawn.task.family();
        let mixed = ["-rotated", "-linear", "-collinear"].iter().any(|part| family.contains(part));
        assert_eq!(mixed, drawn.task.mixing().is_some());
        // A single column has no warp.
        let of_base = drawn.task.base().dims();
        if of_base.0 > 1 && of_base.1 > 1 {
            assert_eq!(family.ends_with("-spiral") || family.ends_with("-flow"), drawn.task.warp().0.is_some());
        }
        match family {
            "link" => assert_eq!((dim_x, dim_y), (1, 1)),
            "independent" => assert_eq!(drawn.task.mi_nats(), 0.0),
            _ => {}
        }
        *families.entry(family.to_owned()).or_default() += 1;
        unequal += u32::from(dim_x != dim_y);
        single += u32::from(dim_x == 1 && dim_y == 1);
    }
    for variant in meta.variants() {
        let expected = variant.weight * draws as f64;
        let error = (expected * (1.0 - variant.weight)).sqrt();
        let got = f64::from(families.get(&variant.name).copied().unwrap_or(0));
        assert!((got - expected).abs() <= 4.5 * error, "{}: {got} of {expected}", variant.name);
    }
    assert!(unequal > 0 && single > 0);
}

#[test]
fn suites_enumerate() {
    for (name, families) in [("m_test_imd", 6), ("m_test_oomd", 7)] {
        let meta = MetaDistribution::named(name).unwrap();
        assert_eq!(meta.suite_len(), Some(families * 180));
        let mut cells = HashMap::<(String, usize), u32>::new();
        for index in 0..families * 180 {
            let drawn = meta.draw_task(&Seeds { root: 1 }, Split::Test, index);
            let expected = &meta.variants()[(index / 180) as usize].name;
            assert_eq!(drawn.task.family(), expected);
            *cells.entry((expected.clone(), drawn.n)).or_default() += 1;
        }
        assert_eq!(cells.len() as u64, families * 20);
        assert!(cells.values().all(|&c| c == 9));
        let rows: HashSet<usize> = cells.keys().map(|(_, n)| *n).collect();
        assert!(rows.contains(&10) && rows.contains(&500) && rows.contains(&35));
        // Past the end: the same cell, another data set.
        let (seeds, split) = (Seeds { root: 1 }, Split::Test);
        let first = meta.draw(&seeds, split, 0);
        let again = meta.draw(&seeds, split, families * 180);
        assert_eq!((&first.family, first.n), (&again.family, again.n));
        assert_ne!(first.sample, again.sample);
    }
    assert_eq!(MetaDistribution::named("m_train").unwrap().suite_len(), None);
}
