//! The feed over a real file: compaction, tombstones, expectations.

use super::{Audience, gone, head, page, put, reader, refresh_roster};
use crate::testing::{World, at, class, day, now, officer, pupil, session, world};
use rusqlite::params;
use shared::act::Act;
use shared::calendar::{Calendar, Closure, ClosureKind, Half, Span};
use shared::codes::Code;
use shared::id::PlanId;
use shared::text::{Name, Remark};
use shared::wire::v1::{ClassRow, Mode, Pull, Pulled, RowBody, Seen};

fn row(name: &str) -> RowBody {
    RowBody::Class(ClassRow { class: class(1), name: Name::new(name).unwrap(), year: Name::new("Year 3").unwrap() })
}

#[test]
fn a_thing_has_one_row_and_a_change_moves_it_to_the_end() {
    let world = world();
    let rows = world.count("SELECT count(*) FROM feed");
    world
        .school
        .write_now(|tx| {
            let before = head(tx)?;
            put(tx, Audience::All, "thing", &row("one"))?;
            put(tx, Audience::All, "thing", &row("one"))?;
            assert_eq!(head(tx)?, before + 1, "nothing changed the second time");
            put(tx, Audience::All, "thing", &row("two"))?;
            assert_eq!(head(tx)?, before + 2, "a replaced newest row still counts on");
            gone(tx, Audience::All, "thing")?;
            gone(tx, Audience::All, "thing")?;
            assert_eq!(head(tx)?, before + 3);
            Ok(())
        })
        .unwrap();
    assert_eq!(world.count("SELECT count(*) FROM feed"), rows + 1);
}

