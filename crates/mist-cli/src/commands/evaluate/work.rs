//! Asks every estimator about every data set.

use super::data::Part;
use super::estimators::Named;
use super::rows::Row;
use crate::console::progress;
use crate::store::Store;
use anyhow::Result;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// A data set, and the estimators that have no row for it yet.
struct Job<'a> {
    part: &'a Part,
    index: u64,
    missing: Vec<&'a Named>,
}

/// Fills the store with what is missing, and gives all rows in order: by part, data set and estimator.
///
/// Each thread takes the next data set that is left, and is the only one of its own rayon pool, so that an estimate runs
/// on one thread and its CPU time is that of the thread. Which thread takes which data set changes no number.
pub fn fill(parts: &[Part], estimators: &[Named], store: Store<Row>, threads: usize) -> Result<Vec<Row>> {
    let mut done = HashMap::<(&str, u64), HashSet<&str>>::new();
    for row in store.rows() {
        done.entry((&row.suite, row.index)).or_default().insert(&row.estimator);
    }
    let mut jobs = Vec::new();
    for part in parts {
        for index in part.indices() {
            let there = done.get(&(part.title.as_str(), index));
            let missing = estimators.iter().filter(|e| there.is_none_or(|names| !names.contains(e.name.as_str())));
            let missing: Vec<&Named> = missing.collect();
            if !missing.is_empty() {
                jobs.push(Job { part, index, missing });
            }
        }
    }

    let total: u64 = parts.iter().map(|part| part.indices().count() as u64).sum();
    let bar = progress(total, "data sets");
    bar.set_position(total - jobs.len() as u64);
    bar.reset_eta();
    let (next, store) = (AtomicUsize::new(0), Mutex::new(store));
    let work = || -> Result<()> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build()?;
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            bar.set_message(format!(" ({})", job.part.title));
            let rows = pool.install(|| job.rows());
            let added = rows.and_then(|rows| store.lock().unwrap_or_else(PoisonError::into_inner).append(rows));
            if added.is_err() {
                // The others stop after what they are at.
                next.store(jobs.len(), Ordering::Relaxed);
            }
            added?;
            bar.inc(1);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(jobs.len())).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    bar.finish_and_clear();

    let place = |row: &Row| {
        let part = parts.iter().position(|part| part.title == row.suite);
        (part, row.index, estimators.iter().position(|e| e.name == row.estimator))
    };
    store.into_inner().unwrap_or_else(PoisonError::into_inner).finish(place)
}

impl Job<'_> {
    fn rows(&self) -> Result<Vec<Row>> {
        let data = self.part.data_set(self.index)?;
        let row = |estimator: &&Named| {
            let outcome = estimator.outcome(&data);
            Row {
                suite: self.part.title.clone(),
                index: self.index,
                family: data.family.clone(),
                n: data.x.nrows(),
                dim_x: data.x.ncols(),
                dim_y: data.y.ncols(),
                mi_nats: data.mi_nats,
                estimator: estimator.name.clone(),
                answer: outcome.answer,
                error: outcome.error,
                wall_seconds: outcome.wall_seconds,
                cpu_seconds: outcome.cpu_seconds,
            }
        };
        Ok(self.missing.iter().map(row).collect())
    }
}
