//! Seven years of a school, made through the real code, before and after what is over six years old went.

use super::*;
use crate::check;
use crate::clock::Now;
use crate::jobs::{begin_day, close_due};
use crate::testing::{Kiosk, World, class, id16, pupil, world};
use rusqlite::params;
use shared::calendar::{Calendar, SessionKey};
use shared::codes::Code;
use shared::id::PlanId;
use shared::observation::{Mark, Means, Observation};
use shared::text::Remark;
use shared::wire::v1::Mode;

/// The years whose November the school lives through.
const FIRST: i32 = 2026;
const LAST: i32 = 2033;
const GONE: &str = "Zephyrine";
const CALLED: &str = "Quibbleworth";
const SAID: &str = "brokenarmatgranny";

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

/// The terms of eight years in one calendar, as a school has them that adds a year each summer.
fn calendar() -> Calendar {
    let of = |year| serde_json::to_value(Calendar::sample_primary(year).unwrap()).unwrap();
    let mut all = of(FIRST);
    for year in (FIRST + 2..=LAST + 1).step_by(2) {
        let more = of(year);
        for part in ["terms", "closures"] {
            let more = more[part].as_array().unwrap().clone();
            all[part].as_array_mut().unwrap().extend(more);
        }
    }
    serde_json::from_value(all).unwrap()
}

/// The first Monday of a November on which there is school, and the three days after it.
fn days(year: i32) -> Vec<NaiveDate> {
    let monday =
        (8..15).map(|day| date(year, 11, day)).find(|d| chrono::Datelike::weekday(d) == chrono::Weekday::Mon).unwrap();
    (0..3).map(|n| monday + chrono::Days::new(n)).collect()
}

fn clock(day: NaiveDate, hour: u32, minute: u32) -> Millis {
    Millis(day.and_hms_opt(hour, minute, 0).unwrap().and_utc().timestamp_millis())
}
fn sure(at: Millis) -> Now {
    Now { at, sure: true }
}
fn head() -> Officer {
    Officer::Person { name: Name::new("Ada Head").unwrap(), position: Name::new("headteacher").unwrap() }
}

/// Lives through three days of each November: taps, a late arrival, a plan with words, an amendment with words.
async fn lived(world: &World) -> (Kiosk, Kiosk) {
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    let mut door = world.enrol(Mode::Reception, &[]).await;
    let mut plan = 0;
    for year in FIRST..=LAST {
        for day in days(year) {
            let am = SessionKey { date: day, half: shared::calendar::Half::Am };
            world.set(clock(day, 0, 1));
            world
                .school
                .write_now(move |tx| {
                    // The weeks between are holidays of this test.
                    school::set(tx, "closed_until", &format!("{}-pm", day.pred_opt().unwrap()))?;
                    begin_day(tx, sure(clock(day, 0, 1)))
                })
                .unwrap();
            for kiosk in [&mut room, &mut door] {
                kiosk.anchor(clock(day, 8, 30));
            }
            plan += 1;
            let here = if year == FIRST { 5 } else { 4 };
            let told = Act::Planned {
                plan: PlanId::from_bytes(id16(plan)),
                pupil: pupil(5),
                from: am,
                until: am,
                code: Code::M,
                detail: None,
                reason: Remark::new(&format!("{CALLED}: {SAID}")).unwrap(),
            };
            if year == FIRST {
                world.act(sure(clock(day, 8, 40)), told);
                let note = Remark::new(&format!("{GONE}: {SAID}")).unwrap();
                let noted = Act::PupilChanged { pupil: pupil(5), change: shared::pupil::Change::Noted { note } };
                world.act(sure(clock(day, 8, 41)), noted);
            }
            let of = |n: u8, mark| Observation::Marked { session: am, class: class(1), pupil: pupil(n), mark };
            for n in 1..=4 {
                room.write(clock(day, 8, 55), of(n, if n == 4 { Mark::Absent } else { Mark::Present }));
            }
            let tiles = (1..=here).map(pupil).collect();
            room.write(clock(day, 8, 57), Observation::Submitted { session: am, class: class(1), tiles });
            let arrived = Observation::Arrived { pupil: pupil(6), means: Means::Name, session: None, reason: None };
            door.write(clock(day, 9, 5), arrived);
            world.set(clock(day, 9, 6));
            for kiosk in [&mut room, &mut door] {
                world.push(kiosk).await;
                kiosk.sent = kiosk.entries.len();
            }
            world.school.write_now(move |tx| close_due(tx, sure(clock(day, 9, 20)))).unwrap();
            let amended = Act::Amended {
                pupil: pupil(4),
                session: am,
                code: Some(Code::I),
                minutes: None,
                detail: None,
                reason: Remark::new(&format!("mother rang, {SAID}")).unwrap(),
                seen: Vec::new(),
            };
            world.act(sure(clock(day, 10, 0)), amended);
        }
    }
    (room, door)
}

