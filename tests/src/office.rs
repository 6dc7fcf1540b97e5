//! The office's pages as a person uses them: log in, follow links, fill in forms.
//!
//! Must never: call anything that a browser could not call.

use crate::process::Trouble;
use reqwest::StatusCode;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use std::collections::BTreeMap;

/// A browser without a window: keeps cookies, sends the form's token back.
pub struct Office {
    client: reqwest::Client,
    base: String,
    cookies: BTreeMap<String, String>,
}

/// A page as it came.
pub struct Page {
    /// 200, 404 …
    pub status: StatusCode,
    /// The path it was found at, after redirects.
    pub path: String,
    /// The HTML.
    pub text: String,
}

impl Page {
    /// The token that every form of this session carries.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        self.value_of("csrf")
    }
    /// The value of the first input with this name.
    #[must_use]
    pub fn value_of(&self, name: &str) -> Option<String> {
        let at = self.text.find(&format!("name=\"{name}\""))?;
        let (_, rest) = self.text[at..].split_once("value=\"")?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    }
}

impl Office {
    /// Opens the office pages at this address, as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn open(base: &str) -> Result<Self, Trouble> {
        let client = crate::process::http().redirect(Policy::none()).build()?;
        Ok(Self { client, base: base.to_owned(), cookies: BTreeMap::new() })
    }

    /// Logs in.
    ///
    /// # Errors
    /// When the page says no.
    pub async fn log_in(&mut self, username: &str, password: &str) -> Result<(), Trouble> {
        let page = self.get("/login").await?;
        let token = page.token().ok_or("the log-in page has no form")?;
        let after = self.post("/login", &token, &[("username", username), ("password", password)]).await?;
        if after.path.starts_with("/login") || !after.status.is_success() {
            return Err(format!("{username} could not log in: {}", after.status).into());
        }
        Ok(())
    }

    /// Types the code of a kiosk, compares the check word, and grants it.
    ///
    /// # Errors
    /// When a page says no, or the words differ.
    pub async fn enrol(
        &mut self,
        code: &str,
        check_word: &str,
        room: &str,
        mode: &str,
        classes: &[String],
    ) -> Result<(), Trouble> {
        let token = self.get("/kiosks").await?.token().ok_or("the kiosks page has no form")?;
        let mut page = self.post("/kiosks/enrol", &token, &[("code", code)]).await?;
        for _ in 0..50 {
            if page.status.is_success() {
                break;
            }
            // Typed faster than any person: the kiosk has shown its code but not yet opened its nonce. Once more.
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            page = self.post("/kiosks/enrol", &token, &[("code", code)]).await?;
        }
        if !page.text.contains(check_word) {
            return Err(format!("the office page does not show the kiosk's check word ({})", page.status).into());
        }
        let mut fields = vec![("decision", "grant"), ("compared", "yes"), ("room", room), ("mode", mode)];
        fields.extend(classes.iter().map(|class| ("class", class.as_str())));
        let after = self.post(&page.path, &token, &fields).await?;
        if !after.status.is_success() || after.path.contains("/enrol/") {
            return Err(format!("the kiosk in {room} was not granted: {}", after.status).into());
        }
        Ok(())
    }

    /// A page, after redirects.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn get(&mut self, path: &str) -> Result<Page, Trouble> {
        let mut path = path.to_owned();
        loop {
            let answer = self.client.get(format!("{}{path}", self.base)).header(COOKIE, self.jar()).send().await?;
            match self.keep(&answer) {
                Some(next) => path = next,
                None => {
                    let status = answer.status();
                    return Ok(Page { status, path, text: answer.text().await? });
                }
            }
        }
    }

    /// Sends a form with its token; follows where it leads.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn post(&mut self, path: &str, token: &str, fields: &[(&str, &str)]) -> Result<Page, Trouble> {
        let mut all = vec![("csrf", token)];
        all.extend_from_slice(fields);
        let request = self.client.post(format!("{}{path}", self.base)).header(COOKIE, self.jar());
        let body = encode(&all);
        let answer = request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await?;
        match self.keep(&answer) {
            Some(next) => self.get(&next).await,
            None => {
                let status = answer.status();
                Ok(Page { status, path: path.to_owned(), text: answer.text().await? })
            }
        }
    }

    fn jar(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        pairs.join("; ")
    }

    /// The cookies, for a real browser that goes on from here.
    #[must_use]
    pub fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }

    fn keep(&mut self, answer: &reqwest::Response) -> Option<String> {
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().ok().and_then(|c| c.split(';').next()).and_then(|p| p.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        let next = answer.status().is_redirection().then(|| answer.headers().get(LOCATION)?.to_str().ok())??;
        let path = next.strip_prefix(&self.base).unwrap_or(next);
        Some(path.split('#').next().unwrap_or(path).to_owned())
    }
}

/// application/x-www-form-urlencoded.
fn encode(fields: &[(&str, &str)]) -> String {
    let one = |text: &str| -> String {
        text.bytes().fold(String::new(), |mut out, b| {
            if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
                out.push(char::from(b));
            } else {
                out += &format!("%{b:02X}");
            }
            out
        })
    };
    let pairs: Vec<String> = fields.iter().map(|(k, v)| format!("{}={}", one(k), one(v))).collect();
    pairs.join("&")
}
