//! Reception's door, in the core: in and why, by name without a list of the school, home with a grown-up's word.

use crate::fixture::*;
use kiosk::core::screen::{Pick, Picture, Sign, Tone};
use kiosk::core::{Msg, Screen};
use shared::id::PupilId;
use shared::observation::{Means, Notice, Observation};
use shared::wire::v1::{FindBy, PassageRow, RowBody, Way};

fn find_kian(d: &mut Desk) {
    d.send(Msg::PickYear { year: name("Year 3") });
    d.send(Msg::PickClass { class: class(1) });
    d.send(Msg::PickPupil { pupil: named("Kian") });
}
fn found(d: &Desk) -> Vec<Pick> {
    let Screen::ReceptionFind(f) = d.view() else { panic!("{:?}", d.view()) };
    f.choices.into_iter().map(|c| c.pick).collect()
}
fn message(d: &Desk) -> String {
    let Screen::Message(m) = d.view() else { panic!("{:?}", d.view()) };
    m.words
}

#[test]
fn an_arrival_is_written_before_anybody_asks_why_and_the_reason_is_sealed() {
    let mut d = Desk::reception("09:07");
    let Screen::ReceptionIdle(s) = d.view() else { panic!() };
    assert_eq!((s.meaning.as_str(), s.late), ("Registers are open until 9:20", true));
    find_kian(&mut d);
    let Screen::ReceptionConfirm(c) = d.view() else { panic!() };
    assert_eq!((c.first.as_str(), c.class.as_str()), ("Kian", "3 Willow"));
    d.send(Msg::Confirm);
    assert!(matches!(d.new_facts()[..], [Observation::Arrived { means: Means::Name, reason: None, .. }]));
    let Screen::ReceptionReason(r) = d.view() else { panic!() };
    assert_eq!((r.title.as_str(), r.collecting), ("Good morning, Kian. What kept you?", false));
    assert_eq!(r.reasons[0].picture, Picture::Bed);
    d.send(Msg::PickReason { reason: name("Family") });
    assert!(matches!(d.new_facts()[..], [Observation::Explained { reason: None, session: Some(_), .. }]));
    assert_eq!(d.seals, [name("Family")]);
    let Screen::ReceptionDone(s) = d.view() else { panic!() };
    assert_eq!(s.tone, Tone::Amber);
    assert_eq!(s.words, "Signed in at 09:07. You are marked late. Good that you are here. Go straight to 3 Willow.");
}

#[test]
fn who_walks_away_from_the_question_has_arrived_all_the_same() {
    let mut d = Desk::reception("09:07");
    find_kian(&mut d);
    d.send(Msg::Confirm);
    d.now = d.now.plus(31_000);
    d.tick();
    assert!(matches!(d.view(), Screen::ReceptionIdle(_)));
    assert!(matches!(d.new_facts()[..], [Observation::Arrived { .. }]));
    // "Back" leaves the reason out, and nothing else.
    let mut d = Desk::reception("09:07");
    find_kian(&mut d);
    d.send(Msg::Confirm);
    d.send(Msg::Back);
    assert!(matches!(d.view(), Screen::ReceptionDone(s) if s.saved));
    assert_eq!(d.new_facts().len(), 1);
}

#[test]
fn an_arrival_that_cannot_be_saved_is_told_at_the_question_too() {
    let mut d = Desk::reception("09:07");
    d.saving = false;
    find_kian(&mut d);
    d.send(Msg::Confirm);
    assert!(matches!(d.view(), Screen::ReceptionReason(_)));
    d.refuse();
    assert!(message(&d).contains("office"));
}

