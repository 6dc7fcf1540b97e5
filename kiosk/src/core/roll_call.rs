//! The roll call: who is in the building, by class, and who was seen at the assembly point. Works without a network; what
//! other kiosks saw is merged in as it comes.
//!
//! Must never: count somebody as seen whom nobody ticked, or move a name under a finger.

use super::effect::{Beep, Effect};
use super::errand::{self, Errand};
use super::ledger::Kept;
use super::model::{Model, Stage};
use super::msg::Msg;
use super::reception::names;
use super::screen::TileState;
use super::update::go_home;
use super::words;
use shared::calendar::{Half, SessionKey};
use shared::id::{ClassId, PupilId, RollCallId};
use shared::observation::Observation;
use shared::roll_call::{Known, Whereabouts, whereabouts};
use shared::time::{Interval, Mono};
use shared::wire::v1::{Expected, Mode, Seen};

/// Names are put in order anew once no finger has been on the screen for so long.
const SETTLE_MS: i64 = 3_000;
/// A roll call that nobody ended is over after so long.
const LONGEST_MS: i64 = 12 * 3_600_000;
/// Names that fit on one screen.
pub(super) const MOST: usize = 35;

/// A roll call on the screen.
#[derive(Debug, Clone, Default)]
pub(super) struct Calling {
    pub shows: Shows,
    /// Classes, or names, in an order that stays while a finger is near.
    pub classes: Vec<ClassId>,
    pub order: Vec<PupilId>,
    /// "End it?" was asked.
    pub ending: bool,
    pub notice: String,
    /// Put in order since the last touch.
    pub settled: bool,
}

/// What of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Shows {
    #[default]
    Classes,
    Class(ClassId),
    Missing,
}

/// A roll call that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub call: RollCallId,
    pub real: bool,
    pub begun: Interval,
}

/// The roll calls under way, of this kiosk and of others, the first begun first. Two kiosks without a network may each have
/// begun one: they are taken as one.
pub(super) fn under_way(model: &Model) -> Vec<Open> {
    let own = model.ledger.calls().map(|(call, c)| Open { call, real: c.real, begun: c.begun });
    let told = model.book.roll_calls.values().map(|row| {
        let begun = Interval { earliest: row.begun, latest: row.begun, estimate: None };
        Open { call: row.call, real: row.real, begun }
    });
    let over = |open: &Open| {
        model.ledger.is_ended(open.call)
            || model.book.roll_calls.get(&open.call).is_some_and(|row| row.ended.is_some())
            || model.now().earliest.since(open.begun.latest) > LONGEST_MS
    };
    let mut all: Vec<Open> = told.chain(own).filter(|open| !over(open)).collect();
    all.sort_by_key(|open| (open.call, open.begun.earliest));
    all.dedup_by_key(|open| open.call);
    all.sort_by_key(|open| (open.begun.earliest, open.call));
    all
}

/// Whether a pupil was seen, and whether that is on disk.
pub(super) fn seen(model: &Model, open: &[Open], pupil: PupilId) -> (bool, bool) {
    let word = |o: &Open| match model.ledger.tick(o.call, pupil) {
        Some(own) => (own.seen, matches!(own.kept, Kept::Saved(_))),
        None => (model.book.accounted(o.call, pupil).unwrap_or(false), true),
    };
    let words: Vec<(bool, bool)> = open.iter().map(word).collect();
    (words.iter().any(|(seen, _)| *seen), words.iter().all(|(_, saved)| *saved))
}

/// The session by which pupils are looked for: the one at hand, as well as the time is known.
fn session(model: &Model) -> Option<SessionKey> {
    model.sure_session().or_else(|| {
        let at = model.seen?.best()?;
        model.book.session_at(at)
    })
}

