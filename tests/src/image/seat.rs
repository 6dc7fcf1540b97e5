//! Somebody in front of an emulated kiosk: looks at its screen, touches it, and asks its store what it has.
//!
//! Must never: take a touch for a mark before the kiosk's store has it.

use super::machine::Machine;
use super::scene::{FIRST_NAME, GO_ON, PATIENCE, key};
use crate::process::Trouble;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A machine and where its pictures go.
pub struct Seat {
    /// The machine.
    pub machine: Machine,
    /// Pictures of its screen.
    pub pictures: PathBuf,
}

impl Seat {
    /// Keeps a picture of the screen, once it has been the same for some seconds.
    ///
    /// # Errors
    /// When no picture can be taken.
    pub fn picture(&mut self, name: &str) -> Result<(), Trouble> {
        let file = self.pictures.join(format!("{name}.png"));
        let begun = Instant::now();
        let mut before = self.look(&file)?;
        loop {
            std::thread::sleep(Duration::from_secs(2));
            let now = self.look(&file)?;
            if now == before || begun.elapsed() > Duration::from_secs(60) {
                return Ok(());
            }
            before = now;
        }
    }

    fn look(&mut self, file: &Path) -> Result<Vec<u8>, Trouble> {
        self.machine.qmp.picture(file)?;
        Ok(std::fs::read(file)?)
    }

    /// Touches a place, and waits until the screen has become another one.
    ///
    /// # Errors
    /// When nothing changes.
    pub fn press(&mut self, place: (f64, f64)) -> Result<(), Trouble> {
        let file = self.pictures.join("now.png");
        let before = self.look(&file)?;
        self.machine.tap(place)?;
        let begun = Instant::now();
        while self.look(&file)? == before {
            if begun.elapsed() > PATIENCE {
                return Err(format!("nothing came of a touch at {place:?}").into());
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        self.picture("now")
    }

    /// What the kiosk's own store says of itself, asked in the machine.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn status(&mut self) -> Result<Value, Trouble> {
        let begun = Instant::now();
        loop {
            let said = self.machine.shell("rollbook-kiosk status --json", PATIENCE)?;
            // A word of the kernel may fall into the line; and the store may not be there yet.
            if let Some(status) =
                said.lines().find_map(|line| serde_json::from_str::<Value>(line).ok().filter(Value::is_object))
            {
                return Ok(status);
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("the kiosk has no store: {said}").into());
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    /// Entries in its log.
    ///
    /// # Errors
    /// As for [`Seat::status`].
    pub fn written(&mut self) -> Result<u64, Trouble> {
        self.status()?["written"].as_u64().ok_or_else(|| "no count of entries".into())
    }

    /// Touches, and waits until so many entries more are in the kiosk's store.
    ///
    /// # Errors
    /// When they do not come.
    pub fn mark(&mut self, places: &[(f64, f64)], more: u64) -> Result<u64, Trouble> {
        let before = self.written()?;
        for place in places {
            self.press(*place)?;
        }
        self.more(before, more)
    }

    /// Waits until so many entries more than before are in the kiosk's store.
    ///
    /// # Errors
    /// When they do not come.
    pub fn more(&mut self, before: u64, more: u64) -> Result<u64, Trouble> {
        let begun = Instant::now();
        loop {
            let now = self.written()?;
            if now >= before + more {
                return Ok(now);
            }
            if begun.elapsed() > PATIENCE {
                self.picture("no-mark")?;
                return Err(format!("{more} entries were to come, {} came", now - before).into());
            }
        }
    }

    /// A teacher signs on by name and PIN.
    ///
    /// # Errors
    /// When the screen does not change.
    pub fn sign_on(&mut self, pin: &str) -> Result<(), Trouble> {
        self.press(FIRST_NAME)?;
        self.picture("pin")?;
        for digit in pin.bytes() {
            self.press(key(digit - b'0'))?;
        }
        self.press(GO_ON)
    }
}
