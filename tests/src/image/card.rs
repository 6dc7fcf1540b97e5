//! The card as a computer sees it: its FAT partition, which anybody can edit, and where its partitions lie.
//!
//! Must never: need to be mounted.

use crate::process::Trouble;
use std::io::Write as _;
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
        let done = Command::new("mcopy")
            .args(["-o", "-n", "-i", &format!("{}{FAT}", image.display()), &format!("::/{file}")])
            .arg(into.join(file))
            .status()?;
        if !done.success() {
            return Err(format!("{file} is not on the card").into());
        }
    }
    let words = std::fs::read_to_string(into.join("cmdline.txt"))?.trim().to_owned();
    Ok((into.join("vmlinuz"), into.join("initrd.img"), words))
}

/// First sector and sectors of the data partition.
///
/// # Errors
/// When the image has no table of partitions.
pub fn data_partition(table: &[u8]) -> Result<(u64, u64), Trouble> {
    // The third entry of an MBR.
    let entry = table.get(446 + 32..446 + 48).ok_or("no table of partitions")?;
    let number = |at: usize| u64::from(u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]));
    match (number(8), number(12)) {
        (0, _) | (_, 0) => Err("the third partition is not there".into()),
        found => Ok(found),
    }
}
