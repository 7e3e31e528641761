//! Files of model repositories on the Hugging Face hub: from its cache, or fetched and checked.
//!
//! A [`Location`] names a repository and a revision, [`Repository::open`] pins the revision to a commit, and
//! [`Repository::file`] gives the path of a file. What the cache has is used without a request; what it lacks is asked of
//! the hub, held to the size and the hash that the hub lists, and put into the cache, whole or not at all. The cache is that
//! of `hf-hub` and of Python's `huggingface_hub`: each finds what the other has fetched.
//!
//! ```no_run
//! use mist_hub::{Location, Repository};
//!
//! let location: Location = "sentence-transformers/all-MiniLM-L6-v2".parse()?;
//! let repository = Repository::open(&location)?;
//! let config = repository.file("config.json")?;
//! let weights = repository.file("model.safetensors")?;
//! println!("{} and {} of commit {}", config.display(), weights.display(), repository.commit());
//! # Ok::<(), mist_hub::HubError>(())
//! ```
//!
//! Only `.safetensors` and `.json` are ever fetched: formats that hold no code.
//!
//! | variable | what it sets |
//! |---|---|
//! | `HF_HUB_CACHE` | the folder of the cache, `hub` in `HF_HOME` without it |
//! | `HF_HOME` | the folder of cache and token, `huggingface` in `XDG_CACHE_HOME` (`~/.cache`) without it |
//! | `HF_ENDPOINT` | the hub, `https://huggingface.co` without it |
//! | `HF_TOKEN` | what is sent to the hub for private repositories, the file `token` in `HF_HOME` without it |
//! | `HF_HUB_OFFLINE` | `1`, `true`, `yes` or `on`: nothing is asked of the network |

mod cache;
mod client;
mod digest;
mod error;
mod listing;
mod location;
mod repository;
mod settings;

pub use error::HubError;
pub use location::Location;
pub use repository::Repository;
pub use settings::{DEFAULT_ENDPOINT, Progress, Report, Settings, Token};
