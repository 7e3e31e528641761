//! What a run says while it runs: a bar for people, JSON lines for plots.

use crate::metrics::Summary;
use crate::{Options, TrainError};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// One line of the log.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Steps taken.
    pub step: u64,
    /// Tasks seen.
    pub tasks: u64,
    /// Seconds spent training.
    pub seconds: f64,
    /// Mean loss since the last line.
    pub loss: f64,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Mean norm of the gradient since the last line.
    pub gradient_norm: f64,
    /// Tasks per second since the last line.
    pub tasks_per_second: f64,
    /// Time that the accelerator waited for batches since the last line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_seconds: Option<f64>,
    /// Mean number of batches that were ready when it asked for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batches_ready: Option<f64>,
    /// Validation of the averaged weights, where one was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Summary>,
}

/// The log file and the bar.
pub(crate) struct Progress {
    file: File,
    path: PathBuf,
    bar: ProgressBar,
    /// Whether the bar is another's, who says what is to be said.
    borrowed: bool,
}

impl Progress {
    pub(crate) fn open(path: &Path, from: u64, steps: u64, options: &Options) -> Result<Self, TrainError> {
        keep_until(path, from)?;
        let file = File::options().create(true).append(true).open(path);
        let file = file.map_err(|source| TrainError::Io { action: "cannot write", path: path.into(), source })?;
        if let Some(bar) = &options.bar {
            bar.set_position(from);
            return Ok(Self { file, path: path.into(), bar: bar.clone(), borrowed: true });
        }
        let bar = if options.quiet { ProgressBar::hidden() } else { ProgressBar::new(steps) };
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} steps  {msg}  {eta} left");
        bar.set_style(style.expect("the template is valid"));
        bar.set_position(from);
        bar.reset_eta();
        Ok(Self { file, path: path.into(), bar, borrowed: false })
    }

    pub(crate) fn tick(&self, step: u64) {
        self.bar.set_position(step);
    }

    pub(crate) fn line(&mut self, line: &Line) -> Result<(), TrainError> {
        let mut text = serde_json::to_string(line).expect("a line is plain data");
        text.push('\n');
        let path = &self.path;
        let failed = |source| TrainError::Io { action: "cannot write", path: path.clone(), source };
        self.file.write_all(text.as_bytes()).map_err(failed)?;
        if self.borrowed {
            return Ok(());
        }
        self.bar.set_message(format!("loss {:.4}  {:.0} tasks/s", line.loss, line.tasks_per_second));
        if let Some(v) = &line.validation {
            self.bar.println(format!(
                "step {:>7}  tasks {:>9}  validation: pinball {:.4}  mae {:.3}  mse {:.3}  coverage of 90 % {:.3}",
                line.step, line.tasks, v.pinball, v.mae, v.mse, v.coverage_90
            ));
        }
        Ok(())
    }

    pub(crate) fn finish(&self) {
        if !self.borrowed {
            self.bar.abandon();
        }
    }
}

/// Drops the lines after step `from`: a run that was killed logged them, but did not save what it did.
fn keep_until(path: &Path, from: u64) -> Result<(), TrainError> {
    #[derive(serde::Deserialize)]
    struct Step {
        step: u64,
    }
    let Ok(text) = std::fs::read_to_string(path) else {
        return Ok(());
    };
    let saved = |line: &&str| serde_json::from_str::<Step>(line).is_ok_and(|s| s.step <= from);
    let kept: String = text.lines().filter(saved).flat_map(|line| [line, "\n"]).collect();
    Ok(mist_model::write_atomic(path, kept.as_bytes())?)
}
