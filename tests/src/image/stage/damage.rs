//! Cards that are damaged: what the screen says then, and what the machine mends by itself.
//!
//! Must never: damage the image that it was given.

use super::{Set, page, ready, said};
use crate::image::card::{Part, damage};
use crate::image::machine::{Board, Parts};
use crate::image::scene::{Scene, until};
use crate::image::seat::Seat;
use crate::process::Trouble;

/// The root's first block, the data partition's superblock, and nearly all of the data partition, are something else.
///
/// # Errors
/// What was not as it is to be.
pub async fn damaged(set: &Set) -> Result<(), Trouble> {
    let scene = set.scene("damage", 8, 40).await?;
    let setup = page(&scene, "Room 1", "kind = \"reception\"\n")?;
    let parts = scene.parts(&set.image, Board::Virt, "root", &setup, |card| damage(card, Part::Root, 0, 4096))?;
    look(set, &scene, &parts, "root", "rollbook: the system on the card cannot be read").await?;
    said("the root's first block damaged: said on the screen (damage-root.png)");

    // Its second superblock, after 128 MiB, too.
    let parts = scene.parts(&set.image, Board::Virt, "data", &setup, |card| damage(card, Part::Data, 0, 140 << 20))?;
    look(set, &scene, &parts, "data", "rollbook: the data partition cannot be read").await?;
    said("nearly all of the data partition damaged: said on the screen (damage-data.png)");

    let parts =
        scene.parts(&set.image, Board::Virt, "superblock", &setup, |card| damage(card, Part::Data, 1024, 1024))?;
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    ready(&scene, &mut seat, "Room 1").await?;
    seat.picture("damage-superblock")?;
    said("the data partition's superblock damaged: fsck takes another, and the kiosk enrols");
    Ok(())
}

/// Starts a damaged card and waits for its words. The kernel's own console says them, for there may be no shell.
async fn look(set: &Set, scene: &Scene, parts: &Parts, name: &str, words: &str) -> Result<(), Trouble> {
    let mut seat = Seat { machine: scene.start(parts)?, pictures: set.pictures() };
    let log = parts.folder.join("serial.log");
    let waited = until(words, || async { Ok(String::from_utf8_lossy(&std::fs::read(&log)?).contains(words)) }).await;
    seat.picture(&format!("damage-{name}"))?;
    waited.map(|_| ())
}
