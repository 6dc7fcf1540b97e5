//! What else a teacher does at a register: notes to the office, visitors, another order, and changes after close.
//!
//! Must never: change a mark of a closed register, or keep what a note said anywhere but sealed.

use super::effect::Effect;
use super::model::{Model, Panel, Sheet};
use super::msg::Msg;
use super::screen::TileState;
use super::{register, words};
use shared::id::PupilId;
use shared::observation::{Mark, Observation};
use shared::text::Name;
use shared::wire::v1::Sort;

/// What can be picked on one page of a panel.
pub(super) const PICKS: usize = 12;

/// One message about what lies over the tiles, or about putting something there. Answers whether it was one.
pub(super) fn step(model: &mut Model, sheet: &mut Sheet, msg: &Msg, effects: &mut Vec<Effect>) -> bool {
    match (msg, sheet.panel.clone()) {
        (Msg::More, None) if sheet.ask.is_none() => sheet.panel = Some(Panel::More),
        (Msg::SortBy { sort }, Some(Panel::More)) => sort_by(model, sheet, *sort),
        (Msg::WriteNote, Some(Panel::More)) => {
            sheet.panel = Some(Panel::NoteWhom);
            sheet.notice.clear();
        }
        (Msg::Tap { pupil }, Some(Panel::NoteWhom)) if model.has_tile(sheet, *pupil) => {
            sheet.panel = Some(Panel::Note(*pupil));
        }
        (Msg::PickNote { note }, Some(Panel::Note(pupil))) if model.notes().contains(note) => {
            tell(model, sheet, pupil, note.clone(), effects);
        }
        (Msg::BringVisitor, Some(Panel::More)) if !model.book.others.is_empty() => {
            sheet.panel = Some(Panel::GuestClass { page: 0 });
        }
        (Msg::PickOther { class }, Some(Panel::GuestClass { .. }))
            if model.book.other_classes(sheet.class).contains(class) =>
        {
            sheet.panel = Some(Panel::Guest { class: class.clone(), page: 0 });
        }
        (Msg::PickVisitor { pupil }, Some(Panel::Guest { class, .. }))
            if model.book.others_of(&class).contains(pupil) =>
        {
            bring(model, sheet, *pupil, effects);
        }
        (Msg::MorePicks, Some(panel)) => sheet.panel = Some(turned(model, sheet, panel)),
        (Msg::Late { pupil }, Some(Panel::AfterClose(about))) if *pupil == about => {
            sheet.panel = None;
            if model.can_come_late(sheet, about) {
                let (session, class) = (sheet.session, sheet.class);
                model.append(vec![Observation::CameLate { session, class, pupil: about }], effects);
                effects.push(Effect::SyncNow);
                sheet.notice = words::came_in(&model.name(sheet, about));
            }
        }
        (Msg::AskChange { pupil, wish }, Some(Panel::AfterClose(about))) if *pupil == about => {
            sheet.panel = None;
            let (session, class) = (sheet.session, sheet.class);
            model.append(vec![Observation::ChangeAsked { session, class, pupil: about, wish: *wish }], effects);
            effects.push(Effect::SyncNow);
            sheet.notice = words::office_asked(&model.name(sheet, about));
        }
        // What lies over the tiles is answered or left before anything else is taken.
        (_, Some(_)) => {}
        (_, None) => return false,
    }
    true
}

/// One step back from what lies over the tiles; answers whether there was one.
pub(super) fn back(sheet: &mut Sheet) -> bool {
    let Some(panel) = sheet.panel.take() else { return false };
    sheet.panel = match panel {
        Panel::Note(_) => Some(Panel::NoteWhom),
        Panel::Guest { .. } => Some(Panel::GuestClass { page: 0 }),
        Panel::More | Panel::NoteWhom | Panel::GuestClass { .. } | Panel::AfterClose(_) => None,
    };
    true
}

/// The next page; after the last, the first.
fn turned(model: &Model, sheet: &Sheet, panel: Panel) -> Panel {
    let next = |page: usize, all: usize| (page + 1) % all.div_ceil(PICKS).max(1);
    match panel {
        Panel::GuestClass { page } => {
            Panel::GuestClass { page: next(page, model.book.other_classes(sheet.class).len()) }
        }
        Panel::Guest { class, page } => {
            let page = next(page, model.book.others_of(&class).len());
            Panel::Guest { class, page }
        }
        other => other,
    }
}

/// The tiles in another order, because somebody asked for it: the one time that they move.
fn sort_by(model: &mut Model, sheet: &mut Sheet, sort: Sort) {
    sheet.panel = None;
    sheet.sort = sort;
    if let Some(who) = model.who {
        model.sorts.insert(who, sort);
    }
    let gone: Vec<_> = sheet.order.iter().copied().filter(|p| model.is_gone(sheet, *p)).collect();
    sheet.order = model.book.sorted(sheet.class, sheet.session, sort);
    sheet.order.extend(gone);
}

fn tell(model: &mut Model, sheet: &mut Sheet, pupil: PupilId, note: Name, effects: &mut Vec<Effect>) {
    let (session, class) = (sheet.session, sheet.class);
    let by = model.who;
    model.append_sealed(Observation::Noted { session, class, pupil, note: None }, by, Some(note), effects);
    effects.push(Effect::SyncNow);
    sheet.panel = None;
    sheet.notice = words::note_sent(&model.name(sheet, pupil));
}

/// A pupil of another class gets a tile at the end, and is here.
fn bring(model: &mut Model, sheet: &mut Sheet, pupil: PupilId, effects: &mut Vec<Effect>) {
    sheet.panel = None;
    if !sheet.order.contains(&pupil) {
        sheet.order.push(pupil);
        sheet.guests.insert(pupil);
    }
    if model.on_tile(sheet, pupil).state != TileState::Present {
        register::say(model, sheet, vec![(pupil, Mark::Present)], effects);
    }
    sheet.notice = words::visitor_here(&model.name(sheet, pupil));
}

impl Model {
    /// Notes to the office that can be picked: the school's, or else the kiosk's own.
    pub(super) fn notes(&self) -> Vec<Name> {
        let own = self.book.choices().notes;
        if own.is_empty() { words::NOTES.iter().filter_map(|n| Name::new(n).ok()).collect() } else { own }
    }

    /// Whether somebody can still come late: everybody who is not here as far as the tile says.
    pub(super) fn can_come_late(&self, sheet: &Sheet, pupil: PupilId) -> bool {
        let state = self.on_tile(sheet, pupil).state;
        matches!(state, TileState::Absent | TileState::Blank | TileState::ExpectedAbsent | TileState::ExpectedElsewhere)
    }

    fn has_tile(&self, sheet: &Sheet, pupil: PupilId) -> bool {
        sheet.order.contains(&pupil)
            && (sheet.guests.contains(&pupil) || self.on_tile(sheet, pupil).state != TileState::Gone)
    }
}
