//! The register on the screen: tiles, counts, or one name at a time.
//!
//! Must never: show why a pupil is absent, or what a note said.

use super::model::{Model, Panel, Sheet, Standing, Voice};
use super::screen::{Call, DayStrokes, Register, Screen, Stroke, Tile, TileState};
use super::view::bar;
use super::{calling, view_panel, words};
use shared::calendar::{Half, SessionKey};
use shared::id::PupilId;
use shared::wire::v1::{Seen as Three, Sort};

/// Earlier days shown on a tile.
const DAYS: usize = 5;

pub(super) struct Counts {
    pub here: usize,
    pub late: usize,
    pub absent: usize,
    pub expected: usize,
    pub blank: usize,
    pub visitors: usize,
}

/// Of the class's own; visitors are counted apart.
pub(super) fn counts(model: &Model, sheet: &Sheet) -> Counts {
    let mut c = Counts { here: 0, late: 0, absent: 0, expected: 0, blank: 0, visitors: 0 };
    for pupil in &sheet.order {
        if sheet.guests.contains(pupil) {
            c.visitors += usize::from(model.on_tile(sheet, *pupil).state == TileState::Present);
            continue;
        }
        match model.on_tile(sheet, *pupil).state {
            TileState::Blank => c.blank += 1,
            TileState::Present => c.here += 1,
            TileState::Absent => c.absent += 1,
            TileState::Late => c.late += 1,
            TileState::ExpectedAbsent | TileState::ExpectedElsewhere => c.expected += 1,
            TileState::Gone => {}
        }
    }
    c
}

/// "26 here · 2 absent · 1 late".
pub(super) fn summary(c: &Counts) -> String {
    words::summary(c.here, c.absent, c.late, c.expected, c.visitors)
}

pub(super) fn register(model: &Model, sheet: &Sheet) -> Screen {
    let locked = model.is_locked(sheet);
    // A question or a name that was on the screen when the register closed has lapsed.
    if let Some(pupil) = sheet.calling.filter(|_| !locked) {
        return call(model, sheet, pupil);
    }
    let session = sheet.session;
    let days = earlier(model, session);
    let tiles = sheet.order.iter().map(|p| tile(model, sheet, *p, &days)).collect();
    let c = counts(model, sheet);
    // Those who are expected elsewhere or absent need no mark.
    let all = c.here + c.late + c.absent + c.blank;
    let (closes_label, closes) = closes(model, session);
    let again = model.submitted(session, sheet.class).is_some();
    let positive = model.book.choices().positive;
    let picking = sheet.panel == Some(Panel::NoteWhom);
    Screen::Register(Register {
        bar: bar(model, model.book.class_name(sheet.class), Some(session)),
        class: sheet.class,
        session,
        tiles,
        closes_label,
        closes,
        count: if c.blank == 0 { words::EVERYONE_MARKED.to_owned() } else { words::marked_of(all - c.blank, all) },
        summary: summary(&c),
        blanks: u32::try_from(c.blank).unwrap_or(u32::MAX),
        fill: if positive || locked { String::new() } else { words::fill(c.blank) },
        fill_off: if positive && c.blank > 0 { words::POSITIVE } else { words::NO_BLANKS }.to_owned(),
        can_undo: !sheet.undo.is_empty() && !locked,
        submit: if again { words::SUBMIT_AGAIN } else { words::SUBMIT }.to_owned(),
        can_submit: c.blank == 0 && all + c.expected > 0 && !locked,
        locked: if locked { words::LOCKED.to_owned() } else { String::new() },
        notice: sheet.notice.clone(),
        picking: if picking { words::NOTE_WHOM.to_owned() } else { String::new() },
        ask: sheet.ask.filter(|_| !locked).map(|p| view_panel::ask(model, sheet, p)),
        panel: view_panel::panel(model, sheet),
    })
}

/// One name, large.
fn call(model: &Model, sheet: &Sheet, pupil: PupilId) -> Screen {
    let names = calling::called(model, sheet);
    let at = names.iter().position(|p| *p == pupil).unwrap_or(0);
    let standing = model.on_tile(sheet, pupil);
    let next: Vec<String> = names.iter().skip(at + 1).take(3).map(|p| model.name(sheet, *p)).collect();
    let (closes_label, closes) = closes(model, sheet.session);
    Screen::Call(Call {
        bar: bar(model, model.book.class_name(sheet.class), Some(sheet.session)),
        class: sheet.class,
        session: sheet.session,
        closes_label,
        closes,
        pupil,
        first: model.book.anybody(pupil).map(|p| p.first.to_string()).unwrap_or_default(),
        initial: model.book.initial(pupil, &sheet.order),
        place: words::place(at + 1, names.len()),
        state: standing.state,
        minutes: standing.minutes,
        saved: standing.saved,
        stands: match standing.state {
            TileState::Blank => String::new(),
            _ => words::stands(&state_words(&standing), standing.saved),
        },
        next: words::next(&next),
        can_go_back: at > 0,
        ask: sheet.ask.map(|p| view_panel::ask(model, sheet, p)),
    })
}

