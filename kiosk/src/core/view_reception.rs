//! Reception's screens: the invitation, finding oneself, the answer.
//!
//! Must never: use red or a telling-off.

use super::DONE_SECONDS;
use super::day::{Expect, best, expect};
use super::model::{Among, Done, Model, Stage};
use super::screen::{
    FindChoice, Pick, Pictured, ReceptionConfirm, ReceptionDone, ReceptionFind, ReceptionIdle, ReceptionReason, Screen,
    Sign, Tone,
};
use super::view::{clock, fault_at_rest, sync, today, unsure};
use super::{reception, words};
use chrono::NaiveDateTime;
use shared::calendar::Half;
use shared::id::PupilId;
use shared::text::Name;
use shared::time::Millis;
use shared::wire::v1::Way;

pub(super) fn screen(model: &Model) -> Screen {
    match &model.stage {
        Stage::Which => find(
            model,
            words::WHICH_WAY.to_owned(),
            words::TAP_OR_CHOOSE.to_owned(),
            vec![choice(Pick::GoingHome, words::GOING_HOME), choice(Pick::ComingBack, words::COMING_BACK)],
        ),
        Stage::Year { way } => {
            let years = model.book.years().into_iter();
            let choices =
                years.map(|y| FindChoice { label: y.to_string(), pick: Pick::Year(y), detail: String::new() });
            find(model, words::WHICH_YEAR.to_owned(), words::doing(*way).to_owned(), choices.collect())
        }
        Stage::Class { way, year } => {
            let classes = model.book.classes_of(year);
            let choices = classes.iter().map(|c| choice(Pick::Class(c.class), &c.name)).collect();
            find(model, words::WHICH_CLASS.to_owned(), words::beside(year, words::doing(*way)), choices)
        }
        Stage::Month { way, year } => {
            let months = reception::months(model, year).into_iter();
            let choices = months.map(|m| choice(Pick::Month(m), words::month(m))).collect();
            find(model, words::WHICH_MONTH.to_owned(), words::beside(year, words::doing(*way)), choices)
        }
        Stage::Name { way, among } => names(model, *way, among),
        Stage::Confirm { way, pupil, among } => confirm(model, *way, *pupil, among.as_ref()),
        Stage::Reason(done) => reason(model, done.pupil),
        Stage::Collect { pupil, .. } => collect(model, *pupil),
        Stage::Done(d) => done(model, d),
        _ => idle(model),
    }
}

fn choice(pick: Pick, label: &str) -> FindChoice {
    FindChoice { pick, label: label.to_owned(), detail: String::new() }
}

fn find(model: &Model, title: String, words: String, choices: Vec<FindChoice>) -> Screen {
    Screen::ReceptionFind(ReceptionFind { clock: clock(model), title, words, choices })
}

fn local(model: &Model) -> Option<NaiveDateTime> {
    model.seen.and_then(|s| s.best()).map(|b| model.book.local(b))
}

/// "9:20", as on a poster.
fn plain(model: &Model, at: Millis) -> String {
    words::plain_clock(model.book.local(at))
}

fn idle(model: &Model) -> Screen {
    let (meaning, late) = match model.sure_session().and_then(|s| model.book.times(s)) {
        None if unsure(model) => (words::CLOCK_BEING_SET.to_owned(), false),
        None => (words::NO_SCHOOL.to_owned(), false),
        Some(times) => match expect(&times, &model.now()) {
            Expect::OnTime => (words::opens_at(&plain(model, times.opens)), false),
            Expect::Late(_) => (words::open_until(&plain(model, times.closes)), true),
            Expect::AfterClose(_) => (words::closed_at(&plain(model, times.closes)), true),
            Expect::Next => (words::LESSONS_OVER.to_owned(), false),
            Expect::Unsure => (String::new(), false),
        },
    };
    Screen::ReceptionIdle(ReceptionIdle {
        clock: clock(model),
        unsure: unsure(model),
        date: today(model),
        greeting: words::greeting(local(model)).to_owned(),
        meaning,
        late,
        years: model.book.years(),
        roll_call: super::view_roll_call::button(model),
        sync: sync(model),
        fault: fault_at_rest(model),
    })
}

fn names(model: &Model, way: Way, among: &Among) -> Screen {
    let roll = reception::found(model, among);
    let choices = roll
        .iter()
        .filter_map(|p| model.book.pupils.get(p))
        .map(|p| FindChoice {
            pick: Pick::Pupil(p.pupil),
            label: p.first.to_string(),
            detail: model.book.initial(p.pupil, &roll),
        })
        .collect();
    let of = match among {
        Among::Class(class) => model.book.class_name(*class),
        Among::Born { year, month } => words::born_in(year, *month),
    };
    find(model, words::WHICH_ONE.to_owned(), words::beside(&of, words::doing(way)), choices)
}

