//! The roll call, in the core: who is looked for, who was seen, one roll call over many kiosks.

use crate::fixture::*;
use kiosk::core::screen::{RollCall, RollState};
use kiosk::core::{Msg, Screen};
use shared::id::{BootId, PupilId, RollCallId};
use shared::log::Origin;
use shared::observation::Observation;
use shared::time::Mono;
use shared::wire::v1::{AccountedRow, Expected, PassageRow, RollCallRow, RowBody, Seen, Way};

fn roll(d: &Desk) -> RollCall {
    match d.view() {
        Screen::RollCall(r) => r,
        other => panic!("no roll call on the screen: {other:?}"),
    }
}
fn begin(d: &mut Desk, real: bool) {
    d.send(Msg::RollCall);
    d.send(card("900001"));
    d.send(Msg::BeginRollCall { real });
}
fn names(r: &RollCall) -> Vec<&str> {
    r.pupils.iter().map(|p| p.first.as_str()).collect()
}
fn state(d: &Desk, pupil: PupilId) -> RollState {
    roll(d).pupils.iter().find(|p| p.pupil == pupil).unwrap().state
}
fn elsewhere_begun() -> RollCallRow {
    let call = RollCallId::begun_at(BootId::from_bytes([77; 16]), Mono(5));
    RollCallRow { call, real: false, begun: at("10:01"), ended: None }
}
fn told(d: &mut Desk, row: RollCallRow) {
    d.row(&format!("roll_call:{}", row.call), RowBody::RollCall(row));
}
fn told_seen(d: &mut Desk, call: RollCallId, pupil: PupilId, seen: bool) {
    d.row(&format!("accounted:{call}:{pupil}"), RowBody::Accounted(AccountedRow { call, pupil, seen }));
}

#[test]
fn at_the_gate_numbers_stand_and_no_names_until_staff_begins() {
    let mut d = Desk::gate("10:00");
    let home = roll(&d);
    assert_eq!((home.count, home.under_way, home.pupils.len()), (35, false, 0));
    assert!(home.groups.iter().all(|g| !g.open));
    d.send(Msg::RollClass { class: class(1) });
    d.send(Msg::RollMissing);
    assert!(roll(&d).pupils.is_empty());
    d.send(Msg::RollCall);
    assert!(matches!(d.view(), Screen::SignOn(_)));
    d.send(Msg::BeginRollCall { real: false });
    assert!(d.new_facts().is_empty(), "nobody has shown who they are");
    d.send(card("900001"));
    let Screen::ReceptionFind(f) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!(f.title, "Begin a roll call?");
    d.send(Msg::BeginRollCall { real: true });
    assert!(matches!(d.new_facts()[..], [Observation::SignedOn { .. }, Observation::RollCallBegun { real: true, .. }]));
    let r = roll(&d);
    assert_eq!((r.count, r.words.as_str(), r.under_way), (35, "not seen yet, of 35", true));
    assert!(r.title.starts_with("Roll call · not a drill"), "{}", r.title);
}

#[test]
fn who_is_not_in_the_building_is_not_looked_for_but_can_be_ticked() {
    let mut d = Desk::gate("10:30");
    d.hear(mark_row(named("Ben"), am(), Seen::Absent, None));
    d.hear(mark_row(named("Kian"), am(), Seen::Present, None));
    d.hear(expected_row(named("Grace"), am(), Expected::Elsewhere));
    let out = PassageRow { pupil: named("Noah"), session: am(), way: Way::Out, at: at("10:10") };
    d.row("passage:noah", RowBody::Passage(out));
    begin(&mut d, false);
    d.send(Msg::RollClass { class: class(1) });
    let r = roll(&d);
    assert_eq!(r.count, 32, "35 without Ben, Grace and Noah");
    let detail = |who| r.pupils.iter().find(|p| p.pupil == who).map(|p| (p.state, p.detail.as_str())).unwrap();
    assert_eq!(detail(named("Ben")), (RollState::Elsewhere, "not in school"));
    assert_eq!(detail(named("Grace")), (RollState::Elsewhere, "not in school"), "no reason is told");
    assert_eq!(detail(named("Noah")), (RollState::Elsewhere, "went out 10:10"));
    assert_eq!(detail(named("Kian")), (RollState::Missing, ""));
    assert_eq!(detail(named("Zara")), (RollState::Missing, "no mark yet"));
    // Those who are looked for stand first.
    assert!(r.pupils.iter().rev().take(3).all(|p| p.state == RollState::Elsewhere));
    d.send(Msg::Account { pupil: named("Ben") });
    assert_eq!(state(&d, named("Ben")), RollState::Seen, "they were in the building after all");
    assert_eq!(roll(&d).count, 32);
}

