//! A card whose page has mistakes: the kiosk's screen says them, with their lines.
//!
//! Must never: be taken for more than it checks: the words are found in the kiosk's log, and the picture is for somebody to open.

use super::{Set, said};
use crate::image::machine::Board;
use crate::image::scene::{PATIENCE, until};
use crate::image::seat::Seat;
use crate::process::Trouble;

/// A card with mistakes says so, with its lines.
///
/// # Errors
/// What was not as it is to be.
pub async fn mistakes(set: &Set) -> Result<(), Trouble> {
    let scene = set.scene("mistakes", 8, 40).await?;
    let setup = "# Room 7\nserver = \"http://rollbook.school.example\"\nkey = \"65\"\n[screen]\nrotation = 45\n";
    let parts = scene.parts(&set.image, Board::Virt, "kiosk", setup, |_| Ok(()))?;
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    until("the kiosk says what is wrong with its card", || {
        let count = "journalctl -u rollbook-kiosk -o cat --no-pager | grep -c 'line 5'";
        let log = seat.machine.shell(count, PATIENCE).unwrap_or_default();
        async move { Ok(log.lines().last().is_some_and(|n| n != "0")) }
    })
    .await?;
    seat.machine.shell("sleep 15", PATIENCE)?; // its window comes after its log
    seat.picture("mistakes")?;
    said("a card with three mistakes: said with their lines (mistakes.png)");
    Ok(())
}
