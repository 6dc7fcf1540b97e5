//! A register that nobody has begun is asked for before it closes; and whoever changes class at noon is in one of two.

use crate::fixture::*;
use kiosk::core::{Msg, Screen};
use shared::calendar::Half;
use shared::id::PupilId;
use shared::observation::Observation;
use shared::wire::v1::{Expected, Membership, PupilRow, RowBody, Seen};

fn notice(d: &Desk) -> String {
    match d.view() {
        Screen::SignOn(s) => s.notice,
        other => panic!("not at the sign-on: {other:?}"),
    }
}

#[test]
fn a_register_that_nobody_has_begun_is_asked_for_ten_minutes_before_close_without_a_network() {
    let mut d = Desk::classroom("09:05");
    assert_eq!(notice(&d), "", "there is time");
    d.turn_to("09:09");
    assert_eq!(notice(&d), "");
    d.turn_to("09:10");
    let asked = notice(&d);
    assert!(
        asked.starts_with("The morning register of ") && asked.ends_with("closes at 09:20. Nobody has begun it."),
        "{asked}"
    );
    // Somebody begins it elsewhere, and the feed says so.
    let begun = mark_row(pupil(0), am(), Seen::Present, None);
    d.hear(begun);
    assert_eq!(notice(&d), "");
    // Nobody did, and it has closed: now the office asks.
    let mut d = Desk::classroom("09:19");
    assert_ne!(notice(&d), "");
    d.turn_to("09:20");
    assert_eq!(notice(&d), "");
    // A class that is all away takes no register.
    let mut d = Desk::classroom("09:12");
    for n in 0..60 {
        d.hear(expected_row(pupil(n), am(), Expected::Elsewhere));
    }
    assert_eq!(notice(&d), "", "the whole class is on a visit");
}

#[test]
fn whoever_changes_class_at_noon_is_on_the_mornings_register_and_not_on_the_afternoons() {
    let of = |from_half, until_half, until| Membership { class: class(1), from: today(), until, from_half, until_half };
    let until_noon = of(None, Some(Half::Am), Some(today()));
    assert!(until_noon.holds(am()) && !until_noon.holds(pm()));
    let from_noon = of(Some(Half::Pm), None, None);
    assert!(!from_noon.holds(am()) && from_noon.holds(pm()));
    let plain = of(None, None, Some(today()));
    assert!(plain.holds(am()) && plain.holds(pm()), "as rows of before say it");
}

/// A pupil's row as the feed has it once the office has moved somebody at noon.
fn row(n: usize, first: &str, classes: Vec<Membership>) -> RowBody {
    RowBody::Pupil(PupilRow {
        pupil: pupil(n),
        first: name(first),
        last: name("Mover"),
        classes,
        birthday: None,
        of: None,
        born_month: None,
        cards: Vec::new(),
    })
}

/// The tiles of the register that was submitted last.
fn submitted(d: &mut Desk) -> Vec<PupilId> {
    let facts = d.new_facts();
    let mut tiles = facts.into_iter().filter_map(|fact| match fact {
        Observation::Submitted { tiles, .. } => Some(tiles),
        _ => None,
    });
    tiles.next_back().expect("a register was submitted")
}

#[test]
fn a_pupil_who_moves_at_noon_is_on_the_mornings_screen_and_one_who_comes_is_on_the_afternoons() {
    let of =
        |c, from_half, until_half, until| Membership { class: class(c), from: today(), until, from_half, until_half };
    let since = Membership { from: date("2026-09-01"), ..of(1, None, Some(Half::Am), Some(today())) };
    let (leaver, comer) = (named("Noah"), 70);
    let goes = || row(23, "Noah", vec![since, of(2, Some(Half::Pm), None, None)]);
    let mut d = Desk::signed_on("08:55");
    let has = |d: &Desk, pupil: PupilId| d.register().tiles.iter().any(|tile| tile.pupil == pupil);
    assert!(has(&d, leaver));
    // The office moves both while the register is open on the screen: one into the class, one out of it, at noon.
    d.row("pupil/23", goes());
    d.row(
        "pupil/70",
        row(comer, "Mia", vec![of(2, None, Some(Half::Am), Some(today())), of(1, Some(Half::Pm), None, None)]),
    );
    assert!(has(&d, leaver) && !has(&d, pupil(comer)), "the morning is as it was");
    d.tap(leaver);
    assert!(
        d.new_facts().iter().any(|f| matches!(f, Observation::Marked { pupil, .. } if *pupil == leaver)),
        "and is taken"
    );
    d.send(Msg::MarkRestPresent);
    d.send(Msg::Submit);
    let morning = submitted(&mut d);
    assert!(morning.contains(&leaver) && !morning.contains(&pupil(comer)));

    d.turn_to("13:05");
    d.sign_on();
    assert!(!has(&d, leaver) && has(&d, pupil(comer)), "the afternoon has the other one");
    d.send(Msg::Tap { pupil: leaver });
    let marked = d.new_facts().iter().any(|f| matches!(f, Observation::Marked { .. }));
    assert!(!marked, "whoever has no tile is not marked");
    d.send(Msg::MarkRestPresent);
    d.send(Msg::Submit);
    let afternoon = submitted(&mut d);
    assert!(!afternoon.contains(&leaver) && afternoon.contains(&pupil(comer)));
    assert_eq!(afternoon.len(), morning.len());
}