#[test]
fn a_tombstone_of_one_class_never_hides_the_row_of_another() {
    let world = world();
    world
        .school
        .write_now(|tx| {
            put(tx, Audience::Class(class(1)), "pupil:x", &row("x"))?;
            put(tx, Audience::Class(class(2)), "pupil:x", &row("x"))?;
            gone(tx, Audience::Class(class(1)), "pupil:x")?;
            let newest: (String, bool) =
                tx.query_row("SELECT audience, body IS NOT NULL FROM feed ORDER BY seq DESC LIMIT 1", [], |r| {
                    Ok((r.get(0)?, r.get(1)?))
                })?;
            assert_eq!(newest, (class(2).to_string(), true));
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_second_refresh_writes_nothing_and_a_leaver_is_buried() {
    let world = world();
    let head_now = || world.count("SELECT max(seq) FROM feed");
    let before = head_now();
    world.school.write_now(|tx| refresh_roster(tx, now(8, 41))).unwrap();
    assert_eq!(head_now(), before);
    world
        .school
        .write_now(|tx| {
            tx.execute("UPDATE enrolment SET left_on = '2026-11-02' WHERE pupil = ?1", params![pupil(3).as_bytes()])?;
            refresh_roster(tx, now(8, 42))
        })
        .unwrap();
    let key = format!("pupil:{}", pupil(3));
    let living: i64 = world
        .school
        .read_now(|tx| {
            Ok(tx.query_row("SELECT count(*) FROM feed WHERE key = ?1 AND body IS NOT NULL", [&key], |r| r.get(0))?)
        })
        .unwrap();
    assert_eq!(living, 0);
}

#[tokio::test]
async fn a_plan_shows_as_expected_without_code_or_reason_and_goes_when_it_is_withdrawn() {
    let world = world();
    let plan = PlanId::from_bytes([3; 16]);
    world.act(
        now(8, 41),
        Act::Planned {
            plan,
            pupil: pupil(2),
            from: session("am"),
            until: session("pm"),
            code: Code::M,
            detail: None,
            reason: Remark::new("orthodontist").unwrap(),
        },
    );
    let rows = "SELECT count(*) FROM feed WHERE key LIKE 'expected:%' AND body IS NOT NULL";
    assert_eq!(world.count(rows), 2);
    assert_eq!(world.count("SELECT count(*) FROM feed WHERE body LIKE '%orthodontist%' OR body LIKE '%\"M\"%'"), 0);
    world.act(now(8, 42), Act::PlanWithdrawn { plan, pupil: pupil(2), reason: Remark::new("cancelled").unwrap() });
    assert_eq!(world.count(rows), 0);
}

#[test]
fn days_ahead_are_known_and_no_birthday_is_a_date_of_birth() {
    let world = world();
    assert!(world.count("SELECT count(*) FROM feed WHERE key LIKE 'day:%'") >= 15);
    world
        .school
        .write_now(|tx| refresh_roster(tx, crate::clock::Now { at: at(0, 0).plus(163 * 86_400_000), sure: true }))
        .unwrap();
    // 5 May 2027: everybody's birthday.
    assert!(world.count("SELECT count(*) FROM feed WHERE body LIKE '%\"birthday\":\"2027-05-05\"%'") > 0);
    assert_eq!(world.count("SELECT count(*) FROM feed WHERE body LIKE '%2018%'"), 0);
    let _ = Mode::Classroom;
}

/// What a kiosk's first snapshot says of marks: date and half, pupil, word; and of days.
fn snapshot(world: &World, kiosk: shared::id::KioskId) -> (Vec<(String, shared::id::PupilId, Seen)>, Vec<String>) {
    world
        .school
        .read_now(|tx| {
            let reader = reader(tx, kiosk)?.unwrap();
            let pull = Pull { feed: reader.feed, after: 0, limit: 1000, wait: 0, tail: None };
            let Pulled::Page { rows, .. } = page(tx, &reader, &pull)? else { panic!("no page") };
            let (mut marks, mut days) = (Vec::new(), Vec::new());
            for row in rows {
                match row.body {
                    Some(RowBody::Mark(m)) => marks.push((m.session.to_string(), m.pupil, m.state)),
                    Some(RowBody::Day(d)) => days.push(d.date.to_string()),
                    _ => {}
                }
            }
            marks.sort_unstable_by_key(|m| m.0.clone());
            Ok((marks, days))
        })
        .unwrap()
}

#[tokio::test]
async fn a_kiosk_that_enrols_gets_the_marks_of_the_last_five_school_days_and_never_more() {
    let world = world();
    let history = |date: &str, code: Code| Act::History {
        class: class(1),
        session: format!("{date}-am").parse().unwrap(),
        marks: vec![(pupil(1), code)],
    };
    // Friday the 13th is the sixth school day before Monday the 23rd.
    let codes = [
        ("2026-11-13", Code::I),
        ("2026-11-16", Code::I),
        ("2026-11-17", Code::present(Half::Am)),
        ("2026-11-18", Code::L),
        ("2026-11-19", Code::O),
        ("2026-11-20", Code::present(Half::Am)),
    ];
    for (date, code) in codes {
        world.act(now(8, 41), history(date, code));
    }
    let kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    let words = |found: &[(String, shared::id::PupilId, Seen)]| -> Vec<(String, Seen)> {
        found.iter().map(|(session, _, seen)| (session.clone(), *seen)).collect()
    };
    let week = [
        ("2026-11-16-am".to_owned(), Seen::Absent),
        ("2026-11-17-am".to_owned(), Seen::Present),
        ("2026-11-18-am".to_owned(), Seen::Late),
        ("2026-11-19-am".to_owned(), Seen::Absent),
        ("2026-11-20-am".to_owned(), Seen::Present),
    ];
    let (marks, days) = snapshot(&world, kiosk.id);
    assert_eq!(words(&marks), week);
    for date in ["2026-11-16", "2026-11-20", "2026-11-23"] {
        assert!(days.iter().any(|d| d == date), "{date} is a day that the kiosk knows: {days:?}");
    }
    assert!(!days.iter().any(|d| d == "2026-11-13" || d == "2026-11-21"), "{days:?}");

    // This Monday's mark leaves last Monday's where it is.
    world.act(now(9, 0), history("2026-11-23", Code::present(Half::Am)));
    let (marks, _) = snapshot(&world, kiosk.id);
    assert_eq!(words(&marks).len(), 6);
    assert_eq!(words(&marks)[..5], week);

    // On Tuesday last Monday's row is what Tuesday's mark takes: rows stay as many as they were.
    let rows = world.count("SELECT count(*) FROM feed WHERE key LIKE 'mark:%'");
    let tuesday = crate::clock::Now { at: at(24 + 7, 0), sure: true };
    world.school.write_now(move |tx| refresh_roster(tx, tuesday)).unwrap();
    world.act(tuesday, history("2026-11-24", Code::present(Half::Am)));
    let (marks, _) = snapshot(&world, kiosk.id);
    assert_eq!(words(&marks).first().map(|m| m.0.clone()), Some("2026-11-17-am".to_owned()));
    assert_eq!(marks.len(), 6);
    assert_eq!(world.count("SELECT count(*) FROM feed WHERE key LIKE 'mark:%'"), rows);
}

#[test]
fn a_calendar_put_in_force_is_an_act_and_refreshes_the_days() {
    let world = world();
    let lives = "SELECT count(*) FROM feed WHERE key = 'day:2026-11-24' AND body IS NOT NULL";
    assert_eq!(world.count(lives), 1);
    let mut draft = Calendar::sample_primary(2026).unwrap().draft().clone();
    let tuesday = day(24);
    draft.closures.push(Closure {
        dates: Span { from: tuesday, until: tuesday },
        kind: ClosureKind::Inset,
        why: "training".to_owned(),
    });
    let calendar = Calendar::new(draft).unwrap();
    world.school.write_now(move |tx| crate::school::set_calendar(tx, now(9, 0), &officer(), &calendar)).unwrap();
    assert_eq!(world.count(lives), 0, "kiosks learn it in the same transaction");
    let (body, set_by, fact): (String, String, String) = world
        .school
        .read_now(|tx| {
            Ok(tx.query_row(
                "SELECT c.body, c.set_by, f.body FROM calendar c, fact f
                 WHERE json_extract(f.body, '$.act.kind') = 'calendar_set' ORDER BY c.id DESC LIMIT 1",
                [],
                |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
            )?)
        })
        .unwrap();
    assert_eq!(set_by, "Sam Okoro, office manager, 2026-11-23");
    assert!(fact.contains(&crate::secret::hex(&crate::secret::sha256(body.as_bytes()))), "{fact}");
}
