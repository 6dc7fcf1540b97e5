//! The screen that asks for a member of staff, over the sign-on screen's card, names and key pad.
//!
//! Must never: say more of a pupil than the first name.

use super::errand::Errand;
use super::model::{Model, Stage};
use super::screen::{Screen, SignOn};
use super::view::bar;
use super::view_classroom::{names, pin_pad, room};
use super::view_reception::first;

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
            let with =
                collected.as_ref().map(|who| format!(" Collected by: {}.", lower_first(who))).unwrap_or_default();
            (format!("{name} is going home"), format!("A member of staff lets {name} go.{with}"))
        }
        Errand::RollCall => {
            let words = "A member of staff takes the roll call.".to_owned();
            (room(model), words)
        }
    };
    let (staff, more) = names(model, page);
    Some(Screen::SignOn(SignOn {
        bar: bar(model, title, None),
        greeting: "For a member of staff: tap your card, or pick your name.".to_owned(),
        state,
        staff,
        more,
        pin,
        notice,
        back: "Back".to_owned(),
        roll_call: String::new(),
    }))
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}
