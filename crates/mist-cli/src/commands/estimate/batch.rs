//! `mist estimate --batch`: a line of JSON for each line of a manifest.

use super::{Args, warnings};
use crate::console::out;
use crate::error::{Failed, describe};
use crate::input::{Notes, Pair};
use crate::output::{json, json_error};
use anyhow::{Context, Error, Result};
use mist_infer::{Estimate, EstimateError, Estimator};
use mist_tables::{Entry, Manifest};
use serde_json::value::RawValue;
use std::io::Write;
use std::path::Path;

/// Cells held in memory at once.
const CELLS_AT_ONCE: usize = 1 << 22;

/// Answers what can be answered, in the order of the lines; a line that fails is answered with its error.
pub fn run(estimator: &Estimator, path: &Path, args: &Args) -> Result<()> {
    let lines = Manifest::lines(path)?;
    let (total, mut failed, mut out) = (lines.len(), 0, out());
    let mut lines = lines.into_iter().peekable();
    while lines.peek().is_some() {
        let (mut members, mut pairs, mut cells) = (Vec::new(), Vec::<Pair>::new(), 0);
        while cells < CELLS_AT_ONCE
            && let Some(line) = lines.next()
        {
            let notes = line.entry.map_err(Error::from).and_then(|entry: Entry| {
                let tables = args.table.two_tables([&entry.x, &entry.y], &[], &[]);
                let (pair, notes) = tables.context(entry.place.clone())?;
                cells += pair.0.n() * (pair.0.dim() + pair.1.dim());
                pairs.push(pair);
                Ok((entry.place, notes))
            });
            members.push((line.id, notes));
        }
        let mut estimates = answers(estimator, &pairs).into_iter();
        for (id, notes) in members {
            let id = id.as_deref();
            let answer = notes.and_then(|(place, notes)| {
                let estimate = estimates.next().expect("one for each pair");
                line(id, &notes, &estimate.with_context(|| place)?, args)
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

fn line(id: Option<&RawValue>, notes: &Notes, estimate: &Estimate, args: &Args) -> Result<String> {
    Ok(json(id, notes, estimate, estimate.interval(args.interval)?, args.unit, &warnings(notes, estimate)))
}

/// An answer, or an error, for each of the pairs.
fn answers(estimator: &Estimator, pairs: &[Pair]) -> Vec<Result<Estimate, Error>> {
    let alone = |pair: &[Pair]| match estimator.estimate_batch(pair) {
        Ok(mut estimates) => Ok(estimates.remove(0)),
        Err(EstimateError::Task { source, .. }) => Err((*source).into()),
        Err(other) => Err(other.into()),
    };
    let (mut answers, mut rest) = (Vec::new(), pairs);
    while !rest.is_empty() {
        // Where one pair is wrong: those before it together, then those behind it.
        let (sound, wrong) = match estimator.estimate_batch(rest) {
            Ok(estimates) => {
                answers.extend(estimates.into_iter().map(Ok));
                break;
            }
            Err(EstimateError::Task { index, .. }) => (index, 1),
            Err(_) => (0, rest.len()),
        };
        match estimator.estimate_batch(&rest[..sound]) {
            Ok(estimates) => answers.extend(estimates.into_iter().map(Ok)),
            Err(_) => answers.extend(rest[..sound].chunks(1).map(alone)),
        }
        answers.extend(rest[sound..sound + wrong].chunks(1).map(alone));
        rest = &rest[sound + wrong..];
    }
    answers
}
