//! The server as this kiosk speaks to it: JSON over pinned TLS, pushes compressed, with the device token.
//!
//! Must never: follow a redirect, take an answer beyond the wire's limits, or let the token into a log.

use super::tls::{self, Pins};
use crate::store::kept::Token;
use flate2::{Compression, write::GzEncoder};
use reqwest::{Client, Response, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use shared::wire::v1::{EnrolPoll, EnrolRequest, EnrolTicket, Enrolment, Hello, HelloAnswer, Problem, ProblemCode};
use shared::wire::v1::{Pull, Pulled, Push, Pushed, Witness, Witnessed};
use std::io::Write;
use std::time::Duration;

/// Longest answer that is read: a page of the feed at its bounds, and room for its keys.
const ANSWER_BYTES: usize = shared::limits::PAGE_ROWS * (shared::limits::ROW_BYTES + 512);

/// Why an exchange did not work.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The server could not be reached, or went away.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// Its key is not the pinned one.
    #[error(
        "the server's key is not the one this kiosk pinned when it was enrolled. If the server was replaced, enrol the kiosk again"
    )]
    WrongKey,
    /// It answered with a problem.
    #[error("the server says: {title}")]
    Problem {
        /// What kind.
        code: ProblemCode,
        /// In words.
        title: String,
    },
    /// It answered with something else.
    #[error("the server's answer could not be understood ({0})")]
    Strange(String),
}

/// A client of one server.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    server: String,
    token: Option<Token>,
}

impl Http {
    /// For an enrolled kiosk, or (without a token) one that asks to be enrolled.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(server: &str, pins: Pins, token: Option<Token>) -> Result<Self, NoAnswer> {
        let tls = tls::config(pins).map_err(|e| NoAnswer::Strange(e.to_string()))?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .pool_idle_timeout(Duration::from_secs(90))
            .tcp_keepalive(Duration::from_secs(20))
            .user_agent(concat!("rollbook-kiosk/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| NoAnswer::Strange(told(&e)))?;
        Ok(Self { client, server: server.to_owned(), token })
    }

    /// Says hello.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn hello(&self, hello: &Hello) -> Result<HelloAnswer, NoAnswer> {
        self.post("/sync/v1/hello", hello, false).await
    }
    /// Sends entries.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn push(&self, push: &Push) -> Result<Pushed, NoAnswer> {
        self.post("/sync/v1/push", push, true).await
    }
    /// Fetches rows of the feed, waiting for news if asked to.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn pull(&self, pull: &Pull) -> Result<Pulled, NoAnswer> {
        // An id, three numbers, and letters, digits and dots (store::school): nothing that would need escaping.
        let Pull { feed, after, limit, wait, tail } = pull;
        let mut url = format!("{}/sync/v1/pull?feed={feed}&after={after}&limit={limit}&wait={wait}", self.server);
        if let Some(mark) = tail {
            url.push_str("&tail=");
            url.push_str(mark);
        }
        let request = self.client.get(url).timeout(Duration::from_secs(30 + u64::from(*wait)));
        self.send(request).await
    }
    /// Says what the kiosk keeps of the school's record.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn witness(&self, said: &Witness) -> Result<Witnessed, NoAnswer> {
        self.post("/sync/v1/witness", said, true).await
    }
    /// Asks to be enrolled.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn enrol_request(&self, request: &EnrolRequest) -> Result<EnrolTicket, NoAnswer> {
        self.post("/enrol/v1/request", request, false).await
    }
    /// Asks whether somebody has typed the code.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn enrol_poll(&self, poll: &EnrolPoll) -> Result<Enrolment, NoAnswer> {
        self.post("/enrol/v1/poll", poll, false).await
    }

    async fn post<B: Serialize, A: DeserializeOwned>(&self, path: &str, body: &B, gzip: bool) -> Result<A, NoAnswer> {
        let json = serde_json::to_vec(body).map_err(|e| NoAnswer::Strange(e.to_string()))?;
        let request = self
            .client
            .post(format!("{}{path}", self.server))
            .header("content-type", "application/json")
            .timeout(Duration::from_secs(30));
        let request = if gzip {
            request
                .header("content-encoding", "gzip")
                .body(compress(&json).map_err(|e| NoAnswer::Strange(e.to_string()))?)
        } else {
            request.body(json)
        };
        self.send(request).await
    }

    async fn send<A: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<A, NoAnswer> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(&token.0),
            None => request,
        };
        let answer = request.send().await.map_err(|e| accident(&e))?;
        let status = answer.status();
        let body = bounded(answer).await?;
        if status == StatusCode::OK {
            // serde_json's words may quote a value, which may be a name: only the place is told.
            return serde_json::from_slice(&body)
                .map_err(|e| NoAnswer::Strange(format!("line {} column {}", e.line(), e.column())));
        }
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => Err(NoAnswer::Problem { code: problem.code, title: problem.title }),
            Err(_) => Err(NoAnswer::Strange(format!("status {}", status.as_u16()))),
        }
    }
}

