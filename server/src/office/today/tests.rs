//! What the Today page says of a register, at every hour of its life.

use super::rows::{ClassRow, PupilRow, Rows};
use super::view::{Live, Register, Scene, live};
use super::{Choose, at_hand};
use crate::auth::Role;
use crate::office::sheet::Stands;
use crate::testing::{at, class, day, pupil, session};
use shared::calendar::{Calendar, Half, SessionKey};
use shared::time::Millis;

fn calendar() -> Calendar {
    Calendar::sample_primary(2026).unwrap()
}

fn row() -> ClassRow {
    ClassRow {
        id: class(1),
        name: "3 Willow".into(),
        teachers: "Miss Grant".into(),
        first_mark: None,
        submitted: None,
        submitted_by: None,
        received: None,
        closed: None,
        planned: false,
        earlier: false,
        rooms: "Room 7".into(),
        kiosks: 1,
        offline: None,
    }
}

fn pupils(stands: &[Stands]) -> Vec<PupilRow> {
    let numbered = stands.iter().zip(1..);
    numbered
        .map(|(stands, n)| PupilRow {
            id: pupil(n),
            class: class(1),
            name: format!("Pupil{n} Test"),
            stands: *stands,
            out: false,
            ehcp: n == 2,
            social_worker: false,
            contact: Some(("Mum".into(), "Jo Test".into(), "07700 900 142".into())),
        })
        .collect()
}

fn page(row: ClassRow, stands: &[Stands], now: Millis, role: Role) -> Live {
    let rows = Rows { classes: vec![row], pupils: pupils(stands), ..Rows::default() };
    live(Scene { calendar: &calendar(), now, session: session("am"), role }, &rows)
}

fn says(row: ClassRow, stands: &[Stands], now: Millis) -> (String, bool) {
    let page = page(row, stands, now, Role::Office);
    let Register { state, note, needs, .. } = &page.registers[0];
    (format!("{state} | {note}"), *needs)
}

#[test]
fn a_register_from_before_it_opens_until_after_it_has_closed() {
    use Stands::{Blank, Here, Unknown};
    let begun = || ClassRow { first_mark: Some(at(8, 51)), ..row() };
    let sent = |received| ClassRow {
        submitted: Some(at(8, 57)),
        submitted_by: Some("Miss Grant".into()),
        received: Some(received),
        ..begun()
    };
    let cases = [
        (row(), vec![Blank; 3], at(8, 40), "Not open yet | opens 08:50", false),
        (row(), vec![Blank; 3], at(8, 55), "Not started | ", false),
        (row(), vec![Blank; 3], at(9, 11), "Not started | in Room 7", true),
        (begun(), vec![Here, Here, Blank], at(8, 55), "In progress | 2 of 3", false),
        (begun(), vec![Here, Here, Blank], at(9, 12), "In progress | 2 of 3 · in Room 7", true),
        (sent(at(8, 57)), vec![Here, Here, Unknown], at(9, 0), "Submitted | 08:57 by Miss Grant", false),
        (sent(at(9, 6)), vec![Here; 3], at(9, 7), "Received late | 08:57 by Miss Grant · received 09:06", false),
        (
            ClassRow { closed: Some(at(9, 20)), ..sent(at(8, 57)) },
            vec![Here; 3],
            at(9, 30),
            "Closed | 08:57 by Miss Grant",
            false,
        ),
        (
            ClassRow { closed: Some(at(9, 20)), ..row() },
            vec![Blank; 3],
            at(9, 30),
            "Missing | since 09:20 · in Room 7",
            true,
        ),
        (
            begun(),
            vec![Here, Here, Blank],
            at(9, 21),
            "Missing | since 09:20 · 2 of 3 marked, not submitted · in Room 7",
            true,
        ),
        (
            ClassRow { submitted: Some(at(9, 40)), ..begun() },
            vec![Here; 3],
            at(9, 41),
            "Taken after close | 09:40",
            false,
        ),
        (
            ClassRow { planned: true, ..row() },
            vec![Stands::Elsewhere; 3],
            at(9, 41),
            "Planned absence | 3 elsewhere",
            false,
        ),
        (
            ClassRow { offline: Some(at(8, 41)), ..row() },
            vec![Blank; 3],
            at(8, 55),
            "Not started | kiosk offline since 08:41",
            false,
        ),
        (ClassRow { kiosks: 0, ..row() }, vec![Blank; 3], at(8, 55), "Not started | no kiosk", false),
    ];
    for (row, stands, now, words, needs) in cases {
        assert_eq!(says(row, &stands, now), (words.to_owned(), needs));
    }
}

