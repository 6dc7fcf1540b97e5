//! A real browser without a window: Chromium, driven through chromedriver as a person at the office's computer would.
//!
//! Must never: wait for a time instead of a condition, or keep anything between two visits.

use crate::process::{PATIENCE, Trouble};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// What the accessibility checker judges by.
const WCAG: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/// chromedriver, on a port of its own.
pub struct Driver {
    child: Child,
    address: String,
}

/// Whose eyes.
#[derive(Debug, Clone, Copy)]
pub struct Eyes {
    /// Whether scripts run.
    pub scripts: bool,
    /// Prefers a dark page.
    pub dark: bool,
    /// A narrow screen of this many pixels, as a telephone has.
    pub narrow: Option<u32>,
}

impl Eyes {
    /// The computer in the office.
    pub const OFFICE: Self = Self { scripts: true, dark: false, narrow: None };
}

impl Driver {
    /// Starts it.
    ///
    /// # Errors
    /// When it is not installed: says what is missing.
    pub async fn start() -> Result<Self, Trouble> {
        for (program, package) in [("chromium", "chromium"), ("chromedriver", "chromium-driver")] {
            if !installed(program) {
                return Err(format!("{program} is not installed: apt-get install {package} (or `make test`)").into());
            }
        }
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let port = async {
            while let Some(line) = lines.next_line().await? {
                if let Some((_, port)) = line.split_once("started successfully on port ") {
                    return Ok(port.trim_end_matches('.').to_owned());
                }
            }
            Err(Trouble::from("chromedriver ended at once"))
        };
        let port = tokio::time::timeout(PATIENCE, port).await.map_err(|_| "chromedriver does not start")??;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} }); // so that it can always print
        Ok(Self { child, address: format!("http://127.0.0.1:{port}") })
    }

    /// Opens a new browser with an empty profile in this (new) folder.
    ///
    /// # Errors
    /// When Chromium does not start.
    pub async fn open(&self, profile: &Path, eyes: Eyes, base: &str) -> Result<Browser, Trouble> {
        let mut args: Vec<String> = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1366,900",
            "--lang=en-GB",
        ]
        .map(str::to_owned)
        .to_vec();
        args.push(format!("--user-data-dir={}", profile.display()));
        if eyes.dark {
            args.push("--blink-settings=preferredColorScheme=0".into());
        }
        let mut options = json!({ "args": args });
        if !eyes.scripts {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        if let Some(width) = eyes.narrow {
            let screen = json!({ "width": width, "height": 844, "pixelRatio": 1.0, "touch": false });
            options["mobileEmulation"] = json!({ "deviceMetrics": screen });
        }
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        let wanted = wanted.as_object().cloned().unwrap_or_default();
        let client = ClientBuilder::new(HttpConnector::new()).capabilities(wanted).connect(&self.address).await?;
        Ok(Browser { client, base: base.to_owned(), narrow: eyes.narrow.is_some(), scripts: eyes.scripts })
    }
}

