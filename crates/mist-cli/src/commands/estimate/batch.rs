//! `mist estimate --batch`: a line of JSON for each line of a manifest.

use super::{Args, interval, warnings};
use crate::console::out;
use crate::error::{Failed, describe};
use crate::input::{Notes, Pair};
use crate::output::{json, json_error};
use anyhow::{Context, Error, Result};
use mist_infer::{Estimate, EstimateError, Estimator, Tests};
use mist_tables::{Entry, Manifest};
use serde_json::value::RawValue;
use std::io::Write;
use std::path::Path;

/// Cells held in memory at once.
const CELLS_AT_ONCE: usize = 1 << 22;

/// Answers what can be answered, in the order of the lines; a line that fails is answered with its error.
pub fn run(estimator: &Estimator, path: &Path, args: &Args) -> Result<()> {
    let pool = args.threads.pool()?;
    let mut tests = Tests::new(estimator, args.options.p_values(args.test))?;
    let encoders = super::encoders(estimator, args)?;
    let lines = Manifest::lines(path)?;
    let (total, mut failed, mut out) = (lines.len(), 0, out());
    let mut lines = lines.into_iter().peekable();
    while lines.peek().is_some() {
        let (mut members, mut pairs, mut cells) = (Vec::new(), Vec::<Pair>::new(), 0);
        while cells < CELLS_AT_ONCE
            && let Some(line) = lines.next()
        {
            let notes = line.entry.map_err(Error::from).and_then(|entry: Entry| {
                let tables = args.table.two_tables([&entry.x, &entry.y], &[], &[], &encoders);
                let (pair, notes) = tables.context(entry.place.clone())?;
                cells += pair.0.n() * (pair.0.dim() + pair.1.dim());
                pairs.push(pair);
                Ok((entry.place, notes))
            });
            members.push((line.id, notes));
        }
        let answers = pool.install(|| answers(estimator, &pairs, &mut tests));
        let mut answers = answers.into_iter();
        for (id, notes) in members {
            let id = id.as_deref();
            let answer = notes.and_then(|(place, notes)| {
                let (estimate, p_value) = answers.next().expect("one for each pair").with_context(|| place)?;
                line(id, &notes, &estimate, p_value, args)
            });
            let line = answer.unwrap_or_else(|error| {
                failed += 1;
                json_error(id, &describe(&error).0)
            });
            out.write_all(line.as_bytes())?;
        }
        out.flush()?;
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failed(format!("{failed} of {total} lines failed, see the lines with `error`")).into()),
    }
}

fn line(
    id: Option<&RawValue>,
    notes: &Notes,
    estimate: &Estimate,
    p_value: Option<f64>,
    args: &Args,
) -> Result<String> {
    let warnings = warnings(notes, estimate);
    Ok(json(id, notes, estimate, interval(estimate, args)?, args.shown.unit, p_value, &warnings))
}

/// An answer and its p-value, or an error, for each of the pairs.
fn answers(estimator: &Estimator, pairs: &[Pair], tests: &mut Tests) -> Vec<Result<(Estimate, Option<f64>), Error>> {
    let answers = estimator.estimate_each(pairs);
    let tested = |(answer, pair): (Result<Estimate, EstimateError>, &Pair)| {
        let estimate = answer?;
        let p_value = tests.p_value(&pair.0, &pair.1, &estimate)?;
        Ok((estimate, p_value))
    };
    answers.into_iter().zip(pairs).map(tested).collect()
}
