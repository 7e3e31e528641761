//! Requests to the hub. Redirects are followed here, one by one: the token goes to the hub alone, by scheme, host and port,
//! and nothing that began encrypted goes on in the clear.

use crate::HubError;
use crate::settings::{Settings, Token};
use std::net::IpAddr;
use std::time::Duration;
use ureq::http::{Response, Uri};
use ureq::{Agent, Body};

/// Redirects of one request at most.
const MOST_REDIRECTS: usize = 8;
/// The longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(20);
/// The longest wait for the next bytes.
const SILENCE: Duration = Duration::from_secs(60);

/// Asks one hub.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    endpoint: Uri,
    token: Option<Token>,
}

impl Client {
    /// A client of the hub that the settings name. Nothing is asked yet.
    ///
    /// # Errors
    /// An endpoint that is no URL, or one to which the token would go in the clear.
    pub fn new(settings: &Settings) -> Result<Self, HubError> {
        let wrong = |what| HubError::Endpoint { endpoint: settings.endpoint.clone(), what };
        let endpoint: Uri = settings.endpoint.parse().map_err(|_| wrong("it is no URL"))?;
        match endpoint.scheme_str() {
            Some("https") => {}
            Some("http") if settings.token.is_none() || is_loopback(&endpoint) => {}
            Some("http") => return Err(wrong("without `https` the token would go over the network in the clear")),
            _ => return Err(wrong("it begins neither with `https://` nor with `http://`")),
        }
        let config = Agent::config_builder()
            .user_agent(concat!("mist/", env!("CARGO_PKG_VERSION")))
            // Lengths are those of the file.
            .accept_encoding("identity")
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE));
        Ok(Self { agent: config.build().into(), endpoint, token: settings.token.clone() })
    }

    /// The answer to a request for `path`, which begins with a slash.
    ///
    /// # Errors
    /// A hub that cannot be reached, or answers with another status than 200.
    pub fn get(&self, path: &str) -> Result<Response<Body>, HubError> {
        let url = format!("{}{path}", self.endpoint.to_string().trim_end_matches('/'));
        let mut url: Uri = url.parse().map_err(|_| answer(&self.endpoint, "its URLs are none".into()))?;
        for _ in 0..=MOST_REDIRECTS {
            let mut request = self.agent.get(url.clone());
            let token = self.token.as_ref().filter(|_| same_origin(&self.endpoint, &url));
            if let Some(token) = token {
                request = request.header("authorization", token.header());
            }
            if is_loopback(&url) {
                request = request.config().proxy(None).build();
            }
            let response = request.call().map_err(|e| HubError::Network { url: shown(&url), what: e.to_string() })?;
            url = match response.status().as_u16() {
                200 => return Ok(response),
                301 | 302 | 303 | 307 | 308 => next(&url, &response)?,
                status => return Err(refusal(&url, status, token.is_some(), &response)),
            };
        }
        Err(answer(&url, format!("more than {MOST_REDIRECTS} redirects")))
    }
}

/// Why there is no answer but a status.
fn refusal(url: &Uri, status: u16, with_token: bool, response: &Response<Body>) -> HubError {
    let url = shown(url);
    let code = response.headers().get("x-error-code").and_then(|code| code.to_str().ok()).map(str::to_owned);
    match status {
        401 | 403 => HubError::Refused { url, status, with_token },
        404 => HubError::NotFound { url, code },
        _ => HubError::Status { url, status },
    }
}

/// Where a redirect leads.
fn next(from: &Uri, response: &Response<Body>) -> Result<Uri, HubError> {
    let location = response.headers().get("location").and_then(|l| l.to_str().ok());
    let location = location.ok_or_else(|| answer(from, "a redirect without a target".into()))?;
    let (scheme, host) = (from.scheme_str().unwrap_or_default(), from.authority().map_or("", |a| a.as_str()));
    let absolute = match location {
        _ if location.starts_with("//") => format!("{scheme}:{location}"),
        _ if location.starts_with('/') => format!("{scheme}://{host}{location}"),
        _ => location.to_owned(),
    };
    let to: Option<Uri> = absolute.parse().ok();
    match to.filter(|to: &Uri| matches!(to.scheme_str(), Some("http" | "https")) && to.host().is_some()) {
        None => Err(answer(from, format!("a redirect to `{}`", without_query(location)))),
        Some(to) if scheme == "https" && to.scheme_str() != Some("https") => {
            Err(answer(from, format!("a redirect from `https` to `{}`", shown(&to))))
        }
        Some(to) => Ok(to),
    }
}

fn answer(url: &Uri, what: String) -> HubError {
    HubError::Answer { url: shown(url), what }
}

/// Same scheme, host and port.
fn same_origin(a: &Uri, b: &Uri) -> bool {
    let port = |u: &Uri| u.port_u16().or(if u.scheme_str() == Some("https") { Some(443) } else { Some(80) });
    let host = |u: &Uri| u.host().map(str::to_ascii_lowercase);
    (a.scheme_str(), host(a), port(a)) == (b.scheme_str(), host(b), port(b))
}

/// Whether this is this machine.
fn is_loopback(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// For messages: what follows `?` may be a signature, which is as good as a password.
fn shown(url: &Uri) -> String {
    without_query(&url.to_string()).to_owned()
}

fn without_query(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn the_same_origin_is_scheme_host_and_port() {
        let hub = uri("https://hub.example");
        for same in ["https://hub.example/a", "https://HUB.example:443/a?b"] {
            assert!(same_origin(&hub, &uri(same)), "{same}");
        }
        for other in [
            "http://hub.example/a",
            "https://hub.example:444/a",
            "https://cdn.hub.example/a",
            "https://hub.example.org",
        ] {
            assert!(!same_origin(&hub, &uri(other)), "{other}");
        }
    }

    #[test]
    fn redirects_lead_on_or_are_refused() {
        let to = |location: &str| {
            let response = Response::builder().header("location", location).body(Body::builder().data(""));
            next(&uri("https://hub.example/a/b?c=d"), &response.unwrap())
                .map(|u| u.to_string())
                .map_err(|e| e.to_string())
        };
        assert_eq!(to("/x/y?z=1").unwrap(), "https://hub.example/x/y?z=1");
        assert_eq!(to("//cdn.example/x").unwrap(), "https://cdn.example/x");
        assert_eq!(to("https://cdn.example/x?s=2").unwrap(), "https://cdn.example/x?s=2");
        let clear = to("http://cdn.example/x?secret=2").unwrap_err();
        assert!(clear.contains("from `https` to `http://cdn.example/x`") && !clear.contains("secret"), "{clear}");
        for nowhere in ["", "x/y", "ftp://cdn.example/x", "file:///etc/passwd"] {
            to(nowhere).unwrap_err();
        }
    }

    #[test]
    fn the_token_stays_out_of_the_clear() {
        let of = |endpoint: &str, token: Option<Token>| {
            let settings = Settings { endpoint: endpoint.into(), token, ..Settings::from_env().unwrap() };
            Client::new(&settings).map_err(|e| e.to_string())
        };
        let token = Token::new("hf_secret");
        for sound in ["https://hub.example", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost"] {
            of(sound, token.clone()).unwrap();
        }
        of("http://mirror.example", None).unwrap();
        let refused = of("http://mirror.example", token).unwrap_err();
        assert!(refused.contains("in the clear") && !refused.contains("hf_secret"), "{refused}");
        for nothing in ["", "hub.example", "ftp://hub.example", "https://a b"] {
            of(nothing, None).unwrap_err();
        }
    }
}
