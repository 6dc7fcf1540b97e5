//! What a member of staff is asked for away from a register: to let a pupil go home, or to take the roll call.
//!
//! Must never: let anything happen for a pupil's card, or keep somebody signed on at reception once the errand is done.

use super::effect::{Beep, Effect};
use super::model::{Model, Stage};
use super::{reception, roll_call};
use shared::id::{PupilId, StaffId};
use shared::observation::{Means, Notice, Observation};
use shared::text::Name;

/// Why a member of staff shows who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Errand {
    /// To take a register.
    Register,
    /// To let a pupil go home.
    LetGo { pupil: PupilId, means: Means, collected: Option<Name> },
    /// To take the roll call.
    RollCall,
}

/// Asks for a member of staff.
pub(super) fn ask(errand: Errand) -> Stage {
    Stage::Staff { page: 0, notice: String::new(), errand }
}

/// A member of staff has shown who they are.
pub(super) fn done(model: &mut Model, staff: StaffId, means: Means, errand: Errand, effects: &mut Vec<Effect>) {
    match errand {
        Errand::Register => super::sign_on::signed_on(model, staff, means, effects),
        Errand::LetGo { pupil, means: by, collected } => {
            reception::let_go(model, pupil, by, collected, (staff, means), effects);
        }
        Errand::RollCall => {
            model.who = Some(staff);
            model.append(vec![Observation::SignedOn { means }], effects);
            effects.push(Effect::Beep(Beep::Good));
            roll_call::open(model);
        }
    }
}

/// Whose card this is, if it is a member of staff's.
pub(super) fn holder(model: &Model, number: &str) -> Option<StaffId> {
    let hash = model.card_hash(number)?;
    model.book.staff.values().find(|s| s.cards.contains(&hash)).map(|s| s.staff)
}

/// A card while a member of staff is asked for.
pub(super) fn card(model: &mut Model, number: &str, errand: Errand, effects: &mut Vec<Effect>) {
    if let Some(staff) = holder(model, number) {
        return done(model, staff, Means::Card, errand, effects);
    }
    effects.push(Effect::Beep(Beep::Low));
    let known = model.card_hash(number).filter(|h| !model.book.pupils.values().any(|p| p.cards.contains(h)));
    if let Some(card) = known {
        model.append(vec![Observation::Noticed { notice: Notice::UnknownCard { card } }], effects);
    }
    let notice = super::words::NOT_STAFF.to_owned();
    model.stage = Stage::Staff { page: 0, notice, errand };
}
