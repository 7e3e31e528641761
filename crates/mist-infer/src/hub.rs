//! Checkpoints from the hub.

use crate::{Device, EstimateError, Estimator, HubCommit};
use mist_hub::{Location, Repository, Settings};
use std::path::PathBuf;

/// Bytes of a file of a checkpoint at most: a hundred times those of the released one.
pub const MOST_HUB_BYTES: u64 = 256 << 20;

impl Estimator {
    /// The checkpoint in the repository `OWNER/NAME` of the Hugging Face hub, at a branch, tag or commit (`main` without
    /// one): from the cache, or else from the net. Answers name the commit.
    ///
    /// The repository holds one `NAME.safetensors` with its `NAME.json`, as `mist train` and `mist calibrate` write them.
    /// The variables of the environment that say where the cache is, and which hub is asked, are those of [`mist_hub`].
    ///
    /// ```no_run
    /// use mist_infer::{Device, Estimator};
    ///
    /// let estimator = Estimator::from_hub("owner/mist-2026-12", Some("v1.0"), &Device::Cpu)?;
    /// println!("{:?}", estimator.hub());
    /// # Ok::<(), mist_infer::EstimateError>(())
    /// ```
    ///
    /// # Errors
    /// Files that cannot be had, or are not those that the hub lists; those of [`Estimator::from_checkpoint`].
    pub fn from_hub(repository: &str, revision: Option<&str>, device: &Device) -> Result<Self, EstimateError> {
        let location = Location::new(repository, revision)?;
        let settings = Settings { most_bytes: MOST_HUB_BYTES, ..Settings::from_env()? };
        Self::from_repository(&Repository::open_with(&location, settings)?, device)
    }

    /// The same of a repository that is open, with settings of one's own.
    ///
    /// # Errors
    /// As [`Estimator::from_hub`].
    pub fn from_repository(repository: &Repository, device: &Device) -> Result<Self, EstimateError> {
        let mut estimator = Self::from_checkpoint(&weights(repository)?, device)?;
        estimator.hub = Some(HubCommit {
            repository: repository.location().repository().into(),
            revision: repository.location().revision().into(),
            commit: repository.commit().into(),
        });
        Ok(estimator)
    }
}

/// The weights, once their description lies beside them.
fn weights(repository: &Repository) -> Result<PathBuf, EstimateError> {
    // What is in the cache is enough, if it is a pair.
    let name = match pairs(&repository.cached_names()).as_slice() {
        [name] => name.clone(),
        _ => {
            let names = repository.names()?;
            match pairs(&names).as_slice() {
                [name] => name.clone(),
                pairs => return Err(no_checkpoint(repository, pairs)),
            }
        }
    };
    repository.file(&format!("{name}.json"))?;
    Ok(repository.file(&format!("{name}.safetensors"))?)
}

/// The names of which there is a `.safetensors` and a `.json`, at the top of the repository.
fn pairs(names: &[String]) -> Vec<String> {
    let stems = names.iter().filter_map(|name| name.strip_suffix(".safetensors")).filter(|stem| !stem.contains('/'));
    stems.filter(|stem| names.iter().any(|name| *name == format!("{stem}.json"))).map(str::to_owned).collect()
}

fn no_checkpoint(repository: &Repository, pairs: &[String]) -> EstimateError {
    EstimateError::NoCheckpoint {
        repository: repository.location().repository().into(),
        commit: repository.commit().into(),
        what: match pairs {
            [] => "no `NAME.safetensors` with its `NAME.json`".into(),
            _ => format!("several checkpoints, `{}`", pairs.join("`, `")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Device, Estimator, pairs};

    #[test]
    fn names_are_checked_before_anybody_is_asked() {
        let error = Estimator::from_hub("name", None, &Device::Cpu).unwrap_err().to_string();
        assert!(error.starts_with("`name` is no repository of the hub\nhint: "), "{error}");
    }

    #[test]
    fn a_checkpoint_is_a_pair() {
        let of = |names: &[&str]| pairs(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["README.md", "a.json", "a.safetensors", "b.json", "c.safetensors"]), ["a"]);
        assert_eq!(of(&["config.json", "model.safetensors", "x/a.json", "x/a.safetensors"]), Vec::<String>::new());
        assert_eq!(of(&["a.safetensors", "a.json", "b.safetensors", "b.json"]), ["a", "b"]);
    }
}
