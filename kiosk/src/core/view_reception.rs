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
use chrono::{NaiveDateTime, Timelike};
use shared::calendar::Half;
use shared::id::PupilId;
use shared::text::Name;
use shared::time::Millis;
use shared::wire::v1::Way;

pub(super) fn screen(model: &Model) -> Screen {
    match &model.stage {
        Stage::Which => find(
            model,
            "Going home, or coming back?".to_owned(),
            "Tap your card, or choose".to_owned(),
            vec![choice(Pick::GoingHome, "I am going home"), choice(Pick::ComingBack, "I am coming back")],
        ),
        Stage::Year { way } => {
            let years = model.book.years().into_iter();
            let choices =
                years.map(|y| FindChoice { label: y.to_string(), pick: Pick::Year(y), detail: String::new() });
            find(model, "Which year are you in?".to_owned(), doing(*way).to_owned(), choices.collect())
        }
        Stage::Class { way, year } => {
            let classes = model.book.classes_of(year);
            let choices = classes.iter().map(|c| choice(Pick::Class(c.class), &c.name)).collect();
            find(model, "Which class are you in?".to_owned(), format!("{year} · {}", doing(*way)), choices)
        }
        Stage::Month { way, year } => {
            let months = reception::months(model, year).into_iter();
            let choices = months.map(|m| choice(Pick::Month(m), words::month(m))).collect();
            find(model, "Which month is your birthday in?".to_owned(), format!("{year} · {}", doing(*way)), choices)
        }
        Stage::Name { way, among } => names(model, *way, among),
        Stage::Confirm { way, pupil, among } => confirm(model, *way, *pupil, among.as_ref()),
        Stage::Reason(done) => reason(model, done.pupil),
        Stage::Collect { pupil, .. } => collect(model, *pupil),
        Stage::Done(d) => done(model, d),
        _ => idle(model),
    }
}

fn doing(way: Way) -> &'static str {
    match way {
        Way::In => "signing in",
        Way::Out => "going home",
        Way::Back => "coming back",
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
    let t = model.book.local(at);
    format!("{}:{:02}", t.hour(), t.minute())
}

fn idle(model: &Model) -> Screen {
    let (meaning, late) = match model.sure_session().and_then(|s| model.book.times(s)) {
        None if unsure(model) => ("This clock is being set. Signing in works.".to_owned(), false),
        None => ("No school today".to_owned(), false),
        Some(times) => match expect(&times, &model.now()) {
            Expect::OnTime => (format!("Registers open at {}", plain(model, times.opens)), false),
            Expect::Late(_) => (format!("Registers are open until {}", plain(model, times.closes)), true),
            Expect::AfterClose(_) => {
                (format!("Registers closed at {}. Please sign in.", plain(model, times.closes)), true)
            }
            Expect::Next => ("Lessons are over for today".to_owned(), false),
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
        Among::Born { year, month } => format!("{year}, born in {}", words::month(*month)),
    };
    find(model, "Which one is you?".to_owned(), format!("{of} · {}", doing(way)), choices)
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
        title: "Is this you?".to_owned(),
        yes: match way {
            Way::In => "Yes, sign me in",
            Way::Out => "Yes, I am going home",
            Way::Back => "Yes, I am back",
        }
        .to_owned(),
        no: "No, go back".to_owned(),
    })
}

fn reason(model: &Model, pupil: PupilId) -> Screen {
    Screen::ReceptionReason(ReceptionReason {
        clock: clock(model),
        title: format!("{}, {}. What kept you?", words::greeting(local(model)), first(model, pupil)),
        words: "Only the office can read your answer.".to_owned(),
        collecting: false,
        reasons: pictured(model.book.settings.as_ref().map(|s| s.reasons.as_slice())),
        none: "I would rather not say".to_owned(),
    })
}

fn pictured(names: Option<&[Name]>) -> Vec<Pictured> {
    names.unwrap_or_default().iter().cloned().map(Pictured::new).collect()
}

fn collect(model: &Model, pupil: PupilId) -> Screen {
    Screen::ReceptionReason(ReceptionReason {
        clock: clock(model),
        title: format!("{}, who is collecting you?", first(model, pupil)),
        words: "Then a member of staff lets you go.".to_owned(),
        collecting: true,
        reasons: pictured(model.book.settings.as_ref().map(|s| s.collectors.as_slice())),
        none: String::new(),
    })
}

fn done(model: &Model, d: &Done) -> Screen {
    let name = first(model, d.pupil);
    let at = best(&d.when).map(|b| words::clock(model.book.local(b)));
    let sure = d.session.is_some();
    let at_words = match (&at, sure) {
        (Some(at), true) => format!(" at {at}"),
        _ => String::new(),
    };
    let class = model.book.class_of(d.pupil, d.session.map(|s| s.date)).map(|c| model.book.class_name(c));
    let go = class.map(|c| format!(" Go straight to {c}.")).unwrap_or_default();
    let expected = d.session.and_then(|s| model.book.times(s)).map(|t| expect(&t, &d.when));
    let greeting = words::greeting(at.is_some().then(|| local(model)).flatten());
    let in_words = if d.again { "You are signed in already, since" } else { "Signed in" };
    let in_words = match (&at, sure, d.again) {
        (Some(at), true, true) => format!("{in_words} {at}."),
        (_, _, true) => "You are signed in already.".to_owned(),
        _ => format!("{in_words}{at_words}."),
    };
    let (tone, sign, title, words) = match (d.way, expected) {
        (Way::Out, _) => (Tone::Plain, Sign::Home, format!("Goodbye, {name}"), format!("Signed out{at_words}.")),
        (Way::Back, _) => {
            (Tone::Green, Sign::Tick, format!("Welcome back, {name}"), format!("Signed in{at_words}.{go}"))
        }
        (Way::In, Some(Expect::OnTime)) => {
            let sign = match d.session.map(|s| s.half) {
                Some(Half::Pm) => Sign::Afternoon,
                _ => Sign::Morning,
            };
            (Tone::Green, sign, format!("{greeting}, {name}"), format!("{in_words} You are in good time."))
        }
        (Way::In, Some(Expect::Late(_))) => {
            let late = if d.again { "" } else { " You are marked late. Good that you are here." };
            (Tone::Amber, Sign::Late, format!("{greeting}, {name}"), format!("{in_words}{late}{go}"))
        }
        (Way::In, Some(Expect::AfterClose(_))) => {
            let late = if d.again { "" } else { " Good that you are here." };
            (Tone::Amber, Sign::Tick, format!("{greeting}, {name}"), format!("{in_words}{late}{go}"))
        }
        (Way::In, _) => (Tone::Plain, Sign::Tick, format!("{greeting}, {name}"), format!("{in_words}{go}")),
    };
    let saved = d.ticket.is_none();
    let there = match d.way {
        Way::Out => "you have left",
        Way::In | Way::Back => "you are here",
    };
    Screen::ReceptionDone(ReceptionDone {
        tone,
        sign,
        title,
        words,
        saved,
        saved_words: match (saved, model.sync.connected) {
            (false, _) => "Saving".to_owned(),
            (true, true) => format!("Saved. The office knows {there}."),
            (true, false) => format!("Saved. The office will see that {there}."),
        },
        seconds: DONE_SECONDS,
    })
}
