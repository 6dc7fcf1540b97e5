//! One kiosk of the demo: its process, its clock, and the taps that wait for "saved".
//!
//! Must never: tap before the tap is written down.

use super::hands::Hands;
use super::taps::Taps;
use crate::process::{Kiosk, PATIENCE, Trouble};
use serde_json::{Value, json};
use shared::calendar::Half;
use shared::id::PupilId;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::UnboundedReceiver;

/// What waits for its "saved": what was done to whom, and the taps that did it, oldest first.
type Pending = Arc<Mutex<BTreeMap<(String, String), VecDeque<usize>>>>;

/// A kiosk and who stands at it.
pub struct Seat {
    /// "Room 7".
    pub room: String,
    data: PathBuf,
    clock: Hands,
    wall: Option<i64>,
    kiosk: Kiosk,
    taps: Arc<Mutex<Taps>>,
    pending: Pending,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seat {
    /// Switches the kiosk on. `wall`: by how much its wall clock is ahead.
    ///
    /// # Errors
    /// When the process does not start.
    pub fn switch_on(
        room: &str,
        data: PathBuf,
        clock: Hands,
        wall: Option<i64>,
        taps: Arc<Mutex<Taps>>,
    ) -> Result<Self, Trouble> {
        let mut kiosk = Kiosk::start(&data, Some(clock.spec(wall)))?;
        let pending = Pending::default();
        listen(&mut kiosk, Arc::clone(&pending), Arc::clone(&taps), clock.clone());
        Ok(Self { room: room.to_owned(), data, clock, wall, kiosk, taps, pending })
    }

    /// A command that makes no fact about a pupil.
    ///
    /// # Errors
    /// What the kiosk says.
    pub async fn ask(&mut self, command: Value) -> Result<Value, Trouble> {
        self.kiosk.ask(command).await.map_err(|e| format!("{}: {e}", self.room).into())
    }

    /// Writes the tap down, then makes it.
    ///
    /// # Errors
    /// What the kiosk says.
    pub async fn tap(&mut self, what: &str, pupil: PupilId, half: &str, command: Value) -> Result<(), Trouble> {
        self.write(what, pupil, half)?;
        self.ask(command).await.map(drop)
    }

    /// Writes a tap down; it waits for its "saved" from now on.
    ///
    /// # Errors
    /// When the list cannot be written.
    pub fn write(&self, what: &str, pupil: PupilId, half: &str) -> Result<usize, Trouble> {
        let tap = locked(&self.taps).write(self.clock.now(), &self.room, what, pupil, half)?;
        locked(&self.pending).entry((what.to_owned(), pupil.to_string())).or_default().push_back(tap);
        Ok(tap)
    }

    /// Makes a tap and pulls the plug before the kiosk can answer; then switches it on again.
    ///
    /// # Errors
    /// When it does not start again.
    pub async fn tap_and_pull_the_plug(&mut self, what: &str, pupil: PupilId, half: &str) -> Result<(), Trouble> {
        self.write(what, pupil, half)?;
        let _never = self.kiosk.send(json!({ "do": "tap", "pupil": pupil })).await?;
        self.kiosk.kill().await?;
        // What it had said it has saved is heard to the end of its output; the rest is not known.
        while self.kiosk.events.recv().await.is_some() {}
        locked(&self.pending).clear();
        self.kiosk = Kiosk::start(&self.data, Some(self.clock.spec(self.wall)))?;
        listen(&mut self.kiosk, Arc::clone(&self.pending), Arc::clone(&self.taps), self.clock.clone());
        Ok(())
    }

    /// The register on the screen: each pupil's tile.
    ///
    /// # Errors
    /// When another screen stands there.
    pub async fn tiles(&mut self) -> Result<Vec<(PupilId, String)>, Trouble> {
        let shown = self.ask(json!({ "do": "screen" })).await?;
        let screen = &shown["screen"];
        let tiles = screen["tiles"].as_array().ok_or_else(|| {
            format!("{}: no register on the screen, but {} {}", self.room, screen["screen"], screen["words"])
        })?;
        tiles
            .iter()
            .map(|t| Ok((t["pupil"].as_str().unwrap_or("").parse()?, t["state"].as_str().unwrap_or("").to_owned())))
            .collect()
    }

    /// What stands on the screen, by its name.
    ///
    /// # Errors
    /// What the kiosk says.
    pub async fn screen(&mut self) -> Result<String, Trouble> {
        let shown = self.ask(json!({ "do": "screen" })).await?;
        Ok(shown["screen"]["screen"].as_str().unwrap_or("").to_owned())
    }

    /// Waits until all that was tapped is with the server.
    ///
    /// # Errors
    /// When it takes too long.
    pub async fn until_sent(&mut self) -> Result<(), Trouble> {
        self.ask(json!({ "do": "wait", "for": "synced", "within_s": PATIENCE.as_secs() })).await.map(drop)
    }

    /// Switches it off in good order.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn switch_off(self) -> Result<(), Trouble> {
        self.kiosk.end().await
    }
}

/// Hears "saved" and finds the tap that it answers.
fn listen(kiosk: &mut Kiosk, pending: Pending, taps: Arc<Mutex<Taps>>, clock: Hands) {
    let (_, empty) = tokio::sync::mpsc::unbounded_channel();
    let mut events: UnboundedReceiver<Value> = std::mem::replace(&mut kiosk.events, empty);
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if event["event"] != "saved" {
                continue;
            }
            let what = match event["kind"].as_str() {
                Some("marked") => event["mark"].as_str().unwrap_or(""),
                Some(kind) => kind,
                None => continue,
            };
            let key = (what.to_owned(), event["pupil"].as_str().unwrap_or("").to_owned());
            let tap = locked(&pending).get_mut(&key).and_then(VecDeque::pop_front);
            if let Some(tap) = tap {
                locked(&taps).saved(tap, clock.now());
            }
        }
    });
}

/// `am` or `pm`.
#[must_use]
pub const fn half_word(half: Half) -> &'static str {
    match half {
        Half::Am => "am",
        Half::Pm => "pm",
    }
}
