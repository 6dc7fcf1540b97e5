//! The sample is whole, the same twice, and plausible.

use super::*;
use crate::clock::Clock;
use crate::testing;

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
}
fn make(seed: u64, history: bool) -> (testing::Folder, std::sync::Arc<Stores>, Made) {
    let folder = testing::folder();
    let stores = Stores::open(folder.path(), Clock::system()).unwrap();
    let made = create(&stores, &Wish { slug: "elm-park".into(), seed, date: day(), history, years: 0 }).unwrap();
    (folder, stores, made)
}

#[test]
fn a_school_of_fourteen_classes_the_same_twice() {
    let (_a, stores, one) = make(1, false);
    let (_b, other, two) = make(1, false);
    assert_eq!(
        serde_json::to_value(&one).unwrap().as_object().unwrap().get("pupils"),
        serde_json::to_value(&two).unwrap().as_object().unwrap().get("pupils")
    );
    assert_eq!((one.classes.len(), one.users.len(), one.planned.len()), (14, 8, 9));
    assert!((380..=420).contains(&one.pupils.len()), "{}", one.pupils.len());
    assert!(one.classes.iter().all(|c| (27..=30).contains(&c.pupils)));
    assert!(one.staff.iter().all(|s| (4..=6).contains(&s.pin.len())));
    assert_eq!(one.staff.iter().filter(|s| s.classes.len() == 1).count(), 14);
    let cards: std::collections::BTreeSet<&String> = one.pupils.iter().filter_map(|p| p.card.as_ref()).collect();
    assert!(cards.len() > one.pupils.len() * 9 / 10);
    let school = stores.school_by_slug("elm-park").unwrap();
    let (pupils, upns, contacts, young): (i64, i64, i64, i64) = school
        .read_now(|tx| {
            Ok(tx.query_row(
                "SELECT count(*), count(upn), (SELECT count(*) FROM contact), sum(born_on > '2022-08-31' OR born_on < '2015-09-01') FROM pupil",
                [],
                |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
            )?)
        })
        .unwrap();
    assert_eq!((pupils, young), (upns, 0));
    assert!(contacts > pupils);
    stores.stop();
    other.stop();
}

#[test]
fn history_is_plausible_and_every_mark_is_in_the_record() {
    let (_folder, stores, made) = make(3, true);
    let school = stores.school_by_slug("elm-park").unwrap();
    let count =
        |sql: &'static str| -> i64 { school.read_now(move |tx| Ok(tx.query_row(sql, [], |r| r.get(0))?)).unwrap() };
    let marks = count("SELECT count(*) FROM mark WHERE code IS NOT NULL AND date < '2026-11-23'");
    assert_eq!(u64::try_from(marks).unwrap(), made.history_marks);
    assert!(marks > 90_000, "{marks}");
    assert_eq!(count("SELECT count(*) FROM mark WHERE code IS NOT NULL AND date >= '2026-11-23'"), 0);
    let absent = count("SELECT count(*) FROM mark WHERE code IN ('I','M','C','G','O','N','U','R')");
    assert!((30..=75).contains(&(absent * 1000 / marks)), "{absent} of {marks}");
    assert!(count("SELECT count(*) FROM mark WHERE code = 'L'") > 500);
    assert_eq!(count("SELECT count(*) FROM question"), 0, "an earlier system's marks raise no question");
    stores.stop();
}

#[test]
fn ten_thousand_pupils_import_in_time() {
    // 7 years × 50 classes × 29 pupils on average.
    let files = large_export(9, 50, 2026).unwrap();
    let folder = testing::folder();
    let stores = Stores::open(folder.path(), Clock::system()).unwrap();
    let calendar = Calendar::sample_primary(2026).unwrap();
    let school = school::add(&stores, "large", NAME, &calendar, "the test").unwrap();
    let now = Now { at: calendar.instant(day().and_time(NaiveTime::MIN)), sure: true };
    let by = officer("Ms Ode", "office manager").unwrap();
    #[allow(clippy::disallowed_methods)] // a test may look at the time
    let begun = std::time::Instant::now();
    let mut ids = Rng::new(4);
    let (again, by2) = (files.clone(), by.clone());
    let report = school
        .write_now(move |tx| import::run(tx, &files, &Request::default(), now, &by, &mut || ids.id()))
        .unwrap()
        .unwrap();
    let took = begun.elapsed();
    assert!(report.pupils >= 10_000 && report.rejected == 0, "{}", report.words());
    println!("{} pupils, {} contacts: {took:?}", report.pupils, report.contacts);
    assert!(took.as_secs() < 60, "{took:?}: far from the goal of 10 s, even in a debug build");
    let report = school
        .write_now(move |tx| import::run(tx, &again, &Request::default(), now, &by2, &mut || [0; 16]))
        .unwrap()
        .unwrap();
    assert!(!report.changed, "{}", report.words());
    stores.stop();
}