#[test]
fn nothing_moves_under_a_finger_and_the_missing_stay_on_top() {
    let mut d = Desk::gate("10:00");
    begin(&mut d, false);
    d.send(Msg::RollClass { class: class(1) });
    let before: Vec<String> = names(&roll(&d)).into_iter().map(str::to_owned).collect();
    d.new_facts();
    d.send(Msg::Account { pupil: named("Aisha") });
    d.send(Msg::Account { pupil: named("Ben") });
    assert!(matches!(
        d.new_facts()[..],
        [Observation::Accounted { seen: true, .. }, Observation::Accounted { seen: true, .. }]
    ));
    assert_eq!(names(&roll(&d)), before, "ticked, and where they were");
    assert_eq!(roll(&d).count, 33);
    d.now = d.now.plus(3_100);
    d.tick();
    let r = roll(&d);
    assert_eq!(names(&r)[..2], ["Alfie", "Amelia"]);
    assert_eq!(names(&r)[32..], ["Aisha", "Ben"], "seen, at the end");
    d.send(Msg::RollMissing);
    assert!(!names(&roll(&d)).contains(&"Ben"));
    assert_eq!(roll(&d).heading, "Everybody who was not seen yet");
    assert_eq!(roll(&d).pupils.len(), 33);
}

#[test]
fn a_tick_is_shown_as_saved_only_once_it_is_and_is_taken_back_where_it_is_not() {
    let mut d = Desk::gate("10:00");
    begin(&mut d, false);
    d.send(Msg::RollClass { class: class(1) });
    d.saving = false;
    d.send(Msg::Account { pupil: named("Aisha") });
    let aisha = |d: &Desk| roll(d).pupils.into_iter().find(|p| p.pupil == named("Aisha")).unwrap();
    assert_eq!((aisha(&d).state, aisha(&d).saved), (RollState::Seen, false));
    assert_eq!(aisha(&d).label, "Aisha B, seen, saving");
    d.save();
    assert!(aisha(&d).saved);
    d.send(Msg::Account { pupil: named("Ben") });
    d.refuse();
    assert_eq!(state(&d, named("Ben")), RollState::Missing);
    assert!(roll(&d).notice.contains("paper"));
}

#[test]
fn ticks_of_other_kiosks_are_merged_and_an_own_word_stands_until_it_is_answered() {
    let mut d = Desk::gate("10:00");
    begin(&mut d, false);
    let Some(Observation::RollCallBegun { call, .. }) = d.new_facts().pop() else { panic!() };
    d.send(Msg::RollClass { class: class(1) });
    told_seen(&mut d, call, named("Ben"), true);
    assert_eq!(state(&d, named("Ben")), RollState::Seen);
    // Taken back here: that stands over the row that was there before.
    d.send(Msg::Account { pupil: named("Ben") });
    assert!(matches!(d.new_facts()[..], [Observation::Accounted { seen: false, .. }]));
    assert_eq!(state(&d, named("Ben")), RollState::Missing);
    // An old echo does not change it; the answer to it may.
    told_seen(&mut d, call, named("Ben"), true);
    assert_eq!(state(&d, named("Ben")), RollState::Missing);
    d.hear(Msg::Reflected { upto: Origin { log: log(), seq: 99 } });
    told_seen(&mut d, call, named("Ben"), true);
    assert_eq!(state(&d, named("Ben")), RollState::Seen, "somebody else sees him after that");
}

#[test]
fn two_roll_calls_that_began_apart_are_one() {
    let mut d = Desk::gate("10:00");
    begin(&mut d, false);
    d.send(Msg::RollClass { class: class(1) });
    d.send(Msg::Account { pupil: named("Aisha") });
    let other = elsewhere_begun();
    told(&mut d, RollCallRow { real: true, ..other.clone() });
    told_seen(&mut d, other.call, named("Ben"), true);
    let r = roll(&d);
    assert!(r.title.starts_with("Roll call · not a drill"), "one of them is in earnest: {}", r.title);
    assert_eq!(r.count, 33);
    d.new_facts();
    // Taken back, it is taken back wherever it was said.
    d.send(Msg::Account { pupil: named("Ben") });
    assert!(matches!(d.new_facts()[..], [Observation::Accounted { call, seen: false, .. }] if call == other.call));
    d.send(Msg::Back);
    d.send(Msg::EndRollCall);
    d.send(Msg::EndRollCall);
    let ended = d.new_facts();
    assert_eq!(ended.iter().filter(|f| matches!(f, Observation::RollCallEnded { .. })).count(), 2);
}

