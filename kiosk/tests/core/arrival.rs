//! An arrival at reception by card: what it means, and what is said when something is wrong.

use crate::fixture::*;
use kiosk::core::screen::{Sign, Tone};
use kiosk::core::{Msg, Screen};
use shared::observation::{Means, Notice, Observation};
use shared::time::{Interval, Millis};
use shared::wire::v1::Row;

#[test]
fn a_card_signs_in_at_once_and_says_what_the_time_means() {
    for (time, tone, sign, words) in [
        ("08:41", Tone::Green, Sign::Morning, "Signed in at 08:41. You are in good time."),
        (
            "09:07",
            Tone::Amber,
            Sign::Late,
            "Signed in at 09:07. You are marked late. Good that you are here. Go straight to 3 Willow.",
        ),
        ("09:41", Tone::Amber, Sign::Tick, "Signed in at 09:41. Good that you are here. Go straight to 3 Willow."),
        ("12:40", Tone::Green, Sign::Afternoon, "Signed in at 12:40. You are in good time."),
    ] {
        let mut d = Desk::reception(time);
        d.saving = false;
        d.send(card(&card_of(18)));
        let Screen::ReceptionDone(s) = d.view() else { panic!() };
        assert_eq!((s.tone, s.sign, s.words.as_str(), s.saved), (tone, sign, words, false));
        d.save();
        let Screen::ReceptionDone(s) = d.view() else { panic!() };
        assert_eq!((s.saved, s.saved_words.as_str()), (true, "Saved. The office knows you are here."));
        assert!(matches!(&d.facts[..], [Observation::Arrived { pupil, means: Means::Card, session: Some(_), .. }]
            if *pupil == named("Kian")));
        d.send(card(&card_of(18)));
        assert_eq!(d.facts.len(), 1, "a second tap writes nothing");
        d.now = d.now.plus(7_000);
        d.tick();
        assert!(matches!(d.view(), Screen::ReceptionIdle(_)));
    }
}

#[test]
fn in_time_nobody_asks_why_and_one_class_is_not_asked_for() {
    let mut d = Desk::reception("08:30");
    d.hear(Msg::Rows { rows: vec![Row { seq: 99, key: shared::text::Text::new("class/2").unwrap(), body: None }] });
    d.send(Msg::PickYear { year: name("Year 3") });
    d.send(Msg::PickPupil { pupil: named("Kian") });
    d.send(Msg::Confirm);
    let Screen::ReceptionDone(s) = d.view() else { panic!() };
    assert_eq!(s.tone, Tone::Green);
}

#[test]
fn an_unknown_card_at_reception_is_noticed_and_told_calmly() {
    let mut d = Desk::reception("09:07");
    d.send(card("777"));
    assert!(matches!(d.new_facts()[..], [Observation::Noticed { notice: Notice::UnknownCard { .. } }]));
    let Screen::Message(m) = d.view() else { panic!() };
    assert_eq!(m.title, "This card is not known yet");
    d.send(card("not a number"));
    assert!(d.new_facts().is_empty());
    d.send(Msg::Back);
    assert!(matches!(d.view(), Screen::ReceptionIdle(_)));
}

#[test]
fn an_arrival_that_cannot_be_saved_sends_the_pupil_to_a_person() {
    let mut d = Desk::reception("09:07");
    d.saving = false;
    d.send(card(&card_of(18)));
    d.refuse();
    let Screen::Message(m) = d.view() else { panic!() };
    assert!(m.words.contains("office"));
}

#[test]
fn without_a_time_an_arrival_names_no_session() {
    let mut d = Desk::reception("09:07");
    d.trusted = false;
    d.open = Some(Interval { earliest: at("08:00"), latest: Millis(i64::MAX), estimate: Some(at("09:07")) });
    d.send(card(&card_of(18)));
    assert!(matches!(d.facts[..], [Observation::Arrived { session: None, .. }]));
    let Screen::ReceptionDone(s) = d.view() else { panic!() };
    assert_eq!((s.tone, s.words.as_str()), (Tone::Plain, "Signed in. Go straight to 3 Willow."));
}
