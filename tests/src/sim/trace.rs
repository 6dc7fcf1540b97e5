//! What happened, as lines a person can read and as one hash that two runs of a seed must share.
//!
//! Must never: hold anything that is not the seed's: no random id, no real time.

use sha2::{Digest, Sha256};
use std::fmt::Arguments;

/// The trace of one run.
pub struct Trace {
    sum: Sha256,
    lines: Option<Vec<String>>,
    said: u64,
}

impl Trace {
    /// A new one; `keep`: its lines are wanted, not the hash alone.
    pub fn new(keep: bool) -> Self {
        Self { sum: Sha256::new(), lines: keep.then(Vec::new), said: 0 }
    }

    /// One line.
    pub fn say(&mut self, at: i64, words: Arguments<'_>) {
        let line = format!("{} {words}", clock(at));
        self.sum.update(line.as_bytes());
        self.sum.update([b'\n']);
        self.said += 1;
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }

    /// The hash of all lines, and the lines if they were kept.
    pub fn end(self) -> (String, Vec<String>) {
        let sum: [u8; 32] = self.sum.finalize().into();
        let hex = sum.iter().take(16).map(|b| format!("{b:02x}")).collect();
        (hex, self.lines.unwrap_or_default())
    }
}

/// True time, UTC.
pub fn clock(at: i64) -> String {
    chrono::DateTime::from_timestamp_millis(at)
        .map(|at| at.format("%m-%d %H:%M:%S%.3f").to_string())
        .unwrap_or_default()
}
