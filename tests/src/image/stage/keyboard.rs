//! Late pupils by a USB reader that types: the card's page names it, the machine lets it in, the kiosk takes it for itself alone.
//!
//! Must never: be taken for a reader that somebody sells: it is QEMU's keyboard.

use super::{Set, page, ready, said, sent};
use crate::image::machine::Board;
use crate::image::scene::{PATIENCE, until};
use crate::image::seat::Seat;
use crate::process::Trouble;

/// The stage.
///
/// # Errors
/// What was not as it is to be.
pub async fn keyboard(set: &Set) -> Result<(), Trouble> {
    let scene = set.scene("keyboard", 9, 40).await?;
    let reader = "kind = \"reception\"\n[reader]\nkind = \"keyboard\"\nvendor = 0x0627\nproduct = 0x0001\n";
    let setup = page(&scene, "Reception", reader)?;
    let parts = scene.parts(&set.image, Board::Virt, "kiosk", &setup, |_| Ok(()))?;
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    ready(&scene, &mut seat, "Reception").await?;
    sent(&mut seat).await?;
    // EVIOCGRAB is what the kernel has no list of: whoever reads the device beside the kiosk must hear nothing.
    let event = "grep -l QEMU.*Keyboard /sys/class/input/event*/device/name | grep -o 'event[0-9]*'";
    until("the kiosk has the reader", || {
        let said = seat.machine.shell("ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c input/event", PATIENCE);
        async move { Ok(said?.lines().last().is_some_and(|n| n.trim() != "0")) }
    })
    .await?;
    let device = seat.machine.shell(event, PATIENCE)?;
    if !device.starts_with("event") {
        return Err(format!("the machine has no keyboard: {device}").into());
    }
    seat.machine.shell(&format!("cat /dev/input/{device} > /run/heard & sleep 1; pidof cat"), PATIENCE)?;
    let pupil = scene.school.pupils.iter().find(|p| p.card.is_some()).ok_or("nobody has a card")?;
    let before = seat.written()?;
    seat.machine.qmp.type_number(pupil.card.as_deref().unwrap_or_default())?;
    seat.more(before, 1)?;
    seat.picture("keyboard-1-signed-in")?;
    let heard = seat.machine.shell("stat -c %s /run/heard", PATIENCE)?;
    sent(&mut seat).await?;
    let arrived = scene.facts().await?.iter().any(|f| f.kind == "arrived" && f.pupil == pupil.id.to_string());
    said(&format!("a number typed by a USB reader: arrived {arrived}; bytes that another program heard: {heard}"));
    if arrived && heard == "0" { Ok(()) } else { Err("the reader's number went elsewhere, or nowhere".into()) }
}