/// Where a pupil is, as far as is known here.
pub(super) fn place(model: &Model, pupil: PupilId) -> Whereabouts {
    let Some(now) = session(model) else { return Whereabouts::Unknown };
    let mark = |key| {
        let stands = model.standing(key, pupil).state;
        match stands {
            TileState::Present => Some(Seen::Present),
            TileState::Late => Some(Seen::Late),
            TileState::Absent => Some(Seen::Absent),
            _ => None,
        }
    };
    let earlier = (now.half == Half::Pm).then(|| mark(SessionKey { half: Half::Am, ..now })).flatten();
    let expected = match model.standing(now, pupil).state {
        TileState::ExpectedAbsent => Some(Expected::Absent),
        TileState::ExpectedElsewhere => Some(Expected::Elsewhere),
        _ => None,
    };
    let passage = model.passed(pupil).and_then(|p| match p.session {
        // A passage whose session nobody knew is taken as one of now.
        None => Some((p.way, true)),
        Some(s) if s.date == now.date => Some((p.way, s == now)),
        Some(_) => None,
    });
    whereabouts(&Known { mark: mark(now), earlier, expected, passage })
}

/// How a class stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Looked for and not seen.
    pub missing: u32,
    /// Looked for.
    pub here: u32,
}

/// How a class stands in the roll calls under way.
pub(super) fn count(model: &Model, open: &[Open], class: ClassId) -> Count {
    let mut count = Count::default();
    for pupil in names(model, class) {
        let (ticked, _) = seen(model, open, pupil);
        if ticked || place(model, pupil).is_looked_for() {
            count.here += 1;
            count.missing += u32::from(!ticked);
        }
    }
    count
}

/// Every class that this kiosk knows, by year, then name.
pub(super) fn classes(model: &Model) -> Vec<ClassId> {
    model.book.years().iter().flat_map(|y| model.book.classes_of(y)).map(|c| c.class).collect()
}

/// Everybody who is looked for and was not seen, by class, then name.
pub(super) fn missing(model: &Model, open: &[Open]) -> Vec<PupilId> {
    let all = classes(model).into_iter().flat_map(|class| names(model, class));
    all.filter(|p| !seen(model, open, *p).0 && place(model, *p).is_looked_for()).collect()
}

fn arrange(model: &Model, calling: &mut Calling) {
    let open = under_way(model);
    calling.classes = classes(model);
    calling.classes.sort_by_cached_key(|class| count(model, &open, *class).missing == 0);
    calling.order = match calling.shows {
        Shows::Classes => Vec::new(),
        Shows::Class(class) => {
            let mut order = names(model, class);
            order.sort_by_cached_key(|p| (seen(model, &open, *p).0, !place(model, *p).is_looked_for()));
            order
        }
        Shows::Missing => missing(model, &open),
    };
    calling.settled = true;
}

fn show(model: &mut Model, shows: Shows) {
    let mut calling = Calling { shows, ..Calling::default() };
    arrange(model, &mut calling);
    model.stage = Stage::RollCall(calling);
}

/// From names back to the classes.
pub(super) fn show_classes(model: &mut Model) {
    show(model, Shows::Classes);
}

/// "Roll call": a member of staff is asked for, unless one is signed on.
pub(super) fn ask(model: &mut Model) {
    match model.stage {
        Stage::Submitted(_) | Stage::Choose { .. } if model.who.is_some() => open(model),
        Stage::Home { .. } => model.stage = errand::ask(Errand::RollCall),
        _ => {}
    }
}

/// A member of staff is here for it.
pub(super) fn open(model: &mut Model) {
    if under_way(model).is_empty() { model.stage = Stage::BeginRollCall } else { enter(model) }
}

fn enter(model: &mut Model) {
    let own = classes(model);
    match (model.mode(), own.as_slice()) {
        (Some(Mode::Classroom), [one]) => show(model, Shows::Class(*one)),
        _ => show(model, Shows::Classes),
    }
}

