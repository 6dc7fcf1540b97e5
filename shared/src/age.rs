//! Compulsory school age: from which day to which, by date of birth.
//!
//! Source: Education Act 1996, section 8; The Education (Start of Compulsory School Age) Order 1998; The Education
//! (School Leaving Date) Order 1997.
//!
//! Must never: be guessed for a pupil whose date of birth is not known.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// The first day of compulsory school age: the fifth birthday if that is 31 March, 31 August or 31 December, else the
/// next of these days. `None` only for dates at the end of the calendar.
#[must_use]
pub fn begins(born: NaiveDate) -> Option<NaiveDate> {
    let fifth = birthday(born, 5)?;
    [(3, 31), (8, 31), (12, 31)]
        .into_iter()
        .filter_map(|(month, day)| NaiveDate::from_ymd_opt(fifth.year(), month, day))
        .find(|day| fifth <= *day)
}

/// The last day of compulsory school age: the last Friday in June of the school year (1 September to 31 August) in
/// which the pupil becomes 16. `None` only for dates at the end of the calendar.
#[must_use]
pub fn ends(born: NaiveDate) -> Option<NaiveDate> {
    let sixteenth = birthday(born, 16)?;
    let year = sixteenth.year().checked_add(i32::from(sixteenth.month() >= 9))?;
    let june = NaiveDate::from_ymd_opt(year, 6, 30)?;
    june.checked_sub_days(Days::new(u64::from(june.weekday().days_since(Weekday::Fri))))
}

/// Whether a pupil is of compulsory school age on a date, both ends included.
#[must_use]
pub fn is_compulsory(born: NaiveDate, on: NaiveDate) -> bool {
    begins(born).is_some_and(|first| first <= on) && ends(born).is_none_or(|last| on <= last)
}

/// Somebody born on 29 February has a birthday on 1 March in other years; no limit here lies between the two.
fn birthday(born: NaiveDate, age: i32) -> Option<NaiveDate> {
    let year = born.year().checked_add(age)?;
    born.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn begins_on_the_fifth_birthday_or_the_next_of_three_days() {
        for (born, first) in [
            ("2021-08-31", "2026-08-31"),
            ("2021-09-01", "2026-12-31"),
            ("2021-08-30", "2026-08-31"),
            ("2021-12-31", "2026-12-31"),
            ("2022-01-01", "2027-03-31"),
            ("2021-03-31", "2026-03-31"),
            ("2021-04-01", "2026-08-31"),
            ("2020-02-29", "2025-03-31"),
        ] {
            assert_eq!(begins(date(born)), Some(date(first)), "{born}");
        }
    }

    #[test]
    fn ends_on_the_last_friday_in_june() {
        for (born, last) in [
            ("2010-08-31", "2026-06-26"),
            ("2010-09-01", "2027-06-25"),
            ("2009-09-01", "2026-06-26"),
            ("2010-06-27", "2026-06-26"), // 16 the day after, in the same school year
            ("2008-02-29", "2024-06-28"),
            ("2011-12-25", "2028-06-30"), // the last Friday is the last day
        ] {
            assert_eq!(ends(date(born)), Some(date(last)), "{born}");
        }
    }

    #[test]
    fn both_ends_are_included() {
        let born = date("2021-09-01");
        let on = |day| is_compulsory(born, date(day));
        assert_eq!(
            [on("2026-12-30"), on("2026-12-31"), on("2038-06-25"), on("2038-06-26")],
            [false, true, true, false]
        );
    }

    proptest! {
        #[test]
        fn eleven_to_twelve_years_long(days in 0_u64..40_000) {
            let born = date("1990-01-01") + Days::new(days);
            let (first, last) = (begins(born).unwrap(), ends(born).unwrap());
            prop_assert!(first >= birthday(born, 5).unwrap() && first < birthday(born, 5).unwrap() + Days::new(154));
            prop_assert_eq!((last.weekday(), last.month()), (Weekday::Fri, 6));
            prop_assert!((10 * 365..12 * 366).contains(&(last - first).num_days()));
        }
    }
}
