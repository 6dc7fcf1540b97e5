//! The codes that the office may choose, in groups, with what each asks for.
//!
//! Must never: know a code by its letter. Everything here comes from the table of codes.

use crate::auth::Role;
use crate::error::Error;
use shared::calendar::SessionKey;
use shared::codes::{Class, Code};
use shared::text::{BadText, Text};

/// A group of codes under a heading.
pub struct Group {
    /// Heading; none for those that an office needs every day.
    pub name: Option<&'static str>,
    /// Its codes.
    pub codes: Vec<Choice>,
}

/// One code to choose.
pub struct Choice {
    /// The code.
    pub code: Code,
    /// What it means.
    pub meaning: &'static str,
    /// The nature of the activity or circumstance must be said (P7), or the dates of the arrangement.
    pub detail: bool,
    /// Minutes may be said.
    pub minutes: bool,
    /// Leave that the headteacher alone grants (P14).
    pub leave: bool,
}

/// What an office chooses every day stands first; the rest is one press away.
const DAILY: [Code; 6] = [Code::I, Code::M, Code::L, Code::U, Code::V, Code::N];

/// The codes of the table for a session's date, each once: those of every day, then the rest by how they count.
/// `absences` leaves out what a plan cannot be: being here, and having no reason. Leave of absence is offered to whom `grants` it.
#[must_use]
pub fn groups(session: SessionKey, absences: bool, grants: bool) -> Vec<Group> {
    let order = [
        (Class::Attending, "Here"),
        (Class::Authorised, "Absent, authorised"),
        (Class::Unauthorised, "Absent, not authorised"),
        (Class::Educational, "At an approved activity elsewhere (counts as present)"),
        (Class::NotPossible, "Not counted as a possible attendance"),
        (Class::Administrative, "Administrative"),
    ];
    let fits = |code: &Code| {
        let here = code.is_attending() || code.class() == Class::Administrative;
        code.offered(session.date)
            && !other_half(*code, session)
            && !(absences && (here || code.late() || *code == Code::N))
            && (grants || !leave(*code))
    };
    let daily: Vec<Code> = [Code::present(session.half)].into_iter().chain(DAILY).filter(fits).collect();
    let rest = order.into_iter().map(|(class, name)| {
        let codes = Code::offered_on(session.date, false).filter(fits);
        (Some(name), codes.filter(|c| c.class() == class && !daily.contains(c)).collect::<Vec<_>>())
    });
    [(None, daily.clone())]
        .into_iter()
        .chain(rest)
        .filter(|(_, codes)| !codes.is_empty())
        .map(|(name, codes)| Group { name, codes: codes.into_iter().map(choice).collect() })
        .collect()
}

fn choice(code: Code) -> Choice {
    Choice {
        code,
        meaning: code.meaning(),
        detail: code.needs_detail() || code.needs_dates(),
        minutes: code.late(),
        leave: leave(code),
    }
}

/// `\` in the morning, `/` in the afternoon.
fn other_half(code: Code, session: SessionKey) -> bool {
    (code == Code::PRESENT_AM || code == Code::PRESENT_PM) && code != Code::present(session.half)
}

/// Authorised absence that somebody has to ask for in advance and the headteacher alone grants (P14).
fn leave(code: Code) -> bool {
    ["C", "C1", "C2", "J1", "S"].contains(&code.as_str())
}

/// Refuses leave of absence from anybody but the headteacher, who alone grants it (P14).
///
/// # Errors
/// [`Error::BadInput`] with what to do instead.
pub fn may(code: Code, role: Role) -> Result<(), Error> {
    if leave(code) && role != Role::Head {
        return Err(Error::BadInput(format!(
            "{code} is leave of absence, which the headteacher alone grants. Ask for it on the page Leave."
        )));
    }
    Ok(())
}

/// A code that the office may choose for this session.
///
/// # Errors
/// [`Error::BadInput`] when it is not one.
pub fn code(text: &str, session: SessionKey) -> Result<Code, Error> {
    text.parse::<Code>()
        .ok()
        .filter(|code| code.offered(session.date) && !other_half(*code, session))
        .ok_or_else(|| Error::BadInput("Choose a code. Go back and choose one of those on the page.".to_owned()))
}

