//! A visitor of the office pages, for tests: a browser's cookie, real log-ins, the whole router.
//!
//! Must never: reach behind the router.

use crate::auth::{Role, password, session};
use crate::router;
use crate::testing::{World, class, pupil};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use rusqlite::params;
use shared::id::SchoolId;
use std::sync::LazyLock;
use tower::ServiceExt as _;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";
static HASH: LazyLock<String> = LazyLock::new(|| password::hash(PASSWORD).unwrap());

/// The whole server over a world's stores.
pub async fn server(world: &World) -> Router {
    let sessions = session::open(world.folder.path()).await.unwrap();
    router::build(world.app.clone(), sessions, false)
}

/// Adds an account, new on that Monday: its second factor can wait.
pub fn account(world: &World, school: SchoolId, username: &str, role: Role) {
    let username = username.to_owned();
    world
        .stores
        .trust()
        .write_now(move |t| {
            t.execute(
                "INSERT INTO account (school, username, name, position, role, password_hash, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    school.as_bytes(),
                    username,
                    format!("Person {username}"),
                    "some position",
                    role.as_str(),
                    *HASH,
                    crate::testing::at(0, 0).0
                ],
            )?;
            Ok(())
        })
        .unwrap();
}

/// What came back.
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Got {
    /// Where a redirect leads.
    pub fn to(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |v| v.to_str().unwrap())
    }
    /// The value of a hidden field of the page.
    pub fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let from = self.body.find(&start).unwrap_or_else(|| panic!("no field {name} in {}", self.body)) + start.len();
        self.body[from..].split('"').next().unwrap().to_owned()
    }
}

/// A browser.
#[derive(Clone)]
pub struct Visitor {
    server: Router,
    pub cookie: Option<String>,
}

impl Visitor {
    pub fn new(server: &Router) -> Self {
        Self { server: server.clone(), cookie: None }
    }
    /// Logged in under this name.
    pub async fn logged_in(server: &Router, username: &str) -> Self {
        let mut visitor = Self::new(server);
        let got = visitor.log_in(username, PASSWORD).await;
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.body);
        visitor
    }
    /// Fills in the log-in page.
    pub async fn log_in(&mut self, username: &str, password: &str) -> Got {
        let csrf = self.get("/login").await.field("csrf");
        self.post("/login", &[("csrf", &csrf), ("username", username), ("password", password)]).await
    }
    /// The form token of this session.
    pub async fn csrf(&mut self) -> String {
        let home = self.get("/").await.to().to_owned();
        self.get(&home).await.field("csrf")
    }
    pub async fn get(&mut self, path: &str) -> Got {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }
    /// Sends a form as it is.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Got {
        let text: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(text.join("&"))).unwrap()).await
    }
    /// Sends a form with the session's token.
    pub async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Got {
        let csrf = self.csrf().await;
        let fields: Vec<_> = [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.post(path, &fields).await
    }
    /// Sends a roster's file.
    pub async fn upload(&mut self, csrf: &str, name: &str, text: &str) -> Got {
        let part =
            |head: &str, body: &str| format!("--edge\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n");
        let body =
            part("name=\"csrf\"", csrf) + &part(&format!("name=\"file\"; filename=\"{name}\""), text) + "--edge--\r\n";
        let request = Request::post("/import/look").header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
        self.ask(request.body(Body::from(body)).unwrap()).await
    }
    pub async fn ask(&mut self, request: Request<Body>) -> Got {
        let response = self.open(request).await;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 4 << 20).await.unwrap();
        Got { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }
    /// The answer with its body unread.
    pub async fn open(&mut self, mut request: Request<Body>) -> axum::response::Response {
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        }
        let response = self.server.clone().oneshot(request).await.unwrap();
        if let Some(set) = response.headers().get(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            self.cookie = Some(set.split(';').next().unwrap().to_owned()).filter(|c| !c.ends_with('='));
        }
        response
    }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut s, b| {
        if b.is_ascii_alphanumeric() {
            s.push(char::from(b));
        } else {
            s.push_str(&format!("%{b:02X}"));
        }
        s
    })
}

/// A page without what differs from run to run: tokens, addresses of assets, random ids.
pub fn steady(body: &str) -> String {
    let mut out = String::new();
    let mut rest = body;
    let known: Vec<String> =
        (1..=10).map(|n| pupil(n).to_string()).chain((1..=2).map(|n| class(n).to_string())).collect();
    while let Some(from) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let run: String = rest[from..].chars().take_while(char::is_ascii_hexdigit).collect();
        out.push_str(&rest[..from]);
        match known.iter().position(|id| *id == run) {
            Some(n) => out.push_str(&format!("[id {}]", n + 1)),
            None if run.len() >= 16 => out.push_str("[random]"),
            None => out.push_str(&run),
        }
        rest = &rest[from + run.len()..];
    }
    out.push_str(rest);
    // The heads of logs stand in the order of their ids, which are random.
    for name in ["csrf", "seen", "heads"] {
        let start = format!("name=\"{name}\" value=\"");
        let mut from = 0;
        while let Some(at) = out[from..].find(&start) {
            let begin = from + at + start.len();
            let end = begin + out[begin..].find('"').unwrap();
            out.replace_range(begin..end, "…");
            from = begin;
        }
    }
    out.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The part of a page between its main tags, made steady.
pub fn main_of(body: &str) -> String {
    let from = body.find("<main").unwrap();
    steady(&body[from..body.find("</main>").unwrap()])
}
