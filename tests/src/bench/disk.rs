//! The yardstick: one fsync on the disk that the programs write to, of a file that has its length already, as a write-ahead
//! log has that is used again: the cheapest that can be had.
//!
//! Must never: measure another disk than theirs.

use super::figures::Sample;
use crate::process::Trouble;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// What a tap's commit writes at least: a header and a page or two of the write-ahead log.
const BYTES: u64 = 8 * 1024;
const LENGTH: u64 = 128 * BYTES;

/// A file that is only written to be waited for.
pub struct Yardstick {
    file: std::fs::File,
    at: u64,
    /// What each wait took, in milliseconds.
    pub took: Sample,
}

impl Yardstick {
    /// In this folder.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn new(folder: &Path) -> Result<Self, Trouble> {
        let file = std::fs::File::create(folder.join("yardstick"))?;
        for at in 0..LENGTH / BYTES {
            file.write_all_at(&[0; BYTES as usize], at * BYTES)?;
        }
        file.sync_all()?;
        Ok(Self { file, at: 0, took: Sample::default() })
    }

    /// Writes a little and waits until it is on the disk.
    ///
    /// # Errors
    /// What the disk says.
    pub fn once(&mut self) -> Result<Duration, Trouble> {
        self.at = (self.at + BYTES) % LENGTH;
        let begun = Instant::now();
        self.file.write_all_at(&[0x5a; BYTES as usize], self.at)?;
        self.file.sync_all()?;
        let took = begun.elapsed();
        self.took.push_ms(took);
        Ok(took)
    }
}
