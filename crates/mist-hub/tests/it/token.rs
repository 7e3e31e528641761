//! The token goes to the hub, and to nobody else.

use crate::download::{FILES, open, settings};
use crate::server::Hub;
use mist_hub::{Settings, Token};

/// What the hub and a second server have seen of the token, where the files of the hub are at the second one.
fn authorizations(address: impl FnOnce(&Hub) -> String) -> (Vec<Option<String>>, Vec<Option<String>>) {
    let (hub, other, cache) = (Hub::with(&FILES), Hub::with(&FILES), tempfile::tempdir().unwrap());
    hub.state().token = Some("hf_secret".into());
    hub.state().elsewhere = Some(address(&other));
    let settings = Settings { token: Token::new("hf_secret"), ..settings(&hub, cache.path()) };
    let path = open(&settings).unwrap().file("model.safetensors").unwrap();
    assert_eq!(std::fs::read(path).unwrap(), FILES[1].1);
    let seen = |hub: &Hub| hub.state().seen.iter().map(|seen| seen.authorization.clone()).collect();
    (seen(&hub), seen(&other))
}

#[test]
fn a_redirect_to_another_host_gets_no_token() {
    let (hub, other) = authorizations(|other| format!("http://localhost:{}", other.port));
    assert_eq!(hub, [Some("Bearer hf_secret".into()), Some("Bearer hf_secret".into())]);
    assert_eq!(other, [None]);
}

#[test]
fn neither_does_another_port_of_the_same_host() {
    let (_, other) = authorizations(|other| other.endpoint.clone());
    assert_eq!(other, [None]);
}
