//! The catalogue: every word that a screen of the kiosk says, in English, in one place. British English, calm, no exclamation
//! marks. What depends on a number or a name is a function, so that a translator sees the whole sentence.
//!
//! Must never: be put together elsewhere (`kiosk/tests/words.rs` looks).

mod buttons;
mod classroom;
mod door;
mod roll_call;
mod state;

pub(crate) use buttons::*;
pub(crate) use classroom::*;
pub(crate) use door::*;
pub(crate) use roll_call::*;
pub(crate) use state::*;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use shared::calendar::{Half, SessionKey};

/// "Monday 23 November".
pub(crate) fn date(date: NaiveDate) -> String {
    format!("{} {} {}", date.format("%A"), date.day(), date.format("%B"))
}

/// "09:07".
pub(crate) fn clock(at: NaiveDateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// "Morning", "Afternoon".
pub(crate) const fn half(half: Half) -> &'static str {
    match half {
        Half::Am => "Morning",
        Half::Pm => "Afternoon",
    }
}

/// "Monday 23 November · Morning".
pub(crate) fn session(key: SessionKey) -> String {
    format!("{} · {}", date(key.date), half(key.half))
}

/// "November", of 11.
pub(crate) fn month(n: u8) -> &'static str {
    chrono::Month::try_from(n).map_or("", |m| m.name())
}

/// "Good morning", "Good afternoon", or "Hello" when nobody knows.
pub(crate) fn greeting(at: Option<NaiveDateTime>) -> &'static str {
    match at.map(|t| t.hour()) {
        Some(0..12) => "Good morning",
        Some(_) => "Good afternoon",
        None => "Hello",
    }
}

/// "1 minute", "12 minutes".
pub(crate) fn minutes(n: u16) -> String {
    if n == 1 { "1 minute".to_owned() } else { format!("{n} minutes") }
}

/// "24:10" for a span of milliseconds; "1 h 05" from an hour on.
pub(crate) fn countdown(ms: i64) -> String {
    let s = ms.max(0).div_euclid(1000);
    if s < 3600 { format!("{:02}:{:02}", s / 60, s % 60) } else { format!("{} h {:02}", s / 3600, s % 3600 / 60) }
}

/// "Ben O, Noah V and 3 more".
pub(crate) fn list(names: &[String], most: usize) -> String {
    if names.len() <= most {
        return match names {
            [] => String::new(),
            [one] => one.clone(),
            [head @ .., last] => format!("{} and {last}", head.join(", ")),
        };
    }
    format!("{} and {} more", names[..most].join(", "), names.len() - most)
}

/// "9:20", as one says it.
pub(crate) fn plain_clock(at: NaiveDateTime) -> String {
    format!("{}:{:02}", at.hour(), at.minute())
}

/// "Year 3 · signing in".
pub(crate) fn beside(what: &str, more: &str) -> String {
    format!("{what} · {more}")
}

/// "absent" of "Absent".
pub(crate) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
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
