//! Taking a register: taps, answers, filling blanks, undo, submit.
//!
//! A tap goes blank → present → absent. An absent tile asks: came late, or my mistake. A tile that the office expects
//! to be absent or elsewhere goes to present and back.
//!
//! Must never: mark a session that cannot be the one at hand, or move a tile.

use super::day::best;
use super::effect::{Beep, Effect};
use super::model::{Model, Panel, Returning, Sheet, Stage, Standing, Voice};
use super::msg::Msg;
use super::screen::TileState;
use super::{calling, panel, words};
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId};
use shared::observation::{Mark, Observation};
use std::collections::BTreeSet;

/// Opens a register: the tiles, or the confirmation when it was submitted already.
pub(super) fn open(model: &mut Model, class: ClassId, session: SessionKey) {
    let own = model.who.and_then(|w| model.sorts.get(&w)).copied();
    let sort = own.unwrap_or(model.book.choices().sort);
    let mut order = model.book.sorted(class, session, sort);
    let visits = |p: &PupilId| !model.book.is_member(*p, class, session) && model.book.others.contains_key(p);
    let guests: BTreeSet<PupilId> = model.ledger.marked(session, class).filter(visits).collect();
    order.extend(&guests);
    let sheet = Sheet {
        class,
        session,
        order,
        undo: Vec::new(),
        ask: None,
        wanted: BTreeSet::new(),
        notice: String::new(),
        sort,
        guests,
        panel: None,
        calling: None,
    };
    let submitted = model.submitted(session, class).is_some();
    model.stage = if submitted { Stage::Submitted(sheet) } else { Stage::Register(sheet) };
}

/// New pupils get a tile at the end; nobody else moves.
pub(super) fn follow_roll(model: &mut Model) {
    let (Stage::Register(sheet) | Stage::Submitted(sheet)) = &mut model.stage else { return };
    for pupil in model.book.roll(sheet.class, sheet.session) {
        sheet.guests.remove(&pupil);
        if !sheet.order.contains(&pupil) {
            sheet.order.push(pupil);
        }
    }
}

/// Leaves a register whose session has passed.
pub(super) fn keep_to_session(model: &mut Model, effects: &mut Vec<Effect>) {
    let (Stage::Register(sheet) | Stage::Submitted(sheet)) = &model.stage else { return };
    let Some(seen) = model.seen else { return };
    if model.book.possible(&seen, sheet.session) {
        return;
    }
    let notice = words::is_over(sheet.session);
    effects.push(Effect::Beep(Beep::Low));
    model.stage = Stage::Choose { notice };
}

impl Model {
    /// Whether what stands on this register can only be changed by the office: it was submitted, and has closed.
    pub(super) fn is_locked(&self, sheet: &Sheet) -> bool {
        let row = self.book.register(sheet.session, sheet.class);
        let past = self.seen.filter(|s| s.trusted).and_then(|s| s.best()).zip(self.book.times(sheet.session));
        let closed = row.is_some_and(|r| r.closed) || past.is_some_and(|(now, times)| now >= times.closes);
        closed && self.submitted(sheet.session, sheet.class).is_some()
    }

    pub(super) fn is_gone(&self, sheet: &Sheet, pupil: PupilId) -> bool {
        !self.book.is_member(pupil, sheet.class, sheet.session)
    }

    /// What stands on a tile of a sheet.
    pub(super) fn on_tile(&self, sheet: &Sheet, pupil: PupilId) -> Standing {
        if self.is_gone(sheet, pupil) && !self.is_here_as_guest(sheet, pupil) {
            return Standing { state: TileState::Gone, minutes: 0, saved: false, voice: Voice::Nobody };
        }
        self.standing(sheet.session, pupil)
    }

    fn is_here_as_guest(&self, sheet: &Sheet, pupil: PupilId) -> bool {
        sheet.guests.contains(&pupil) && self.standing(sheet.session, pupil).state == TileState::Present
    }

    /// Those without a mark who need one.
    pub(super) fn blanks(&self, sheet: &Sheet) -> Vec<PupilId> {
        let blank = |p: &PupilId| self.on_tile(sheet, *p).state == TileState::Blank;
        sheet.order.iter().copied().filter(blank).collect()
    }

