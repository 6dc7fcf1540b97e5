//! Small words: dates, times, counts, lists. British English, calm, no exclamation marks.
//!
//! Must never: be put together in the window's code, where no test reads them.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use shared::calendar::{Half, SessionKey};

/// "Monday 23 November".
pub(super) fn date(date: NaiveDate) -> String {
    format!("{} {} {}", date.format("%A"), date.day(), date.format("%B"))
}

/// "09:07".
pub(super) fn clock(at: NaiveDateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// "Morning", "Afternoon".
pub(super) const fn half(half: Half) -> &'static str {
    match half {
        Half::Am => "Morning",
        Half::Pm => "Afternoon",
    }
}

/// "Monday 23 November · Morning".
pub(super) fn session(key: SessionKey) -> String {
    format!("{} · {}", date(key.date), half(key.half))
}

/// "Good morning", "Good afternoon", or "Hello" when nobody knows.
pub(super) fn greeting(at: Option<NaiveDateTime>) -> &'static str {
    match at.map(|t| t.hour()) {
        Some(0..12) => "Good morning",
        Some(_) => "Good afternoon",
        None => "Hello",
    }
}

/// "1 minute", "12 minutes".
pub(super) fn minutes(n: u16) -> String {
    if n == 1 { "1 minute".to_owned() } else { format!("{n} minutes") }
}

/// "24:10" for a span of milliseconds; "1 h 05" from an hour on.
pub(super) fn countdown(ms: i64) -> String {
    let s = ms.max(0).div_euclid(1000);
    if s < 3600 { format!("{:02}:{:02}", s / 60, s % 60) } else { format!("{} h {:02}", s / 3600, s % 3600 / 60) }
}

/// "Ben O, Noah V and 3 more".
pub(super) fn list(names: &[String], most: usize) -> String {
    if names.len() <= most {
        return match names {
            [] => String::new(),
            [one] => one.clone(),
            [head @ .., last] => format!("{} and {last}", head.join(", ")),
        };
    }
    format!("{} and {} more", names[..most].join(", "), names.len() - most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_times_and_spans() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        assert_eq!(date(day), "Monday 23 November");
        assert_eq!(session(SessionKey { date: day, half: Half::Pm }), "Monday 23 November · Afternoon");
        assert_eq!(countdown(1_450_000), "24:10");
        assert_eq!(countdown(-5), "00:00");
        assert_eq!(countdown(3_900_000), "1 h 05");
    }

    #[test]
    fn lists() {
        let names: Vec<String> = ["Ben O", "Noah V", "Zara P"].map(String::from).to_vec();
        assert_eq!(list(&names, 3), "Ben O, Noah V and Zara P");
        assert_eq!(list(&names, 1), "Ben O and 2 more");
        assert_eq!(list(&[], 3), "");
    }
}
