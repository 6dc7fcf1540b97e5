//! The list of taps: each written with its true time *before* it is made, so that anybody can join it with the record.
//!
//! Must never: be written after the fact, or hold a name.

use crate::process::Trouble;
use shared::id::PupilId;
use shared::time::Millis;
use std::io::Write as _;
use std::path::Path;

/// One tap, as the file has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tap {
    /// 1, 2, 3 …
    pub tap: usize,
    /// Milliseconds since 1970 UTC, true school time, when it was about to be made.
    pub true_ms: i64,
    /// The kiosk's room.
    pub room: String,
    /// `present`, `absent`, `blank`, `came_late`, `arrived`.
    pub what: String,
    /// The pupil.
    pub pupil: PupilId,
    /// `am` or `pm`; empty at reception, where the clock decides.
    pub half: String,
}

/// A tap that was made, and what the kiosk said.
#[derive(Debug, Clone)]
pub struct Made {
    /// As written.
    pub tap: Tap,
    /// When the kiosk said "saved" (true school time); none: it was killed before it could.
    pub saved: Option<Millis>,
}

/// All taps of the day, in memory and on disk.
#[derive(Default)]
pub struct Taps {
    made: Vec<Made>,
    file: Option<std::fs::File>,
}

impl Taps {
    /// Begins the list; with a path, the file as well.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(path: Option<&Path>) -> Result<Self, Trouble> {
        let file = match path {
            Some(path) => {
                let mut file = std::fs::File::create(path)
                    .map_err(|e| format!("cannot write the taps to {}: {e}", path.display()))?;
                writeln!(file, "tap,true_ms,room,what,pupil,half")?;
                Some(file)
            }
            None => None,
        };
        Ok(Self { made: Vec::new(), file })
    }

    /// Writes a tap down, before it is made. Returns its number.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, now: Millis, room: &str, what: &str, pupil: PupilId, half: &str) -> Result<usize, Trouble> {
        let tap = self.made.len() + 1;
        let tap = Tap { tap, true_ms: now.0, room: room.into(), what: what.into(), pupil, half: half.into() };
        if let Some(file) = &mut self.file {
            writeln!(file, "{},{},{},{},{},{}", tap.tap, tap.true_ms, tap.room, tap.what, tap.pupil, tap.half)?;
            file.flush()?;
        }
        self.made.push(Made { tap, saved: None });
        Ok(self.made.len())
    }

    /// The kiosk said that this tap is on its disk.
    pub fn saved(&mut self, tap: usize, now: Millis) {
        if let Some(made) = tap.checked_sub(1).and_then(|i| self.made.get_mut(i)) {
            made.saved = Some(now);
        }
    }

    /// All of them, in order.
    #[must_use]
    pub fn all(&self) -> &[Made] {
        &self.made
    }
}