    /// When a register was submitted, by this kiosk's word or the server's: `Some(None)` when the time is not known.
    pub(super) fn submitted(&self, session: SessionKey, class: ClassId) -> Option<Option<shared::time::Millis>> {
        match self.ledger.submission(session, class) {
            Some(sent) => Some(best(&sent.when)),
            None => self.book.register(session, class).and_then(|r| r.submitted).map(Some),
        }
    }
}

pub(super) fn step(model: &mut Model, msg: &Msg, effects: &mut Vec<Effect>) {
    match std::mem::take(&mut model.stage) {
        Stage::Submitted(mut sheet) => {
            sheet.panel = None;
            sheet.calling = None;
            model.stage = match msg {
                Msg::ChangeMarks => Stage::Register(sheet),
                _ => Stage::Submitted(sheet),
            };
        }
        Stage::Register(mut sheet) => {
            if let Some(seen) = model.seen
                && !model.book.possible(&seen, sheet.session)
            {
                model.stage = Stage::Register(sheet);
                keep_to_session(model, effects);
                return;
            }
            let submitted = mark(model, &mut sheet, msg, effects);
            model.stage = if submitted { Stage::Submitted(sheet) } else { Stage::Register(sheet) };
        }
        other => model.stage = other,
    }
}

/// One message at the tiles; answers whether the register was submitted.
fn mark(model: &mut Model, sheet: &mut Sheet, msg: &Msg, effects: &mut Vec<Effect>) -> bool {
    if model.is_locked(sheet) {
        sheet.undo.clear();
        (sheet.ask, sheet.calling) = (None, None);
        // A panel that changes marks was open when the register closed.
        sheet.panel = sheet.panel.take().filter(|p| !matches!(p, Panel::GuestClass { .. } | Panel::Guest { .. }));
        match msg {
            Msg::Tap { pupil } if sheet.panel.is_none() && sheet.order.contains(pupil) => {
                if model.on_tile(sheet, *pupil).state != TileState::Gone {
                    sheet.panel = Some(Panel::AfterClose(*pupil));
                }
            }
            Msg::BringVisitor | Msg::CallNames => {}
            _ => drop(panel::step(model, sheet, msg, effects)),
        }
        return false;
    }
    if calling::step(model, sheet, msg, effects) || panel::step(model, sheet, msg, effects) {
        return false;
    }
    match msg {
        // An open question is answered or left before anything else is taken.
        Msg::Tap { pupil } if sheet.ask.is_none() => tap(model, sheet, *pupil, effects),
        Msg::MarkRestPresent if sheet.ask.is_none() && !model.book.choices().positive => {
            let marks: Vec<_> = model.blanks(sheet).into_iter().map(|p| (p, Mark::Present)).collect();
            if !marks.is_empty() {
                say(model, sheet, marks, effects);
            }
        }
        Msg::Undo if sheet.ask.is_none() => undo(model, sheet, effects),
        Msg::Submit if sheet.ask.is_none() => return submit(model, sheet, effects),
        answer => self::answer(model, sheet, answer, effects),
    }
    false
}

/// An answer to the question that an absent or late tile asks.
pub(super) fn answer(model: &mut Model, sheet: &mut Sheet, msg: &Msg, effects: &mut Vec<Effect>) {
    match msg {
        Msg::Late { pupil } if sheet.ask == Some(*pupil) => {
            let before = model.on_tile(sheet, *pupil).state;
            sheet.ask = None;
            if before == TileState::Absent {
                let (session, class) = (sheet.session, sheet.class);
                model.append(vec![Observation::CameLate { session, class, pupil: *pupil }], effects);
                sheet.undo.push(vec![(*pupil, before, Returning::AfterLate)]);
            }
        }
        Msg::Mistake { pupil } if sheet.ask == Some(*pupil) => {
            sheet.ask = None;
            if model.on_tile(sheet, *pupil).state == TileState::Absent {
                say(model, sheet, vec![(*pupil, Mark::Present)], effects);
            }
        }
        Msg::Clear { pupil } if sheet.ask == Some(*pupil) => {
            sheet.ask = None;
            let standing = model.on_tile(sheet, *pupil);
            match standing.state {
                TileState::Absent => say(model, sheet, vec![(*pupil, Mark::Blank)], effects),
                TileState::Late if standing.voice == Voice::Own => {
                    // A "came late" cannot be said again with its old time: this is not put on the undo list.
                    say(model, sheet, vec![(*pupil, Mark::Blank)], effects);
                    sheet.undo.clear();
                }
                _ => {}
            }
        }
        _ => {}
    }
}

