//! The classroom's screens: sign-on, which register, tiles, confirmation.
//!
//! Must never: show why a pupil is absent.

use super::day::AtHand;
use super::ledger::Kept;
use super::model::{Model, Sheet, Stage, Standing, Voice};
use super::screen::{
    Ask, Bar, ChooseRegister, DayStrokes, PinPad, Register, RegisterChoice, Screen, SignOn, StaffButton, Stroke,
    Submitted, Tile, TileState,
};
use super::sign_on::{LOCK_AT, NAMES, must_wait};
use super::view::{bar, fault_at_rest, unsure};
use super::words;
use shared::calendar::{Half, SessionKey};
use shared::id::{ClassId, PupilId, StaffId};
use shared::wire::v1::Seen as Three;

/// Earlier days shown on a tile.
const DAYS: usize = 5;

pub(super) fn screen(model: &Model) -> Screen {
    match &model.stage {
        Stage::Choose { notice } => choose(model, notice),
        Stage::Register(sheet) => register(model, sheet),
        Stage::Submitted(sheet) => submitted(model, sheet),
        Stage::Home { page, notice } => sign_on(model, *page, notice, None),
        Stage::Pin { staff, typed, checking, trouble } => {
            let pad = pin_pad(model, *staff, typed.0.len(), checking.is_some(), *trouble);
            sign_on(model, 0, "", Some(pad))
        }
        _ => sign_on(model, 0, "", None),
    }
}

fn room(model: &Model) -> String {
    let classes = model.classes();
    match classes.as_slice() {
        [one] => model.book.class_name(*one),
        _ => model.book.settings.as_ref().map(|s| s.room.to_string()).unwrap_or_default(),
    }
}

