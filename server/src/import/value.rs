//! What a cell says: dates, status, lists, yes and no, years; as directories really write them.
//!
//! Must never: guess between two meanings. A date is day first, or ISO, or no date.

use chrono::NaiveDate;
use shared::text::Name;

/// A date: `2026-09-01`, `2026-09-01T08:00:00Z`, `1/09/2026`, `01-09-2026`, `1.9.2026` (day first).
#[must_use]
pub fn date(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let day = text.split(['T', ' ']).next().unwrap_or(text);
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let number = |s: &str, most: usize| -> Option<u32> {
        let fits = !s.is_empty() && s.len() <= most && s.bytes().all(|b| b.is_ascii_digit());
        if fits { s.parse().ok() } else { None }
    };
    let (year, month, day) = if a.len() == 4 {
        (number(a, 4)?, number(b, 2)?, number(c, 2)?)
    } else if c.len() == 4 {
        (number(c, 4)?, number(b, 2)?, number(a, 2)?)
    } else {
        return None;
    };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day).filter(|_| (1900..=2200).contains(&year))
}

/// Whether a row stands or is to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It stands. A blank status says the same.
    Active,
    /// It goes.
    Gone,
}

/// The status column; `None` for a word that is not known.
#[must_use]
pub fn status(text: &str) -> Option<Status> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" | "active" => Some(Status::Active),
        "tobedeleted" | "inactive" | "deleted" => Some(Status::Gone),
        _ => None,
    }
}

/// A list inside a cell.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(|s| s.trim().trim_matches('"').trim()).filter(|s| !s.is_empty())
}

/// Yes or no; `None` for anything else. Blank is no.
#[must_use]
pub fn yes(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" | "n" | "no" | "false" | "0" | "-" | "none" => Some(false),
        "y" | "yes" | "true" | "1" | "x" | "t" => Some(true),
        _ => None,
    }
}

/// A word that headers are compared by: letters and digits only, in lower case.
#[must_use]
pub fn key(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// A name of at most 80 characters. Line breaks become spaces, so that a name is one line.
#[must_use]
pub fn name(text: &str) -> Option<String> {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Name::new(&one_line).ok().map(|n| n.as_str().to_owned())
}

/// A year group in a school's words, and its place in the school: `03`, `3`, `Y3`, `Year 3` are "Year 3"; `R`, `KG`
/// "Reception"; `N`, `PK` "Nursery". Several years are joined. `None` where the text says no year.
#[must_use]
pub fn year(text: &str) -> Option<(String, i64)> {
    let mut found: Vec<i64> = list(text).filter_map(one_year).collect();
    found.sort_unstable();
    found.dedup();
    let first = *found.first()?;
    if let [only] = found.as_slice() {
        return Some((year_name(*only), first));
    }
    let names: Vec<String> = found.iter().map(|y| year_name(*y)).collect();
    let (last, rest) = names.split_last()?;
    Some((format!("{} and {last}", rest.join(", ")), first))
}

fn one_year(text: &str) -> Option<i64> {
    let word = key(text);
    match word.as_str() {
        "r" | "rec" | "reception" | "kg" | "yearr" | "yr" | "k" => return Some(0),
        "n" | "nursery" | "pk" | "tk" | "pr" | "it" | "n2" | "n1" => return Some(-1),
        _ => {}
    }
    let digits = word.trim_start_matches("year").trim_start_matches("grade").trim_start_matches('y');
    let n: i64 = if digits.len() <= 2 { digits.parse().ok()? } else { return None };
    (0..=14).contains(&n).then_some(n)
}

fn year_name(n: i64) -> String {
    match n {
        i64::MIN..=-1 => "Nursery".into(),
        0 => "Reception".into(),
        n => format!("Year {n}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_iso_or_day_first_and_nothing_else() {
        let d = NaiveDate::from_ymd_opt(2023, 5, 1);
        for text in
            ["2023-05-01", "1/05/2023", "01/5/2023", "1-5-2023", "1.5.2023", "2023-05-01T18:25:43.511Z", " 2023-05-01 "]
        {
            assert_eq!(date(text), d, "{text}");
        }
        for text in [
            "",
            "5/23/2023",
            "31/02/2023",
            "1/5/23",
            "yesterday",
            "2023-5",
            "20230501",
            "99999-01-01",
            "0001-01-01",
            "1/+5/2023",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn years_in_the_words_of_a_school() {
        for (text, want) in [
            ("03", "Year 3"),
            ("3", "Year 3"),
            ("Year 3", "Year 3"),
            ("Y3", "Year 3"),
            ("KG", "Reception"),
            ("R", "Reception"),
            ("PK", "Nursery"),
            ("05,06", "Year 5 and Year 6"),
        ] {
            assert_eq!(year(text).map(|y| y.0).as_deref(), Some(want), "{text}");
        }
        assert_eq!(year(""), None);
        assert_eq!(year("3W"), None);
    }
}
