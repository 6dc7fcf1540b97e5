//! The card as a computer sees it: its FAT partition, which anybody can edit, and where its partitions lie.
//!
//! Must never: need to be mounted.

use crate::process::Trouble;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the FAT partition begins.
const FAT: &str = "@@4M";

/// Puts `rollbook.toml` onto a raw image.
///
/// # Errors
/// What mtools says.
pub fn write_setup(image: &Path, text: &str) -> Result<(), Trouble> {
    let mut child = Command::new("mcopy")
        .args(["-o", "-i", &format!("{}{FAT}", image.display()), "-", "::/rollbook.toml"])
        .stdin(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes())?;
    }
    if child.wait()?.success() { Ok(()) } else { Err("mcopy did not write rollbook.toml".into()) }
}

/// Takes kernel, first file system and command line off the card, as the Pi's firmware would.
///
/// # Errors
/// What mtools says.
pub fn boot_files(image: &Path, into: &Path) -> Result<(PathBuf, PathBuf, String), Trouble> {
    for file in ["vmlinuz", "initrd.img", "cmdline.txt"] {
        take(image, file, into)?;
    }
    let words = std::fs::read_to_string(into.join("cmdline.txt"))?.trim().to_owned();
    Ok((into.join("vmlinuz"), into.join("initrd.img"), words))
}

/// Takes a file off the FAT partition.
///
/// # Errors
/// What mtools says.
pub fn take(image: &Path, file: &str, into: &Path) -> Result<(), Trouble> {
    let done = Command::new("mcopy")
        .args(["-o", "-n", "-i", &format!("{}{FAT}", image.display()), &format!("::/{file}")])
        .arg(into.join(file))
        .status()?;
    if done.success() { Ok(()) } else { Err(format!("{file} is not on the card").into()) }
}

/// Which partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The root, a squashfs.
    Root = 1,
    /// The data partition.
    Data = 2,
}

/// First sector and sectors of a partition.
///
/// # Errors
/// When the image has no table of partitions.
pub fn partition(table: &[u8], part: Part) -> Result<(u64, u64), Trouble> {
    let entry = 446 + 16 * part as usize;
    let entry = table.get(entry..entry + 16).ok_or("no table of partitions")?;
    let number = |at: usize| u64::from(u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]));
    match (number(8), number(12)) {
        (0, _) | (_, 0) => Err("the partition is not there".into()),
        found => Ok(found),
    }
}

/// Damages a partition: `bytes` of it from `from` on are something else.
///
/// # Errors
/// When the image cannot be written.
pub fn damage(image: &Path, part: Part, from: u64, bytes: usize) -> Result<(), Trouble> {
    let mut file = std::fs::OpenOptions::new().read(true).write(true).open(image)?;
    let mut table = [0; 512];
    file.read_exact(&mut table)?;
    let (first, _) = partition(&table, part)?;
    file.seek(SeekFrom::Start(first * 512 + from))?;
    let mut noise = vec![0; bytes];
    fastrand::Rng::with_seed(from).fill(&mut noise);
    file.write_all(&noise)?;
    Ok(())
}
