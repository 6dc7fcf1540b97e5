//! The screen that asks for a member of staff, over the sign-on screen's card, names and key pad.
//!
//! Must never: say more of a pupil than the first name.

use super::errand::Errand;
use super::model::{Model, Stage};
use super::screen::{Screen, SignOn};
use super::view::bar;
use super::view_classroom::{names, pin_pad, room};
use super::view_reception::first;
use super::words;

/// The screen, if the stage asks for a member of staff and not for whoever takes a register.
pub(super) fn screen(model: &Model) -> Option<Screen> {
    let (errand, page, notice, pin) = match &model.stage {
        Stage::Staff { page, notice, errand } => (errand, *page, notice.clone(), None),
        Stage::Pin { staff, typed, checking, trouble, errand } if *errand != Errand::Register => {
            let pad = pin_pad(model, *staff, typed.0.len(), checking.is_some(), *trouble);
            (errand, 0, String::new(), Some(pad))
        }
        _ => return None,
    };
    let (title, state) = match errand {
        Errand::Register => return None,
        Errand::LetGo { pupil, collected, .. } => {
            let name = first(model, *pupil);
            (words::is_going_home(&name), words::let_go(&name, collected.as_deref()))
        }
        Errand::RollCall => (room(model), words::STAFF_TAKES_ROLL_CALL.to_owned()),
    };
    let (staff, more) = names(model, page);
    Some(Screen::SignOn(SignOn {
        bar: bar(model, title, None),
        greeting: words::STAFF_CARD.to_owned(),
        state,
        staff,
        more,
        pin,
        notice,
        back: words::BACK.to_owned(),
        roll_call: String::new(),
    }))
}
