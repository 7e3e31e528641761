//! A server on the loopback that speaks the hub's API, and can go wrong in its ways.

use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tiny_http::{Header, Request, Response, Server};

/// The one repository.
pub const REPOSITORY: &str = "owner/name";

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// With its query.
    pub path: String,
    pub authorization: Option<String>,
}

/// What the hub has, and what it does wrong.
#[derive(Default)]
pub struct State {
    /// Files by commit and name.
    pub commits: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    /// Commits by branch.
    pub branches: BTreeMap<String, String>,
    /// Without this one nothing is shown.
    pub token: Option<String>,
    /// Where files are, in place of here: the address of another server.
    pub elsewhere: Option<String>,
    /// Sends other bytes than are listed.
    pub wrong_bytes: bool,
    /// Lists files as large as this.
    pub listed_size: Option<u64>,
    /// Waits before it sends a file.
    pub delay: Duration,
    /// Answers with this in place of all else.
    pub answer: Option<(u16, &'static str)>,
    /// Requests so far.
    pub seen: Vec<Seen>,
}

/// A running hub.
pub struct Hub {
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    pub port: u16,
    state: Arc<Mutex<State>>,
    server: Arc<Server>,
}

impl Hub {
    /// A hub with a branch `main` at `commit('1')` that holds these files.
    pub fn with(files: &[(&str, &[u8])]) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let port = server.server_addr().to_ip().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        for _ in 0..4 {
            let (server, state) = (server.clone(), state.clone());
            std::thread::spawn(move || server.incoming_requests().for_each(|request| answer(request, &state)));
        }
        let hub = Self { endpoint: format!("http://127.0.0.1:{port}"), port, state, server };
        hub.push('1', files);
        hub
    }

    /// Moves `main` on to another commit.
    pub fn push(&self, digit: char, files: &[(&str, &[u8])]) {
        let mut state = self.state();
        let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
        state.commits.insert(commit(digit), files);
        state.branches.insert("main".into(), commit(digit));
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Paths of the requests so far.
    pub fn paths(&self) -> Vec<String> {
        self.state().seen.iter().map(|seen| seen.path.clone()).collect()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        (0..4).for_each(|_| self.server.unblock());
    }
}

/// A commit of one digit.
pub fn commit(digit: char) -> String {
    digit.to_string().repeat(40)
}

/// An address that answers every request with the first half of what it promises, and hangs up.
pub fn broken_off() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // The request of a client without a body comes in one piece.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
            let _ = stream.write_all(&[b'x'; 500]);
        }
    });
    address
}

/// The name of a blob in git.
pub fn git_hash(bytes: &[u8]) -> String {
    let hash = Sha1::new_with_prefix(format!("blob {}\0", bytes.len())).chain_update(bytes).finalize();
    hash.iter().map(|b| format!("{b:02x}")).collect()
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn answer(request: Request, state: &Mutex<State>) {
    let url = request.url().to_owned();
    let authorization =
        request.headers().iter().find(|h| h.field.equiv("authorization")).map(|h| h.value.as_str().to_owned());
    let (response, delay) = {
        let mut state = state.lock().unwrap();
        state.seen.push(Seen { path: url.clone(), authorization: authorization.clone() });
        let path = url.split('?').next().unwrap();
        let delay = if path.contains("/resolve/") { state.delay } else { Duration::ZERO };
        (respond(path, &url, authorization.as_deref(), &state), delay)
    };
    std::thread::sleep(delay);
    let _ = request.respond(response);
}

type Bytes = Response<std::io::Cursor<Vec<u8>>>;

fn respond(path: &str, url: &str, authorization: Option<&str>, state: &State) -> Bytes {
    if let Some((status, text)) = state.answer {
        return Response::from_string(text).with_status_code(status);
    }
    let allowed = state.token.as_ref().is_none_or(|token| authorization == Some(&format!("Bearer {token}")));
    if !allowed {
        return error(401, "RepoNotFound");
    }
    if let Some(revision) = path.strip_prefix(&format!("/api/models/{REPOSITORY}/revision/")) {
        assert!(url.ends_with("?blobs=true"), "{url}");
        let commit = state.branches.get(revision).map_or(revision, String::as_str);
        return match state.commits.get(commit) {
            Some(files) => Response::from_string(listing(commit, files, state)),
            None => error(404, "RevisionNotFound"),
        };
    }
    let Some((commit, file)) =
        path.strip_prefix(&format!("/{REPOSITORY}/resolve/")).and_then(|rest| rest.split_once('/'))
    else {
        return error(404, "RepoNotFound");
    };
    let Some(bytes) = state.commits.get(commit).and_then(|files| files.get(file)) else {
        return error(404, "EntryNotFound");
    };
    match &state.elsewhere {
        Some(address) => {
            let target = Header::from_bytes("Location", format!("{address}{path}?signature=secret")).unwrap();
            Response::from_string("").with_status_code(302).with_header(target)
        }
        None if state.wrong_bytes => Response::from_data(vec![b'?'; bytes.len()]),
        None => Response::from_data(bytes.clone()),
    }
}

fn error(status: u16, code: &str) -> Bytes {
    let header = Header::from_bytes("X-Error-Code", code).unwrap();
    Response::from_string("").with_status_code(status).with_header(header)
}

/// As the hub lists it: large files, which weights are, by SHA-256, the others by the name of their blob in git.
fn listing(commit: &str, files: &BTreeMap<String, Vec<u8>>, state: &State) -> String {
    let file = |(name, bytes): (&String, &Vec<u8>)| {
        let (size, blob) = (state.listed_size.unwrap_or(bytes.len() as u64), git_hash(bytes));
        let lfs = match name.ends_with(".safetensors") {
            true => format!(r#", "lfs": {{"sha256": "{}", "size": {size}, "pointerSize": 130}}"#, sha256(bytes)),
            false => String::new(),
        };
        format!(r#"{{"rfilename": "{name}", "size": {size}, "blobId": "{blob}"{lfs}}}"#)
    };
    let files: Vec<String> = files.iter().map(file).collect();
    format!(r#"{{"id": "{REPOSITORY}", "sha": "{commit}", "private": false, "siblings": [{}]}}"#, files.join(", "))
}
