//! Every write to a card, as QEMU's blklogwrites keeps them (the format of the kernel's dm-log-writes), and the card as it
//! would be after a power cut at any moment of it.
//!
//! A card may keep what was written since its last flush in part only, and in any choice of sectors. What was flushed is kept.
//!
//! Must never: leave out a write that a flush came after.

use crate::process::Trouble;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

const MAGIC: u64 = 0x006a_7366_7773_6872;
const FLUSH: u64 = 1;
const FUA: u64 = 2;

/// One entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The first sector (of 512 bytes).
    pub sector: u64,
    /// What was written; nothing for a flush alone.
    pub data: Vec<u8>,
    /// Everything before is on the card.
    pub flushes: bool,
    /// This is on the card at once.
    pub at_once: bool,
    /// Where the log ended with this entry.
    pub end: u64,
}

/// Reads the log as far as it is whole.
///
/// # Errors
/// When it is none.
pub fn read(log: &Path) -> Result<Vec<Entry>, Trouble> {
    let mut file = std::fs::File::open(log)?;
    let length = file.metadata()?.len();
    let mut head = [0; 512];
    file.read_exact(&mut head)?;
    let number =
        |bytes: &[u8], at: usize| bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
    if number(&head, 0) != MAGIC {
        return Err("not a log of writes".into());
    }
    let (mut at, mut entries) = (512, Vec::new());
    while at + 512 <= length {
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut head)?;
        let (sector, sectors, flags) = (number(&head, 0), number(&head, 8), number(&head, 16));
        let discards = flags & 4 != 0;
        let bytes = if discards { 0 } else { sectors * 512 };
        if sectors == 0 && flags == 0 || at + 512 + bytes > length {
            break; // the machine was cut off within this entry, or nothing was written here yet
        }
        let mut data = vec![0; usize::try_from(bytes)?];
        file.read_exact(&mut data)?;
        at += 512 + bytes;
        entries.push(Entry { sector, data, flushes: flags & FLUSH != 0, at_once: flags & FUA != 0, end: at });
    }
    Ok(entries)
}

/// The partition after a power cut just behind the `cut`-th entry: what was flushed, and of the rest what `keeps` says of each
/// sector in turn.
pub fn after_cut(begin: &[u8], first: u64, entries: &[Entry], cut: usize, mut keeps: impl FnMut() -> bool) -> Vec<u8> {
    let mut card = begin.to_vec();
    let done = &entries[..cut];
    // A flush promises what ended before it began: the entry with the flag writes its own data after that.
    let flushed = done.iter().rposition(|e| e.flushes).unwrap_or(0);
    for (n, entry) in done.iter().enumerate() {
        for (i, sector) in entry.data.chunks(512).enumerate() {
            if n >= flushed && !(entry.at_once) && !keeps() {
                continue;
            }
            let Some(at) = (entry.sector + i as u64).checked_sub(first) else { continue };
            let Ok(at) = usize::try_from(at * 512) else { continue };
            if let Some(place) = card.get_mut(at..at + sector.len()) {
                place.copy_from_slice(sector);
            }
        }
    }
    card
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(sector: u64, byte: u8) -> Entry {
        Entry { sector, data: vec![byte; 512], flushes: false, at_once: false, end: 0 }
    }

    #[test]
    fn what_was_flushed_stays_and_the_rest_may_go() {
        let flush = Entry { sector: 0, data: Vec::new(), flushes: true, at_once: false, end: 0 };
        let fua = Entry { at_once: true, ..write(12, 4) };
        let entries = [write(10, 1), flush, write(11, 2), write(13, 3), fua, write(10, 9)];
        let begin = [0; 4 * 512];
        let sectors = |cut, keep: bool| {
            let card = after_cut(&begin, 10, &entries, cut, || keep);
            [card[0], card[512], card[1024], card[1536]]
        };
        assert_eq!(sectors(6, false), [1, 0, 4, 0]);
        assert_eq!(sectors(6, true), [9, 2, 4, 3]);
        assert_eq!(sectors(1, false), [0, 0, 0, 0], "nothing was flushed yet");
        let mut turn = false;
        let some = after_cut(&begin, 10, &entries, 4, || {
            turn = !turn;
            turn
        });
        assert_eq!((some[512], some[1536]), (2, 0));
    }
}