async fn bounded(mut answer: Response) -> Result<Vec<u8>, NoAnswer> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| accident(&e))? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(NoAnswer::Strange("longer than the protocol allows".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn compress(json: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::with_capacity(json.len() / 4), Compression::default());
    gzip.write_all(json)?;
    gzip.finish()
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);

/// An error and what is behind it, the outermost first. An io::Error around another error says that one's source as its
/// own: it is stepped into, not over.
fn causes(error: Cause<'_>) -> impl Iterator<Item = Cause<'_>> {
    std::iter::successors(Some(error), |at| {
        let within = at.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        within.map(|e| e as Cause<'_>).or_else(|| at.source())
    })
}

fn accident(error: &reqwest::Error) -> NoAnswer {
    use rustls::{CertificateError::ApplicationVerificationFailure, Error::InvalidCertificate};
    let wrong_key =
        |at: Cause<'_>| matches!(at.downcast_ref(), Some(InvalidCertificate(ApplicationVerificationFailure)));
    if causes(error).any(wrong_key) { NoAnswer::WrongKey } else { NoAnswer::Unreachable(told(error)) }
}

// The innermost cause says most ("connection refused"); the outer layers repeat the address.
fn told(error: Cause<'_>) -> String {
    let plain = causes(error).filter_map(|at| at.downcast_ref()).find_map(in_plain_words);
    plain.map_or_else(|| causes(error).last().unwrap_or(error).to_string(), str::to_owned)
}

/// What whoever stands before the screen can do something about, without the system's numbers.
fn in_plain_words(error: &std::io::Error) -> Option<&'static str> {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => Some("this kiosk has no network"),
        ErrorKind::HostUnreachable => Some("nothing on this network answers at its address"),
        ErrorKind::ConnectionRefused => Some("its machine answers, but Rollbook is not running there"),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            Some("the connection broke off")
        }
        ErrorKind::TimedOut => Some("it does not answer"),
        // getaddrinfo's failures have no kind of their own.
        _ if error.to_string().starts_with("failed to lookup address") => Some("its name is not known on this network"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Error;

    #[derive(Debug, thiserror::Error)]
    #[error("client error (Connect)")]
    struct Layer(#[source] Error);

    #[test]
    fn a_dead_network_is_said_without_numbers() {
        for (errno, words) in [
            (101, "this kiosk has no network"),
            (113, "nothing on this network answers at its address"),
            (111, "its machine answers, but Rollbook is not running there"),
            (104, "the connection broke off"),
            (110, "it does not answer"),
        ] {
            assert_eq!(told(&Layer(Error::from_raw_os_error(errno))), words);
        }
        let wrapped = Error::other(Error::from_raw_os_error(101));
        assert_eq!(told(&Layer(wrapped)), "this kiosk has no network", "one within another");
        let looked_up = Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(told(&Layer(looked_up)), "its name is not known on this network");
    }

    #[test]
    fn what_has_no_plain_words_says_its_innermost_cause() {
        assert_eq!(told(&Layer(Error::other("no cipher in common"))), "no cipher in common");
    }

    #[tokio::test]
    async fn a_server_that_is_not_running_is_said_by_the_real_client() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A port that was free a moment ago.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error =
            Client::builder().no_proxy().build().unwrap().get(format!("http://{free}/")).send().await.unwrap_err();
        assert!(matches!(accident(&error), NoAnswer::Unreachable(words) if words.ends_with("not running there")));
    }
}
