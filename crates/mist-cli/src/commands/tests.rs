//! The options of tests of independence.

use mist_infer::{PValues, PermutationTest};

/// Where p-values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Test {
    /// `amortised` if the checkpoint has a table for it and the columns have no ties, `permutation` otherwise.
    Auto,
    /// Shuffled rows: exact for any data, at the price of many passes.
    Permutation,
    /// The predicted quantiles, against a table of the checkpoint: no further pass, and no p-value where values tie.
    Amortised,
    /// No p-values.
    None,
}

/// How to test for independence.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Test of independence")]
pub struct Options {
    /// Permutations at most: no p-value is below 1 / (1 + COUNT).
    #[arg(long, value_name = "COUNT", default_value_t = 999, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    permutations: u32,
    /// No further permutation once the p-value is sure to lie above this level.
    #[arg(long, value_name = "LEVEL", default_value_t = 0.1)]
    alpha: f64,
    /// Seed of the permutations.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Options {
    /// What the library is asked for.
    pub fn p_values(&self, test: Test) -> PValues {
        match test {
            Test::None => PValues::None,
            Test::Amortised => PValues::Amortised,
            Test::Auto => PValues::Auto(self.permutation()),
            Test::Permutation => PValues::Permutation(self.permutation()),
        }
    }

    /// The permutation test.
    pub fn permutation(&self) -> PermutationTest {
        let &Self { permutations, alpha, seed } = self;
        PermutationTest { permutations: permutations as usize, alpha, seed }
    }
}
