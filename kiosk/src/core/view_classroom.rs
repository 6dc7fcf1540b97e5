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

/// How long before close a register that nobody has begun is asked for.
const NUDGE_MS: i64 = 10 * 60 * 1000;

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
        AtHand::One(key) => match model.classes().as_slice() {
            [class] => words::how_far(key.half, &progress(model, *class, key)),
            _ => String::new(),
        },
        AtHand::NoSchool(_) => words::NO_SCHOOL_TODAY.to_owned(),
        AtHand::Unsure(_) => words::WILL_ASK.to_owned(),
    };
    Screen::SignOn(SignOn {
        bar: Bar { fault: fault_at_rest(model), ..bar(model, room(model), session) },
        greeting: words::invitation(at),
        state,
        staff,
        more,
        notice: if notice.is_empty() && pin.is_none() { nudge(model) } else { notice.to_owned() },
        pin,
        back: String::new(),
        roll_call: super::view_roll_call::button(model),
    })
}

/// In the last minutes before close: whose register nobody has begun. By this kiosk's own clock and what the feed says, so that it
/// needs no network; nothing on a clock that nobody has checked.
fn nudge(model: &Model) -> String {
    let AtHand::One(session) = model.at_hand() else { return String::new() };
    let now = model.seen.filter(|s| s.trusted).and_then(|s| s.best());
    let (Some(now), Some(times)) = (now, model.book.times(session)) else { return String::new() };
    if now < times.opens || now >= times.closes || times.closes.since(now) > NUDGE_MS {
        return String::new();
    }
    let waits: Vec<String> = model
        .classes()
        .into_iter()
        .filter(|class| model.submitted(session, *class).is_none() && marked(model, *class, session).0 == 0)
        .filter(|class| awaited(model, *class, session))
        .map(|class| model.book.class_name(class))
        .collect();
    if waits.is_empty() {
        return String::new();
    }
    words::closes_soon(session.half, &waits, &words::clock(model.book.local(times.closes)))
}

/// Whether anybody of the class is to be in the room: one that is all on a visit takes no register.
fn awaited(model: &Model, class: ClassId, session: SessionKey) -> bool {
    let away = |p: &PupilId| {
        let state = model.standing(session, *p).state;
        matches!(state, TileState::ExpectedAbsent | TileState::ExpectedElsewhere)
    };
    model.book.roll(class, session).iter().any(|p| !away(p))
}

/// The key pad with what it says.
pub(super) fn pin_pad(model: &Model, staff: StaffId, typed: usize, checking: bool, trouble: bool) -> PinPad {
    let wait = must_wait(model, staff);
    let wrong = model.locks.get(&staff).map_or(0, |l| l.wrong);
    let seconds = wait.saturating_add(999) / 1000;
    let words = if wait > 0 && wrong >= LOCK_AT {
        let left = u16::try_from(seconds.saturating_add(59) / 60).unwrap_or(u16::MAX);
        words::locked_pin(left)
    } else if wait > 0 {
        words::wait_seconds(seconds)
    } else if checking {
        words::ONE_MOMENT.to_owned()
    } else if trouble {
        words::WRONG_PIN.to_owned()
    } else {
        words::TYPE_PIN.to_owned()
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
        return at.map_or_else(|| words::SUBMITTED.to_owned(), |at| words::submitted_at(model.book.local(at)));
    }
    match marked(model, class, session) {
        (0, _) => words::NOT_TAKEN.to_owned(),
        (n, all) if n == all => words::EVERYONE_MARKED.to_owned(),
        (n, all) => words::marked_of(n, all),
    }
}

/// How many of a class have a mark, and of how many.
fn marked(model: &Model, class: ClassId, session: SessionKey) -> (usize, usize) {
    let roll = model.book.roll(class, session);
    let said = |p: &&PupilId| {
        !matches!(
            model.standing(session, **p).state,
            TileState::Blank | TileState::ExpectedAbsent | TileState::ExpectedElsewhere
        )
    };
    (roll.iter().filter(said).count(), roll.len())
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
        AtHand::Unsure(_) if choices.is_empty() => words::NO_DAY_KNOWN,
        AtHand::Unsure(_) => words::WHICH_UNSURE,
        AtHand::NoSchool(_) => words::WHICH_NONE,
        AtHand::One(_) => words::WHICH,
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
        title: words::register_is_in(sheet.session.half, saved),
        when: match at {
            Some(at) if !unsure(model) => words::submitted_at(model.book.local(at)),
            _ => words::SUBMITTED.to_owned(),
        },
        summary: summary(&counts(model, sheet)),
        saved,
        words: words::submission(saved, acked, model.sync.connected).to_owned(),
        change: if model.is_locked(sheet) { words::AFTER_CLOSE_BUTTON } else { words::CHANGE_A_MARK }.to_owned(),
        absent: if absent.is_empty() { words::NOBODY_ABSENT.to_owned() } else { words::list(&absent, 8) },
    })
}
