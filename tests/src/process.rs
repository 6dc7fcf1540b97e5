//! The two real programs as processes: started, spoken to, killed.
//!
//! Must never: reach into a process's files while it runs, or wait for a time instead of a condition.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{Mutex, mpsc, oneshot};

/// What goes wrong when driving processes, in words.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// How long anything may take before it counts as stuck.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A program of this build, beside the one that is running.
///
/// # Errors
/// When it was not built: says how.
pub fn program(name: &str) -> Result<PathBuf, Trouble> {
    let here = std::env::current_exe()?;
    for folder in here.ancestors().skip(1).take(3) {
        let at = folder.join(name);
        if at.is_file() {
            return Ok(at);
        }
    }
    Err(format!("{name} is not built: run `cargo build --workspace`").into())
}

/// An HTTP client that asks no proxy, with the one TLS provider that this project has.
pub fn http() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default(); // an error means that it is there already
    reqwest::Client::builder().no_proxy()
}

/// Runs a program to its end and returns what it printed.
///
/// # Errors
/// When it fails: with what it said.
pub async fn run(name: &str, args: &[&str], env: &[(&str, String)], input: &str) -> Result<String, Trouble> {
    let mut command = Command::new(program(name)?);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.envs(env.iter().map(|(k, v)| (*k, v)));
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).await?;
    }
    let out = child.wait_with_output().await?;
    if !out.status.success() {
        let said = String::from_utf8_lossy(&out.stderr);
        return Err(format!("{name} {} failed ({}): {said}", args.join(" "), out.status).into());
    }
    Ok(String::from_utf8(out.stdout)?)
}

/// A server that is started and not waited for: for a test that kills it before it answers.
///
/// # Errors
/// When it cannot be started.
pub fn start_unseen(data: &Path, clock: &str) -> Result<Child, Trouble> {
    let mut command = Command::new(program("rollbook-server")?);
    command
        .args(["serve", "--data"])
        .arg(data)
        .args(["--kiosks", &format!("127.0.0.1:{}", free_port()?)])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .env("ROLLBOOK_CLOCK", clock);
    Ok(command.spawn()?)
}

/// The server, serving.
pub struct Server {
    child: Child,
    /// Where kiosks connect, as `https://127.0.0.1:4433`.
    pub kiosks: String,
    /// The office pages, as `http://127.0.0.1:8080`.
    pub office: String,
}

impl Server {
    /// Starts it on free ports (or those given) and waits until its health page answers.
    ///
    /// # Errors
    /// When it does not start: with the end of its log.
    pub async fn start(data: &Path, clock: Option<String>, ports: Option<(u16, u16)>) -> Result<Self, Trouble> {
        let (tls, plain) = match ports {
            Some(p) => p,
            None => (free_port()?, free_port()?),
        };
        let log = std::fs::OpenOptions::new().create(true).append(true).open(data.join("server.log"))?;
        let mut command = Command::new(program("rollbook-server")?);
        command
            .args(["serve", "--data"])
            .arg(data)
            .args(["--kiosks", &format!("127.0.0.1:{tls}"), "--office", &format!("127.0.0.1:{plain}")])
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .kill_on_drop(true);
        if let Some(clock) = clock {
            command.env("ROLLBOOK_CLOCK", clock);
        }
        let mut child = command.spawn()?;
        let office = format!("http://127.0.0.1:{plain}");
        let client = http().build()?;
        let begun = tokio::time::Instant::now();
        loop {
            if let Ok(answer) = client.get(format!("{office}/health")).send().await
                && answer.status().as_u16() < 600
            {
                break;
            }
            if let Some(status) = child.try_wait()? {
                let log = end_of(&data.join("server.log"));
                return Err(format!("the server ended at once ({status}):\n{log}").into());
            }
            if begun.elapsed() > PATIENCE {
                return Err("the server does not answer".into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { child, kiosks: format!("https://127.0.0.1:{tls}"), office })
    }

    /// Its process number.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }
    /// The ports it listens on: for kiosks, for the office.
    #[must_use]
    pub fn ports(&self) -> Option<(u16, u16)> {
        let port = |url: &str| url.rsplit(':').next()?.parse().ok();
        Some((port(&self.kiosks)?, port(&self.office)?))
    }
    /// Asks it to stop (SIGTERM) and waits for its end.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn stop(mut self) -> Result<(), Trouble> {
        self.end().await
    }
    /// As [`Server::stop`], for one that is started again.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn end(&mut self) -> Result<(), Trouble> {
        if let Some(pid) = self.pid().and_then(|p| rustix::process::Pid::from_raw(p.cast_signed())) {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        }
        tokio::time::timeout(PATIENCE, self.child.wait()).await??;
        Ok(())
    }
    /// Kills it (SIGKILL), as a power cut would.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn kill(&mut self) -> Result<(), Trouble> {
        self.child.kill().await?;
        Ok(())
    }
}

