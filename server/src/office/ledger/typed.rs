//! What somebody types into a cell of the ledger: a code, `L12` with its minutes, `-` to take an entry back.
//!
//! Must never: guess. What is no code of that day is said, and nothing is written.

use shared::calendar::SessionKey;
use shared::codes::Code;

/// The longest time late that anybody is: a school day in minutes.
const MOST_MINUTES: u16 = 600;

/// A cell that was filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typed {
    /// The code; none takes the entry back.
    pub code: Option<Code>,
    /// Minutes late.
    pub minutes: Option<u16>,
}

/// Reads a cell. `None`: it was left as it stands.
///
/// # Errors
/// What was typed, where it means nothing in this session.
pub fn read(text: &str, session: SessionKey) -> Result<Option<Typed>, String> {
    let text = text.trim().to_uppercase();
    let plain = |code| Ok(Some(Typed { code, minutes: None }));
    match text.as_str() {
        "" => return Ok(None),
        "-" | "–" | "BLANK" => return plain(None),
        // Either stroke means "here": which one it is, the half of the day says.
        "/" | "\\" => return plain(Some(Code::present(session.half))),
        _ => {}
    }
    if let Ok(code) = text.parse::<Code>() {
        return if code.offered(session.date) { plain(Some(code)) } else { Err(text) };
    }
    let digits = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let (letters, minutes) = (&text[..text.len() - digits.len()], digits.trim().parse::<u16>());
    match (letters.parse::<Code>(), minutes) {
        (Ok(code), Ok(minutes)) if code.late() && code.offered(session.date) && minutes <= MOST_MINUTES => {
            Ok(Some(Typed { code: Some(code), minutes: Some(minutes) }))
        }
        _ => Err(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use proptest::prelude::*;
    use shared::calendar::Half;

    fn session(half: Half) -> SessionKey {
        SessionKey { date: NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(), half }
    }

    #[test]
    fn a_ledger_is_typed_as_people_write_it() {
        let am = session(Half::Am);
        let code = |text: &str| text.parse::<Code>().unwrap();
        for (typed, wanted, minutes) in [
            ("i", Some(code("I")), None),
            (" I ", Some(code("I")), None),
            ("/", Some(Code::PRESENT_AM), None),
            ("\\", Some(Code::PRESENT_AM), None),
            ("l12", Some(Code::L), Some(12)),
            ("U 35", Some(Code::U), Some(35)),
            ("y1", Some(code("Y1")), None),
            ("c1", Some(code("C1")), None),
            ("-", None, None),
        ] {
            assert_eq!(read(typed, am), Ok(Some(Typed { code: wanted, minutes })), "{typed}");
        }
        assert_eq!(read("/", session(Half::Pm)).unwrap().unwrap().code, Some(Code::PRESENT_PM));
        assert_eq!(read("  ", am), Ok(None));
        for nonsense in ["?", "LL", "L9999", "I5", "F", "12", "present"] {
            assert!(read(nonsense, am).is_err(), "{nonsense}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_a_code_of_the_day_or_refused(text in "\\PC{0,6}") {
            if let Ok(Some(typed)) = read(&text, session(Half::Am)) {
                prop_assert!(typed.code.is_none_or(|code| code.offered(session(Half::Am).date)));
                prop_assert!(typed.minutes.is_none() || typed.code.is_some_and(Code::late));
            }
        }
    }
}
