//! What a Raspberry Pi's firmware does before the kernel begins, done for QEMU's `-M raspi3b`: the Pi's own device tree off the
//! card, with the frame buffer that the firmware would have set up.
//!
//! Must never: change the card.

use super::card;
use crate::process::Trouble;
use std::path::Path;
use std::process::Command;

/// The tree's name, on the card and beside it.
pub const TREE: &str = "bcm2837-rpi-3-b.dtb";
/// Where QEMU's frame buffer lies, 800 × 480 of four bytes.
const AT: [&str; 2] = ["3c100000", "177000"];

/// Takes the tree off the card and adds the frame buffer.
///
/// # Errors
/// What mtools and fdtput say.
pub fn tree(image: &Path, folder: &Path) -> Result<(), Trouble> {
    card::take(image, TREE, folder)?;
    let node = format!("/chosen/framebuffer@{}", AT[0]);
    put(folder, &["-t", "i", "/chosen", "#address-cells", "1"])?;
    put(folder, &["-t", "i", "/chosen", "#size-cells", "1"])?;
    put(folder, &["-t", "x", "/chosen", "ranges"])?;
    put(folder, &["-c", &node])?;
    put(folder, &["-t", "s", &node, "compatible", "simple-framebuffer"])?;
    put(folder, &["-t", "x", &node, "reg", AT[0], AT[1]])?;
    for (name, value) in [("width", "800"), ("height", "480"), ("stride", "3200")] {
        put(folder, &["-t", "i", &node, name, value])?;
    }
    put(folder, &["-t", "s", &node, "format", "a8r8g8b8"])?;
    put(folder, &["-t", "s", &node, "status", "okay"])
}

/// `fdtput` with the tree where it wants it: after its options.
fn put(folder: &Path, words: &[&str]) -> Result<(), Trouble> {
    let (options, rest) = if words[0] == "-c" { words.split_at(1) } else { words.split_at(2) };
    let done = Command::new("fdtput").args(options).arg(folder.join(TREE)).args(rest).status()?;
    if done.success() { Ok(()) } else { Err(format!("fdtput {} does not work", words.join(" ")).into()) }
}