/// A text that must be there.
///
/// # Errors
/// [`Error::BadInput`] naming the field.
pub fn needed<const MAX: usize>(text: &str, field: &str) -> Result<Text<MAX>, Error> {
    let text = plain::<MAX>(text, field)?;
    if text.is_empty() {
        return Err(Error::BadInput(format!("{field} is missing. Go back and write it down.")));
    }
    Ok(text)
}

/// A text that may be empty.
///
/// # Errors
/// [`Error::BadInput`] naming the field.
pub fn plain<const MAX: usize>(text: &str, field: &str) -> Result<Text<MAX>, Error> {
    // Browsers end the lines of a text area with two characters.
    Text::new(&text.replace("\r\n", "\n")).map_err(|bad| match bad {
        BadText::TooLong { got, max } => Error::BadInput(format!(
            "{field} is too long: {got} characters, and there is room for {max}. Go back and shorten it."
        )),
        BadText::Control => {
            Error::BadInput(format!("{field} holds a character that cannot be shown. Go back and type it again."))
        }
    })
}

/// The detail that a code asks for, or none.
///
/// # Errors
/// [`Error::BadInput`] when the code asks for one and there is none.
pub fn detail<const MAX: usize>(code: Code, text: &str) -> Result<Option<Text<MAX>>, Error> {
    let text = plain::<MAX>(text, "The detail")?;
    if text.is_empty() && (code.needs_detail() || code.needs_dates()) {
        let what = if code.needs_dates() { "the dates of the arrangement" } else { "the nature of it" };
        return Err(Error::BadInput(format!("Code {code} needs {what} in words. Go back and write it down.")));
    }
    Ok((!text.is_empty()).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use shared::calendar::Half;

    fn session(half: Half) -> SessionKey {
        SessionKey { date: NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(), half }
    }

    #[test]
    fn the_office_has_every_code_of_the_table_once() {
        let offered = groups(session(Half::Am), false, true);
        let codes: Vec<_> = offered.iter().flat_map(|g| g.codes.iter().map(|c| c.code)).collect();
        let all = Code::offered_on(session(Half::Am).date, false).count();
        assert_eq!(codes.len(), all - 1, "all but the other half's present");
        assert!(codes.contains(&Code::PRESENT_AM) && !codes.contains(&Code::PRESENT_PM));
        assert!(code("F", session(Half::Am)).is_err(), "withdrawn codes are never offered");
        assert!(code("\\", session(Half::Am)).is_err());
        assert!(code("\\", session(Half::Pm)).is_ok());
    }

    #[test]
    fn a_plan_is_never_being_here_or_having_no_reason() {
        let codes: Vec<_> = groups(session(Half::Am), true, true).into_iter().flat_map(|g| g.codes).collect();
        assert!(codes.iter().all(|c| !c.code.is_attending() && !c.code.late() && c.code != Code::N));
        assert!(codes.iter().any(|c| c.code == Code::I) && codes.iter().any(|c| c.leave));
        let office = groups(session(Half::Am), true, false);
        assert!(office.iter().flat_map(|g| &g.codes).all(|c| !c.leave), "leave is the headteacher's");
        assert!(may("C".parse().unwrap(), Role::Office).is_err() && may("C".parse().unwrap(), Role::Head).is_ok());
        assert!(may(Code::I, Role::Office).is_ok());
    }

    #[test]
    fn a_code_that_asks_for_detail_gets_it_or_is_refused() {
        let v: Code = "V".parse().unwrap();
        assert!(detail::<500>(v, "  ").is_err());
        assert_eq!(detail::<500>(v, "Museum").unwrap().as_deref(), Some("Museum"));
        assert_eq!(detail::<500>(Code::I, "").unwrap(), None);
        assert!(needed::<5>("", "The reason").is_err());
        assert!(needed::<5>("far too long", "The reason").is_err());
    }
}
