//! Calling the register: one name after another, each with two large buttons.
//!
//! Must never: mark anybody whose name is not on the screen, or end without the way back to the tiles.

use super::effect::Effect;
use super::model::{Model, Sheet};
use super::msg::Msg;
use super::screen::TileState;
use super::{register, words};
use shared::id::PupilId;
use shared::observation::Mark;

/// One message while names are called, or to begin; answers whether it was one.
pub(super) fn step(model: &mut Model, sheet: &mut Sheet, msg: &Msg, effects: &mut Vec<Effect>) -> bool {
    let Some(now) = sheet.calling else {
        if *msg == Msg::CallNames && sheet.ask.is_none() {
            begin(model, sheet);
            return true;
        }
        return false;
    };
    match msg {
        Msg::CallHere { pupil } if *pupil == now && sheet.ask.is_none() => match model.on_tile(sheet, now).state {
            // Absent turned to present asks, here as at the tile.
            TileState::Absent => sheet.ask = Some(now),
            TileState::Blank => {
                register::say(model, sheet, vec![(now, Mark::Present)], effects);
                go_on(model, sheet);
            }
            _ => go_on(model, sheet),
        },
        Msg::CallAway { pupil } if *pupil == now && sheet.ask.is_none() => {
            if matches!(model.on_tile(sheet, now).state, TileState::Blank | TileState::Present) {
                register::say(model, sheet, vec![(now, Mark::Absent)], effects);
            }
            go_on(model, sheet);
        }
        Msg::CallNext if sheet.ask.is_none() => go_on(model, sheet),
        Msg::CallBefore if sheet.ask.is_none() => {
            let before = called(model, sheet).into_iter().take_while(|p| *p != now).last();
            sheet.calling = before.or(sheet.calling);
        }
        // The question about an absent one, and the way back, are answered as at the tiles.
        Msg::Late { .. } | Msg::Mistake { .. } | Msg::Clear { .. } => {
            let asked = sheet.ask;
            register::answer(model, sheet, msg, effects);
            if asked.is_some() && sheet.ask.is_none() && !matches!(msg, Msg::Clear { .. }) {
                go_on(model, sheet);
            }
        }
        _ => {}
    }
    true
}

fn begin(model: &Model, sheet: &mut Sheet) {
    sheet.panel = None;
    sheet.notice.clear();
    let names = called(model, sheet);
    let blank = names.iter().copied().find(|p| model.on_tile(sheet, *p).state == TileState::Blank);
    sheet.calling = blank.or(names.first().copied());
    if sheet.calling.is_none() {
        words::NOBODY_TO_CALL.clone_into(&mut sheet.notice);
    }
}

/// The next name; after the last the tiles, which show who has no mark yet.
fn go_on(model: &Model, sheet: &mut Sheet) {
    let now = sheet.calling;
    let mut rest = called(model, sheet).into_iter().skip_while(|p| Some(*p) != now);
    rest.next();
    sheet.calling = rest.next();
    if sheet.calling.is_none() {
        let blanks = model.blanks(sheet);
        sheet.notice = words::all_called(blanks.len());
        sheet.wanted = blanks.into_iter().collect();
    }
}

/// Whose names are called, in the order of the tiles: nobody who is expected elsewhere, left, visits, or signed in late.
/// The one on the screen stays among them, whatever becomes of them meanwhile.
pub(super) fn called(model: &Model, sheet: &Sheet) -> Vec<PupilId> {
    let wanted = |p: &PupilId| {
        sheet.calling == Some(*p)
            || (!sheet.guests.contains(p)
                && matches!(model.on_tile(sheet, *p).state, TileState::Blank | TileState::Present | TileState::Absent))
    };
    sheet.order.iter().copied().filter(wanted).collect()
}