impl Drop for Driver {
    /// Asks it to end: it takes its browsers with it, also after a test that failed. A kill would leave them behind.
    fn drop(&mut self) {
        let Some(host) = self.address.strip_prefix("http://") else { return };
        let goodbye = || {
            let mut stream = TcpStream::connect(host)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            stream
                .write_all(format!("GET /shutdown HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())?;
            stream.read_to_end(&mut Vec::new())
        };
        if goodbye().is_err() {
            let _ = self.child.start_kill();
        }
    }
}

fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// One browser.
pub struct Browser {
    client: Client,
    base: String,
    narrow: bool,
    scripts: bool,
}

impl Browser {
    /// Whether scripts of a page run in it: axe-core is one.
    #[must_use]
    pub const fn runs_scripts(&self) -> bool {
        self.scripts
    }

    /// Opens a page of the server.
    ///
    /// # Errors
    /// When the browser cannot.
    pub async fn go(&self, path: &str) -> Result<(), Trouble> {
        Ok(self.client.goto(&format!("{}{path}", self.base)).await?)
    }

    /// Loads the page again.
    ///
    /// # Errors
    /// When the browser cannot.
    pub async fn reload(&self) -> Result<(), Trouble> {
        Ok(self.client.refresh().await?)
    }

    /// The path of the page that is open, without its query.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn path(&self) -> Result<String, Trouble> {
        Ok(self.client.current_url().await?.path().to_owned())
    }

    /// Logs in and waits for the first page.
    ///
    /// # Errors
    /// When the page says no.
    pub async fn log_in(&self, username: &str, password: &str) -> Result<(), Trouble> {
        self.go("/login").await?;
        self.write("#username", username).await?;
        self.write("#password", password).await?;
        self.click("form button").await?;
        self.until("logged in", async |b| Ok(b.path().await? != "/login")).await
    }

    /// The first element that fits this CSS selector.
    ///
    /// # Errors
    /// When there is none.
    pub async fn find(&self, css: &str) -> Result<Element, Trouble> {
        self.client.find(Locator::Css(css)).await.map_err(|e| format!("{css}: {e}").into())
    }

    /// Writes into a field.
    ///
    /// # Errors
    /// When there is none.
    pub async fn write(&self, css: &str, text: &str) -> Result<(), Trouble> {
        Ok(self.find(css).await?.send_keys(text).await?)
    }

    /// Empties a field.
    ///
    /// # Errors
    /// When there is none.
    pub async fn clear(&self, css: &str) -> Result<(), Trouble> {
        Ok(self.find(css).await?.clear().await?)
    }

    /// Types a date into its field, as this browser's language has it: day, month, year.
    ///
    /// # Errors
    /// When there is none, or another date stands there afterwards.
    pub async fn set_date(&self, css: &str, date: &str) -> Result<(), Trouble> {
        let [year, month, day] = date.split('-').collect::<Vec<_>>()[..] else { return Err("no date".into()) };
        for typed in [format!("{day}{month}{year}"), format!("{month}{day}{year}")] {
            let field = self.find(css).await?;
            field.clear().await?;
            field.send_keys(&typed).await?;
            if field.prop("value").await?.as_deref() == Some(date) {
                return Ok(());
            }
        }
        Err(format!("{css}: the date {date} cannot be typed").into())
    }

    /// Clicks.
    ///
    /// # Errors
    /// When there is nothing to click.
    pub async fn click(&self, css: &str) -> Result<(), Trouble> {
        self.find(css).await?.click().await.map_err(|e| format!("{css}: {e}").into())
    }

    /// What a reader sees of each element that fits, white space made even. What is folded away is not seen.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn texts(&self, css: &str) -> Result<Vec<String>, Trouble> {
        let begun = tokio::time::Instant::now();
        loop {
            match self.texts_once(css).await {
                // A live page put another element in its place in between.
                Err(e) if e.is_stale_element_reference() && begun.elapsed() < PATIENCE => {}
                done => return Ok(done?),
            }
        }
    }

    async fn texts_once(&self, css: &str) -> Result<Vec<String>, CmdError> {
        let mut texts = Vec::new();
        for element in self.client.find_all(Locator::Css(css)).await? {
            texts.push(even(&element.text().await?));
        }
        Ok(texts)
    }

