//! A table: a ranking, all pairs, and what is left once a column is known. `cargo run -p mist-infer --example table`.

use mist_infer::{Columns, EstimateError, Estimator, PValues, PermutationTest};

fn main() -> Result<(), EstimateError> {
    let wave = |rate: f64| (0..300).map(|r| (f64::from(r) * rate).sin()).collect::<Vec<f64>>();
    let plus = |a: &[f64], b: &[f64], w: f64| a.iter().zip(b).map(|(a, b)| a + w * b).collect::<Vec<f64>>();
    // Rain makes both the street and the roof wet.
    let rain = wave(0.7);
    let (street, roof) = (plus(&rain, &wave(2.9), 0.5), plus(&rain, &wave(5.3), 0.4));
    let table = Columns::new(vec![rain, street, roof, wave(8.1)]).named(["rain", "street", "roof", "wind"]);

    let estimator = Estimator::embedded()?;
    let test = PermutationTest { permutations: 99, ..PermutationTest::default() };
    println!("what says most about the street?");
    for row in estimator.rank(&table, 1, PValues::Permutation(test))? {
        // A column that failed does not stop the others.
        match &row.answer {
            Ok(e) => println!("  {:<5} {:.2} nats, q = {:.2}", row.name, e.mi_nats(), row.q_value.unwrap_or(1.0)),
            Err(error) => println!("  {:<5} {error}", row.name),
        }
    }
    let matrix = estimator.matrix(&table, PValues::None)?;
    println!("{} pairs in all", matrix.pairs.len());

    let column = |j: usize| table.select(&[j]);
    let given = estimator.conditional(column(1), column(2), column(0))?;
    let interval = given.interval(0.9)?;
    println!(
        "street and roof, once the rain is known: {:.2} nats, {:.2} to {:.2}",
        given.mi_nats(),
        interval.lower,
        interval.upper
    );
    Ok(())
}
