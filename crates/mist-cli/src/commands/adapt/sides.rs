//! The sides of the data, and their flows.

use super::folder::Folder;
use crate::console::{progress, warning};
use crate::error::Interrupted;
use anyhow::{Context, Result, bail};
use mist_data_gen::fitted::{FittedFlow, FlowFile};
use mist_infer::Columns;
use mist_model::hex_sha256;
use mist_train::adapt::Side;
use mist_train::flow::{FlowConfig, FlowReport, fewest_rows, fit_flow, tied_share};
use nalgebra::DMatrix;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// Share of tied values from which a column counts as discrete.
const TIED: f64 = 0.05;

/// The flows of all runs.
pub fn flow_config() -> FlowConfig {
    FlowConfig::default()
}

/// The columns of one side that a flow can be fitted to.
pub struct SideOfData {
    name: &'static str,
    columns: Vec<Vec<f64>>,
    /// Columns whose values repeat, with the share of the rows.
    pub tied: Vec<(String, f64)>,
}

/// A side with its flow.
#[derive(Clone)]
pub struct Fitted {
    /// What tasks are made by.
    pub side: Side,
    /// What is known of the flow; none where none was fitted.
    pub report: Option<FlowReport>,
}

impl SideOfData {
    /// Refuses categories, and leaves out constant columns, with a warning.
    pub fn new(name: &'static str, columns: &Columns) -> Result<Self> {
        let mut side = Self { name, columns: Vec::new(), tied: Vec::new() };
        for (i, values) in columns.iter().enumerate() {
            let label = columns.label(i);
            if columns.is_category(i) {
                bail!(
                    "{label} of {name} is a category, and a flow bends numbers alone\n\
                     hint: leave it out of `--{}`; an adaptation to the other columns helps where they are asked about alone",
                    name.to_lowercase()
                );
            }
            if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
                bail!("{label} of {name} holds `{bad}`, expected finite numbers");
            }
            if values.windows(2).all(|pair| pair[0] == pair[1]) {
                warning(&format!("{label} of {name} is constant and is left out"));
                continue;
            }
            let tied = tied_share(values);
            if tied >= TIED {
                side.tied.push((label.clone(), tied));
            }
            side.columns.push(values.to_vec());
        }
        let (dim, n) = (side.dim(), columns.n());
        if dim == 0 {
            bail!("{name} has no column that is not constant");
        }
        if dim > FittedFlow::MOST_COLUMNS {
            bail!(
                "{name} has {dim} columns, expected at most {} for a flow\nhint: choose some of them",
                FittedFlow::MOST_COLUMNS
            );
        }
        if dim > 1 && n < fewest_rows(dim) {
            bail!(
                "{name} has {n} rows, too few for a flow of {dim} columns: expected at least {}\n\
                 hint: adapt to more rows of the same kind of data, or to fewer columns",
                fewest_rows(dim)
            );
        }
        if !side.tied.is_empty() {
            let list: Vec<String> =
                side.tied.iter().map(|(label, share)| format!("{label} ({:.0} %)", 100.0 * share)).collect();
            warning(&format!(
                "values of {name} repeat in {}: its flow sees ties broken at random, and its tasks have none, so that the \
                 adaptation is to another kind of data than this",
                list.join(", ")
            ));
        }
        Ok(side)
    }

    /// Columns.
    pub fn dim(&self) -> usize {
        self.columns.len()
    }

    /// X or Y.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// SHA-256 of all values of both sides.
    pub fn sha256(sides: &[Self; 2]) -> String {
        let mut bytes = Vec::new();
        for side in sides {
            bytes.extend((side.dim() as u64).to_le_bytes());
            for column in &side.columns {
                bytes.extend((column.len() as u64).to_le_bytes());
                bytes.extend(column.iter().flat_map(|v| v.to_le_bytes()));
            }
        }
        hex_sha256(&bytes)
    }

    /// A flow that leaves the side as it is.
    pub fn identity(&self, folder: &Folder) -> Result<Fitted> {
        let dim = self.dim();
        if dim == 1 {
            return Ok(Fitted { side: Side { dim, flow: None }, report: None });
        }
        let flow = FittedFlow::new(vec![0.0; dim], DMatrix::identity(dim, dim), Vec::new())?;
        let flow = FlowFile::write(&self.path(folder), flow)?;
        Ok(Fitted { side: Side { dim, flow: Some(flow) }, report: None })
    }

    fn path(&self, folder: &Folder) -> PathBuf {
        folder.path().join(format!("{}.flow.safetensors", self.name.to_lowercase()))
    }

    /// The flow of the side: the one in the folder, or a new one.
    pub fn fit(&self, folder: &Folder, seed: u64, stop: &AtomicBool) -> Result<Fitted> {
        let dim = self.dim();
        if dim == 1 {
            return Ok(Fitted { side: Side { dim, flow: None }, report: None });
        }
        let (side, y) = (self.name.to_lowercase(), self.name == "Y");
        let (path, about) = (self.path(folder), format!("{side}.flow.json"));
        // The report is written last: without it the flow may be of a run that was killed.
        if let Some(report) = folder.read(&about)? {
            return Ok(Fitted { side: Side { dim, flow: Some(FlowFile::read(&path, None)?) }, report: Some(report) });
        }
        let config = flow_config();
        let bar = progress(config.epochs as u64, &format!("passes over {}", self.name));
        let columns: Vec<&[f64]> = self.columns.iter().map(Vec::as_slice).collect();
        let go_on = &mut |epoch: usize| {
            bar.set_position(epoch as u64);
            !stop.load(Ordering::Relaxed)
        };
        // The sides of one table must not share a stream.
        let fit = fit_flow(&columns, &config, 2 * seed + u64::from(y), go_on).with_context(|| self.name)?;
        bar.finish_and_clear();
        if stop.load(Ordering::Relaxed) {
            return Err(Interrupted.into());
        }
        let flow = FlowFile::write(&path, fit.flow)?;
        folder.write_json(&about, &fit.report)?;
        Ok(Fitted { side: Side { dim, flow: Some(flow) }, report: Some(fit.report) })
    }
}
