//! The roll call on the screen: how many, by class, who.
//!
//! Must never: say why somebody is not in school, or show names before a member of staff is there.

use super::day::best;
use super::model::{Model, Stage};
use super::reception::names;
use super::roll_call::{Calling, Count, MOST, Open, Shows, classes, count, place, seen, under_way};
use super::screen::{FindChoice, Pick, ReceptionFind, RollCall, RollGroup, RollPupil, RollState, Screen};
use super::view::{bar, clock};
use super::view_classroom::room;
use super::words;
use shared::id::{ClassId, PupilId};
use shared::roll_call::Whereabouts;

/// The button that leads here, from screens that wait.
pub(super) fn button(model: &Model) -> String {
    if under_way(model).is_empty() { "Roll call" } else { "Roll call under way" }.to_owned()
}

/// The screen, if the stage is one of a roll call.
pub(super) fn screen(model: &Model) -> Option<Screen> {
    match &model.stage {
        Stage::BeginRollCall => Some(begin(model)),
        Stage::RollCall(calling) => Some(calls(model, calling)),
        _ => None,
    }
}

fn begin(model: &Model) -> Screen {
    let choice = |real, label: &str, detail: &str| FindChoice {
        pick: Pick::Begin { real },
        label: label.to_owned(),
        detail: detail.to_owned(),
    };
    Screen::ReceptionFind(ReceptionFind {
        clock: clock(model),
        title: "Begin a roll call?".to_owned(),
        words: "Every kiosk and the office are told at once".to_owned(),
        choices: vec![choice(false, "A drill", ""), choice(true, "Not a drill", "")],
    })
}

/// At an assembly point, while nobody is there: numbers, and no names.
pub(super) fn home(model: &Model) -> Screen {
    let open = under_way(model);
    let counts: Vec<(ClassId, Count)> = classes(model).into_iter().map(|c| (c, count(model, &open, c))).collect();
    let here: u32 = counts.iter().map(|(_, c)| c.here).sum();
    let groups = counts.iter().map(|(class, c)| RollGroup { open: false, ..group(model, &open, *class, *c) }).collect();
    let missing: u32 = counts.iter().map(|(_, c)| c.missing).sum();
    let (title, count, words) = match open.first() {
        Some(_) => (title(&open), missing, format!("not seen yet, of {here}")),
        None => ("Who is in the building".to_owned(), here, "in the building, as far as is known".to_owned()),
    };
    Screen::RollCall(RollCall {
        bar: bar(model, room(model), None),
        title,
        under_way: false,
        count,
        words,
        groups,
        listing: false,
        heading: String::new(),
        pupils: Vec::new(),
        missing: String::new(),
        act: if open.is_empty() { "Begin a roll call" } else { "Open the roll call" }.to_owned(),
        back: String::new(),
        notice: String::new(),
    })
}

fn title(open: &[Open]) -> String {
    let kind = if open.iter().any(|o| o.real) { "not a drill" } else { "drill" };
    format!("Roll call · {kind}")
}

fn group(model: &Model, open: &[Open], class: ClassId, c: Count) -> RollGroup {
    let words = match (open.is_empty(), c.missing, c.here) {
        (_, _, 0) => "nobody in the building".to_owned(),
        (true, _, n) => format!("{n} in the building"),
        (false, 0, 1) => "seen".to_owned(),
        (false, 0, n) => format!("all {n} seen"),
        (false, m, n) => format!("{m} of {n} not seen yet"),
    };
    let done = !open.is_empty() && c.missing == 0;
    RollGroup { class, name: model.book.class_name(class), words, done, open: true }
}

