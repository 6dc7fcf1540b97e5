//! A kiosk that the compositor cage shows, where the card's page says so.
//!
//! Must never: pass with the kiosk on the screen by itself.

use super::{Set, page, ready, said};
use crate::image::machine::Board;
use crate::image::scene::PATIENCE;
use crate::image::seat::Seat;
use crate::process::Trouble;

/// *Year 1*, when reception waits for a card.
const YEAR_1: (f64, f64) = (680.0, 156.0);

/// The stage.
///
/// # Errors
/// What was not as it is to be.
pub async fn cage(set: &Set) -> Result<(), Trouble> {
    let scene = set.scene("cage", 9, 40).await?;
    let setup = page(&scene, "Reception", "kind = \"reception\"\n[screen]\ncage = true\n")?;
    let parts = scene.parts(&set.image, Board::Virt, "kiosk", &setup, |_| Ok(()))?;
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    ready(&scene, &mut seat, "Reception").await?;
    seat.picture("cage-1-ready")?;
    let units = "systemctl is-active rollbook-kiosk rollbook-kiosk-cage | tr '\\n' ' '";
    let active = seat.machine.shell(units, PATIENCE)?;
    seat.press(YEAR_1)?;
    seat.picture("cage-2-touched")?;
    said(&format!(
        "in cage: rollbook-kiosk and rollbook-kiosk-cage are {active}; a touch is felt (cage-2-touched.png)"
    ));
    if active == "inactive active" { Ok(()) } else { Err("it is not cage that shows the kiosk".into()) }
}
