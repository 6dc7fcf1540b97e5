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
    if under_way(model).is_empty() { words::ROLL_CALL } else { words::ROLL_CALL_UNDER_WAY }.to_owned()
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
    let choice =
        |real, label: &str| FindChoice { pick: Pick::Begin { real }, label: label.to_owned(), detail: String::new() };
    Screen::ReceptionFind(ReceptionFind {
        clock: clock(model),
        title: words::BEGIN_ASKED.to_owned(),
        words: words::ALL_ARE_TOLD.to_owned(),
        choices: vec![choice(false, words::A_DRILL), choice(true, words::NOT_A_DRILL)],
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
        Some(_) => (title(&open).to_owned(), missing, words::not_seen_of(here)),
        None => (words::WHO_IS_IN.to_owned(), here, words::IN_AS_FAR_AS_KNOWN.to_owned()),
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
        act: if open.is_empty() { words::BEGIN } else { words::OPEN_ROLL_CALL }.to_owned(),
        back: String::new(),
        notice: String::new(),
    })
}

fn title(open: &[Open]) -> &'static str {
    words::roll_call_kind(open.iter().any(|o| o.real))
}

fn group(model: &Model, open: &[Open], class: ClassId, c: Count) -> RollGroup {
    let words = words::class_stands(!open.is_empty(), c.missing, c.here);
    let done = !open.is_empty() && c.missing == 0;
    RollGroup { class, name: model.book.class_name(class), words, done, open: true }
}

fn calls(model: &Model, calling: &Calling) -> Screen {
    let open = under_way(model);
    let counts: Vec<(ClassId, Count)> = calling.classes.iter().map(|c| (*c, count(model, &open, *c))).collect();
    let (missing, here) = counts.iter().fold((0, 0), |(m, h), (_, c)| (m + c.missing, h + c.here));
    let since = open.first().and_then(|o| best(&o.begun)).map(|at| words::clock(model.book.local(at)));
    let since = since.map(|at| words::since(&at)).unwrap_or_default();
    let listing = calling.shows != Shows::Classes;
    let heading = match calling.shows {
        Shows::Classes => String::new(),
        Shows::Class(class) => {
            let g = group(model, &open, class, count(model, &open, class));
            words::class_heading(&g.name, &g.words)
        }
        Shows::Missing if missing as usize > MOST => words::first_of(MOST, missing),
        Shows::Missing => words::EVERYBODY_NOT_SEEN.to_owned(),
    };
    let only = calling.classes.len() == 1;
    let (act, back, notice) = match (calling.ending, listing && !only) {
        (true, _) => (words::YES_END, words::GO_ON, words::end_asked(missing)),
        (false, true) => ("", words::ALL_CLASSES, calling.notice.clone()),
        (false, false) => (words::END, words::LEAVE_ROLL_CALL, calling.notice.clone()),
    };
    Screen::RollCall(RollCall {
        bar: bar(model, room(model), None),
        title: format!("{}{since}", title(&open)),
        under_way: true,
        count: missing,
        words: match (missing, here) {
            (0, 0) => words::NOBODY_IN.to_owned(),
            (0, n) => words::all_seen(n),
            (_, n) => words::not_seen_of(n),
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
        missing: if missing > 0 && !listing { words::MISSING_BUTTON.to_owned() } else { String::new() },
        act: act.to_owned(),
        back: back.to_owned(),
        notice,
    })
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
    let out = || words::went_out(model.passed(id).and_then(|p| best(&p.when)).map(|at| model.book.local(at)));
    let detail = match (calling.shows, place) {
        (Shows::Missing, _) => model.book.class_of(id, None).map(|c| model.book.class_name(c)).unwrap_or_default(),
        (_, Whereabouts::In) => String::new(),
        (_, Whereabouts::Unknown) => words::NO_MARK_YET.to_owned(),
        (_, Whereabouts::Out) => out(),
        (_, Whereabouts::Away) => words::NOT_IN_SCHOOL.to_owned(),
    };
    let initial = model.book.initial(id, &among);
    let word = match state {
        RollState::Missing => words::NOT_SEEN.to_owned(),
        RollState::Seen if saved => words::SEEN.to_owned(),
        RollState::Seen => words::SEEN_SAVING.to_owned(),
        RollState::Elsewhere => detail.clone(),
    };
    let label = words::roll_pupil(&row.first, &initial, &word);
    Some(RollPupil { pupil: id, first: row.first.to_string(), initial, state, detail, saved: ticked && saved, label })
}
