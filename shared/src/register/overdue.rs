//! When a reason has been unknown for too long (P13): N becomes O after five school days.
//!
//! Must never: count a day without school.

use chrono::NaiveDate;

/// School days after the session within which the reason must be found.
const DAYS: usize = 5;

/// Whether the fifth school day after the session is over: what is still N then becomes O, by an amendment in the name
/// of the rule. `today` and `session` are dates of the school's own time zone.
#[must_use]
pub fn overdue(session: NaiveDate, today: NaiveDate, is_school_day: impl Fn(NaiveDate) -> bool) -> bool {
    session.iter_days().skip(1).take_while(|day| *day < today).filter(|day| is_school_day(*day)).nth(DAYS - 1).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, Weekday};

    #[test]
    fn five_school_days_and_the_weekend_does_not_count() {
        let date = |day| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        let school = |day: NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        // Monday the 2nd: the school days after it are the 3rd, 4th, 5th, 6th and, after the weekend, the 9th.
        assert!(!overdue(date(2), date(2), school));
        assert!(!overdue(date(2), date(9), school), "the fifth day is not over");
        assert!(overdue(date(2), date(10), school));
        assert!(!overdue(date(10), date(2), school), "a session still to come");
    }
}