fn calls(model: &Model, calling: &Calling) -> Screen {
    let open = under_way(model);
    let counts: Vec<(ClassId, Count)> = calling.classes.iter().map(|c| (*c, count(model, &open, *c))).collect();
    let (missing, here) = counts.iter().fold((0, 0), |(m, h), (_, c)| (m + c.missing, h + c.here));
    let since = open.first().and_then(|o| best(&o.begun)).map(|at| words::clock(model.book.local(at)));
    let since = since.map(|at| format!(" · since {at}")).unwrap_or_default();
    let listing = calling.shows != Shows::Classes;
    let heading = match calling.shows {
        Shows::Classes => String::new(),
        Shows::Class(class) => {
            let g = group(model, &open, class, count(model, &open, class));
            format!("{}: {}", g.name, g.words)
        }
        Shows::Missing if missing as usize > MOST => format!("The first {MOST} of {missing} who were not seen yet"),
        Shows::Missing => "Everybody who was not seen yet".to_owned(),
    };
    let only = calling.classes.len() == 1;
    let (act, back, notice) = match (calling.ending, listing && !only) {
        (true, _) => ("Yes, end it", "Go on", ending(missing)),
        (false, true) => ("", "All classes", calling.notice.clone()),
        (false, false) => ("End the roll call", "Leave", calling.notice.clone()),
    };
    Screen::RollCall(RollCall {
        bar: bar(model, room(model), None),
        title: format!("{}{since}", title(&open)),
        under_way: true,
        count: missing,
        words: match (missing, here) {
            (0, 0) => "nobody is in the building".to_owned(),
            (0, n) => format!("missing: all {n} were seen"),
            (_, n) => format!("not seen yet, of {n}"),
        },
        groups: counts.iter().map(|(class, c)| group(model, &open, *class, *c)).collect(),
        listing,
        heading,
        // A class is shown whole, however many it has; of everybody missing, as many as fit.
        pupils: calling
            .order
            .iter()
            .take(if calling.shows == Shows::Missing { MOST } else { usize::MAX })
            .filter_map(|p| pupil(model, &open, calling, *p))
            .collect(),
        missing: if missing > 0 && !listing { "Everybody not seen yet".to_owned() } else { String::new() },
        act: act.to_owned(),
        back: back.to_owned(),
        notice,
    })
}

fn ending(missing: u32) -> String {
    match missing {
        0 => "End it? Everybody was seen.".to_owned(),
        1 => "End it? One pupil was not seen.".to_owned(),
        n => format!("End it? {n} pupils were not seen."),
    }
}

fn pupil(model: &Model, open: &[Open], calling: &Calling, id: PupilId) -> Option<RollPupil> {
    let row = model.book.pupils.get(&id)?;
    let (ticked, saved) = seen(model, open, id);
    let place = place(model, id);
    let state = match (ticked, place.is_looked_for()) {
        (true, _) => RollState::Seen,
        (false, true) => RollState::Missing,
        (false, false) => RollState::Elsewhere,
    };
    let among = match calling.shows {
        Shows::Class(class) => names(model, class),
        _ => calling.order.clone(),
    };
    let out = || match model.passed(id).and_then(|p| best(&p.when)) {
        Some(at) => format!("went out {}", words::clock(model.book.local(at))),
        None => "went out".to_owned(),
    };
    let detail = match (calling.shows, place) {
        (Shows::Missing, _) => model.book.class_of(id, None).map(|c| model.book.class_name(c)).unwrap_or_default(),
        (_, Whereabouts::In) => String::new(),
        (_, Whereabouts::Unknown) => "no mark yet".to_owned(),
        (_, Whereabouts::Out) => out(),
        (_, Whereabouts::Away) => "not in school".to_owned(),
    };
    let initial = model.book.initial(id, &among);
    let word = match state {
        RollState::Missing => "not seen yet".to_owned(),
        RollState::Seen if saved => "seen".to_owned(),
        RollState::Seen => "seen, saving".to_owned(),
        RollState::Elsewhere => detail.clone(),
    };
    let label = format!("{} {initial}, {word}", row.first);
    Some(RollPupil { pupil: id, first: row.first.to_string(), initial, state, detail, saved: ticked && saved, label })
}
