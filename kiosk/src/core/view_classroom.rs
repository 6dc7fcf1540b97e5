//! The classroom's screens: sign-on, which register, tiles, confirmation.
//!
//! Must never: show why a pupil is absent.

use super::day::AtHand;
use super::ledger::Kept;
use super::model::{Model, Sheet, Stage};
use super::screen::{Bar, ChooseRegister, PinPad, RegisterChoice, Screen, SignOn, StaffButton, Submitted, TileState};
use super::sign_on::{LOCK_AT, NAMES, must_wait};
use super::view::{bar, fault_at_rest, unsure};
use super::view_register::{counts, register, summary};
use super::words;
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId, StaffId};

pub(super) fn screen(model: &Model) -> Screen {
    match &model.stage {
        Stage::Choose { notice } => choose(model, notice),
        Stage::Register(sheet) => register(model, sheet),
        Stage::Submitted(sheet) => submitted(model, sheet),
        Stage::Home { page, notice } => sign_on(model, *page, notice, None),
        Stage::Pin { staff, typed, checking, trouble, .. } => {
            let pad = pin_pad(model, *staff, typed.0.len(), checking.is_some(), *trouble);
            sign_on(model, 0, "", Some(pad))
        }
        _ => sign_on(model, 0, "", None),
    }
}

/// The class, or the kiosk's name on the wall.
pub(super) fn room(model: &Model) -> String {
    let classes = model.classes();
    match classes.as_slice() {
        [one] => model.book.class_name(*one),
        _ => model.book.settings.as_ref().map(|s| s.room.to_string()).unwrap_or_default(),
    }
}

/// A page of names, and whether there are more.
pub(super) fn names(model: &Model, page: usize) -> (Vec<StaffButton>, bool) {
    let all = model.signers();
    let staff = all
        .iter()
        .skip(page * NAMES)
        .take(NAMES)
        .filter_map(|(id, own)| model.book.staff.get(id).map(|s| (s, *own)))
        .map(|(s, own)| StaffButton { staff: s.staff, name: s.name.to_string(), own })
        .collect();
    (staff, all.len() > NAMES)
}

fn sign_on(model: &Model, page: usize, notice: &str, pin: Option<PinPad>) -> Screen {
    let (staff, more) = names(model, page);
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
        more,
        pin,
        notice: notice.to_owned(),
        back: String::new(),
        roll_call: super::view_roll_call::button(model),
    })
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

/// The key pad with what it says.
pub(super) fn pin_pad(model: &Model, staff: StaffId, typed: usize, checking: bool, trouble: bool) -> PinPad {
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
        .map(|p| model.name(sheet, *p))
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
        change: if model.is_locked(sheet) { words::AFTER_CLOSE_BUTTON } else { words::CHANGE_A_MARK }.to_owned(),
        absent: if absent.is_empty() {
            "Nobody is absent without a reason.".to_owned()
        } else {
            words::list(&absent, 8)
        },
    })
}