fn named(world: &World) -> Vec<&'static str> {
    // The file, its journal, and the file of the trust: every byte.
    let school = world.school.path();
    let journal = school.with_extension("db-wal");
    let bytes: Vec<u8> = [school, journal.as_path(), world.stores.trust().path()]
        .iter()
        .flat_map(|p| std::fs::read(p).unwrap_or_default())
        .collect();
    [GONE, CALLED, SAID].into_iter().filter(|word| bytes.windows(word.len()).any(|w| w == word.as_bytes())).collect()
}

fn looked(world: &World, day: NaiveDate) -> check::Found {
    let found = check::school_file(world.school.path(), world.school.id(), sure(clock(day, 12, 0)));
    assert_eq!((found.wrong.clone(), found.doubts.clone()), (Vec::new(), Vec::new()));
    found
}

fn set_up() -> World {
    let world = world();
    world
        .school
        .write_now(|tx| {
            // She leaves in the first summer; what was said of her stands in her plan, and like words about others each year.
            tx.execute("UPDATE pupil SET first = ?2 WHERE id = ?1", params![pupil(5).as_bytes(), GONE])?;
            tx.execute("UPDATE enrolment SET left_on = '2027-07-20' WHERE pupil = ?1", [pupil(5).as_bytes()])?;
            tx.execute(
                "INSERT INTO contact(pupil, rank, name, relation, telephone) VALUES (?1, 1, ?2, 'mother', '01632 960001')",
                params![pupil(5).as_bytes(), format!("{CALLED} {GONE}")],
            )?;
            school::set_calendar(tx, sure(clock(date(FIRST, 11, 1), 9, 0)), &head(), &calendar())
        })
        .unwrap();
    world
}

#[tokio::test]
async fn seven_years_verify_before_and_after_and_no_removed_name_is_left_in_any_byte() {
    let world = set_up();
    let (mut room, _) = lived(&world).await;
    let today = date(LAST, 12, 1);
    world.set(clock(today, 12, 0));
    let before = looked(&world, today);
    assert_eq!(named(&world), [GONE, CALLED, SAID]);
    let last = last_day(today);
    assert_eq!(last, date(2027, 11, 30), "six years and a day ago");
    let at = clock(last + chrono::Days::new(1), 0, 0);
    let due = world.school.read_now(|tx| due(tx, last, at)).unwrap();
    let expected = (days(2026)[0], days(2027)[2]);
    assert_eq!((due.days, due.younger), (Some(expected), 0));
    let by = head();
    let went = world.school.write_now(move |tx| remove(tx, sure(clock(today, 12, 0)), &by)).unwrap();
    assert_eq!(went.marks, due.marks);
    assert!(went.marks == 33 && went.entries >= 33 && went.facts >= 50 && went.pupils == 1, "{went}");
    sweep(&world.school).unwrap();
    let after = looked(&world, today);
    assert_eq!((after.removed, after.facts), (went.facts, before.facts + 2), "headers stay; what was removed is told");
    assert_eq!(after.entries + went.entries, before.entries);
    assert_eq!(world.count("SELECT CAST(min(substr(date, 1, 4)) AS INTEGER) FROM mark"), 2028);
    assert_eq!(world.count("SELECT CAST(min(substr(date, 1, 4)) AS INTEGER) FROM fact_about"), 2028);
    assert_eq!(named(&world), [SAID], "no removed name in any byte; what was said in younger years stands");
    // A kiosk that pushes on is not disturbed.
    let day = date(LAST, 12, 1);
    room.anchor(clock(day, 12, 1));
    world.push(&room).await;
    looked(&world, today);

    // Ten years on nothing of those years is left, and nobody's name.
    let today = date(LAST + 7, 1, 5);
    world.set(clock(today, 1, 0));
    let by = head();
    let went = world.school.write_now(move |tx| remove(tx, sure(clock(today, 1, 0)), &by)).unwrap();
    assert_eq!(world.count("SELECT count(*) FROM mark"), 0, "{went}");
    sweep(&world.school).unwrap();
    assert_eq!(named(&world), Vec::<&str>::new(), "nothing of it in any byte");
    let found = looked(&world, today);
    assert_eq!(found.entries, 0);
    assert!(found.witnessed > 100, "the digests of each day still hold: {found:?}");
    let again = world.school.write_now(move |tx| remove(tx, sure(clock(today, 1, 0)), &head())).unwrap();
    assert!(again.is_nothing(), "{again}");
}

