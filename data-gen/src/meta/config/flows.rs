//! `[family.flow]`: fitted flows at the end of a family's transforms.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    ground::{
        error::ConfigError,
        keys::{Keys, Written},
        sample::Side,
    },
    transforms::fitted::{FlowError, FlowFile},
};

/// The flows of a family: each side of a task goes through the inverse of its own, if it has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Flows {
    /// Of X, as it is after an exchange of the sides.
    pub x: Option<FlowFile>,
    /// Of Y, likewise.
    pub y: Option<FlowFile>,
}

/// Flows, and the dims of the family that has them.
pub(super) type FlowsOfDims = (Flows, (usize, usize));

/// `[family.flow]` as it stands in the file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFlows {
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y_sha256: Option<String>,
}

const EXPECTED: &str = "a table of `x`, `y`, and their `x_sha256`, `y_sha256`";

impl Flows {
    /// Reads the flows that a family names, by paths from `folder`; `dims` are the family's own, if it has any. Gives the
    /// dims of the family, too.
    ///
    /// # Errors
    /// A file that is no flow, or another one; dims that are not those of the flows.
    pub(super) fn read(
        keys: &mut Keys,
        folder: &Path,
        dims: Option<(usize, usize)>,
    ) -> Result<Option<FlowsOfDims>, ConfigError> {
        let Some(raw) = keys.optional::<RawFlows>("flow", EXPECTED)? else {
            return Ok(None);
        };
        let one = |name: &str, path: Option<PathBuf>, sha256: Option<String>, dim: Option<usize>| {
            let Some(path) = path else {
                if sha256.is_some() {
                    let context = format!("a side without `{name}`");
                    return Err(ConfigError::NotApplicable { key: keys.path(&format!("flow.{name}_sha256")), context });
                }
                return Ok(None);
            };
            let refused =
                |e: FlowError| ConfigError::File { key: keys.path(&format!("flow.{name}")), what: e.to_string() };
            let file = FlowFile::read(&folder.join(path), sha256.as_deref()).map_err(refused)?;
            match dim {
                Some(expected) if expected != file.flow().dim() => {
                    Err(refused(FlowError::Dim { path: file.path().into(), got: file.flow().dim(), expected }))
                }
                _ => Ok(Some(file)),
            }
        };
        let x = one("x", raw.x, raw.x_sha256, dims.map(|(x, _)| x))?;
        let y = one("y", raw.y, raw.y_sha256, dims.map(|(_, y)| y))?;
        let dims = match (dims, &x, &y) {
            (_, None, None) => return Err(keys.refused("flow", EXPECTED, "no flow at all")),
            (Some(dims), _, _) => dims,
            (None, Some(x), Some(y)) => (x.flow().dim(), y.flow().dim()),
            (None, _, _) => {
                let expected = "[dim_x, dim_y], since one side has no flow to say it".to_owned();
                return Err(ConfigError::Missing { key: keys.path("dims"), expected });
            }
        };
        Ok(Some((Self { x, y }, dims)))
    }

    pub(super) fn write(&self, keys: &mut Written) {
        let path = |file: &Option<FlowFile>| file.as_ref().map(|file| file.path().to_owned());
        let sha256 = |file: &Option<FlowFile>| file.as_ref().map(|file| file.sha256().to_owned());
        keys.set(
            "flow",
            RawFlows { x: path(&self.x), x_sha256: sha256(&self.x), y: path(&self.y), y_sha256: sha256(&self.y) },
        );
    }

    /// The flow of a side.
    #[must_use]
    pub fn of(&self, side: Side) -> Option<&FlowFile> {
        match side {
            Side::X => self.x.as_ref(),
            Side::Y => self.y.as_ref(),
        }
    }

    /// The same with bare names for paths.
    pub(super) fn beside(&self) -> Self {
        Self { x: self.x.as_ref().map(FlowFile::beside), y: self.y.as_ref().map(FlowFile::beside) }
    }
}
