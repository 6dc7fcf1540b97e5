//! Recorded conversations: what the kiosks of a released version said to its server in one simulated day, what it
//! answered, and its files before and after in short. Replayed, they show that today's server understands yesterday's kiosks and
//! yesterday's files.
//!
//! Must never: be recorded again for a version that was released.

use super::places::{Place, mount};
use super::server::{Answer, Ask, Server, officer};
use crate::forget::Image;
use axum::http::StatusCode;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::act::Act;
use shared::wire::v1::{Hello, HelloAnswer, Pull, Pulled, Push, Pushed};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// One thing that happened at the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Step {
    /// A hello of a kiosk, and the answer.
    Hello { at: i64, token: String, ask: Value, status: u16, answer: Value },
    /// A push.
    Push { at: i64, token: String, ask: Value, status: u16, answer: Value },
    /// A pull.
    Pull { at: i64, token: String, ask: Value, status: u16, answer: Value },
    /// The server's jobs; so many registers were closed.
    Jobs { at: i64, closed: usize },
    /// The office.
    Act { at: i64, act: Value },
}

/// A day at the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recording {
    /// The version that said it.
    pub version: String,
    /// The seed.
    pub seed: u64,
    /// True time at the beginning.
    pub begins: i64,
    /// What happened.
    pub steps: Vec<Step>,
    /// The marks at the end: date, half, pupil, code.
    pub marks: Vec<(String, String, String, Option<String>)>,
}

/// Notes an exchange.
pub fn step(at: i64, token: &str, ask: &Ask, answer: &Answer) -> Step {
    let (status, body) = (answer.0.as_u16(), serde_json::from_slice(&answer.1).unwrap_or(Value::Null));
    let json = |value: serde_json::Result<Value>| value.unwrap_or(Value::Null);
    let token = token.to_owned();
    match ask {
        Ask::Hello(hello) => Step::Hello { at, token, ask: json(serde_json::to_value(hello)), status, answer: body },
        Ask::Push(push) => Step::Push { at, token, ask: json(serde_json::to_value(push)), status, answer: body },
        Ask::Pull(pull) => Step::Pull { at, token, ask: json(serde_json::to_value(pull)), status, answer: body },
    }
}

/// The marks as they stand.
///
/// # Panics
/// When they cannot be read.
pub fn marks(server: &Server) -> Vec<(String, String, String, Option<String>)> {
    let read = server.school().read_now(|tx| {
        let mut rows = tx.prepare("SELECT date, half, lower(hex(pupil)), code FROM mark ORDER BY 1, 2, 3")?;
        let rows = rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    });
    read.expect("the marks")
}

fn pack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    gzip.finish()
}

fn unpack(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(path)?).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a recording and the server's files before it into a folder.
///
/// # Errors
/// When it cannot be written.
pub fn write(folder: &Path, recording: &Recording, before: &Image) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let files: BTreeMap<String, Vec<u8>> =
        before.files.iter().map(|(path, bytes)| (path.to_string_lossy().replace('/', "+"), bytes.clone())).collect();
    for (name, bytes) in files.iter().filter(|(name, bytes)| name.ends_with(".db") && !bytes.is_empty()) {
        std::fs::write(folder.join(format!("{name}.gz")), pack(bytes)?)?;
    }
    std::fs::write(folder.join("day.json.gz"), pack(&serde_json::to_vec(recording)?)?)
}

/// Replays a recording against today's server.
///
/// # Errors
/// What differs.
pub fn replay(folder: &Path) -> Result<usize, String> {
    let told = |e: std::io::Error| e.to_string();
    let day = unpack(&folder.join("day.json.gz")).map_err(told)?;
    let recording: Recording = serde_json::from_slice(&day).map_err(|e| e.to_string())?;
    let mut before = Image::default();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(name) = name.strip_suffix(".db.gz") {
            before.files.insert(PathBuf::from(format!("{}.db", name.replace('+', "/"))), unpack(&path).map_err(told)?);
        }
    }
    let place = Place::new();
    let disk = mount(&place.folder("server"), recording.seed);
    disk.restore(&before);
    let mut server = Server::new(disk, recording.begins);
    server.start(recording.begins, true).map_err(|e| format!("today's server does not open its files: {e}"))?;
    for (n, step) in recording.steps.iter().enumerate() {
        again(&mut server, step).map_err(|words| format!("step {n}: {words}"))?;
    }
    if marks(&server) != recording.marks {
        return Err("the marks at the end are not those of then".to_owned());
    }
    let found = server.school().read_now(|tx| server::check::school(tx)).map_err(|e| e.to_string())?;
    found.wrong.first().map_or(Ok(recording.steps.len()), |wrong| Err(format!("check: {wrong}")))
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|e| format!("today's code does not read it: {e}"))
}

fn ask(server: &mut Server, at: i64, token: &str, ask: &Ask, status: u16) -> Result<Value, String> {
    server.set(at);
    let (now, body) = server.ask(token, ask);
    if now.as_u16() != status {
        return Err(format!("{now} where it was {status}: {}", String::from_utf8_lossy(&body)));
    }
    serde_json::from_slice(&body).map_err(|e| e.to_string())
}

fn again(server: &mut Server, step: &Step) -> Result<(), String> {
    let ok = StatusCode::OK.as_u16();
    match step {
        Step::Hello { at, token, ask: asked, status, answer } => {
            let now = ask(server, *at, token, &Ask::Hello(read::<Hello>(asked)?), *status)?;
            if *status == ok {
                let (now, then): (HelloAnswer, HelloAnswer) = (read(&now)?, read(answer)?);
                if (now.server_head, now.log, now.protocol) != (then.server_head, then.log, then.protocol) {
                    return Err(format!("hello is answered {now:?}, and was {then:?}"));
                }
            }
        }
        Step::Push { at, token, ask: asked, status, answer } => {
            let now = ask(server, *at, token, &Ask::Push(read::<Push>(asked)?), *status)?;
            if *status == ok && read::<Pushed>(&now)? != read::<Pushed>(answer)? {
                return Err(format!("a push is answered {now}, and was {answer}"));
            }
        }
        Step::Pull { at, token, ask: asked, status, answer } => {
            // The number of a row may be another by now; a kiosk of then must still be able to read what it is told.
            let now = ask(server, *at, token, &Ask::Pull(read::<Pull>(asked)?), *status)?;
            if *status == ok {
                let (_, _): (Pulled, Pulled) = (read(&now)?, read(answer)?);
            }
        }
        Step::Jobs { at, closed } => {
            server.set(*at);
            let (now, _) = server.jobs().map_err(|e| e.to_string())?;
            if now != *closed {
                return Err(format!("{now} registers are closed, and {closed} were"));
            }
        }
        Step::Act { at, act } => {
            server.set(*at);
            let (now, act) = (server.now(), read::<Act>(act)?);
            server
                .write(move |tx| server::record::act(tx, now, &officer(), act).map(drop))
                .map_err(|e| format!("the office is refused: {e}"))?;
        }
    }
    Ok(())
}