fn tap(model: &mut Model, sheet: &mut Sheet, pupil: PupilId, effects: &mut Vec<Effect>) {
    if !sheet.order.contains(&pupil) {
        return;
    }
    if sheet.guests.contains(&pupil) {
        let here = model.on_tile(sheet, pupil).state == TileState::Present;
        return say(model, sheet, vec![(pupil, if here { Mark::Blank } else { Mark::Present })], effects);
    }
    match model.on_tile(sheet, pupil).state {
        TileState::Blank | TileState::ExpectedAbsent | TileState::ExpectedElsewhere => {
            say(model, sheet, vec![(pupil, Mark::Present)], effects);
        }
        TileState::Present => {
            let expected = model.book.expected(sheet.session, pupil).is_some();
            let next = if expected { Mark::Blank } else { Mark::Absent };
            say(model, sheet, vec![(pupil, next)], effects);
        }
        TileState::Absent | TileState::Late => sheet.ask = Some(pupil),
        TileState::Gone => {}
    }
}

/// Says marks, in one append, and remembers how to take them back.
pub(super) fn say(model: &mut Model, sheet: &mut Sheet, marks: Vec<(PupilId, Mark)>, effects: &mut Vec<Effect>) {
    let step = marks.iter().map(|(p, _)| (*p, model.on_tile(sheet, *p).state, Returning::Plain)).collect();
    for (pupil, _) in &marks {
        sheet.wanted.remove(pupil);
    }
    sheet.notice.clear();
    write(model, sheet, marks, effects);
    sheet.undo.push(step);
}

fn write(model: &mut Model, sheet: &Sheet, marks: Vec<(PupilId, Mark)>, effects: &mut Vec<Effect>) {
    let (session, class) = (sheet.session, sheet.class);
    let facts = marks.into_iter().map(|(pupil, mark)| Observation::Marked { session, class, pupil, mark }).collect();
    model.append(facts, effects);
}

fn undo(model: &mut Model, sheet: &mut Sheet, effects: &mut Vec<Effect>) {
    let Some(step) = sheet.undo.pop() else { return };
    sheet.notice.clear();
    let mut marks = Vec::new();
    for (pupil, before, how) in step {
        // Somebody else has spoken since (reception signed the pupil in, say): that is not ours to take back.
        let now = model.on_tile(sheet, pupil);
        let gone = now.state == TileState::Gone && !sheet.guests.contains(&pupil);
        if gone || (now.voice == Voice::Feed && now.state == TileState::Late) {
            continue;
        }
        if how == Returning::AfterLate {
            marks.push((pupil, Mark::Blank));
        }
        match before {
            TileState::Present => marks.push((pupil, Mark::Present)),
            TileState::Absent => marks.push((pupil, Mark::Absent)),
            _ if how == Returning::Plain => marks.push((pupil, Mark::Blank)),
            _ => {}
        }
    }
    if !marks.is_empty() {
        write(model, sheet, marks, effects);
    }
}

fn submit(model: &mut Model, sheet: &mut Sheet, effects: &mut Vec<Effect>) -> bool {
    let blanks = model.blanks(sheet);
    if !blanks.is_empty() {
        sheet.notice = words::blanks_left(blanks.len());
        sheet.wanted = blanks.into_iter().collect();
        effects.push(Effect::Beep(Beep::Low));
        return false;
    }
    let tiles: Vec<_> = sheet.order.iter().copied().filter(|p| !model.is_gone(sheet, *p)).collect();
    if tiles.is_empty() {
        return false;
    }
    model.append(vec![Observation::Submitted { session: sheet.session, class: sheet.class, tiles }], effects);
    effects.push(Effect::SyncNow);
    sheet.undo.clear();
    sheet.wanted.clear();
    sheet.notice.clear();
    true
}
