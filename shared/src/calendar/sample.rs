//! The calendar of a sample primary school: plausible dates for any year, times as in the policy (P1).
//!
//! Must never: be taken for a real school's. A school sets its own.

use super::{Calendar, Closure, ClosureKind, Draft, LocalTimes, Span, Term, Timetable};
use chrono::{Datelike, Days, NaiveDate, NaiveTime, Weekday};

impl Calendar {
    /// Two school years: the one that begins in September of `year_start`, and the one before it.
    ///
    /// `None` only for years that no calendar has.
    #[must_use]
    pub fn sample_primary(year_start: i32) -> Option<Self> {
        Self::sample_years(year_start, 2)
    }

    /// So many school years, the last of which begins in September of `year_start`.
    ///
    /// `None` only for years that no calendar has.
    #[must_use]
    pub fn sample_years(year_start: i32, years: u8) -> Option<Self> {
        let (mut terms, mut closures) = (Vec::new(), Vec::new());
        for year in year_start.checked_sub(i32::from(years).checked_sub(1)?)?..=year_start {
            add_year(year, &mut terms, &mut closures)?;
        }
        let time = |h, m| NaiveTime::from_hms_opt(h, m, 0);
        let times = |opens, closes, end| Some(LocalTimes { start: opens, opens, closes, end });
        let timetable = Timetable {
            from: terms.first()?.dates.from,
            weekdays: vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri],
            am: times(time(8, 50)?, time(9, 20)?, time(12, 0)?),
            pm: times(time(13, 0)?, time(13, 30)?, time(15, 20)?),
        };
        let timetables = vec![timetable];
        Self::new(Draft { terms, closures, timetables, one_days: Vec::new(), week_starts: Weekday::Mon }).ok()
    }
}

/// Autumn of `year`, spring and summer of the next: five days of staff training, two bank holidays.
fn add_year(year: i32, terms: &mut Vec<Term>, closures: &mut Vec<Closure>) -> Option<()> {
    let next = year.checked_add(1)?;
    let easter = easter(next)?;
    let autumn = on_or_after(Weekday::Tue, ymd(year, 9, 1)?)?;
    let spring = on_or_after(Weekday::Mon, ymd(next, 1, 4)?)?;
    let may_half = on_or_before(Weekday::Mon, ymd(next, 5, 31)?)?;
    let mut last = ymd(next, 7, 21)?;
    while matches!(last.weekday(), Weekday::Sat | Weekday::Sun) {
        last = last.pred_opt()?;
    }
    let half_term = |monday: NaiveDate| Some(Span { from: monday, until: monday + Days::new(4) });
    let mut term = |name: &str, year: i32, from, until, half_term| {
        terms.push(Term { name: format!("{name} term {year}"), dates: Span { from, until }, half_term });
    };
    let october = on_or_before(Weekday::Mon, ymd(year, 10, 31)?)?;
    term("Autumn", year, autumn, on_or_before(Weekday::Fri, ymd(year, 12, 20)?)?, half_term(october));
    let february = on_or_after(Weekday::Mon, ymd(next, 2, 15)?)?;
    term("Spring", next, spring, easter - Days::new(9), half_term(february));
    term("Summer", next, easter + Days::new(8), last, half_term(may_half));

    let mut closed = |day: NaiveDate, kind, why: &str| {
        closures.push(Closure { dates: Span { from: day, until: day }, kind, why: why.to_owned() });
    };
    for day in [autumn, autumn + Days::new(1), spring, may_half + Days::new(7), last] {
        closed(day, ClosureKind::Inset, "Staff training day");
    }
    closed(on_or_after(Weekday::Mon, ymd(next, 5, 1)?)?, ClosureKind::Planned, "Early May bank holiday");
    Some(())
}

fn ymd(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}
fn on_or_after(weekday: Weekday, date: NaiveDate) -> Option<NaiveDate> {
    date.checked_add_days(Days::new(u64::from(weekday.days_since(date.weekday()))))
}
fn on_or_before(weekday: Weekday, date: NaiveDate) -> Option<NaiveDate> {
    date.checked_sub_days(Days::new(u64::from(date.weekday().days_since(weekday))))
}

/// Easter Sunday of a Gregorian year (the algorithm of Nature, 1876, as in Meeus, Astronomical Algorithms, ch. 8).
fn easter(year: i32) -> Option<NaiveDate> {
    let y = u32::try_from(year).ok()?;
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l + 114 - 7 * m;
    ymd(year, n / 31, n % 31 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_as_in_the_almanac() {
        for (year, month, day) in
            [(2000, 4, 23), (2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)]
        {
            assert_eq!(easter(year), ymd(year, month, day), "{year}");
        }
    }

    #[test]
    fn plausible_for_every_year_of_a_century() {
        for year in 2000..2100 {
            let calendar = Calendar::sample_primary(year).unwrap();
            assert_eq!(calendar.terms().len(), 6, "{year}");
            let (from, until) = (ymd(year, 9, 1).unwrap(), ymd(year + 1, 8, 31).unwrap());
            let days = calendar.school_days(from, until).count();
            assert!((175..=193).contains(&days), "{year}: {days} school days");
        }
        assert!(Calendar::sample_primary(i32::MIN).is_none() && Calendar::sample_primary(i32::MAX).is_none());
    }
}
