//! The 40 tasks of `benchmark-mi`.

use super::Golden;
use mist_data_gen::{MetaDistribution, Seeds, Split};

#[test]
fn tasks_are_those_of_the_reference() {
    let golden = Golden::read(include_bytes!("../../reference/bmi.safetensors"));
    let meta = MetaDistribution::named("bmi").unwrap();
    let ours: Vec<&str> = meta.variants().iter().map(|v| v.name.as_str()).collect();
    let theirs: Vec<&str> = golden.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(ours, theirs);

    let per_task = meta.suite_len().unwrap() / ours.len() as u64;
    golden.assert_tasks(|case| {
        let task = ours.iter().position(|name| *name == case.name).unwrap() as u64;
        meta.draw_task(&Seeds { root: 40 }, Split::Test, task * per_task)
    });
}
