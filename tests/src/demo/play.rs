//! The day as people live it: teachers at their screens, pupils at reception.
//!
//! Must never: know more than the person at the screen sees there.

use super::hands::Person;
use super::plan::{Arrival, Bells, Lesson, Room, Trouble as Matter};
use super::seat::{Seat, half_word};
use crate::process::Trouble;
use serde_json::{Value, json};
use shared::id::PupilId;
use std::collections::BTreeMap;

/// A room's whole day, by whoever teaches there. Returns the seat, for whoever counts at the end.
///
/// # Errors
/// What a kiosk refused.
pub async fn room(
    mut seat: Seat,
    room: Room,
    matter: Matter,
    lessons: Vec<Lesson>,
    mut person: Person,
    bells: Bells,
) -> Result<Seat, Trouble> {
    seat.ask(json!({ "do": "wait", "for": "roster" })).await?;
    if matter == Matter::Offline {
        person.until(bells.at(8, 30)).await;
        seat.ask(json!({ "do": "network", "up": false })).await?;
    }
    for lesson in lessons {
        if matter == Matter::Offline && lesson.begins > bells.at(10, 0) {
            person.until(bells.at(10, 0)).await;
            seat.ask(json!({ "do": "network", "up": true })).await?;
        }
        person.until(lesson.begins).await;
        register(&mut seat, &room, &lesson, &mut person).await?;
    }
    Ok(seat)
}

/// Signs on, unless the register is on the screen already (it goes back by itself when nobody has touched it for minutes).
async fn sign_on(seat: &mut Seat, room: &Room) -> Result<(), Trouble> {
    let mut shown = seat.screen().await?;
    for _ in 0..AGAIN {
        let done = match (shown.as_str(), &room.card, &room.staff) {
            ("register", _, _) => return Ok(()),
            ("submitted", _, _) => seat.ask(json!({ "do": "change_marks" })).await.map(drop),
            (_, Some(number), _) => seat.ask(json!({ "do": "card", "number": number })).await.map(drop),
            (_, None, Some((staff, pin))) => {
                seat.ask(json!({ "do": "sign_on", "staff": staff, "pin": pin })).await.map(drop)
            }
            (_, None, None) => return Err(format!("{}: nobody can sign on", seat.room).into()),
        };
        shown = seat.screen().await?;
        if shown != "register" {
            unless_it_went_back(done)?;
        }
    }
    Err(format!("{}: signed on again and again, but the screen shows {shown}", seat.room).into())
}

/// How often a person tries again when the screen has gone back under their finger.
const AGAIN: usize = 50;

/// A refusal because another screen stands there is no accident: whoever stands there signs on again.
fn unless_it_went_back<T>(done: Result<T, Trouble>) -> Result<Option<T>, Trouble> {
    match done {
        Ok(value) => Ok(Some(value)),
        Err(refused) if refused.to_string().contains("on the screen") => Ok(None),
        Err(refused) => Err(refused),
    }
}

/// Does something at the register, signing on again for as long as the screen goes back under the finger.
async fn at_register(seat: &mut Seat, room: &Room, command: &Value) -> Result<(), Trouble> {
    for _ in 0..AGAIN {
        sign_on(seat, room).await?;
        if unless_it_went_back(seat.ask(command.clone()).await)?.is_some() {
            return Ok(());
        }
    }
    Err(format!("{}: the screen goes back each time before {command}", seat.room).into())
}

async fn tiles(seat: &mut Seat, room: &Room) -> Result<Vec<(PupilId, String)>, Trouble> {
    for _ in 0..AGAIN {
        sign_on(seat, room).await?;
        if let Some(tiles) = unless_it_went_back(seat.tiles().await)? {
            return Ok(tiles);
        }
    }
    Err(format!("{}: the screen goes back each time", seat.room).into())
}

async fn register(seat: &mut Seat, room: &Room, lesson: &Lesson, person: &mut Person) -> Result<(), Trouble> {
    let half = half_word(lesson.half);
    sign_on(seat, room).await?;
    let mut made = 0;
    let mut at = lesson.begins;
    let everyone = tiles(seat, room).await?;
    for (pupil, _) in everyone {
        let wanted = if lesson.absent.contains(&pupil) { "absent" } else { "present" };
        if wanted == "present" && !lesson.everyone {
            continue;
        }
        at = at.plus(lesson.pause);
        person.until(at).await;
        if lesson.killed_after == Some(made) {
            // What was tapped before is on the disk: only this one tap is in doubt, and the list of taps can be joined.
            seat.ask(json!({ "do": "wait", "for": "idle" })).await?;
            seat.tap_and_pull_the_plug("present", pupil, half).await?;
            seat.ask(json!({ "do": "wait", "for": "roster" })).await?;
            sign_on(seat, room).await?;
        }
        made += 1;
        bring_to(seat, room, pupil, wanted, half).await?;
    }
    for pupil in &lesson.came_late {
        at = at.plus(20_000);
        person.until(at).await;
        seat.write("came_late", *pupil, half)?;
        at_register(seat, room, &json!({ "do": "late", "pupil": pupil })).await?;
    }
    if lesson.submits {
        person.until(at.plus(3_000)).await;
        let blank: Vec<PupilId> = tiles(seat, room)
            .await?
            .into_iter()
            .filter(|(_, state)| state == "blank")
            .map(|(pupil, _)| pupil)
            .collect();
        if !blank.is_empty() {
            for pupil in &blank {
                seat.write("present", *pupil, half)?;
            }
            // Touched when the screen had just gone back, it fills nothing: the tiles tell.
            for _ in 0..AGAIN {
                if tiles(seat, room).await?.iter().all(|(_, state)| state != "blank") {
                    break;
                }
                at_register(seat, room, &json!({ "do": "rest_present" })).await?;
            }
        }
        at_register(seat, room, &json!({ "do": "submit" })).await?;
    }
    seat.ask(json!({ "do": "wait", "for": "idle" })).await?;
    seat.ask(json!({ "do": "sign_off" })).await?;
    Ok(())
}

/// Taps a tile until it shows what the teacher means, looking at it before each tap: blank, present, absent.
///
/// A tap is written once. When the screen goes back about then, only the tile tells whether it was made: it is made again
/// if the tile does not show it.
async fn bring_to(seat: &mut Seat, room: &Room, pupil: PupilId, wanted: &str, half: &str) -> Result<(), Trouble> {
    let mut tapped = "";
    for _ in 0..AGAIN {
        let shown = tiles(seat, room).await?.into_iter().find(|(id, _)| *id == pupil).map(|(_, state)| state);
        let next = match shown.as_deref() {
            Some("blank") => "present",
            Some("present") if wanted == "absent" => "absent",
            // Done; or the office, or reception, knows better already.
            _ => return Ok(()),
        };
        if tapped != next {
            seat.write(next, pupil, half)?;
            tapped = next;
        }
        unless_it_went_back(seat.ask(json!({ "do": "tap", "pupil": pupil })).await)?;
    }
    Err(format!("{}: the screen goes back each time before a tap", seat.room).into())
}

/// Reception's whole morning.
///
/// # Errors
/// What the kiosk refused.
pub async fn reception(
    mut seat: Seat,
    arrivals: Vec<Arrival>,
    cards: BTreeMap<PupilId, String>,
    mut person: Person,
) -> Result<Seat, Trouble> {
    seat.ask(json!({ "do": "wait", "for": "roster" })).await?;
    for arrival in arrivals {
        person.until(arrival.at).await;
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
