//! Late pupils by card on the machine's pins, with the power cut after each and a full start; then a full data partition.
//!
//! Must never: count an entry as confirmed that the kiosk's store did not say.

use super::{Set, page, ready, said, sent};
use crate::image::machine::Board;
use crate::image::scene::{PATIENCE, RATHER_NOT, until};
use crate::image::seat::Seat;
use crate::image::wiegand::Pins;
use crate::process::Trouble;
use std::time::{Duration, Instant};

/// Late pupils by card, and the power cut after each; then a full data partition.
///
/// # Errors
/// What was not as it is to be.
pub async fn reception(set: &Set, cuts: usize) -> Result<(), Trouble> {
    let scene = set.scene("reception", 9, 40).await?;
    let reader = "kind = \"reception\"\n[reader]\nkind = \"wiegand\"\nd0 = 0\nd1 = 1\npins = \"chip\"\n\
                  number = \"whole\"\ntimeout_ms = 250\n";
    let setup = page(&scene, "Reception", reader)?;
    let parts = scene.parts(&set.image, Board::Virt, "kiosk", &setup, |_| Ok(()))?;
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    ready(&scene, &mut seat, "Reception").await?;
    seat.picture("reception-1-ready")?;
    let away: Vec<_> = scene.school.planned.iter().map(|p| p.pupil).collect();
    let mut pupils = scene.school.pupils.iter().filter(|p| p.card.is_some() && !away.contains(&p.id));
    let mut came = Vec::new();
    let mut exchanged = None;
    for cut in 1..=cuts {
        let pupil = pupils.next().ok_or("too few pupils have cards")?;
        // What a start writes by itself is written by now, so the next entry is the pupil's; and nobody else has it when the power goes.
        settled(&mut seat, exchanged).await?;
        seat.machine.cable(false)?;
        let mut confirmed = seat.written()?;
        confirmed = hold(&mut seat, pupil.card.as_deref().unwrap_or_default(), confirmed).await?;
        if cut == 1 {
            seat.picture("reception-2-card")?;
            seat.press(RATHER_NOT)?;
            seat.picture("reception-3-signed-in")?;
            confirmed = seat.written()?;
        }
        came.push(pupil.id);
        exchanged = seat.status()?["last_exchange"].as_i64();
        seat.machine.cut()?;
        seat.machine = scene.start(&parts)?;
        let after = seat.written()?;
        if after < confirmed {
            return Err(format!("power cut {cut}: {confirmed} entries were confirmed, {after} are there").into());
        }
        said(&format!("power cut {cut}: all {confirmed} entries are there"));
    }
    sent(&mut seat).await?;
    seat.picture("reception-4-after-the-cuts")?;
    let facts = scene.facts().await?;
    let arrived =
        came.iter().filter(|id| facts.iter().any(|f| f.kind == "arrived" && f.pupil == id.to_string())).count();
    said(&format!(
        "{} late pupils by 26 bits on the pins, the power cut after each: the server has {arrived}",
        came.len()
    ));
    if arrived != came.len() {
        return Err("not everybody who came has arrived".into());
    }
    let cards = pupils.filter_map(|p| p.card.clone()).take(2).collect::<Vec<_>>();
    full(&mut seat, &cards, exchanged).await
}

/// Waits until the kiosk has spoken with its server since `before` and has nothing more for it.
async fn settled(seat: &mut Seat, before: Option<i64>) -> Result<(), Trouble> {
    until("the kiosk has spoken with its server", || {
        let status = seat.status().ok();
        let last = status.as_ref().and_then(|s| s["last_exchange"].as_i64());
        let quiet = status.is_some_and(|s| s["unsent"].as_u64() == Some(0));
        let done = quiet && last.is_some() && last != before;
        async move { Ok(done) }
    })
    .await?;
    Ok(())
}

/// Holds a card to the reader until an entry more is in the store. Under emulation a frame may come in pieces: it is held again,
/// as a person would.
async fn hold(seat: &mut Seat, card: &str, confirmed: u64) -> Result<u64, Trouble> {
    let socket = seat.machine.pins();
    until_heard(seat).await?;
    let mut pins = Pins::open(&socket, &mut seat.machine.qmp)?;
    for attempt in 1..=8 {
        pins.card(card)?;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            let now = seat.written()?;
            if now > confirmed {
                said(&format!("a card on the pins, held {attempt} times: {now} entries"));
                return Ok(now);
            }
        }
    }
    seat.picture("no-card")?;
    Err("the kiosk does not hear the card".into())
}

/// Waits until the kiosk has asked the kernel for the pins.
async fn until_heard(seat: &mut Seat) -> Result<(), Trouble> {
    until("the kiosk watches the pins", || {
        let said = seat.machine.shell("ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c gpio", PATIENCE);
        async move { Ok(said?.lines().last().is_some_and(|n| n.trim() != "0")) }
    })
    .await?;
    Ok(())
}

/// A full data partition: the kiosk goes on, says so, and writes again once there is room.
async fn full(seat: &mut Seat, cards: &[String], exchanged: Option<i64>) -> Result<(), Trouble> {
    let [first, second] = cards else { return Err("too few pupils have cards".into()) };
    settled(seat, exchanged).await?;
    let fill = "dd if=/dev/zero of=/var/lib/rollbook-kiosk/fill bs=64k 2>/dev/null; sync; df --output=avail /var/lib/rollbook-kiosk | tail -1";
    let free = seat.machine.shell(fill, PATIENCE)?;
    until_heard(seat).await?;
    let before = seat.written()?;
    Pins::open(&seat.machine.pins(), &mut seat.machine.qmp)?.card(first)?;
    seat.machine.shell("sleep 20", PATIENCE)?;
    seat.picture("reception-5-full")?;
    let taken = seat.written()? - before;
    let running = seat.machine.shell("systemctl is-active rollbook-kiosk", PATIENCE)?;
    said(&format!(
        "the data partition full ({} KiB left): the kiosk is {running}, {taken} entries were taken",
        free.lines().last().unwrap_or_default().trim()
    ));
    if running.trim() != "active" {
        return Err("the kiosk did not survive a full disk".into());
    }
    seat.machine.shell("rm /var/lib/rollbook-kiosk/fill; sync; sleep 30", PATIENCE)?;
    let before = seat.written()?;
    hold(seat, second, before).await?;
    seat.picture("reception-6-room-again")?;
    said("with room again it takes cards again");
    Ok(())
}