#[test]
fn a_roll_call_that_is_under_way_is_joined_and_ends_where_it_was_ended() {
    let mut d = Desk::reception("10:02");
    told(&mut d, elsewhere_begun());
    let Screen::ReceptionIdle(s) = d.view() else { panic!() };
    assert_eq!(s.roll_call, "Roll call under way");
    d.send(Msg::RollCall);
    d.send(card("900002"));
    let r = roll(&d);
    assert!(r.under_way && r.title == "Roll call · drill · since 10:01", "{}", r.title);
    // A pupil's card at reception ticks the pupil.
    d.new_facts();
    d.send(card(&card_of(18)));
    assert!(matches!(d.new_facts()[..], [Observation::Accounted { seen: true, .. }]));
    assert_eq!(roll(&d).notice, "Kian is ticked.");
    d.send(card(&card_of(18)));
    assert!(d.new_facts().is_empty(), "once is enough");
    told(&mut d, RollCallRow { ended: Some(at("10:05")), ..elsewhere_begun() });
    let Screen::Message(m) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!(m.title, "The roll call has ended");
    d.send(Msg::Back);
    assert!(matches!(d.view(), Screen::ReceptionIdle(s) if s.roll_call == "Roll call"));
}

#[test]
fn ending_asks_once_more_and_says_who_is_missing_in_numbers() {
    let mut d = Desk::gate("10:00");
    begin(&mut d, false);
    d.send(Msg::EndRollCall);
    let r = roll(&d);
    assert_eq!((r.notice.as_str(), r.act.as_str()), ("End it? 35 pupils were not seen.", "Yes, end it"));
    d.send(Msg::Back);
    assert_eq!(roll(&d).act, "End the roll call");
    d.send(Msg::EndRollCall);
    d.new_facts();
    d.send(Msg::EndRollCall);
    assert!(matches!(d.new_facts()[..], [Observation::RollCallEnded { .. }]));
    let Screen::Message(m) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!(m.words, "35 pupils were not seen. The office has their names.");
}

#[test]
fn a_classroom_sees_its_own_class_only() {
    let mut d = Desk::classroom("10:00");
    let Screen::SignOn(s) = d.view() else { panic!() };
    assert_eq!(s.roll_call, "Roll call");
    begin(&mut d, false);
    let r = roll(&d);
    assert!(r.listing && r.pupils.len() == 34, "straight to the names");
    assert_eq!(r.act, "End the roll call");
    d.send(Msg::Account { pupil: named("Aisha") });
    d.send(Msg::RollClass { class: class(3) });
    assert_eq!(roll(&d).pupils.len(), 34, "another class is not here");
    d.send(Msg::Back);
    assert!(matches!(d.view(), Screen::SignOn(_)));
}

#[test]
fn with_no_idea_of_the_time_everybody_is_looked_for() {
    let mut d = Desk::gate("10:00");
    d.hear(mark_row(named("Ben"), am(), Seen::Absent, None));
    d.trusted = false;
    d.open =
        Some(shared::time::Interval { earliest: at("08:00"), latest: shared::time::Millis(i64::MAX), estimate: None });
    begin(&mut d, true);
    assert_eq!(roll(&d).count, 35);
}

#[test]
fn a_signed_in_pupil_is_looked_for_and_one_who_went_home_here_is_not() {
    let mut d = Desk::reception("10:00");
    for i in 0..NAMES.len() {
        d.hear(mark_row(pupil(i), am(), Seen::Absent, None));
    }
    d.send(card(&card_of(18)));
    d.turn_to("10:30");
    begin(&mut d, false);
    assert_eq!(roll(&d).count, 1, "Kian came in at the door");
    d.send(Msg::Idle);
    d.send(Msg::InOrOut);
    d.send(card(&card_of(18)));
    d.send(Msg::PickCollector { who: name("Grandparent") });
    d.send(card("900001"));
    d.send(Msg::Back);
    d.send(Msg::RollCall);
    d.send(card("900001"));
    assert_eq!(roll(&d).count, 0);
    assert_eq!(roll(&d).words, "nobody is in the building");
}
