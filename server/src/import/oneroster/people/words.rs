//! What a user's columns say: names, UPN, sex.
//!
//! Must never: take a number for a UPN that is not shaped like one.

use super::Part;
use crate::import::reject::Reason;
use crate::import::roster::Pupil;
use crate::import::table::Row;
use crate::import::value;

pub(super) fn names(part: &Part, row: &Row) -> Result<Pupil, Reason> {
    let t = &part.table;
    let get = |column: &'static str| value::name(t.get(row, column)).ok_or(Reason::BadText(column));
    let (given, family) = (get("givenName")?, get("familyName")?);
    let (first, last) = (get("preferredGivenName")?, get("preferredFamilyName")?);
    if given.is_empty() && first.is_empty() {
        return Err(Reason::Empty("givenName"));
    }
    if family.is_empty() && last.is_empty() {
        return Err(Reason::Empty("familyName"));
    }
    let (first, legal_first) = preferred(first, given);
    let (last, legal_last) = preferred(last, family);
    Ok(Pupil { first, last, legal_first, legal_last, ..Pupil::default() })
}

/// The name to show, and the one in law where it is another.
pub fn preferred(preferred: String, legal: String) -> (String, Option<String>) {
    if preferred.is_empty() || preferred == legal {
        (legal, None)
    } else {
        (preferred, Some(legal).filter(|l| !l.is_empty()))
    }
}

/// A UPN, or what was meant as one.
pub(super) fn upn_text(part: &Part, row: &Row) -> Option<String> {
    let t = &part.table;
    let own = t.get(row, "metadata.upn");
    if !own.is_empty() {
        return Some(own.to_owned());
    }
    for pair in value::list(t.get(row, "userIds")) {
        if let Some((kind, id)) = pair.trim_matches(['{', '}']).split_once(':')
            && kind.trim().eq_ignore_ascii_case("upn")
        {
            return Some(id.trim().to_owned());
        }
    }
    let shaped = |s: &&str| {
        let b = s.as_bytes();
        b.len() == 13
            && b[0].is_ascii_alphabetic()
            && b[1..12].iter().all(u8::is_ascii_digit)
            && b[12].is_ascii_alphanumeric()
    };
    [t.get(row, "identifier"), t.get(row, "userMasterIdentifier")].into_iter().find(shaped).map(str::to_owned)
}

/// `F`, `M`, or nothing said; `None` for a word that is not known.
#[allow(clippy::option_option)] // "not said" and "not known" differ
pub fn sex(text: &str) -> Option<Option<&'static str>> {
    match text.trim().to_ascii_lowercase().as_str() {
        "female" | "f" | "girl" => Some(Some("F")),
        "male" | "m" | "boy" => Some(Some("M")),
        "" | "unspecified" | "other" | "u" | "x" => Some(None),
        _ => None,
    }
}
