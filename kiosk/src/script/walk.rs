//! A script's longer ways: several taps that look at the screen in between, as a person does.
//!
//! Must never: send what the screen does not offer.

use super::command::Wanted;
use super::{Refused, patience, refused, state, then};
use crate::core::Msg;
use crate::core::screen::{Pick, Screen, TileState};
use crate::hub::{HubHandle, State};
use shared::id::PupilId;
use shared::text::Name;
use shared::wire::v1::Mode;

/// Reception: in, by name.
pub(super) fn sign_in(hub: &HubHandle, pupil: PupilId, reason: Option<Name>) -> Result<(), Refused> {
    hub.send(Msg::Idle);
    find(hub, pupil)?;
    let mut screen = then(hub, Msg::Confirm)?;
    if let Some(Screen::ReceptionReason(_)) = screen {
        screen = then(hub, reason.map_or(Msg::NoReason, |reason| Msg::PickReason { reason }))?;
    }
    answered(hub, screen)
}

pub(super) fn tile(state: &State, pupil: PupilId) -> Option<TileState> {
    match &state.screen {
        Some(Screen::Register(register)) => register.tiles.iter().find(|t| t.pupil == pupil).map(|t| t.state),
        _ => None,
    }
}

/// Taps like a person who looks at the tile before each tap.
pub(super) fn mark(hub: &HubHandle, pupil: PupilId, wanted: Wanted) -> Result<(), Refused> {
    for _ in 0..6 {
        let Some(shown) = tile(&state(hub)?, pupil) else {
            return refused("no register with this pupil is on the screen");
        };
        let answer = match (shown, wanted) {
            (TileState::Present, Wanted::Present)
            | (TileState::Absent, Wanted::Absent)
            | (TileState::Late, Wanted::Late)
            | (TileState::Blank | TileState::ExpectedAbsent | TileState::ExpectedElsewhere, Wanted::Blank) => {
                return Ok(());
            }
            (TileState::Gone, _) => return refused("this pupil is no longer in the class"),
            (TileState::Absent, Wanted::Present) => Some(Msg::Mistake { pupil }),
            (TileState::Absent, Wanted::Late) => Some(Msg::Late { pupil }),
            (TileState::Absent, Wanted::Blank) | (TileState::Late, _) => Some(Msg::Clear { pupil }),
            _ => None,
        };
        hub.send(Msg::Tap { pupil });
        if let Some(answer) = answer {
            hub.send(answer);
        }
    }
    refused("the tile does not come to that")
}

/// Walks from reception's first screen to the question whether this is you.
fn find(hub: &HubHandle, pupil: PupilId) -> Result<(), Refused> {
    let now = state(hub)?;
    if now.mode != Some(Mode::Reception) {
        return refused("this kiosk is not at reception");
    }
    let years = match now.screen {
        Some(Screen::ReceptionIdle(screen)) => screen.years,
        Some(Screen::ReceptionFind(screen)) => screen
            .choices
            .into_iter()
            .filter_map(|c| if let Pick::Year(year) = c.pick { Some(year) } else { None })
            .collect(),
        _ => return refused("reception's screen cannot be used now"),
    };
    for year in years {
        let names = then(hub, Msg::PickYear { year })?;
        let parts: Vec<Msg> = choices(&names)
            .into_iter()
            .filter_map(|pick| match pick {
                Pick::Class(class) => Some(Msg::PickClass { class }),
                Pick::Month(month) => Some(Msg::PickMonth { month }),
                _ => None,
            })
            .collect();
        if parts.is_empty() {
            if pick(hub, &names, pupil)? {
                return Ok(());
            }
        } else {
            for part in parts {
                let names = then(hub, part)?;
                if pick(hub, &names, pupil)? {
                    return Ok(());
                }
                hub.send(Msg::Back);
            }
        }
        hub.send(Msg::Back);
    }
    refused("this pupil is not on the screen")
}

fn choices(screen: &Option<Screen>) -> Vec<Pick> {
    match screen {
        Some(Screen::ReceptionFind(find)) => find.choices.iter().map(|choice| choice.pick.clone()).collect(),
        _ => Vec::new(),
    }
}

fn pick(hub: &HubHandle, names: &Option<Screen>, pupil: PupilId) -> Result<bool, Refused> {
    if !choices(names).contains(&Pick::Pupil(pupil)) {
        return Ok(false);
    }
    match then(hub, Msg::PickPupil { pupil })? {
        Some(Screen::ReceptionConfirm(_)) => Ok(true),
        _ => refused("this name cannot be picked now"),
    }
}

/// Reception: back, by name.
pub(super) fn come_back(hub: &HubHandle, pupil: PupilId) -> Result<(), Refused> {
    hub.send(Msg::Idle);
    hub.send(Msg::InOrOut);
    hub.send(Msg::ComingBack);
    find(hub, pupil)?;
    let screen = then(hub, Msg::Confirm)?;
    answered(hub, screen)
}

/// Reception: out, by name, up to the screen that asks for a member of staff.
pub(super) fn go_home(hub: &HubHandle, pupil: PupilId, collected: Option<Name>) -> Result<(), Refused> {
    hub.send(Msg::Idle);
    hub.send(Msg::InOrOut);
    hub.send(Msg::GoingHome);
    find(hub, pupil)?;
    let mut screen = then(hub, Msg::Confirm)?;
    if let Some(Screen::ReceptionReason(asked)) = screen {
        let first = asked.reasons.into_iter().next().map(|p| p.words);
        let Some(who) = collected.or(first) else { return refused("nobody to be collected by is on the screen") };
        screen = then(hub, Msg::PickCollector { who })?;
    }
    match screen {
        Some(Screen::SignOn(_)) => Ok(()),
        other => answered(hub, other).and(refused("nobody was asked to let the pupil go")),
    }
}

pub(super) fn answered(hub: &HubHandle, screen: Option<Screen>) -> Result<(), Refused> {
    match screen {
        Some(Screen::ReceptionDone(_)) => Ok(()),
        Some(Screen::Message(message)) => Err(Refused(message.words)),
        // The answer stands for seconds only; with a fast clock it may be gone already. What is on disk counts.
        _ => hub.wait(patience(None), State::is_idle).map(drop).map_err(Refused::from),
    }
}