#[test]
fn a_card_is_asked_why_unless_the_school_says_no_and_once_is_enough() {
    let mut d = Desk::reception("09:07");
    d.send(card(&card_of(18)));
    assert!(matches!(d.view(), Screen::ReceptionDone(_)), "this school says no");
    let mut d = Desk::reception("09:07");
    d.set(|s| s.reason_after_card = true);
    d.send(card(&card_of(18)));
    assert!(matches!(d.view(), Screen::ReceptionReason(_)));
    d.send(card(&card_of(18)));
    assert!(matches!(d.view(), Screen::ReceptionReason(_)), "held to the reader for too long");
    d.send(Msg::NoReason);
    assert_eq!(d.new_facts().len(), 1);
    d.send(card(&card_of(18)));
    let Screen::ReceptionDone(s) = d.view() else { panic!() };
    assert!(s.words.starts_with("You are signed in already, since 09:07."), "{}", s.words);
    assert!(d.new_facts().is_empty());
}

#[test]
fn in_time_no_card_is_asked_why() {
    let mut d = Desk::reception("08:41");
    d.set(|s| s.reason_after_card = true);
    d.send(card(&card_of(18)));
    assert!(matches!(d.view(), Screen::ReceptionDone(s) if s.tone == Tone::Green));
}

#[test]
fn by_month_a_pupil_sees_the_few_of_the_year_who_were_born_in_it() {
    let mut d = Desk::reception("08:30");
    d.set(|s| s.find_by = FindBy::Month);
    d.send(Msg::PickYear { year: name("Year 3") });
    assert_eq!(found(&d), (1..=12).map(Pick::Month).collect::<Vec<_>>());
    d.send(Msg::PickMonth { month: 7 });
    let born: Vec<PupilId> = (0..NAMES.len()).filter(|i| i % 12 == 6).map(pupil).collect();
    let mut seen: Vec<PupilId> =
        found(&d).into_iter().filter_map(|p| if let Pick::Pupil(p) = p { Some(p) } else { None }).collect();
    seen.sort_unstable();
    assert_eq!(seen, born);
    d.send(Msg::PickPupil { pupil: pupil(7) });
    assert!(matches!(d.view(), Screen::ReceptionFind(_)), "nobody of another month can be picked");
    d.send(Msg::PickPupil { pupil: named("Kian") });
    let Screen::ReceptionConfirm(c) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!(c.class, "3 Willow");
    for _ in 0..2 {
        d.send(Msg::Back);
    }
    assert_eq!(found(&d).len(), 12);
    d.send(Msg::Back);
    assert!(matches!(d.view(), Screen::ReceptionIdle(_)));
}

#[test]
fn nobody_goes_home_on_their_own_word() {
    let mut d = Desk::reception("10:30");
    d.send(Msg::InOrOut);
    d.send(Msg::GoingHome);
    find_kian(&mut d);
    d.send(Msg::Confirm);
    let Screen::ReceptionReason(r) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!((r.title.as_str(), r.collecting, r.none.as_str()), ("Kian, who is collecting you?", true, ""));
    d.send(Msg::PickCollector { who: name("Grandparent") });
    let Screen::SignOn(s) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!(s.state, "A member of staff lets Kian go. Collected by: grandparent.");
    assert_eq!(s.back, "Back");
    d.send(card(&card_of(18)));
    let Screen::SignOn(s) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!(s.notice, "That is not the card of a member of staff.");
    assert!(d.new_facts().is_empty(), "a pupil's card opens nothing");
    d.send(card("777"));
    assert!(matches!(d.new_facts()[..], [Observation::Noticed { notice: Notice::UnknownCard { .. } }]));
    d.send(card("900002"));
    let Screen::ReceptionDone(s) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!((s.sign, s.title.as_str()), (Sign::Home, "Goodbye, Kian"));
    assert_eq!(d.bys, [Some(staff(2))]);
    assert_eq!(d.seals, [name("Grandparent")]);
    let left = d.new_facts();
    assert!(matches!(
        left[..],
        [Observation::Left { means: Means::Name, approved: Some(Means::Card), collected: None, .. }]
    ));
    // Nobody stays signed on.
    d.turn_to("10:31");
    d.send(card(&card_of(5)));
    assert_eq!(d.bys, [None]);
}