/// A port that nobody listens on just now.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16, Trouble> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The last lines of a log, the oldest first.
#[must_use]
pub fn end_of(log: &Path) -> String {
    let log = std::fs::read_to_string(log).unwrap_or_default();
    let mut end: Vec<&str> = log.lines().rev().take(20).collect();
    end.reverse();
    end.join("\n")
}

type Answers = Arc<Mutex<BTreeMap<u64, oneshot::Sender<Value>>>>;

/// A kiosk without a window, driven by lines of JSON.
pub struct Kiosk {
    child: Child,
    stdin: ChildStdin,
    answers: Answers,
    next: u64,
    /// What it says by itself: a line each time a fact is on its disk, and the like.
    pub events: mpsc::UnboundedReceiver<Value>,
    log: PathBuf,
}

impl Kiosk {
    /// Starts it on its data folder.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(data: &Path, clock: Option<String>) -> Result<Self, Trouble> {
        let at = data.join("kiosk.log");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&at)?;
        let mut command = Command::new(program("rollbook-kiosk")?);
        command
            .args(["run", "--headless", "--script", "-", "--data"])
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(log))
            .kill_on_drop(true);
        if let Some(clock) = clock {
            command.env("ROLLBOOK_CLOCK", clock);
        }
        let mut child = command.spawn()?;
        let stdin = child.stdin.take().ok_or("no standard input")?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let (send, events) = mpsc::unbounded_channel();
        let answers = Answers::default();
        let waiting = Arc::clone(&answers);
        tokio::spawn(async move {
            let mut lines = BufReader::new(stdout).lines();
            let mut shown = Value::Null; // what a `screen` or `status` command printed before its `done`
            while let Ok(Some(line)) = lines.next_line().await {
                let Ok(mut value) = serde_json::from_str::<Value>(&line) else { continue };
                match value["event"].as_str() {
                    Some("done" | "error") => {
                        let line = value["line"].as_u64().unwrap_or(0);
                        value["shown"] = shown.take();
                        if let Some(answer) = waiting.lock().await.remove(&line) {
                            let _ = answer.send(value);
                        }
                    }
                    Some("screen" | "status") => shown = value,
                    _ => {
                        let _ = send.send(value);
                    }
                }
            }
            waiting.lock().await.clear(); // whoever waits for an answer learns that none will come
        });
        Ok(Self { child, stdin, answers, next: 1, events, log: at })
    }

    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    /// When the kiosk ended, refused the command, or does not answer.
    pub async fn ask(&mut self, command: Value) -> Result<Value, Trouble> {
        let what = command["do"].clone();
        let answer = self.send(command).await?;
        let mut answer = tokio::time::timeout(PATIENCE, answer)
            .await
            .map_err(|_| format!("the kiosk does not answer {what}"))?
            .map_err(|_| "the kiosk has ended")?;
        if answer["event"] == "error" {
            return Err(format!("the kiosk refuses {what}: {}\n{}", answer["what"], self.log()).into());
        }
        Ok(answer["shown"].take())
    }

    /// Sends a command without waiting: the answer comes by and by, or never, if the kiosk ends.
    ///
    /// # Errors
    /// When the kiosk has ended already.
    pub async fn send(&mut self, command: Value) -> Result<oneshot::Receiver<Value>, Trouble> {
        let line = self.next;
        self.next += 1;
        let (send, answer) = oneshot::channel();
        self.answers.lock().await.insert(line, send);
        self.stdin.write_all(format!("{command}\n").as_bytes()).await?;
        self.stdin.flush().await?;
        Ok(answer)
    }

    /// The end of its log.
    #[must_use]
    pub fn log(&self) -> String {
        end_of(&self.log)
    }

    /// Its process number.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }
    /// Kills it with -9, as a power cut would.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn kill(&mut self) -> Result<(), Trouble> {
        self.child.kill().await?;
        Ok(())
    }
    /// Closes its input; it ends by itself.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn end(mut self) -> Result<(), Trouble> {
        drop(self.stdin);
        tokio::time::timeout(PATIENCE, self.child.wait()).await??;
        Ok(())
    }
}
