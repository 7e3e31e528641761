//! A repository pinned to a commit, and its files.

use crate::HubError;
use crate::cache::{Cache, Cached, failed, lock, repo};
use crate::client::Client;
use crate::listing::{Entry, Listing};
use crate::location::{Location, check_file, is_commit};
use crate::settings::{Progress, Settings};
use std::io::{Error, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes of a listing at most: some thousands of files.
const LONGEST_LISTING: u64 = 16 << 20;

/// A repository pinned to a commit: all of its files are of that one, also when the branch moves in between.
#[derive(Debug)]
pub struct Repository {
    location: Location,
    settings: Settings,
    cache: Cache,
    commit: String,
    /// Whether the hub was asked where the revision is, and the cache does not know it yet.
    news: AtomicBool,
    /// Once it was asked for.
    listing: Mutex<Option<Listing>>,
}

impl Repository {
    /// The repository at the commit where its revision was when the cache last saw it. A revision that the cache never saw
    /// is asked of the hub. The settings are those of the environment.
    ///
    /// # Errors
    /// A revision that is not in the cache while the hub cannot be reached, does not show it, or does not have it.
    pub fn open(location: &Location) -> Result<Self, HubError> {
        Self::open_with(location, Settings::from_env()?)
    }

    /// The same with other settings.
    ///
    /// # Errors
    /// As [`Repository::open`].
    pub fn open_with(location: &Location, settings: Settings) -> Result<Self, HubError> {
        let cache = Cache::new(&settings, location);
        let known = Some(location.revision()).filter(|r| is_commit(r)).map(str::to_owned).or_else(|| cache.commit());
        match known {
            Some(commit) => {
                let listing = Mutex::new(None);
                Ok(Self { location: location.clone(), settings, cache, commit, news: AtomicBool::new(false), listing })
            }
            None => Self::latest_with(location, settings),
        }
    }

    /// The repository at the commit where its revision is now. The hub is always asked; once a file of it is there, the cache
    /// knows that commit.
    ///
    /// # Errors
    /// As [`Repository::open`].
    pub fn latest_with(location: &Location, settings: Settings) -> Result<Self, HubError> {
        let cache = Cache::new(&settings, location);
        let listing = ask(location, location, &settings)?;
        let (commit, news) = (listing.commit.clone(), AtomicBool::new(!is_commit(location.revision())));
        Ok(Self { location: location.clone(), settings, cache, commit, news, listing: Mutex::new(Some(listing)) })
    }

    /// What was asked for.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The commit that all files are of, 40 hexadecimal digits.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The path of a file in the cache, of which every byte was held to its hash just now. What is not there is fetched.
    ///
    /// # Errors
    /// A name that does not end in `.safetensors` or `.json`; what is not in the cache and cannot be fetched, is not what the
    /// hub lists, or is larger than [`Settings::most_bytes`].
    pub fn file(&self, name: &str) -> Result<PathBuf, HubError> {
        check_file(name)?;
        let path = match self.cache.find(&self.commit, name)? {
            Cached::Sound(path) => path,
            Cached::Damaged(path) if self.settings.offline => return Err(HubError::DamagedCache { path }),
            Cached::Damaged(_) | Cached::Absent => self.fetch(name)?,
        };
        // Once: a later answer of the hub may have gone there since.
        if self.news.swap(false, Ordering::Relaxed) {
            self.cache.set_commit(&self.commit)?;
        }
        Ok(path)
    }

    /// The names of the files at the top of the repository that the cache has. Asks nobody.
    pub fn cached_names(&self) -> Vec<String> {
        self.cache.names(&self.commit)
    }

    /// The paths of all files of the repository. Asks the hub.
    ///
    /// # Errors
    /// A hub that cannot be reached, or that does not have the commit any more.
    pub fn names(&self) -> Result<Vec<String>, HubError> {
        self.listed(|listing| Ok(listing.files.keys().cloned().collect()))
    }

    /// Fetches a file into the cache.
    fn fetch(&self, name: &str) -> Result<PathBuf, HubError> {
        let entry = match self.settings.offline {
            true => {
                return Err(offline(&format!("`{name}` at commit {}", self.commit), &self.location, &self.settings));
            }
            false => self.listed(|listing| listing.entry(&self.location, name).cloned())?,
        };
        let most = self.settings.most_bytes;
        if entry.size > most {
            let repository = self.location.repository().into();
            return Err(HubError::TooLarge { repository, file: name.into(), size: entry.size, most });
        }
        let blob = self.cache.blob(&entry.digest);
        let held = lock(&blob)?;
        // What killed processes have left behind; what remains of it harms nobody.
        let _ = blob.parent().map(mist_files::clean);
        // Another process may have fetched it while this one waited, or another commit has the same file.
        if !entry.digest.is_of(&blob).unwrap_or(false) {
            self.download(name, &entry, &blob)?;
        }
        let path = self.cache.link(&blob, &self.commit, name);
        drop(held);
        path
    }

    /// Replaces a blob as a whole, or leaves it as it was.
    fn download(&self, name: &str, entry: &Entry, blob: &Path) -> Result<(), HubError> {
        let path = format!("/{}/resolve/{}/{name}", repo(&self.location).url(), self.commit);
        let response = Client::new(&self.settings)?.get(&path)?;
        let mut body = response.into_body().into_reader();
        let mut failure = None;
        let written = mist_files::replace_with(blob, |out| {
            self.copy(&mut body, out, name, entry)?.map_err(|e| {
                failure = Some(e);
                Error::other("the download failed")
            })
        });
        match failure {
            Some(e) => Err(e),
            None => written.map_err(failed("write", blob)),
        }
    }

    /// Copies a body that has to be what the hub lists. The outer error is that of `out`.
    fn copy(
        &self,
        body: &mut dyn Read,
        out: &mut dyn Write,
        file: &str,
        entry: &Entry,
    ) -> Result<Result<(), HubError>, Error> {
        let mut hasher = entry.digest.hasher(entry.size);
        let mut buffer = vec![0; 1 << 16];
        let mut bytes = 0;
        let repository = || self.location.repository().to_owned();
        let cut = |got, what| HubError::Length {
            repository: repository(),
            file: file.into(),
            got,
            expected: entry.size,
            what,
        };
        loop {
            if let Some(report) = &self.settings.report {
                report(Progress { file, bytes, of: entry.size });
            }
            let read = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(e) => return Ok(Err(cut(bytes, e.to_string()))),
            };
            bytes += read as u64;
            if bytes > entry.size {
                return Ok(Err(cut(bytes, "there is more than the hub lists".into())));
            }
            hasher.write_all(&buffer[..read])?;
            out.write_all(&buffer[..read])?;
        }
        if bytes < entry.size {
            return Ok(Err(cut(bytes, "the connection ended".into())));
        }
        let (got, expected) = (hasher.finish(), entry.digest.name().to_owned());
        if got != expected {
            let kind = entry.digest.kind();
            return Ok(Err(HubError::Damaged { repository: repository(), file: file.into(), kind, got, expected }));
        }
        Ok(Ok(()))
    }

    /// Looks at the listing of the commit, which is asked for once.
    fn listed<T>(&self, look: impl FnOnce(&Listing) -> Result<T, HubError>) -> Result<T, HubError> {
        let mut listing = self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        match &*listing {
            Some(listing) => look(listing),
            None => {
                let at_commit = Location::new(self.location.repository(), Some(&self.commit))?;
                look(listing.insert(ask(&self.location, &at_commit, &self.settings)?))
            }
        }
    }
}

/// Asks the hub for the listing of a repository at a revision, on behalf of a location.
fn ask(asked: &Location, at: &Location, settings: &Settings) -> Result<Listing, HubError> {
    if settings.offline {
        return Err(offline(&format!("revision `{}`", at.revision()), asked, settings));
    }
    let path = format!("/api/{}?blobs=true", repo(at).api_url());
    let url = format!("{}{path}", settings.endpoint);
    let wrong = |what| HubError::Answer { url: url.clone(), what };
    let mut body = Client::new(settings)?.get(&path)?.into_body();
    let json = body.with_config().limit(LONGEST_LISTING).read_to_vec().map_err(|e| wrong(e.to_string()))?;
    let listing = Listing::from_json(&json).map_err(wrong)?;
    if is_commit(at.revision()) && listing.commit != at.revision() {
        return Err(wrong(format!("commit {} where {} was asked for", listing.commit, at.revision())));
    }
    Ok(listing)
}

fn offline(what: &str, location: &Location, settings: &Settings) -> HubError {
    let repository = location.repository().into();
    HubError::Offline { what: what.into(), repository, cache: settings.cache.clone() }
}
