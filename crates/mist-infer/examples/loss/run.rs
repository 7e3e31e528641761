//! Training for a given time of the processor, which other work does not change, with measurements on the way that do not count.

use crate::Outcome;
use crate::objective::Choices;
use cpu_time::ProcessTime;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// What was asked for.
pub struct Plan {
    /// Folder of inputs.
    pub data: PathBuf,
    /// Table of results.
    pub out: PathBuf,
    /// Of processor time in training, for each loss and seed.
    pub seconds: f64,
    /// The first seed, and how many.
    pub first_seed: u64,
    pub seeds: u64,
    /// Of all examples.
    pub choices: Choices,
}

impl Plan {
    /// All seeds.
    pub fn seeds(&self) -> std::ops::Range<u64> {
        self.first_seed..self.first_seed + self.seeds
    }
}

/// The table of results.
pub struct Results {
    file: File,
}

impl Results {
    /// An empty table.
    pub fn new(plan: &Plan) -> Outcome<Self> {
        let mut file = File::create(&plan.out)?;
        writeln!(file, "loss,seed,seconds,steps,measure,value")?;
        Ok(Self { file })
    }

    /// One line of it.
    pub fn add(
        &mut self,
        loss: &str,
        seed: u64,
        (seconds, steps): (f64, usize),
        (measure, value): (&str, f64),
    ) -> Outcome<()> {
        println!("{loss:<12} seed {seed}  {seconds:7.2} s  {steps:5} steps  {measure} {value:.4}");
        writeln!(self.file, "{loss},{seed},{seconds:.4},{steps},{measure},{value:.6}")?;
        Ok(())
    }
}

/// Takes steps until the time is up, and measures before the first and each time that the time has grown by √2.
pub fn train(
    plan: &Plan,
    results: &mut Results,
    (loss, seed): (&str, u64),
    measure: &str,
    mut step: impl FnMut() -> Outcome<()>,
    mut value: impl FnMut() -> Outcome<f64>,
) -> Outcome<()> {
    let (mut spent, mut steps, mut next) = (Duration::ZERO, 0, 0.25);
    results.add(loss, seed, (0.0, 0), (measure, value()?))?;
    loop {
        let begin = ProcessTime::now();
        step()?;
        spent += begin.elapsed();
        steps += 1;
        let seconds = spent.as_secs_f64();
        if seconds >= next || seconds >= plan.seconds {
            results.add(loss, seed, (seconds, steps), (measure, value()?))?;
            while next <= seconds {
                next *= std::f64::consts::SQRT_2;
            }
        }
        if seconds >= plan.seconds {
            return Ok(());
        }
    }
}
