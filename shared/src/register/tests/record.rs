//! The record: five parts of every change, "received late", and nothing where nothing changes.

use super::kit::*;
use crate::act::Officer;
use crate::id::StaffId;
use crate::observation::Mark::{Absent, Blank, Present};
use crate::register::{EntryNow, NewEntry, Posting, Provenance, What, decide, record};
use crate::time::Millis;

fn rule() -> Officer {
    Officer::Rule { rule: name("close at 09:20"), set_by: name("Mr Hale, headteacher, 1 September 2026") }
}

/// What the record gains when the day's facts are had at that time.
fn entry(stood: Option<&EntryNow>, day: &Day, now: i64) -> Option<NewEntry> {
    let mut facts = day.0.clone();
    for fact in &mut facts {
        fact.received = fact.received.max(if fact.when.latest < at(now) { fact.received } else { at(now) });
    }
    post(stood, &Day(facts), now)
}

fn post(stood: Option<&EntryNow>, day: &Day, now: i64) -> Option<NewEntry> {
    let rule = rule();
    let posting = Posting { at: at(now), closes: Some(TIMES.closes), rule: &rule, clock: &clock };
    record(stood, &decide(&day.0, &am()), &posting)
}

/// The last fact reaches the server only then.
fn received(mut day: Day, at: Millis) -> Day {
    day.0.last_mut().unwrap().received = at;
    day
}

fn person(officer: &Officer) -> String {
    match officer {
        Officer::Person { name, position } => format!("{name}, {position}"),
        Officer::Rule { rule, set_by } => format!("by rule {rule}, set by {set_by}"),
    }
}

fn n() -> EntryNow {
    EntryNow { code: Some(c("N")), minutes: None, detail: None, provisional: false }
}

#[test]
fn the_first_entry() {
    let first = entry(None, &Day::new().tap(857, Present), 857).unwrap();
    assert!(!first.is_change);
    assert_eq!((first.original, first.code.unwrap().as_str()), (None, "/"));
    assert_eq!(first.reason, "tapped present at 08:57");
    assert_eq!(person(&first.by), "Ms Patel, class teacher");
    assert_eq!(first.made_at, at(857));
}

#[test]
fn nothing_changes_nothing_is_appended() {
    let day = Day::new().tap(857, Present);
    let first = entry(None, &day, 857).unwrap();
    assert_eq!(entry(Some(&first.now()), &day.submit(900).close(), 920), None);
    assert_eq!(entry(None, &Day::new().tap(857, Absent), 857), None, "a blank is no first entry");
}

#[test]
fn an_amendment_has_five_parts() {
    let day = Day::new().submit(900).close();
    let first = entry(None, &day, 920).unwrap();
    assert_eq!(person(&first.by), "by rule close at 09:20, set by Mr Hale, headteacher, 1 September 2026");
    assert_eq!(first.reason, "no reason known when the register closed at 09:20");

    let amended = entry(Some(&first.now()), &day.amend(1000, "M"), 1000).unwrap();
    assert!(amended.is_change);
    assert_eq!(amended.original, Some(c("N")));
    assert_eq!(amended.code, Some(c("M")));
    assert_eq!(amended.reason, "letter");
    assert_eq!(amended.made_at, at(1000));
    assert_eq!(person(&amended.by), "Mrs Okafor, office manager");
}

#[test]
fn received_late() {
    let day = received(Day::new().submit(900).close().tap(857, Present), at(1005));
    let amended = post(Some(&n()), &day, 1005).unwrap();
    assert_eq!(amended.reason, "received late from kiosk Room 7, taken 08:57");
    assert!(amended.is_change);

    let first = post(None, &day, 1005).unwrap();
    assert!(!first.is_change, "where nothing stood it is the first entry");
    assert_eq!(first.reason, amended.reason);

    let unsure = Day::new().within(Who::Room, between(810, 900), tapped(Present));
    let late = post(None, &received(unsure, at(1005)), 1005).unwrap();
    assert_eq!(late.reason, "received late from kiosk Room 7, taken between 08:10 and 09:00");
}

#[test]
fn a_late_sign_in() {
    let day = Day::new().submit(900).close().card(1005);
    let late = entry(Some(&n()), &day, 1005).unwrap();
    assert_eq!((late.code.unwrap().as_str(), late.minutes), ("U", Some(75)));
    assert_eq!(late.reason, "arrived at 10:05");
    assert_eq!(person(&late.by), "the pupil, at kiosk Reception");
}

/// What a hand has done is never put down to a rule.
#[test]
fn nobody_signed_on() {
    let unsigned = |mut day: Day, staff| {
        let Provenance::Kiosk { by, staff: id, .. } = &mut day.0.last_mut().unwrap().from else { panic!("a kiosk") };
        (*by, *id) = (None, staff);
        day
    };
    let tap = post(None, &unsigned(Day::new().tap(857, Present), None), 857).unwrap();
    assert_eq!(person(&tap.by), "nobody signed on, at kiosk Room 7");
    let late = Day::new().on(Who::Room, 905, What::CameLate { class: CLASS });
    assert_eq!(person(&post(None, &unsigned(late, None), 905).unwrap().by), "nobody signed on, at kiosk Room 7");
    let stranger = unsigned(Day::new().tap(857, Present), Some(StaffId::from_bytes([7; 16])));
    assert_eq!(
        person(&post(None, &stranger, 857).unwrap().by),
        "somebody who is not on the staff list, at kiosk Room 7"
    );
}

#[test]
fn the_time_becomes_known() {
    let day = Day::new().within(Who::Reception, between(915, 925), arrived());
    let first = entry(None, &day, 925).unwrap();
    assert!(first.provisional);
    assert_eq!(first.reason, "arrived between 09:15 and 09:25");

    let mut known = day;
    known.0[0].when = between(915, 915);
    let then = entry(Some(&first.now()), &known, 930).unwrap();
    assert!(!then.provisional && then.is_change);
    assert_eq!(then.reason, "the time is known now: taken 09:15");
}

#[test]
fn a_tap_taken_back() {
    let day = Day::new().tap(857, Present);
    let first = entry(None, &day, 857).unwrap();
    let back = entry(Some(&first.now()), &day.tap(858, Blank), 858).unwrap();
    assert_eq!((back.original, back.code), (Some(c("/")), None));
    assert_eq!(back.reason, "mark taken back at 08:58");
    assert_eq!(person(&back.by), "Ms Patel, class teacher");
}

#[test]
fn present_changed_to_absent_before_close_is_no_mark_taken_back() {
    let day = Day::new().tap(857, Present);
    let first = entry(None, &day, 857).unwrap();
    let absent = entry(Some(&first.now()), &day.tap(858, Absent), 858).unwrap();
    assert_eq!((absent.original, absent.code), (Some(c("/")), None), "N is posted when the register closes");
    assert_eq!(absent.reason, "tapped absent at 08:58");
    assert_eq!(person(&absent.by), "Ms Patel, class teacher");
}

#[test]
fn a_plan_is_posted_by_rule_at_close_and_by_a_person_after() {
    let before = entry(None, &Day::new().plan(800, "I").close(), 920).unwrap();
    assert!(matches!(before.by, Officer::Rule { .. }));
    assert_eq!(before.reason, "expected: mother called");
    let after = entry(Some(&n()), &Day::new().submit(900).close().plan(1000, "I"), 1000).unwrap();
    assert_eq!(person(&after.by), "Mrs Okafor, office manager");
}
