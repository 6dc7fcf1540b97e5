//! How the school wants its reception kiosks to ask: reasons, who collects, and how a name is found.
//!
//! Must never: change without saying in the school's log who changed it.

use crate::clock::Now;
use crate::store::columns::{json, to_json};
use crate::store::{StoreError, WriteTx};
use crate::{feed, record, school};
use rusqlite::Connection;
use shared::act::{Act, Officer};
use shared::text::Name;
use shared::wire::v1::FindBy;

/// Offered as collecting a pupil until the school sets its own.
const COLLECTORS: [&str; 6] =
    ["Parent or carer", "Grandparent", "Another relative", "Taxi or minibus", "Somebody else", "On my own"];
/// How many fit on a screen with their pictures.
pub const MOST: usize = 8;

/// The school's choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Reasons offered to somebody who is late, in order; none: nobody is asked.
    pub reasons: Vec<Name>,
    /// Whether somebody who is late by card is asked too.
    pub reason_after_card: bool,
    /// Who may be picked as collecting a pupil, in order; none: nobody is asked.
    pub collectors: Vec<Name>,
    /// How a name is found.
    pub find_by: FindBy,
}

/// The rules in force.
///
/// # Errors
/// An accident of the store.
pub fn rules(c: &Connection) -> Result<Rules, StoreError> {
    let names = |name: &str| -> Result<Option<Vec<Name>>, StoreError> {
        school::setting(c, name)?.map(|text| json(&text, "names for reception")).transpose()
    };
    let or_usual = |set: Option<Vec<Name>>, usual: &[&str]| match set {
        Some(set) => Ok(set),
        None => usual.iter().map(|n| Name::new(n)).collect::<Result<_, _>>().map_err(|_| broken()),
    };
    let collectors = or_usual(names("collectors")?, &COLLECTORS)?;
    Ok(Rules {
        reasons: or_usual(names("reasons")?, &school::REASONS)?,
        reason_after_card: school::setting(c, "reason_after_card")?.is_none_or(|v| v == "yes"),
        collectors,
        find_by: match school::setting(c, "find_by")?.as_deref() {
            Some("month") => FindBy::Month,
            _ => FindBy::Class,
        },
    })
}

fn broken() -> StoreError {
    StoreError::Corrupt { what: "names for reception" }
}

/// Puts rules in force, as an act of the school's log; the kiosks hear of them at the next exchange.
///
/// # Errors
/// An accident of the store.
pub fn set(tx: &WriteTx<'_>, now: Now, by: &Officer, rules: &Rules) -> Result<(), StoreError> {
    school::set(tx, "reasons", &to_json(&rules.reasons, "the reasons")?)?;
    school::set(tx, "reason_after_card", if rules.reason_after_card { "yes" } else { "no" })?;
    school::set(tx, "collectors", &to_json(&rules.collectors, "who collects")?)?;
    school::set(tx, "find_by", if rules.find_by == FindBy::Month { "month" } else { "class" })?;
    let Rules { reasons, reason_after_card, collectors, find_by } = rules.clone();
    record::act(tx, now, by, Act::ReceptionSet { reasons, reason_after_card, collectors, find_by })?;
    // Months of birth come to reception, or go from it.
    feed::refresh_roster(tx, now)?;
    feed::touch_kiosks(tx)?;
    tx.touch();
    Ok(())
}