pub(super) fn step(model: &mut Model, msg: &Msg, effects: &mut Vec<Effect>) {
    match (msg, &model.stage) {
        (Msg::BeginRollCall { real }, Stage::BeginRollCall) => {
            let Some(at) = model.seen.map(|s| s.reading) else { return };
            let call = RollCallId::begun_at(at.boot, at.mono);
            model.append(vec![Observation::RollCallBegun { call, real: *real }], effects);
            effects.push(Effect::SyncNow);
            enter(model);
        }
        (Msg::RollClass { class }, Stage::RollCall(_)) if model.book.classes.contains_key(class) => {
            show(model, Shows::Class(*class));
        }
        (Msg::RollMissing, Stage::RollCall(_)) => show(model, Shows::Missing),
        (Msg::Account { pupil }, Stage::RollCall(calling)) if calling.order.contains(pupil) => {
            account(model, *pupil, effects);
        }
        (Msg::EndRollCall, Stage::RollCall(calling)) if calling.ending => end(model, effects),
        (Msg::EndRollCall, Stage::RollCall(_)) => {
            if let Stage::RollCall(calling) = &mut model.stage {
                calling.ending = true;
            }
        }
        _ => {}
    }
    if let Stage::RollCall(calling) = &mut model.stage {
        calling.settled = false;
    }
}

/// Ticks a pupil, or takes the tick back.
fn account(model: &mut Model, pupil: PupilId, effects: &mut Vec<Effect>) {
    let open = under_way(model);
    let (ticked, _) = seen(model, &open, pupil);
    let one = |o: &Open| Observation::Accounted { call: o.call, pupil, seen: !ticked };
    let facts: Vec<Observation> = if ticked {
        open.iter().filter(|o| seen(model, std::slice::from_ref(*o), pupil).0).map(one).collect()
    } else {
        open.first().map(one).into_iter().collect()
    };
    if !facts.is_empty() {
        model.append(facts, effects);
        effects.push(Effect::SyncNow);
    }
    if let Stage::RollCall(calling) = &mut model.stage {
        calling.ending = false;
        calling.notice.clear();
    }
}

/// A card at a roll call: a pupil's ticks the pupil, a colleague's takes over.
pub(super) fn card(model: &mut Model, number: &str, effects: &mut Vec<Effect>) {
    if let Some(staff) = errand::holder(model, number) {
        if model.who != Some(staff) {
            model.who = Some(staff);
            let means = shared::observation::Means::Card;
            model.append(vec![Observation::SignedOn { means }], effects);
        }
        effects.push(Effect::Beep(Beep::Good));
        return;
    }
    let hash = model.card_hash(number);
    let pupil = hash.and_then(|h| model.book.pupils.values().find(|p| p.cards.contains(&h))).map(|p| p.pupil);
    let open = under_way(model);
    let notice = match pupil {
        Some(pupil) => {
            if !seen(model, &open, pupil).0 {
                account(model, pupil, effects);
            }
            effects.push(Effect::Beep(Beep::Good));
            let name = model.book.pupils.get(&pupil).map(|p| p.first.to_string()).unwrap_or_default();
            words::is_ticked(&name)
        }
        None => {
            effects.push(Effect::Beep(Beep::Low));
            words::CARD_NOT_KNOWN.to_owned()
        }
    };
    if let Stage::RollCall(calling) = &mut model.stage {
        calling.notice = notice;
    }
}

fn end(model: &mut Model, effects: &mut Vec<Effect>) {
    let open = under_way(model);
    let left = missing(model, &open).len();
    let facts: Vec<Observation> = open.iter().map(|o| Observation::RollCallEnded { call: o.call }).collect();
    if !facts.is_empty() {
        model.append(facts, effects);
        effects.push(Effect::SyncNow);
    }
    go_home(model);
    model.stage = over(words::ended_with(left));
}

fn over(said: String) -> Stage {
    Stage::Message { title: words::ENDED.to_owned(), words: said }
}

/// Time has passed, or the feed has spoken: names go to their place once no finger is near, and a roll call that ended
/// elsewhere ends here.
pub(super) fn follow(model: &mut Model, touched: Option<Mono>) {
    let Stage::RollCall(calling) = &model.stage else { return };
    if under_way(model).is_empty() {
        go_home(model);
        model.stage = over(words::ENDED_ELSEWHERE.to_owned());
        return;
    }
    let away = model.mono().zip(touched).map_or(0, |(now, then)| now.0.saturating_sub(then.0));
    if away < SETTLE_MS || calling.settled && calling.shows != Shows::Missing {
        return;
    }
    let mut calling = calling.clone();
    arrange(model, &mut calling);
    if let Stage::RollCall(stands) = &mut model.stage {
        *stands = calling;
    }
}