    /// An attribute of each element that fits; empty where it has none.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn attributes(&self, css: &str, name: &str) -> Result<Vec<String>, Trouble> {
        let mut found = Vec::new();
        for element in self.client.find_all(Locator::Css(css)).await? {
            found.push(element.attr(name).await?.unwrap_or_default());
        }
        Ok(found)
    }

    /// Runs a script of the test's own in the page and answers what it returns.
    ///
    /// # Errors
    /// When it throws.
    pub async fn script(&self, text: &str) -> Result<Value, Trouble> {
        Ok(self.client.execute(text, Vec::new()).await?)
    }

    /// Waits until something holds.
    ///
    /// # Errors
    /// When it does not come to that.
    pub async fn until(&self, what: &str, holds: impl AsyncFn(&Self) -> Result<bool, Trouble>) -> Result<(), Trouble> {
        let begun = tokio::time::Instant::now();
        let mut last = Ok(false);
        while begun.elapsed() < PATIENCE {
            // A page that changes under the question is asked again.
            last = holds(self).await;
            if matches!(last, Ok(true)) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        let why = last.err().map(|e| format!(" ({e})")).unwrap_or_default();
        Err(format!("never {what}, at {}{why}", self.path().await.unwrap_or_default()).into())
    }

    /// What axe-core finds against WCAG 2.2, levels A and AA: nothing, or lines that name rule and place. `axe` is the
    /// text of axe.min.js.
    ///
    /// # Errors
    /// When it cannot run.
    pub async fn violations(&self, axe: &str) -> Result<Vec<String>, Trouble> {
        self.client.execute(&format!("{axe}; return 1"), Vec::new()).await?;
        let run = "const done = arguments[arguments.length - 1], tags = arguments[0];
            axe.run(document, { runOnly: tags }).then(
                found => done({ passes: found.passes.length, violations: found.violations.flatMap(v => v.nodes.map(n =>
                    `${v.id}: ${n.target.join(' ')}: ${n.any.concat(n.all, n.none).map(c => c.message).join('; ')}`)) }),
                error => done({ passes: 0, violations: [String(error)] }));";
        let found = self.client.execute_async(run, vec![json!(WCAG)]).await?;
        if found["passes"].as_u64().unwrap_or(0) < 5 {
            return Err(format!("axe-core checked next to nothing: {found}").into());
        }
        let lines = found["violations"].as_array().ok_or("no answer from axe-core")?;
        Ok(lines.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// What is wider than its window or cut off at the side, in words: the page, or elements of it.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn too_wide(&self) -> Result<Vec<String>, Trouble> {
        let script = "const say = (e, by) => `${e.tagName} ${e.className} by ${by} px`, page = document.scrollingElement;
            const cut = [...document.querySelectorAll('main *')]
                .filter(e => !e.classList.contains('hidden') && getComputedStyle(e).overflowX === 'hidden' && e.scrollWidth > e.clientWidth + 1)
                .map(e => say(e, e.scrollWidth - e.clientWidth));
            return page.scrollWidth > window.innerWidth ? [say(page, page.scrollWidth - window.innerWidth), ...cut] : cut;";
        let found = self.script(script).await?;
        let found = found.as_array().ok_or("no answer from the page")?;
        Ok(found.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Takes a picture of the whole page.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn picture(&self, name: &str) -> Result<(), Trouble> {
        if !self.narrow {
            let height = self.script("return document.documentElement.scrollHeight").await?.as_u64().unwrap_or(900);
            self.client.set_window_size(1366, u32::try_from(height.clamp(700, 6_000) + 140)?).await?;
        }
        let folder = shots()?;
        std::fs::write(folder.join(format!("{name}.png")), self.client.screenshot().await?)?;
        if !self.narrow {
            self.client.set_window_size(1366, 900).await?;
        }
        Ok(())
    }

    /// Closes it.
    ///
    /// # Errors
    /// When it has gone already.
    pub async fn close(self) -> Result<(), Trouble> {
        Ok(self.client.close().await?)
    }
}

/// Where pictures are kept: `shots` in the target folder of this build.
///
/// # Errors
/// When it cannot be made.
pub fn shots() -> Result<PathBuf, Trouble> {
    let here = std::env::current_exe()?;
    let profile = here.ancestors().find(|a| a.ends_with("debug") || a.ends_with("release"));
    let folder = profile.and_then(Path::parent).ok_or("this program is not in a target folder")?.join("shots");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Text with every run of white space as one space.
#[must_use]
pub fn even(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
