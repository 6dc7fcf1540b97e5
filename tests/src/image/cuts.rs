//! The data partition after a power cut, looked at as a kiosk would find it: repaired by fsck, opened by the real store.
//!
//! Must never: mend anything that fsck and the store do not mend by themselves.

use super::writes::{Entry, after_cut};
use crate::process::{Trouble, run};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// What the store had confirmed when the log of writes was so long.
#[derive(Debug, Clone, Copy)]
pub struct Confirmed {
    /// Bytes of the log.
    pub log: u64,
    /// Entries of the kiosk's own log.
    pub written: u64,
}

/// What was found over all cuts.
#[derive(Debug, Default)]
pub struct Found {
    /// Cuts looked at.
    pub cuts: usize,
    /// Of those, how many left writes behind that no flush had come after.
    pub torn: usize,
    /// File systems in which fsck mended more than the journal had, and counts.
    pub repaired: usize,
    /// What went wrong, in words.
    pub wrong: Vec<String>,
}

/// Cuts the power at `points` random moments of this log, and looks. `begin` is the partition before the first write, `first` its
/// first sector on the card, `data` the kiosk's folder in it.
///
/// # Errors
/// When a tool is missing; what is wrong with a card stands in [`Found`].
#[allow(clippy::too_many_arguments)] // what a cut is made of
pub async fn look(
    folder: &Path,
    data: &str,
    begin: &[u8],
    first: u64,
    entries: &[Entry],
    confirmed: &[Confirmed],
    points: usize,
    seed: u64,
) -> Result<Found, Trouble> {
    std::fs::create_dir_all(folder)?;
    let known = confirmed.first().ok_or("nothing was confirmed")?;
    let from = entries.iter().filter(|e| e.end <= known.log).count();
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut found = Found::default();
    for _ in 0..points {
        let cut = dice.usize(from..=entries.len());
        let share = dice.f64();
        let partition = after_cut(begin, first, entries, cut, || dice.f64() < share);
        let since = entries[..cut].iter().rev().take_while(|e| !e.flushes).filter(|e| !e.data.is_empty()).count();
        found.cuts += 1;
        found.torn += usize::from(since > 0);
        let end = cut.checked_sub(1).map_or(0, |last| entries[last].end);
        let must = confirmed.iter().rev().find(|c| c.log <= end).map_or(0, |c| c.written);
        match one(folder, data, &partition).await {
            Ok((written, repaired)) => {
                found.repaired += usize::from(repaired);
                if written < must {
                    found
                        .wrong
                        .push(format!("cut {cut} (seed {seed}): {must} entries were confirmed, {written} are there"));
                }
            }
            Err(trouble) => found.wrong.push(format!("cut {cut} (seed {seed}): {trouble}")),
        }
    }
    Ok(found)
}

/// Entries that the store of this partition holds and finds sound, and whether fsck had to change more than its journal.
async fn one(folder: &Path, data: &str, partition: &[u8]) -> Result<(u64, bool), Trouble> {
    let file = folder.join("after.img");
    std::fs::write(&file, partition)?;
    let journal = Command::new("e2fsck").args(["-E", "journal_only", "-y"]).arg(&file).output()?;
    if journal.status.code().is_none_or(|code| code > 1) {
        return Err(format!("the journal cannot be played: {}", String::from_utf8_lossy(&journal.stdout)).into());
    }
    let fsck = Command::new("e2fsck").args(["-f", "-y"]).arg(&file).output()?;
    let code = fsck.status.code().unwrap_or(99);
    if code > 1 {
        return Err(format!("fsck gives up ({code}): {}", String::from_utf8_lossy(&fsck.stdout)).into());
    }
    // What is free is counted in the superblock, which a mounted ext4 writes now and then only.
    let report = String::from_utf8_lossy(&fsck.stdout);
    let mended = report.split("\n\n").any(|part| part.contains("? yes") && !part.contains("count wrong"));
    let out = folder.join("after");
    let _ = std::fs::remove_dir_all(&out); // of the cut before
    std::fs::create_dir_all(&out)?;
    let dump = Command::new("debugfs").arg("-R").arg(format!("rdump / {}", out.display())).arg(&file).output()?;
    if !dump.status.success() {
        return Err("the files cannot be read off the partition".into());
    }
    let said =
        run("rollbook-kiosk", &["status", "--json", "--data", &out.join(data).to_string_lossy()], &[], "").await?;
    let status: Value = serde_json::from_str(&said)?;
    let (written, kept) = (status["written"].as_u64().unwrap_or(0), status["kept"].as_u64().unwrap_or(0));
    if kept == 0 {
        return Err("the store holds nothing".into());
    }
    Ok((written, mended))
}