#[test]
fn the_six_figures_count_each_pupil_once() {
    use Stands::{Elsewhere, Expected, Here, Known, Late, Unknown};
    let page = page(row(), &[Here, Late, Known, Expected, Unknown, Elsewhere, Stands::Blank], at(8, 55), Role::Office);
    let figures: Vec<_> = page.figures.iter().map(|f| (f.value.as_str(), f.colour)).collect();
    assert_eq!(figures, [("0 of 1", ""), ("2", ""), ("1", ""), ("2", ""), ("1", "alarm"), ("0", "")]);
    assert_eq!(page.figures[5].name, "questions for you");
    assert_eq!(page.total.tally.pupils, 7);
}

#[test]
fn a_role_sees_what_it_needs_and_no_more() {
    let submitted = ClassRow { submitted: Some(at(8, 57)), submitted_by: Some("Miss Grant".into()), ..row() };
    let page = |role| page(submitted.clone(), &[Stands::Here, Stands::Unknown], at(9, 0), role);
    for role in [Role::Office, Role::Head, Role::Champion] {
        let page = page(role);
        let missing = page.unexplained.unwrap();
        assert_eq!((missing[0].name.as_str(), missing[0].flags.as_slice()), ("Pupil2 Test", ["EHC plan"].as_slice()));
        assert_eq!((missing[0].dial.as_str(), missing[0].telephone.as_str()), ("07700900142", "07700 900 142"));
        assert!(page.registers[0].href.is_some());
        assert_eq!(page.amends, role != Role::Champion);
    }
    for role in [Role::Teacher, Role::Committee, Role::Trust] {
        let page = page(role);
        assert!(page.unexplained.is_none() && page.questions.is_none() && page.registers[0].href.is_none());
        assert_eq!(page.figures[5].name, "questions open");
        assert_eq!(page.registers[0].teachers.is_empty(), role != Role::Teacher);
        assert_eq!(page.registers[0].note.contains("Grant"), role == Role::Teacher);
    }
}

#[test]
fn the_session_at_hand_is_the_one_an_office_means() {
    let calendar = calendar();
    let any = Choose::default();
    let half = |now| at_hand(&calendar, now, any).half;
    assert_eq!((half(at(7, 0)), half(at(9, 30)), half(at(12, 59))), (Half::Am, Half::Am, Half::Am));
    assert_eq!(half(at(13, 0)), Half::Pm);
    assert_eq!(half(at(18, 0)), Half::Pm);
    let friday = Choose { date: Some(day(20)), half: None };
    assert_eq!(at_hand(&calendar, at(9, 0), friday), SessionKey { date: day(20), half: Half::Pm });
}

#[test]
fn a_day_without_school_says_so_and_leads_to_one_with() {
    let rows = Rows { classes: vec![row()], pupils: pupils(&[Stands::Blank]), ..Rows::default() };
    let sunday = SessionKey { date: day(22), half: Half::Am };
    let page = live(Scene { calendar: &calendar(), now: at(9, 0), session: sunday, role: Role::Office }, &rows);
    assert!(page.closed.is_some() && page.registers.is_empty());
    assert_eq!(page.before.unwrap().href, "/today?date=2026-11-20&half=am");
    assert_eq!(page.after.unwrap().href, "/today?half=am");
    let today = live(Scene { calendar: &calendar(), now: at(9, 0), session: session("am"), role: Role::Office }, &rows);
    assert!(today.after.is_none(), "no page of tomorrow");
}
