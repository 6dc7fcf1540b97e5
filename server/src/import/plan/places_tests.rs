//! Movers, leavers, returners and second imports.

use super::*;
use proptest::prelude::*;

fn d(text: &str) -> NaiveDate {
    text.parse().unwrap()
}
const fn class(n: u8) -> ClassId {
    ClassId::from_bytes([n; 16])
}
fn want(n: u8, from: Option<&str>, until: Option<&str>) -> Wanted {
    Wanted {
        class: class(n),
        from: from.map(d),
        fallback: d("2026-09-01"),
        until: until.map(d),
        gone: false,
        primary: false,
        place: Place { file: "enrollments.csv", line: u32::from(n) },
    }
}
fn frame(last_mark: Option<Slot>) -> Frame {
    Frame { today: d("2026-11-23"), last_mark, full: true }
}
fn says(members: &[Member]) -> Vec<String> {
    let half = |h: Half| if h == Half::Am { "am" } else { "pm" };
    members
        .iter()
        .map(|m| {
            let until = m.until.map_or("…".to_owned(), |u| format!("{u} {}", half(m.until_half)));
            format!("{} {} {}..{until}", m.class.as_bytes()[0], m.from, half(m.from_half))
        })
        .collect()
}

#[test]
fn a_new_pupil_begins_when_the_file_says_or_with_the_year() {
    let f = frame(None);
    assert_eq!(says(&merge(&[], &[want(1, Some("2026-10-05"), None)], f).members), ["1 2026-10-05 am..…"]);
    assert_eq!(says(&merge(&[], &[want(1, None, None)], f).members), ["1 2026-09-01 am..…"]);
}

#[test]
fn a_mover_with_both_dates_a_mover_with_one_and_a_mover_with_none() {
    let stood = merge(&[], &[want(1, Some("2026-09-01"), None)], frame(None)).members;
    let marked = frame(Some((d("2026-11-20"), Half::Pm)));
    let both =
        merge(&stood, &[want(1, Some("2026-09-01"), Some("2026-11-22")), want(2, Some("2026-11-23"), None)], marked);
    let one = merge(&stood, &[want(1, Some("2026-09-01"), None), want(2, Some("2026-11-23"), None)], marked);
    let none = merge(&stood, &[want(2, None, None)], marked);
    let year = merge(&stood, &[want(2, Some("2026-09-01"), None)], marked);
    for made in [&both, &one, &none, &year] {
        assert_eq!(says(&made.members), ["1 2026-09-01 am..2026-11-22 pm", "2 2026-11-23 am..…"]);
    }
    // The same file once more changes nothing.
    let again = merge(&one.members, &[want(1, Some("2026-09-01"), None), want(2, Some("2026-11-23"), None)], marked);
    assert_eq!(again.members, one.members);
    let again = merge(&year.members, &[want(2, Some("2026-09-01"), None)], marked);
    assert_eq!(again.members, year.members);
}

#[test]
fn a_mover_who_was_marked_this_morning_moves_at_noon() {
    let stood = merge(&[], &[want(1, Some("2026-09-01"), None)], frame(None)).members;
    let f = frame(Some((d("2026-11-23"), Half::Am)));
    let made = merge(&stood, &[want(2, None, None)], f);
    assert_eq!(says(&made.members), ["1 2026-09-01 am..2026-11-23 am", "2 2026-11-23 pm..…"]);
    // A date before marks that stand does not rewrite them.
    let made = merge(&stood, &[want(2, Some("2026-11-02"), None)], f);
    assert_eq!(says(&made.members), ["1 2026-09-01 am..2026-11-23 am", "2 2026-11-23 pm..…"]);
}

#[test]
fn one_who_is_in_no_class_any_more_ends_and_one_who_returns_begins_again() {
    let stood = merge(&[], &[want(1, Some("2026-09-01"), None)], frame(None)).members;
    let gone = merge(&stood, &[], frame(None)).members;
    assert_eq!(says(&gone), ["1 2026-09-01 am..2026-11-22 pm"]);
    let later = Frame { today: d("2026-12-01"), last_mark: None, full: true };
    let back = merge(&gone, &[want(1, Some("2026-09-01"), None)], later).members;
    assert_eq!(says(&back), ["1 2026-09-01 am..2026-11-22 pm", "1 2026-12-01 am..…"]);
    assert_eq!(merge(&back, &[want(1, Some("2026-09-01"), None)], later).members, back);
    // Changes only: silence ends nothing.
    assert_eq!(merge(&stood, &[], Frame { full: false, ..frame(None) }).members, stood);
}

#[test]
fn two_registration_groups_from_the_same_day_are_a_clash() {
    let made = merge(&[], &[want(1, Some("2026-09-01"), None), want(2, Some("2026-09-01"), None)], frame(None));
    assert_eq!(says(&made.members), ["1 2026-09-01 am..…"]);
    assert_eq!(made.clashes, [Place { file: "enrollments.csv", line: 2 }]);
    let primary = Wanted { primary: true, ..want(2, Some("2026-09-01"), None) };
    let made = merge(&[], &[want(1, Some("2026-09-01"), None), primary], frame(None));
    assert_eq!(says(&made.members), ["2 2026-09-01 am..…"]);
}

proptest! {
    /// Any file twice is the file once, no two places overlap, and no mark loses its class.
    #[test]
    fn a_second_import_changes_nothing(
        first in prop::collection::vec((1..4_u8, prop::option::of(0..120_u64), prop::option::of(0..200_u64)), 0..4),
        second in prop::collection::vec((1..4_u8, prop::option::of(0..120_u64), prop::option::of(0..200_u64)), 0..4),
        mark in prop::option::of((0..84_u64, any::<bool>())),
        full in any::<bool>(),
    ) {
        let day = |n: u64| d("2026-09-01").checked_add_days(Days::new(n)).unwrap();
        let rows = |all: &[(u8, Option<u64>, Option<u64>)]| -> Vec<Wanted> {
            all.iter().enumerate().filter(|(_, (_, f, u))| f.zip(*u).is_none_or(|(f, u)| f <= u)).map(|(i, (c, f, u))| Wanted {
                from: f.map(day), until: u.map(day), place: Place { file: "e", line: i as u32 }, ..want(*c, None, None)
            }).collect()
        };
        let f = Frame {
            today: day(83),
            last_mark: mark.map(|(n, am)| (day(n), if am { Half::Am } else { Half::Pm })),
            full,
        };
        let one = merge(&[], &rows(&first), Frame { last_mark: None, ..f }).members;
        let two = merge(&one, &rows(&second), f).members;
        let three = merge(&two, &rows(&second), f).members;
        prop_assert_eq!(says(&two), says(&three));
        for pair in two.windows(2) {
            prop_assert!(end(&pair[0]).is_some_and(|e| e < start(&pair[1])), "{:?}", says(&two));
        }
        for m in &two {
            prop_assert!(end(m).is_none_or(|e| e >= start(m)), "{:?}", says(&two));
        }
    }
}
