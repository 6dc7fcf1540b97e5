//! The bytes of a file on the disk: each page against its sum, read past SQLite, also those that SQLite would not read.
//!
//! Must never: write, lock, or call a page damaged that the server is just writing.

use super::wal::Wal;
use super::{Found, some};
use crate::store::sums;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A page that does not fit is read again so often: the server may have been in the middle of writing it.
const AGAIN: u32 = 40;
/// The page at this place is SQLite's for its locks, and holds nothing.
const LOCKS_AT: u64 = 1 << 30;

/// Looks at every page of a file.
///
/// # Errors
/// When the system cannot read it.
pub(super) fn pages(path: &Path, found: &mut Found) -> io::Result<()> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut first = vec![0; usize::try_from(length.min(100)).unwrap_or(100)];
    file.read_exact_at(&mut first, 0)?;
    let Some((size, summed)) = sums::header(&first).filter(|_| first.len() == 100) else {
        found.wrong.push("its first bytes are not those of a database: the file was changed or replaced".to_owned());
        return Ok(());
    };
    if !summed {
        found.wrong.push("its pages carry no sums: its first page was changed, or another program wrote it".to_owned());
        return Ok(());
    }
    let each = size as u64;
    if !length.is_multiple_of(each) {
        found.wrong.push(format!("it ends in the middle of a page ({length} bytes): a part was cut off or added"));
    }
    let mut wal = Wal::read(&beside(path, "-wal"), size)?;
    if let Some(words) = wal.broken.take() {
        // The server may have begun the journal anew meanwhile: look once more.
        wal = Wal::read(&beside(path, "-wal"), size)?;
        if wal.broken.is_some() {
            found.wrong.push(words);
        }
    }
    let count = length / each;
    let mut page = vec![0; size];
    let mut damaged = Vec::new();
    for at in 0..count {
        file.read_exact_at(&mut page, at * each)?;
        let number = u32::try_from(at + 1).map_err(|_| io::ErrorKind::InvalidData)?;
        if at * each == LOCKS_AT || wal.pages.contains(&number) || sums::sound(number, &page) {
            continue;
        }
        let settled = (0..AGAIN).any(|_| {
            std::thread::yield_now();
            let again = file.read_exact_at(&mut page, at * each).is_ok() && sums::sound(number, &page);
            again || Wal::read(&beside(path, "-wal"), size).is_ok_and(|wal| wal.pages.contains(&number))
        });
        if !settled {
            damaged.push(number);
        }
    }
    if !damaged.is_empty() {
        found.wrong.push(format!(
            "{} of its {count} pages are not as they were written ({}): bytes were changed on the disk, by an accident or by a \
             hand that did not go through Rollbook",
            damaged.len(),
            some("page", &damaged)
        ));
    }
    let said = u64::from(u32::from_be_bytes([first[28], first[29], first[30], first[31]]));
    if !wal.pages.contains(&1) && damaged.is_empty() && said != count && length.is_multiple_of(each) {
        found.wrong.push(format!("it has {count} pages and says that it has {said}: a part was cut off or added"));
    }
    found.pages = count;
    Ok(())
}

/// A file that SQLite puts beside a database.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
