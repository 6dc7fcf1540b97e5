//! A register taken by the real kiosk, against a real server, on a volume whose every write is recorded.
//!
//! Must never: call an entry confirmed before the kiosk has.

use super::cuts::{Confirmed, Found, look};
use super::recorder::Recorder;
use super::writes::{self, Entry};
use crate::demo::school::enrol;
use crate::office::Office;
use crate::process::{Kiosk, Trouble};
use crate::small::{World, sign_on, tiles};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The size of the volume, in MiB: small, for it is rebuilt for each moment.
pub const SIZE: u64 = 24;
/// The kiosk's folder on it.
const DATA: &str = "kiosk";

/// The record, and what the kiosk said meanwhile.
pub struct Recorded {
    folder: PathBuf,
    begin: Vec<u8>,
    /// Writes and flushes.
    pub entries: Vec<Entry>,
    /// What was called saved.
    pub confirmed: Vec<Confirmed>,
}

/// A kiosk, and what it has called saved.
struct Heard<'a> {
    kiosk: Kiosk,
    log: &'a Path,
    confirmed: Vec<Confirmed>,
}

impl Heard<'_> {
    fn listen(&mut self) -> Result<(), Trouble> {
        while let Ok(event) = self.kiosk.events.try_recv() {
            if event["event"] == "saved" {
                let written = event["seq"].as_u64().ok_or("an entry without a number")?;
                self.confirmed.push(Confirmed { log: std::fs::metadata(self.log)?.len(), written });
            }
        }
        Ok(())
    }

    async fn ask(&mut self, command: Value) -> Result<(), Trouble> {
        self.kiosk.ask(command).await?;
        self.kiosk.ask(json!({ "do": "wait", "for": "idle" })).await?;
        self.listen()
    }
}

/// Enrols the kiosk on the volume and takes the register. The kiosk's program is ended and begun again in the middle.
///
/// # Errors
/// What the programs say.
pub async fn register(recorder: &Recorder, home: &Path) -> Result<Recorded, Trouble> {
    let world = World::make(home).await?;
    let data = recorder.at().join(DATA);
    let (it, room) = (world.user("it")?, &world.rooms[0]);
    let mut office = Office::open(&world.server.office)?;
    office.log_in(&it.username, &it.password).await?;
    let classes = [room.class.to_string()];
    enrol(&world.server, &mut office, &data, world.clock.spec(None), &room.name, "classroom", &classes).await?;
    let log = recorder.log();
    let mut seat = Heard { kiosk: world.switch_on(&data)?, log: &log, confirmed: Vec::new() };
    let shown = sign_on(&mut seat.kiosk, &world.rooms[0]).await?;
    let pupils: Vec<_> = tiles(&shown).into_iter().filter(|t| t.1 == "blank").map(|t| t.0).collect();
    for (n, pupil) in pupils.iter().enumerate() {
        if n == pupils.len() / 3 {
            seat.kiosk.kill().await?;
            seat.listen()?;
            seat.kiosk = world.switch_on(&data)?;
            sign_on(&mut seat.kiosk, &world.rooms[0]).await?;
        }
        seat.ask(json!({ "do": "tap", "pupil": pupil })).await?;
    }
    seat.ask(json!({ "do": "submit" })).await?;
    seat.kiosk.kill().await?;
    seat.listen()?;
    if seat.confirmed.len() <= pupils.len() || pupils.len() < 20 {
        return Err(format!("{} pupils, and {} entries confirmed", pupils.len(), seat.confirmed.len()).into());
    }
    let (entries, begin) = (writes::read(&log)?, recorder.before()?);
    Ok(Recorded { folder: home.join("cuts"), begin, entries, confirmed: seat.confirmed })
}

impl Recorded {
    /// Cuts the power at so many random moments of it.
    ///
    /// # Errors
    /// As for [`look`].
    pub async fn cut(&self, points: usize, seed: u64) -> Result<Found, Trouble> {
        look(&self.folder, DATA, &self.begin, 0, &self.entries, &self.confirmed, points, seed).await
    }

    /// The same on a disk that only says that it flushes: entries must be lost there, or this proves nothing.
    ///
    /// # Errors
    /// As for [`look`].
    pub async fn cut_on_a_liar(&self, points: usize, seed: u64) -> Result<Found, Trouble> {
        let lies = |e: &Entry| Entry { flushes: false, at_once: false, ..e.clone() };
        let entries: Vec<Entry> = self.entries.iter().map(lies).collect();
        look(&self.folder, DATA, &self.begin, 0, &entries, &self.confirmed, points, seed).await
    }

    /// How many flushes there were.
    #[must_use]
    pub fn flushes(&self) -> usize {
        self.entries.iter().filter(|e| e.flushes).count()
    }

    /// What was found, in a sentence.
    #[must_use]
    pub fn said(&self, found: &Found, seed: u64) -> String {
        format!(
            "{} writes and flushes recorded, {} of them flushes; {} entries confirmed. {} power cuts (seed {seed}), {} of them with \
             writes that no flush had come after; fsck mended more than the journal had in {}; wrong: {}",
            self.entries.len(),
            self.flushes(),
            self.confirmed.len(),
            found.cuts,
            found.torn,
            found.repaired,
            found.wrong.len()
        )
    }
}