fn sign_on(model: &Model, page: usize, notice: &str, pin: Option<PinPad>) -> Screen {
    let all = model.signers();
    let staff = all
        .iter()
        .skip(page * NAMES)
        .take(NAMES)
        .filter_map(|(id, own)| model.book.staff.get(id).map(|s| (s, *own)))
        .map(|(s, own)| StaffButton { staff: s.staff, name: s.name.to_string(), own })
        .collect();
    let at = model.seen.and_then(|s| s.best()).map(|b| model.book.local(b));
    let session = model.sure_session();
    let state = match model.at_hand() {
        AtHand::One(key) => {
            let half = words::half(key.half);
            match model.classes().as_slice() {
                [class] => format!("{half} register: {}", lower_first(&progress(model, *class, key))),
                _ => String::new(),
            }
        }
        AtHand::NoSchool(_) => "No school today.".to_owned(),
        AtHand::Unsure(_) => "This kiosk has not met the server yet. It will ask which session it is.".to_owned(),
    };
    Screen::SignOn(SignOn {
        bar: Bar { fault: fault_at_rest(model), ..bar(model, room(model), session) },
        greeting: format!("{}. Tap your card, or pick your name.", words::greeting(at)),
        state,
        staff,
        more: all.len() > NAMES,
        pin,
        notice: notice.to_owned(),
    })
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

fn pin_pad(model: &Model, staff: StaffId, typed: usize, checking: bool, trouble: bool) -> PinPad {
    let wait = must_wait(model, staff);
    let wrong = model.locks.get(&staff).map_or(0, |l| l.wrong);
    let seconds = wait.saturating_add(999) / 1000;
    let words = if wait > 0 && wrong >= LOCK_AT {
        let left = u16::try_from(seconds.saturating_add(59) / 60).unwrap_or(u16::MAX);
        format!("Too many tries. Please use your card, or wait {}.", words::minutes(left))
    } else if wait > 0 {
        format!("That was not it. Please wait {seconds} seconds.")
    } else if checking {
        "One moment".to_owned()
    } else if trouble {
        "That was not it. Try again.".to_owned()
    } else {
        "Type your PIN".to_owned()
    };
    PinPad {
        staff,
        name: model.book.staff.get(&staff).map(|s| s.name.to_string()).unwrap_or_default(),
        typed: u8::try_from(typed).unwrap_or(u8::MAX),
        open: wait == 0 && !checking,
        words,
        trouble: wait > 0 || trouble,
    }
}

/// "Submitted at 08:57", "12 of 30 marked", "Not taken yet".
fn progress(model: &Model, class: ClassId, session: SessionKey) -> String {
    if let Some(at) = model.submitted(session, class) {
        return at.map_or_else(
            || "Submitted".to_owned(),
            |at| format!("Submitted at {}", words::clock(model.book.local(at))),
        );
    }
    let roll = model.book.roll(class, session.date);
    let said = |p: &&PupilId| {
        !matches!(
            model.standing(session, **p).state,
            TileState::Blank | TileState::ExpectedAbsent | TileState::ExpectedElsewhere
        )
    };
    match roll.iter().filter(said).count() {
        0 => "Not taken yet".to_owned(),
        n if n == roll.len() => "Everyone is marked".to_owned(),
        n => format!("{n} of {} marked", roll.len()),
    }
}

fn choose(model: &Model, notice: &str) -> Screen {
    // What tells the choices apart stands first.
    let sure = matches!(model.at_hand(), AtHand::One(_));
    let choices: Vec<RegisterChoice> = model
        .choices()
        .into_iter()
        .map(|(class, session)| {
            let (name, when) = (model.book.class_name(class), words::session(session));
            let (label, detail) = if sure { (name, when) } else { (when, name) };
            RegisterChoice { class, session, label, detail, state: progress(model, class, session) }
        })
        .collect();
    let (title, words) = match model.at_hand() {
        AtHand::Unsure(_) if choices.is_empty() => (
            "This kiosk knows no school day yet",
            "It needs the network once to fetch the timetable. Until then, please use paper.",
        ),
        AtHand::Unsure(_) => (
            "Which register is this?",
            "This kiosk has not met the server since it was switched on, so it does not know the time.",
        ),
        AtHand::NoSchool(_) => ("No register today", "The calendar has no school today."),
        AtHand::One(_) => ("Which register?", ""),
    };
    let words = if notice.is_empty() { words.to_owned() } else { notice.to_owned() };
    Screen::ChooseRegister(ChooseRegister {
        bar: bar(model, room(model), model.sure_session()),
        title: title.to_owned(),
        words,
        choices,
    })
}

struct Counts {
    here: usize,
    late: usize,
    absent: usize,
    expected: usize,
    blank: usize,
}

fn counts(model: &Model, sheet: &Sheet) -> Counts {
    let mut c = Counts { here: 0, late: 0, absent: 0, expected: 0, blank: 0 };
    for pupil in &sheet.order {
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
fn summary(c: &Counts) -> String {
    let mut parts = vec![format!("{} here", c.here)];
    for (n, word) in [(c.absent, "absent"), (c.late, "late"), (c.expected, "expected")] {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    parts.join(" · ")
}

fn register(model: &Model, sheet: &Sheet) -> Screen {
    let session = sheet.session;
    let days = earlier(model, session);
    let tiles = sheet.order.iter().map(|p| tile(model, sheet, *p, &days)).collect();
    let c = counts(model, sheet);
    // Those who are expected elsewhere or absent need no mark.
    let all = c.here + c.late + c.absent + c.blank;
    let (closes_label, closes) = closes(model, session);
    let again = model.submitted(session, sheet.class).is_some();
    Screen::Register(Register {
        bar: bar(model, model.book.class_name(sheet.class), Some(session)),
        class: sheet.class,
        session,
        tiles,
        closes_label,
        closes,
        count: if c.blank == 0 {
            "Everyone is marked".to_owned()
        } else {
            format!("{} of {all} marked", all - c.blank)
        },
        summary: summary(&c),
        blanks: u32::try_from(c.blank).unwrap_or(u32::MAX),
        fill: match c.blank {
            0 => String::new(),
            1 => "Mark the blank present".to_owned(),
            n => format!("Mark the {n} blanks present"),
        },
        can_undo: !sheet.undo.is_empty(),
        submit: if again { "Submit again" } else { "Submit" }.to_owned(),
        can_submit: c.blank == 0 && all + c.expected > 0,
        notice: sheet.notice.clone(),
        ask: sheet.ask.map(|p| ask(model, sheet, p)),
    })
}

/// "closes in 24:10"; nothing counts down on a clock that nobody has checked.
fn closes(model: &Model, session: SessionKey) -> (String, String) {
    let Some(times) = model.book.times(session) else { return (String::new(), String::new()) };
    let at = |t| words::clock(model.book.local(t));
    let now = model.seen.filter(|s| s.trusted).and_then(|s| s.best());
    let (label, value) = match now {
        None => ("closes at", at(times.closes)),
        Some(now) if now < times.opens => ("opens at", at(times.opens)),
        Some(now) if now < times.closes => ("closes in", words::countdown(times.closes.since(now))),
        Some(_) => ("closed at", at(times.closes)),
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
    let row = model.book.pupils.get(&pupil);
    let standing = model.on_tile(sheet, pupil);
    let first = row.map_or_else(|| "–".to_owned(), |p| p.first.to_string());
    let initial = model.book.initial(pupil, &sheet.order);
    let birthday = row.is_some_and(|p| p.birthday == Some(sheet.session.date));
    let label = spoken(&first, &initial, &standing, birthday);
    Tile {
        pupil,
        first,
        initial,
        state: standing.state,
        minutes: standing.minutes,
        saved: standing.saved,
        wanted: sheet.wanted.contains(&pupil) && standing.state == TileState::Blank,
        birthday,
        days: strokes(model, pupil, days),
        label,
    }
}

fn spoken(first: &str, initial: &str, standing: &Standing, birthday: bool) -> String {
    let late;
    let state = match standing.state {
        TileState::Blank => "no mark",
        TileState::Present => "present",
        TileState::Absent => "absent",
        TileState::Late if standing.minutes > 0 => {
            late = format!("{} late", words::minutes(standing.minutes));
            &late
        }
        TileState::Late => "late",
        TileState::ExpectedAbsent => "expected absent",
        TileState::ExpectedElsewhere => "expected elsewhere",
        TileState::Gone => "no longer in this class",
    };
    let saved = match (standing.voice, standing.saved) {
        (Voice::Nobody, _) => "",
        (_, true) => ", saved",
        (_, false) => ", saving",
    };
    format!("{first} {initial}, {state}{saved}{}", if birthday { ", birthday today" } else { "" })
}

fn name(model: &Model, sheet: &Sheet, pupil: PupilId) -> String {
    let first = model.book.pupils.get(&pupil).map(|p| p.first.to_string()).unwrap_or_default();
    format!("{first} {}", model.book.initial(pupil, &sheet.order))
}

fn ask(model: &Model, sheet: &Sheet, pupil: PupilId) -> Ask {
    use super::day::{Expect, expect};
    let who = name(model, sheet, pupil);
    let standing = model.on_tile(sheet, pupil);
    let leave = "Leave as it is".to_owned();
    if standing.state == TileState::Late {
        let late = match standing.minutes {
            0 => "late".to_owned(),
            n => format!("{} late", words::minutes(n)),
        };
        let own = standing.voice == Voice::Own;
        return Ask {
            pupil,
            title: format!("{who} is here, {late}."),
            words: if own { String::new() } else { "If that is not right, please tell the office.".to_owned() },
            late: String::new(),
            mistake: String::new(),
            clear: if own { "That was a mistake, take it back".to_owned() } else { String::new() },
            leave,
        };
    }
    let late = match model.book.times(sheet.session).map(|t| expect(&t, &model.now())) {
        Some(Expect::OnTime) => "Has just come in".to_owned(),
        Some(Expect::Late(m) | Expect::AfterClose(m)) if m > 0 => format!("Came late · {}", words::minutes(m)),
        _ => "Came late".to_owned(),
    };
    Ask {
        pupil,
        title: format!("{who} is marked absent."),
        words: String::new(),
        late,
        mistake: "My mistake, was here from the start".to_owned(),
        clear: "Take the mark back".to_owned(),
        leave,
    }
}

fn submitted(model: &Model, sheet: &Sheet) -> Screen {
    let half = words::half(sheet.session.half).to_lowercase();
    let own = model.ledger.submission(sheet.session, sheet.class);
    let saved = own.is_none_or(|s| matches!(s.kept, Kept::Saved(_)));
    let acked = own.is_none_or(|s| matches!(s.kept, Kept::Saved(at) if at.seq <= model.sync.acked));
    let at = model.submitted(sheet.session, sheet.class).flatten();
    let absent: Vec<String> = sheet
        .order
        .iter()
        .filter(|p| model.on_tile(sheet, **p).state == TileState::Absent)
        .map(|p| name(model, sheet, *p))
        .collect();
    Screen::Submitted(Submitted {
        bar: bar(model, model.book.class_name(sheet.class), Some(sheet.session)),
        title: if saved { format!("The {half} register is in.") } else { format!("Submitting the {half} register.") },
        when: match at {
            Some(at) if !unsure(model) => format!("Submitted at {}", words::clock(model.book.local(at))),
            _ => "Submitted".to_owned(),
        },
        summary: summary(&counts(model, sheet)),
        saved,
        words: match (saved, acked, model.sync.connected) {
            (false, ..) => "Saving",
            (true, true, _) => "Saved. The office has it.",
            (true, false, true) => "Saved. On its way to the office.",
            (true, false, false) => "Saved here. It will be sent when the network is back.",
        }
        .to_owned(),
        absent: if absent.is_empty() {
            "Nobody is absent without a reason.".to_owned()
        } else {
            words::list(&absent, 8)
        },
    })
}