#[tokio::test]
async fn the_facts_of_one_mark_go_together_six_years_after_the_newest() {
    let world = set_up();
    lived(&world).await;
    let old = days(FIRST)[0];
    let am = SessionKey { date: old, half: shared::calendar::Half::Am };
    // In 2030 the office amends a mark of 2026: all of that mark stays until 2036, its register's facts with it.
    world.set(clock(date(2030, 3, 4), 10, 0));
    world.act(
        sure(clock(date(2030, 3, 4), 10, 0)),
        Act::Amended {
            pupil: pupil(1),
            session: am,
            code: Some(Code::L),
            minutes: Some(3),
            detail: None,
            reason: Remark::new("the tribunal found so").unwrap(),
            seen: Vec::new(),
        },
    );
    let today = date(LAST, 12, 1);
    let at = sure(clock(today, 12, 0));
    world.set(at.at);
    let went = world.school.write_now(move |tx| remove(tx, at, &head())).unwrap();
    assert!(went.marks > 30, "{went}");
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE date < '2028-01-01'"), 1);
    assert_eq!(world.count("SELECT count(*) FROM entry WHERE date < '2028-01-01'"), 2, "with its history");
    let left = "SELECT count(*) FROM fact f JOIN fact_about a ON a.log = f.log AND a.seq = f.seq
                WHERE a.date < '2028-01-01' AND f.body IS NOT NULL";
    assert_eq!(world.count(left), 4, "its tap, the amendment, and the register's sending and closing");
    assert_eq!(world.count("SELECT count(*) FROM fact_about a JOIN fact f USING (log, seq) WHERE f.body IS NULL"), 0);
    sweep(&world.school).unwrap();
    looked(&world, today);
    let later = sure(clock(date(2036, 3, 6), 1, 0));
    world.set(later.at);
    world.school.write_now(move |tx| remove(tx, later, &head())).unwrap();
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE date < '2028-01-01'"), 0);
}

#[tokio::test]
async fn by_itself_only_where_the_head_said_so_and_only_at_night() {
    let world = set_up();
    lived(&world).await;
    let night = date(LAST, 12, 1);
    let run = async |hour| {
        world.set(clock(night, hour, 1));
        crate::jobs::remove_when_due(&world.school, world.stores.clock()).await.unwrap()
    };
    assert!(run(1).await.is_nothing(), "nobody said so");
    world.school.write_now(|tx| school::set(tx, "removal_by_itself", "Ada Head, headteacher, 2033-11-30")).unwrap();
    assert!(run(9).await.is_nothing(), "registers are taken");
    assert!(!run(1).await.is_nothing());
    let by = world.count(
        "SELECT count(*) FROM fact WHERE body LIKE '%\"removed\"%' AND body LIKE '%Ada Head, headteacher, 2033-11-30%'",
    );
    assert!(by >= 1, "on whose word");
    assert!(run(2).await.is_nothing(), "once a week");
    looked(&world, night);
}

#[tokio::test]
async fn a_restored_file_forgets_again_what_had_been_removed_and_no_more() {
    let world = set_up();
    lived(&world).await;
    let at = sure(clock(date(LAST, 12, 1), 12, 0));
    world.set(at.at);
    let removed = last_day(date(LAST, 12, 1));
    // The backup was made before the removal: its file has everything.
    let went = world.school.write_now(move |tx| again(tx, at, &head(), removed)).unwrap();
    assert!(went.marks > 30);
    sweep(&world.school).unwrap();
    looked(&world, date(LAST, 12, 1));
    // A day beyond the rule is cut to it.
    let none = world.school.write_now(move |tx| again(tx, at, &head(), date(2040, 1, 1))).unwrap();
    assert!(none.is_nothing(), "{none}");
}

#[tokio::test]
async fn a_removal_before_its_time_is_found() {
    let world = set_up();
    lived(&world).await;
    let early = sure(clock(date(2030, 1, 7), 1, 0));
    // A hand in the file that writes the act itself, years too early.
    let (log, seq): (Vec<u8>, u64) = world
        .school
        .read_now(|tx| {
            Ok(tx.query_row(
                "SELECT log.log, fact.seq FROM fact JOIN log ON log.id = fact.log WHERE body LIKE '%marked%' ORDER BY received_at DESC LIMIT 1",
                [],
                |r| Ok((r.get(0)?, r.get::<_, i64>(1)?.unsigned_abs())),
            )?)
        })
        .unwrap();
    let log = shared::id::LogId::from_bytes(log.try_into().unwrap());
    world.act(
        early,
        Act::Removed {
            rule: Name::new("six years").unwrap(),
            date: date(2023, 1, 6),
            gone: vec![Gone { log, spans: vec![(seq, seq)] }],
        },
    );
    world
        .school
        .write_now(move |tx| {
            tx.execute(
                "UPDATE fact SET body = NULL, salt = NULL WHERE seq = ?2 AND log = (SELECT id FROM log WHERE log = ?1)",
                params![log.as_bytes(), crate::store::columns::int(seq)],
            )?;
            Ok(())
        })
        .unwrap();
    let found = check::school_file(world.school.path(), world.school.id(), early);
    assert!(found.wrong.iter().any(|w| w.contains("before their six years were over")), "{:?}", found.wrong);
}
