//! A register with every write recorded, and the power cut at random moments of that record: in the emulated machine, or with the
//! kiosk's program on this one.
//!
//! Must never: call a cut harmless that lost a confirmed entry.

use super::{Set, page, ready, said};
use crate::image::card::{Part, partition};
use crate::image::cuts::{self, Confirmed};
use crate::image::machine::Board;
use crate::image::recorded::{self, SIZE};
use crate::image::recorder::Recorder;
use crate::image::scene::{BLANKS, SUBMIT, tile};
use crate::image::seat::Seat;
use crate::image::writes;
use crate::process::Trouble;

/// A register is taken while every write is recorded; then the power is cut at random moments of that record.
///
/// # Errors
/// What was not as it is to be.
pub async fn moments(set: &Set, points: usize, seed: u64) -> Result<(), Trouble> {
    let scene = set.scene("moments", 8, 40).await?;
    let room = scene.school.rooms().into_iter().next().ok_or("the school has no room")?;
    let setup = page(&scene, &room.name, &format!("classes = [\"{}\"]\n", room.class_name))?;
    let mut parts = scene.parts(&set.image, Board::Virt, "kiosk", &setup, |_| Ok(()))?;
    // The card is as large as the image: its data partition is rebuilt for each moment.
    let before = parts.folder.join("card.img");
    parts.card = parts.folder.join("run.img");
    std::fs::copy(&before, &parts.card)?;
    let log = parts.folder.join("writes.log");
    parts.log = Some(log.clone());
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    ready(&scene, &mut seat, &room.name).await?;
    let mut confirmed = Vec::new();
    let mut note = |written: u64| -> Result<(), Trouble> {
        confirmed.push(Confirmed { log: std::fs::metadata(&log)?.len(), written });
        Ok(())
    };
    note(seat.written()?)?;
    let (_, pin) = room.staff.clone().ok_or("the class has no teacher")?;
    seat.sign_on(&pin)?;
    for number in 0..12 {
        note(seat.mark(&[tile(number)], 1)?)?;
    }
    note(seat.mark(&[BLANKS], 2)?)?;
    note(seat.mark(&[SUBMIT], 1)?)?;
    seat.picture("moments")?;
    seat.machine.cut()?;
    let entries = writes::read(&log)?;
    let flushes = entries.iter().filter(|e| e.flushes).count();
    let last = confirmed.last().map_or(0, |c| c.written);
    said(&format!("{} writes and flushes recorded ({flushes} flushes), {last} entries confirmed", entries.len()));
    let card = std::fs::read(&before)?;
    let (first, _) = partition(&card, Part::Data)?;
    let begin = card.get(usize::try_from(first * 512)?..).ok_or("the card ends before its data partition")?;
    let found = cuts::look(&parts.folder, "", begin, first, &entries, &confirmed, points, seed).await?;
    said(&format!(
        "{} power cuts at random moments (seed {seed}), {} with writes that no flush had come after; fsck mended {}; wrong: {}",
        found.cuts,
        found.torn,
        found.repaired,
        found.wrong.len()
    ));
    if found.wrong.is_empty() { Ok(()) } else { Err(found.wrong.join("\n").into()) }
}

/// The same with the kiosk's program on this machine, on an ext4 of its own.
///
/// # Errors
/// What was not as it is to be.
pub async fn here(set: &Set, points: usize, seed: u64) -> Result<(), Trouble> {
    let home = set.folder.join("here");
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    let recorder = Recorder::start(&home.join("card"), SIZE)?;
    let recorded = recorded::register(&recorder, &home).await?;
    let found = recorded.cut(points, seed).await?;
    said(&recorded.said(&found, seed));
    let lied = recorded.cut_on_a_liar(10, seed).await?;
    said(&format!(
        "the same on a disk that does not do what it is told: {} of 10 cuts lost something",
        lied.wrong.len()
    ));
    if found.wrong.is_empty() { Ok(()) } else { Err(found.wrong.join("\n").into()) }
}
