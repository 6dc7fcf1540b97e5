//! The start on a Raspberry Pi 3 as QEMU has it.
//!
//! Must never: say that something ran on a real one.

use super::{Set, page, said};
use crate::image::machine::Board;
use crate::image::scene::{PATIENCE, until};
use crate::image::seat::Seat;
use crate::process::Trouble;

/// The start on a Raspberry Pi 3 as QEMU has it: no network there, so the kiosk says that it cannot reach its server.
///
/// # Errors
/// What was not as it is to be.
pub async fn pi3(set: &Set) -> Result<(), Trouble> {
    let scene = set.scene("pi3", 8, 40).await?;
    let setup = page(&scene, "Room 1", "kind = \"reception\"\n")?;
    let parts = scene.parts(&set.image, Board::Pi3, "kiosk", &setup, |_| Ok(()))?;
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    let waited = until("the kiosk draws on the frame buffer", || {
        let said = seat.machine.shell("cat /proc/[0-9]*/maps 2>/dev/null | grep -c /dev/fb0", PATIENCE);
        async move { Ok(said?.lines().last().is_some_and(|n| n.trim() != "0")) }
    })
    .await?;
    seat.status()?;
    said(&format!("power on to a kiosk that runs: {waited:.0} s of emulation"));
    seat.machine.shell("sleep 20", PATIENCE)?;
    seat.picture("pi3")?;
    Ok(())
}