/// The first name of a pupil.
pub(super) fn first(model: &Model, pupil: PupilId) -> String {
    model.book.pupils.get(&pupil).map(|p| p.first.to_string()).unwrap_or_default()
}

fn confirm(model: &Model, way: Way, pupil: PupilId, among: Option<&Among>) -> Screen {
    let roll = among.map(|a| reception::found(model, a)).unwrap_or_default();
    let class = model.book.class_of(pupil, model.sure_session().map(|s| s.date));
    Screen::ReceptionConfirm(ReceptionConfirm {
        clock: clock(model),
        first: first(model, pupil),
        initial: model.book.initial(pupil, &roll),
        class: class.map(|c| model.book.class_name(c)).unwrap_or_default(),
        title: words::IS_THIS_YOU.to_owned(),
        yes: words::yes(way).to_owned(),
        no: words::NO_GO_BACK.to_owned(),
    })
}

fn reason(model: &Model, pupil: PupilId) -> Screen {
    Screen::ReceptionReason(ReceptionReason {
        clock: clock(model),
        title: words::what_kept_you(local(model), &first(model, pupil)),
        words: words::ONLY_THE_OFFICE.to_owned(),
        collecting: false,
        reasons: pictured(model.book.settings.as_ref().map(|s| s.reasons.as_slice())),
        none: words::RATHER_NOT.to_owned(),
    })
}

fn pictured(names: Option<&[Name]>) -> Vec<Pictured> {
    names.unwrap_or_default().iter().cloned().map(Pictured::new).collect()
}

fn collect(model: &Model, pupil: PupilId) -> Screen {
    Screen::ReceptionReason(ReceptionReason {
        clock: clock(model),
        title: words::who_collects(&first(model, pupil)),
        words: words::THEN_STAFF.to_owned(),
        collecting: true,
        reasons: pictured(model.book.settings.as_ref().map(|s| s.collectors.as_slice())),
        none: String::new(),
    })
}

fn done(model: &Model, d: &Done) -> Screen {
    let name = first(model, d.pupil);
    let at = best(&d.when).map(|b| words::clock(model.book.local(b)));
    let sure = d.session.is_some();
    let said = at.as_deref().filter(|_| sure);
    let class = model.book.class_of(d.pupil, d.session.map(|s| s.date)).map(|c| model.book.class_name(c));
    let go = class.map(|c| words::go_to(&c)).unwrap_or_default();
    let expected = d.session.and_then(|s| model.book.times(s)).map(|t| expect(&t, &d.when));
    let hello = words::hello(at.is_some().then(|| local(model)).flatten(), &name);
    let came = match (d.again, said) {
        (true, Some(at)) => words::in_since(at),
        (true, None) => words::IN_ALREADY.to_owned(),
        (false, said) => words::signed_in(said),
    };
    let kind = |words: &'static str| if d.again { "" } else { words };
    let (tone, sign, title, words) = match (d.way, expected) {
        (Way::Out, _) => (Tone::Plain, Sign::Home, words::goodbye(&name), words::signed_out(said)),
        (Way::Back, _) => (Tone::Green, Sign::Tick, words::welcome_back(&name), words::signed_in(said) + &go),
        (Way::In, Some(Expect::OnTime)) => {
            let sign = match d.session.map(|s| s.half) {
                Some(Half::Pm) => Sign::Afternoon,
                _ => Sign::Morning,
            };
            (Tone::Green, sign, hello, came + words::IN_GOOD_TIME)
        }
        (Way::In, Some(Expect::Late(_))) => (Tone::Amber, Sign::Late, hello, came + kind(words::MARKED_LATE) + &go),
        (Way::In, Some(Expect::AfterClose(_))) => {
            (Tone::Amber, Sign::Tick, hello, came + kind(words::GOOD_TO_SEE) + &go)
        }
        (Way::In, _) => (Tone::Plain, Sign::Tick, hello, came + &go),
    };
    let saved = d.ticket.is_none();
    Screen::ReceptionDone(ReceptionDone {
        tone,
        sign,
        title,
        words,
        saved,
        saved_words: words::saved(saved, model.sync.connected, d.way),
        seconds: DONE_SECONDS,
    })
}
