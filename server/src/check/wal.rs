//! SQLite's journal of what was committed and does not yet stand in the file: which pages it holds, and whether it is whole.
//!
//! Each part of it carries a sum over everything before; SQLite reads up to the first that does not fit, and forgets the
//! rest without a word. After a power cut that is right: the rest was never confirmed. A confirmed part behind an
//! unfit one is damage.
//!
//! Must never: take the end of a write under way for damage.

use std::collections::HashSet;
use std::io;
use std::path::Path;

const HEAD: usize = 32;
const FRAME_HEAD: usize = 24;

/// A journal, read.
#[derive(Debug, Default)]
pub(super) struct Wal {
    /// Pages whose newest state it holds.
    pub pages: HashSet<u32>,
    /// What is wrong with it.
    pub broken: Option<String>,
}

impl Wal {
    /// Reads the journal of a file with pages of `size` bytes. One that is not there is empty.
    ///
    /// # Errors
    /// When the system cannot read it.
    pub(super) fn read(path: &Path, size: usize) -> io::Result<Self> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(Self::of(&bytes, size)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    fn of(bytes: &[u8], size: usize) -> Self {
        let mut wal = Self::default();
        let Some((head, frames)) = bytes.split_at_checked(HEAD) else { return wal };
        if head.iter().all(|b| *b == 0) {
            return wal;
        }
        let big = word(head, 0, true) == 0x377f_0683;
        let mut sum = Sum::default();
        sum.take(&head[..24], big);
        let sound = (big || word(head, 0, true) == 0x377f_0682)
            && word(head, 8, true) as usize == size
            && sum.is(&head[24..32]);
        if !sound {
            wal.broken = Some(
                "the beginning of its journal was changed: what was committed last and stands only there cannot be read"
                    .to_owned(),
            );
            return wal;
        }
        let frame = FRAME_HEAD + size;
        let mut open = Vec::new(); // pages of the transaction that is being read
        let mut valid = true;
        let mut confirmed_behind = 0_usize;
        let mut after_confirmed = false;
        for part in frames.chunks_exact(frame) {
            let ours = part[8..16] == head[16..24];
            if valid {
                sum.take(&part[..8], big);
                sum.take(&part[FRAME_HEAD..], big);
                valid = ours && sum.is(&part[16..24]);
            }
            let confirms = word(part, 4, true) != 0;
            if valid {
                open.push(word(part, 0, true));
                if confirms {
                    wal.pages.extend(open.drain(..));
                }
            } else if ours {
                // The last transaction may have been cut short by the power. One before the last was on the disk.
                if confirmed_behind > 0 {
                    after_confirmed = true;
                }
                confirmed_behind += usize::from(confirms);
            }
        }
        if after_confirmed {
            wal.broken = Some(format!(
                "its journal was changed: at least {confirmed_behind} things that were committed stand behind the damage and \
                 cannot be read"
            ));
        }
        wal
    }
}

fn word(bytes: &[u8], at: usize, big: bool) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).unwrap_or([0; 4]);
    if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
}

/// The journal's running sum.
#[derive(Default)]
struct Sum(u32, u32);

impl Sum {
    fn take(&mut self, bytes: &[u8], big: bool) {
        for pair in bytes.chunks_exact(8) {
            self.0 = self.0.wrapping_add(word(pair, 0, big)).wrapping_add(self.1);
            self.1 = self.1.wrapping_add(word(pair, 4, big)).wrapping_add(self.0);
        }
    }
    fn is(&self, stored: &[u8]) -> bool {
        (word(stored, 0, true), word(stored, 4, true)) == (self.0, self.1)
    }
}
