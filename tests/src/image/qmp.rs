//! QEMU's machine protocol: lines of JSON over a socket.
//!
//! Must never: wait longer than an answer takes.

use crate::process::Trouble;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// A connection.
pub struct Qmp {
    to: UnixStream,
    from: BufReader<UnixStream>,
}

/// A socket that a program is about to make.
///
/// # Errors
/// When it does not come in time.
pub fn connect(socket: &Path) -> Result<UnixStream, Trouble> {
    let begun = Instant::now();
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => {
                stream.set_read_timeout(Some(Duration::from_secs(60)))?;
                return Ok(stream);
            }
            Err(error) if begun.elapsed() > Duration::from_secs(20) => return Err(error.into()),
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

impl Qmp {
    /// Speaks to the machine at this socket.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn open(socket: &Path) -> Result<Self, Trouble> {
        let to = connect(socket)?;
        let mut qmp = Self { from: BufReader::new(to.try_clone()?), to };
        qmp.line()?; // its greeting
        qmp.ask("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    fn line(&mut self) -> Result<Value, Trouble> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        if line.is_empty() {
            return Err("the machine has ended".into());
        }
        Ok(serde_json::from_str(&line)?)
    }

    /// A command and its answer. What happens meanwhile is passed over.
    ///
    /// # Errors
    /// What the machine says.
    pub fn ask(&mut self, command: &str, arguments: Value) -> Result<Value, Trouble> {
        writeln!(self.to, "{}", json!({ "execute": command, "arguments": arguments }))?;
        loop {
            let mut answer = self.line()?;
            if let Some(value) = answer.get_mut("return") {
                return Ok(value.take());
            }
            if let Some(error) = answer.get("error") {
                return Err(format!("{command}: {error}").into());
            }
        }
    }

    /// The screen as a picture.
    ///
    /// # Errors
    /// When it cannot be taken.
    pub fn picture(&mut self, file: &Path) -> Result<(), Trouble> {
        self.ask("screendump", json!({ "filename": file, "format": "png" }))?;
        Ok(())
    }

    /// A finger on a touch panel, at a share of its width and height.
    ///
    /// # Errors
    /// As for [`Qmp::ask`].
    pub fn touch(&mut self, x: f64, y: f64) -> Result<(), Trouble> {
        let finger = |what: &str, id: i32, axis: &str, value: i64| {
            let data = json!({ "type": what, "slot": 0, "tracking-id": id, "axis": axis, "value": value });
            json!({ "type": "mtt", "data": data })
        };
        let panel = |down: bool| json!({ "type": "btn", "data": { "button": "touch", "down": down } });
        let down = [
            finger("begin", 1, "x", 0),
            finger("data", 1, "x", place(x)),
            finger("data", 1, "y", place(y)),
            panel(true),
        ];
        self.ask("input-send-event", json!({ "events": down }))?;
        std::thread::sleep(HELD);
        self.ask("input-send-event", json!({ "events": [finger("end", -1, "x", 0), panel(false)] }))?;
        Ok(())
    }

    /// Types digits and Enter on the machine's USB keyboard, as a card reader that types does.
    ///
    /// # Errors
    /// As for [`Qmp::ask`].
    pub fn type_number(&mut self, digits: &str) -> Result<(), Trouble> {
        let names = digits.chars().map(String::from).chain(["ret".to_owned()]);
        for name in names {
            let key = json!({ "type": "qcode", "data": name });
            for down in [true, false] {
                self.ask(
                    "input-send-event",
                    json!({ "events": [{ "type": "key", "data": { "key": key, "down": down } }] }),
                )?;
                std::thread::sleep(KEY);
            }
        }
        Ok(())
    }

    /// A click of a pointer that says where it is, at a share of the screen's width and height.
    ///
    /// # Errors
    /// As for [`Qmp::ask`].
    pub fn click(&mut self, x: f64, y: f64) -> Result<(), Trouble> {
        let axis = |axis: &str, share: f64| json!({ "type": "abs", "data": { "axis": axis, "value": place(share) } });
        let button = |down: bool| json!({ "events": [{ "type": "btn", "data": { "button": "left", "down": down } }] });
        self.ask("input-send-event", json!({ "events": [axis("x", x), axis("y", y)] }))?;
        std::thread::sleep(HELD);
        self.ask("input-send-event", button(true))?;
        std::thread::sleep(HELD);
        self.ask("input-send-event", button(false))?;
        Ok(())
    }
}

/// As long as a reader holds a key. QEMU's keyboard drops what comes much faster.
const KEY: Duration = Duration::from_millis(12);
/// As long as a finger stays.
const HELD: Duration = Duration::from_millis(120);

#[allow(clippy::cast_possible_truncation)] // a place on a screen
fn place(share: f64) -> i64 {
    (share * 32767.0) as i64
}