#[test]
fn a_pin_lets_go_too_and_a_wrong_one_does_not() {
    let mut d = Desk::reception("10:30");
    d.send(Msg::InOrOut);
    d.send(card(&card_of(18)));
    d.send(Msg::PickCollector { who: name("On my own") });
    let pin = |d: &mut Desk, digits: &str| {
        d.send(Msg::PickStaff { staff: staff(3) });
        digits.bytes().for_each(|b| d.send(Msg::PinDigit { digit: b - b'0' }));
        d.send(Msg::PinEnter);
    };
    pin(&mut d, "1111");
    let Screen::SignOn(s) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!(s.pin.unwrap().words, "That was not it. Try again.");
    // The office is told of the wrong PIN, and nobody has left.
    assert!(matches!(d.new_facts()[..], [Observation::PinRefused { .. }]));
    d.send(Msg::Back);
    pin(&mut d, PIN);
    assert!(matches!(d.view(), Screen::ReceptionDone(s) if s.sign == Sign::Home));
    assert!(matches!(d.new_facts()[..], [Observation::Left { means: Means::Card, approved: Some(Means::Name), .. }]));
    d.turn_to("11:15");
    d.send(card(&card_of(18)));
    assert!(matches!(d.new_facts()[..], [Observation::Returned { means: Means::Card, .. }]));
    let Screen::ReceptionDone(s) = d.view() else { panic!() };
    assert_eq!(s.title, "Welcome back, Kian");
}

#[test]
fn steps_back_and_silence_lead_home_with_nothing_written() {
    let mut d = Desk::reception("10:30");
    d.send(Msg::InOrOut);
    d.send(card(&card_of(18)));
    d.send(Msg::PickCollector { who: name("Grandparent") });
    d.send(Msg::PickStaff { staff: staff(3) });
    d.send(Msg::Back);
    assert!(matches!(d.view(), Screen::SignOn(s) if s.pin.is_none()));
    d.send(Msg::Back);
    assert!(matches!(d.view(), Screen::ReceptionReason(_)));
    d.now = d.now.plus(61_000);
    d.tick();
    assert!(matches!(d.view(), Screen::ReceptionIdle(_)));
    assert!(d.new_facts().is_empty());
}

#[test]
fn where_the_school_asks_for_no_name_only_staff_is_asked() {
    let mut d = Desk::reception("10:30");
    d.set(|s| s.collectors.clear());
    d.send(Msg::InOrOut);
    d.send(card(&card_of(18)));
    assert!(matches!(d.view(), Screen::SignOn(_)));
    d.send(card("900001"));
    assert!(matches!(d.view(), Screen::ReceptionDone(_)));
    assert!(d.seals.is_empty());
}

#[test]
fn what_another_kiosk_saw_at_the_door_is_known_here() {
    let mut d = Desk::reception("09:07");
    let passage =
        |way, time: &str| RowBody::Passage(PassageRow { pupil: named("Kian"), session: am(), way, at: at(time) });
    d.row("passage:kian", passage(Way::In, "08:58"));
    d.send(card(&card_of(18)));
    assert!(
        matches!(d.view(), Screen::ReceptionDone(s) if s.words.starts_with("You are signed in already, since 08:58."))
    );
    assert!(d.new_facts().is_empty());
    d.turn_to("11:00");
    d.row("passage:kian", passage(Way::Out, "10:40"));
    d.send(card(&card_of(18)));
    assert!(matches!(d.new_facts()[..], [Observation::Returned { .. }]));
    // The feed still tells of 10:40; what was said here is newer.
    d.turn_to("11:10");
    d.send(card(&card_of(18)));
    assert!(d.new_facts().is_empty());
}

#[test]
fn a_colleagues_card_at_the_invitation_asks_for_the_roll_call() {
    let mut d = Desk::reception("10:00");
    d.send(card("900001"));
    let Screen::ReceptionFind(f) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!(f.title, "Begin a roll call?");
    d.send(Msg::Back);
    assert!(matches!(d.view(), Screen::ReceptionIdle(_)));
}