/// "closes in 24:10"; nothing counts down on a clock that nobody has checked.
fn closes(model: &Model, session: SessionKey) -> (String, String) {
    let Some(times) = model.book.times(session) else { return (String::new(), String::new()) };
    let at = |t| words::clock(model.book.local(t));
    let now = model.seen.filter(|s| s.trusted).and_then(|s| s.best());
    let (label, value) = match now {
        None => (words::CLOSES_AT, at(times.closes)),
        Some(now) if now < times.opens => (words::OPENS_AT, at(times.opens)),
        Some(now) if now < times.closes => (words::CLOSES_IN, words::countdown(times.closes.since(now))),
        Some(_) => (words::CLOSED_AT, at(times.closes)),
    };
    (label.to_owned(), value)
}

/// The last school days before this one, oldest first.
fn earlier(model: &Model, session: SessionKey) -> Vec<chrono::NaiveDate> {
    let mut days: Vec<_> = model.book.days.range(..session.date).rev().take(DAYS).map(|(d, _)| *d).collect();
    days.reverse();
    days
}

fn strokes(model: &Model, pupil: PupilId, days: &[chrono::NaiveDate]) -> Vec<DayStrokes> {
    let one = |date, half| match model.book.mark(SessionKey { date, half }, pupil).map(|m| m.state) {
        None => Stroke::None,
        Some(Three::Present) => Stroke::Present,
        Some(Three::Late) => Stroke::Late,
        Some(Three::Absent) => Stroke::Absent,
    };
    let all: Vec<_> = days.iter().map(|d| DayStrokes { am: one(*d, Half::Am), pm: one(*d, Half::Pm) }).collect();
    let known = all.iter().any(|d| d.am != Stroke::None || d.pm != Stroke::None);
    if known { all } else { Vec::new() }
}

fn tile(model: &Model, sheet: &Sheet, pupil: PupilId, days: &[chrono::NaiveDate]) -> Tile {
    let row = model.book.anybody(pupil);
    let standing = model.on_tile(sheet, pupil);
    let nobody = || "–".to_owned();
    // By surname, the surname stands first on the tile.
    let (first, initial) = if sheet.sort == Sort::Last {
        (row.map_or_else(nobody, |p| p.last.to_string()), model.book.given_initial(pupil, &sheet.order))
    } else {
        (row.map_or_else(nobody, |p| p.first.to_string()), model.book.initial(pupil, &sheet.order))
    };
    let flag = flag(model, sheet, pupil);
    let said = if sheet.guests.contains(&pupil) { words::from_class(&flag) } else { flag.clone() };
    let birthday = row.is_some_and(|p| p.birthday == Some(sheet.session.date));
    let label = spoken(&model.name(sheet, pupil), &standing, birthday, &said);
    Tile {
        pupil,
        first,
        initial,
        state: standing.state,
        minutes: standing.minutes,
        saved: standing.saved,
        wanted: sheet.wanted.contains(&pupil) && standing.state == TileState::Blank,
        birthday,
        flag,
        days: strokes(model, pupil, days),
        label,
    }
}

/// What the tile says below the name instead of the last days: asked, told, or from which class.
fn flag(model: &Model, sheet: &Sheet, pupil: PupilId) -> String {
    let asides = model.ledger.asides(sheet.session, pupil);
    if asides.iter().any(|a| a.wish.is_some()) {
        words::FLAG_ASKED.to_owned()
    } else if sheet.guests.contains(&pupil) {
        let of = model.book.others.get(&pupil).and_then(|p| p.of.as_ref());
        of.map_or_else(|| words::FLAG_VISITOR.to_owned(), ToString::to_string)
    } else if asides.is_empty() {
        String::new()
    } else {
        words::FLAG_TOLD.to_owned()
    }
}

fn state_words(standing: &Standing) -> String {
    match standing.state {
        TileState::Blank => words::NO_MARK,
        TileState::Present => words::PRESENT,
        TileState::Absent => words::ABSENT,
        TileState::Late => return words::late(standing.minutes),
        TileState::ExpectedAbsent => words::EXPECTED_ABSENT,
        TileState::ExpectedElsewhere => words::EXPECTED_ELSEWHERE,
        TileState::Gone => words::NO_LONGER_HERE,
    }
    .to_owned()
}

fn spoken(name: &str, standing: &Standing, birthday: bool, flag: &str) -> String {
    let saved = (standing.voice != Voice::Nobody).then_some(standing.saved);
    let state = if standing.state == TileState::Gone && !flag.is_empty() {
        words::NOT_HERE.to_owned()
    } else {
        state_words(standing)
    };
    words::tile(name, &state, saved, flag, birthday)
}

impl Model {
    /// "Ben O": as much of the surname as tells two on this register apart.
    pub(super) fn name(&self, sheet: &Sheet, pupil: PupilId) -> String {
        let first = self.book.anybody(pupil).map(|p| p.first.to_string()).unwrap_or_default();
        format!("{first} {}", self.book.initial(pupil, &sheet.order))
    }
}
