//! The screen that waits: before there is a school, with a wrong card, with a wrong clock.

use crate::fixture::*;
use kiosk::core::{Msg, Screen};
use shared::wire::v1::{Fault, Mode};

#[test]
fn before_its_school_a_kiosk_shows_its_code() {
    let mut d = Desk::new(School::new(Mode::Classroom, &[]).rows, at("08:00"));
    d.hear(Msg::Enrolling {
        code: Some(shared::text::Text::new("K7QX-4M2P").unwrap()),
        check_word: Some(name("harbour")),
        trouble: None,
    });
    let Screen::NotEnrolled(n) = d.view() else { panic!() };
    assert_eq!((n.code.as_str(), n.check_word.as_str()), ("K7QX-4M2P", "harbour"));
    d.hear(Msg::Enrolled);
    assert!(matches!(d.view(), Screen::SignOn(_)));
    d.hear(Msg::Revoked);
    assert!(matches!(d.view(), Screen::Message(_)));
}

/// A kiosk without a school says what is wrong with its card; one that has its school goes on.
#[test]
fn a_wrong_card_is_told_before_there_is_a_school_and_never_after() {
    let wrong = || Msg::Misset { wrong: vec!["rollbook.toml, line 4: there is no such day".to_owned()] };
    let mut d = Desk::new(School::new(Mode::Classroom, &[]).rows, at("08:00"));
    d.hear(Msg::Enrolling { code: None, check_word: None, trouble: None });
    d.hear(wrong());
    d.hear(Msg::Enrolling { code: None, check_word: None, trouble: Some("no server".to_owned()) });
    let Screen::Message(m) = d.view() else { panic!() };
    assert!(m.words.contains("line 4: there is no such day") && m.words.contains("start again"), "{}", m.words);
    let mut d = Desk::classroom("08:46");
    d.hear(wrong());
    assert!(matches!(d.view(), Screen::SignOn(_)));
}

/// A wrong clock is told where somebody can read it at leisure, and never in the way of what is sent.
#[test]
fn a_wrong_clock_is_told_at_rest_with_what_to_do() {
    let words = "This kiosk's clock is wrong, so it uses the server's. Please tell IT.";
    let mut d = Desk::classroom("08:52");
    d.send(Msg::Faults { faults: vec![Fault::Clock] });
    let Screen::SignOn(s) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!(s.bar.fault, words);
    d.sign_on();
    assert_eq!(d.register().bar.fault, "", "a teacher has no use for it while marking");
    let mut d = Desk::reception("08:52");
    d.send(Msg::Faults { faults: vec![Fault::Clock] });
    let Screen::ReceptionIdle(i) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!(i.fault, words);
    d.send(Msg::Faults { faults: vec![Fault::Clock, Fault::Disk] });
    let Screen::ReceptionIdle(i) = d.view() else { panic!("{:?}", d.view()) };
    assert!(i.fault.starts_with("This kiosk cannot save."), "the gravest first: {}", i.fault);
    d.send(Msg::Faults { faults: vec![] });
    let Screen::ReceptionIdle(i) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!(i.fault, "");
}
