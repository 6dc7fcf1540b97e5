//! The day as people live it: teachers at their screens, pupils at reception.
//!
//! Must never: know more than the person at the screen sees there.

use super::plan::{Arrival, Bells, Lesson, Room, Trouble as Matter};
use super::seat::{Seat, half_word};
use crate::clock::DayClock;
use crate::process::Trouble;
use serde_json::json;
use shared::id::PupilId;
use std::collections::BTreeMap;

/// A room's whole day. Returns the seat, for whoever counts at the end.
///
/// # Errors
/// What a kiosk refused.
pub async fn room(
    mut seat: Seat,
    room: Room,
    matter: Matter,
    lessons: Vec<Lesson>,
    clock: DayClock,
    bells: Bells,
) -> Result<Seat, Trouble> {
    seat.ask(json!({ "do": "wait", "for": "roster" })).await?;
    if matter == Matter::Offline {
        clock.until(bells.at(8, 30)).await;
        seat.ask(json!({ "do": "network", "up": false })).await?;
    }
    for lesson in lessons {
        if matter == Matter::Offline && lesson.begins > bells.at(10, 0) {
            clock.until(bells.at(10, 0)).await;
            seat.ask(json!({ "do": "network", "up": true })).await?;
        }
        clock.until(lesson.begins).await;
        register(&mut seat, &room, &lesson, clock).await?;
    }
    Ok(seat)
}

/// Signs on, unless the register is on the screen already (it goes back by itself when nobody touches it).
async fn sign_on(seat: &mut Seat, room: &Room) -> Result<(), Trouble> {
    if seat.screen().await? == "register" {
        return Ok(());
    }
    match (&room.card, &room.staff) {
        (Some(number), _) => seat.ask(json!({ "do": "card", "number": number })).await?,
        (None, Some((staff, pin))) => seat.ask(json!({ "do": "sign_on", "staff": staff, "pin": pin })).await?,
        (None, None) => return Err(format!("{}: nobody can sign on", seat.room).into()),
    };
    match seat.screen().await?.as_str() {
        "register" => Ok(()),
        "submitted" => seat.ask(json!({ "do": "change_marks" })).await.map(drop),
        other => Err(format!("{}: signed on, but the screen shows {other}", seat.room).into()),
    }
}

async fn register(seat: &mut Seat, room: &Room, lesson: &Lesson, clock: DayClock) -> Result<(), Trouble> {
    let half = half_word(lesson.half);
    sign_on(seat, room).await?;
    let mut made = 0;
    let mut at = lesson.begins;
    let everyone = seat.tiles().await?;
    for (pupil, _) in everyone {
        let wanted = if lesson.absent.contains(&pupil) { "absent" } else { "present" };
        if wanted == "present" && !lesson.everyone {
            continue;
        }
        at = at.plus(lesson.pause);
        clock.until(at).await;
        if lesson.killed_after == Some(made) {
            seat.tap_and_pull_the_plug("present", pupil, half).await?;
            seat.ask(json!({ "do": "wait", "for": "roster" })).await?;
            sign_on(seat, room).await?;
        }
        made += 1;
        sign_on(seat, room).await?;
        bring_to(seat, pupil, wanted, half).await?;
    }
    for pupil in &lesson.came_late {
        at = at.plus(20_000);
        clock.until(at).await;
        sign_on(seat, room).await?;
        seat.ask(json!({ "do": "tap", "pupil": pupil })).await?; // asks: came late, or my mistake?
        seat.tap("came_late", *pupil, half, json!({ "do": "msg", "msg": { "msg": "late", "pupil": pupil } })).await?;
    }
    if lesson.submits {
        clock.until(at.plus(3_000)).await;
        sign_on(seat, room).await?;
        let blank: Vec<PupilId> =
            seat.tiles().await?.into_iter().filter(|(_, state)| state == "blank").map(|(pupil, _)| pupil).collect();
        if !blank.is_empty() {
            for pupil in &blank {
                seat.write("present", *pupil, half)?;
            }
            seat.ask(json!({ "do": "rest_present" })).await?;
        }
        seat.ask(json!({ "do": "submit" })).await?;
    }
    seat.ask(json!({ "do": "wait", "for": "idle" })).await?;
    seat.ask(json!({ "do": "sign_off" })).await?;
    Ok(())
}

/// Taps a tile until it shows what the teacher means, looking at it before each tap: blank, present, absent.
async fn bring_to(seat: &mut Seat, pupil: PupilId, wanted: &str, half: &str) -> Result<(), Trouble> {
    for _ in 0..3 {
        let tiles: BTreeMap<PupilId, String> = seat.tiles().await?.into_iter().collect();
        let next = match tiles.get(&pupil).map(String::as_str) {
            Some("blank") => "present",
            Some("present") if wanted == "absent" => "absent",
            // Done; or the office, or reception, knows better already.
            _ => return Ok(()),
        };
        seat.tap(next, pupil, half, json!({ "do": "tap", "pupil": pupil })).await?;
    }
    Ok(())
}

/// Reception's whole morning.
///
/// # Errors
/// What the kiosk refused.
pub async fn reception(
    mut seat: Seat,
    arrivals: Vec<Arrival>,
    cards: BTreeMap<PupilId, String>,
    clock: DayClock,
) -> Result<Seat, Trouble> {
    seat.ask(json!({ "do": "wait", "for": "roster" })).await?;
    for arrival in arrivals {
        clock.until(arrival.at).await;
        let card = cards.get(&arrival.pupil).filter(|_| arrival.by_card);
        let command = match card {
            Some(number) => json!({ "do": "card", "number": number }),
            None if arrival.says_why => {
                json!({ "do": "sign_in", "pupil": arrival.pupil, "reason": "Traffic or transport" })
            }
            None => json!({ "do": "sign_in", "pupil": arrival.pupil }),
        };
        seat.ask(json!({ "do": "msg", "msg": { "msg": "idle" } })).await?;
        seat.tap("arrived", arrival.pupil, "", command).await?;
    }
    Ok(seat)
}
