//! The cache on disk: `blobs/HASH`, `snapshots/COMMIT/FILE` that links to a blob, `refs/REVISION` that holds a commit, in
//! a folder for each repository. It is the layout of `hf-hub`, whose types say the paths.

use crate::HubError;
use crate::digest::Digest;
use crate::location::{Location, is_commit};
use crate::settings::Settings;
use hf_hub::{CacheRepo, Repo, RepoType};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The folder of one repository in the cache.
#[derive(Debug)]
pub(crate) struct Cache {
    layout: CacheRepo,
    reference: PathBuf,
}

/// What the cache knows of a file.
pub(crate) enum Cached {
    /// It is there, and its hash is the one that it is named by.
    Sound(PathBuf),
    /// It is there with another hash.
    Damaged(PathBuf),
    /// It is not there.
    Absent,
}

impl Cache {
    pub fn new(settings: &Settings, location: &Location) -> Self {
        let repo = repo(location);
        let reference = settings.cache.join(repo.folder_name()).join("refs").join(repo.revision());
        Self { layout: hf_hub::Cache::new(settings.cache.clone()).repo(repo), reference }
    }

    /// The commit that the revision was at when it was last asked for.
    pub fn commit(&self) -> Option<String> {
        let text = fs::read_to_string(&self.reference).ok()?;
        Some(text.trim().to_owned()).filter(|text| is_commit(text))
    }

    /// Notes the commit of the revision. Readers see the old one or the new one.
    pub fn set_commit(&self, commit: &str) -> Result<(), HubError> {
        if self.commit().as_deref() == Some(commit) {
            return Ok(());
        }
        create_parent(&self.reference)?;
        mist_files::replace(&self.reference, commit.as_bytes()).map_err(failed("write", &self.reference))
    }

    /// Looks for a file of a commit, and at all of its bytes.
    pub fn find(&self, commit: &str, file: &str) -> Result<Cached, HubError> {
        let path = self.layout.pointer_path(commit).join(file);
        let target = match path.canonicalize() {
            Ok(target) => target,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Cached::Absent);
            }
            Err(e) => return Err(failed("read", &path)(e)),
        };
        // Where there are no links the file itself lies there, and nothing says its hash.
        let digest = target.file_name().and_then(|name| name.to_str()).and_then(Digest::from_name);
        let sound = digest.map_or(Ok(true), |digest| digest.is_of(&target)).map_err(failed("read", &path))?;
        Ok(if sound { Cached::Sound(path) } else { Cached::Damaged(path) })
    }

    /// The names of the files of a commit that are there and lie at the top.
    pub fn names(&self, commit: &str) -> Vec<String> {
        let entries = fs::read_dir(self.layout.pointer_path(commit)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter(|entry| entry.path().is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    /// Where the bytes of this hash belong.
    pub fn blob(&self, digest: &Digest) -> PathBuf {
        self.layout.blob_path(digest.name())
    }

    /// Makes the blob the file of a commit.
    pub fn link(&self, blob: &Path, commit: &str, file: &str) -> Result<PathBuf, HubError> {
        let path = self.layout.pointer_path(commit).join(file);
        create_parent(&path)?;
        // Up from `snapshots/COMMIT/…` to the folder of the repository, and down again.
        let depth = 1 + file.split('/').count();
        let name = blob.file_name().unwrap_or_default();
        let target = (0..depth).map(|_| "..").collect::<PathBuf>().join("blobs").join(name);
        match symlink(&target, &path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                // A link that another process has just made, or one that led to nothing or to something else.
                if path.canonicalize().ok() != blob.canonicalize().ok() {
                    fs::remove_file(&path).and_then(|()| symlink(&target, &path)).map_err(failed("write", &path))?;
                }
            }
            // A file system without links, as hf-hub does it.
            Err(_) => {
                fs::copy(blob, &path).map_err(failed("write", &path))?;
            }
            Ok(()) => {}
        }
        Ok(path)
    }
}

/// Held while a blob is fetched: who comes later waits, and then finds it. The file is the one that `hf-hub` locks.
pub(crate) fn lock(blob: &Path) -> Result<File, HubError> {
    create_parent(blob)?;
    let path = blob.with_extension("lock");
    let file = File::create(&path).map_err(failed("lock", &path))?;
    file.lock().map_err(failed("lock", &path))?;
    Ok(file)
}

/// The repository as `hf-hub` calls it.
pub(crate) fn repo(location: &Location) -> Repo {
    Repo::with_revision(location.repository().into(), RepoType::Model, location.revision().into())
}

pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> HubError {
    let path = path.to_owned();
    move |source| HubError::Io { action, path, source }
}

fn create_parent(path: &Path) -> Result<(), HubError> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(failed("write", parent))
}

#[cfg(unix)]
fn symlink(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(windows)]
fn symlink(target: &Path, path: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, path)
}
