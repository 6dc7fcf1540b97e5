//! The classroom's other flows in the window, by accessible label: calling names, notes, visitors, order, after close.

use crate::fixture::*;
use crate::window::Kiosk;
use kiosk::core::{Look, Msg, Screen};
use shared::observation::{Mark, Observation, Wish};
use shared::wire::v1::{Choices, Palette};

#[test]
fn calling_the_names() {
    let mut k = Kiosk::new(Desk::signed_on("08:52"));
    k.press("More");
    k.press("Call the names one by one");
    k.press("Here");
    k.press("Not here");
    k.press("Leave this name for later");
    k.press("Name before");
    k.press("Name before");
    k.desk.new_facts();
    k.press("Here");
    k.labelled("Alfie C is marked absent.");
    k.press("My mistake, was here from the start");
    assert!(matches!(k.desk.new_facts()[..], [Observation::Marked { mark: Mark::Present, .. }]));
    k.press("All names");
    k.labelled("Alfie C, present, saved");
    k.labelled("Amelia D, no mark");
}

#[test]
fn a_note_to_the_office() {
    let mut k = Kiosk::new(Desk::signed_on("08:52"));
    k.press("More");
    k.press("A note to the office");
    k.press("Ben O, no mark");
    k.labelled("A note about Ben O");
    k.press("Back");
    k.press("Ben O, no mark");
    k.press("Seems unwell");
    assert!(matches!(k.desk.facts.last(), Some(Observation::Noted { .. })));
    k.labelled("Ben O, no mark, office told");
}

#[test]
fn a_visitor_from_another_class() {
    let mut k = Kiosk::new(Desk::signed_on("08:52"));
    k.press("More");
    k.press("A visitor from another class");
    k.press("10 Oak");
    k.press("Back");
    k.press("3 Rowan");
    k.press("Kian, Y");
    k.press("Kian Ya, present, saved, from 3 Rowan");
    k.labelled("Kian Ya, not here, from 3 Rowan");
    assert!(matches!(k.desk.facts.last(), Some(Observation::Marked { mark: Mark::Blank, .. })));
}

#[test]
fn another_order_and_no_assumptions() {
    let mut k = Kiosk::new(Desk::signed_on("08:52"));
    k.press("More");
    k.press("Sort by surname");
    assert_eq!(k.labels()[0], "Grace A, no mark");
    k.press("More");
    k.press("Sort by first name");
    assert_eq!(k.labels()[0], "Aisha B, no mark");
    k.press("More");
    k.press("Back");
    k.desk.choose(Choices { positive: true, ..Choices::default() });
    k.show();
    k.desk.new_facts();
    k.press("Each pupil is marked by hand");
    assert!(k.desk.new_facts().is_empty());
}

#[test]
fn after_close_who_came_later_and_what_the_office_should_change() {
    let mut desk = Desk::signed_on("08:52");
    desk.send(Msg::MarkRestPresent);
    desk.tap(named("Ben"));
    desk.send(Msg::Submit);
    desk.turn_to("09:31");
    desk.sign_on();
    let mut k = Kiosk::new(desk);
    k.press("Somebody came later, or a mark is wrong");
    k.press("Ben O, absent, saved");
    k.press("Has come in now, Came late · 41 minutes");
    assert!(matches!(k.desk.facts.last(), Some(Observation::CameLate { .. })));
    k.press("Ava T, present, saved");
    k.press("Ask the office: was not here");
    assert!(matches!(k.desk.facts.last(), Some(Observation::ChangeAsked { wish: Wish::Absent, .. })));
    k.labelled("Ava T, present, saved, office asked");
    k.press("Back");
    assert!(matches!(k.desk.view(), Screen::SignOn(_)));
}

/// With large letters the tiles scroll: a tile below the edge is reached by a finger that drags.
#[test]
fn large_letters_scroll_and_every_tile_can_still_be_pressed() {
    let mut k = Kiosk::new(Desk::signed_on("08:52"));
    kiosk::ui::dress(&k.window, Look { palette: Palette::Contrast, large: true });
    k.show();
    let below = |k: &Kiosk| !k.labels().iter().any(|l| l.starts_with("Zara P"));
    assert!(below(&k), "the last tile lies below the edge");
    assert!(k.labelled("Ben O, no mark").size().height >= 66.0);
    k.drag((400.0, 350.0), (400.0, 80.0));
    k.drag((400.0, 350.0), (400.0, 80.0));
    k.desk.new_facts();
    k.press("Zara P, no mark");
    assert!(matches!(k.desk.new_facts()[..], [Observation::Marked { pupil, .. }] if pupil == named("Zara")));
}
