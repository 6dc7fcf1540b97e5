//! What an import came to: for a person, calm and short; for a program, JSON.
//!
//! Must never: name a pupil.

use super::changes::Tally;
use super::plan::Plan;
use super::reject::Reject;
use super::roster::Roster;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// Rejects that a person is shown; the rest is told where to find.
const SHOWN: usize = 10;
/// Classes offered in words.
const OFFERED: usize = 40;

/// What a person must choose before this file can be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// Several schools in one export.
    School {
        /// Id and name.
        offered: Vec<(String, String)>,
    },
    /// No class is called homeroom.
    Classes {
        /// Id, name, pupils.
        offered: Vec<(String, String, u32)>,
    },
    /// Classes were named that are not there.
    KnownClasses {
        /// Those.
        unknown: Vec<String>,
        /// What is there: id, name, pupils.
        offered: Vec<(String, String, u32)>,
    },
    /// Most of the school would leave.
    ManyLeavers {
        /// How many.
        leavers: u32,
        /// Of how many.
        on_roll: u32,
    },
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::School { offered } if offered.is_empty() => {
                f.write_str("the school that was asked for is not in this export. See its orgs.csv")
            }
            Self::School { offered } => {
                f.write_str("this export holds several schools. Choose one with --from-school, by id or name:")?;
                offered.iter().take(OFFERED).try_for_each(|(id, name)| write!(f, "\n    {id}  {name}"))
            }
            Self::Classes { offered } => {
                f.write_str(
                    "no class in this export is a registration group (classType homeroom). Choose which classes take a \
                     register: --classes with ids or names, parted by commas, or --classes all. The choice is kept for \
                     the next import.",
                )?;
                classes(f, offered)
            }
            Self::KnownClasses { unknown, offered } => {
                write!(f, "not in this export: {}. The classes are:", unknown.join(", "))?;
                classes(f, offered)
            }
            Self::ManyLeavers { leavers, on_roll } => write!(
                f,
                "{leavers} of {on_roll} pupils on roll are not in this file and would leave. If the export is whole and they \
                 have left, say --many-leavers; otherwise export it again"
            ),
        }
    }
}

fn classes(f: &mut fmt::Formatter<'_>, offered: &[(String, String, u32)]) -> fmt::Result {
    for (id, name, pupils) in offered.iter().take(OFFERED) {
        write!(f, "\n    {id}  {name}  ({})", some(*pupils, "pupil"))?;
    }
    if offered.len() > OFFERED {
        write!(f, "\n    and {} more", offered.len() - OFFERED)?;
    }
    Ok(())
}

impl Serialize for Need {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// What an import came to.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// "OneRoster 1.2", "pupils.csv".
    pub source: &'static str,
    /// The system that wrote the file, if it says.
    pub system: Option<String>,
    /// True for all of the roster, false for changes only.
    pub whole: bool,
    /// True when nothing was to be written.
    pub dry_run: bool,
    /// True when it was written (or stood already).
    pub written: bool,
    /// True when anything changed.
    pub changed: bool,
    /// Pupils in the file that were taken.
    pub pupils: u32,
    /// Registration groups in the file.
    pub classes: u32,
    /// Pupils' places in registration groups that were taken.
    pub enrolments: u32,
    /// Classes in the file that take no register.
    pub other_classes: u32,
    /// Pupils' places in these.
    pub other_enrolments: u32,
    /// Staff in the file.
    pub staff: u32,
    /// Contacts in the file, counted once a pupil.
    pub contacts: u32,
    /// Pupils on roll today, after it.
    pub on_roll: u32,
    /// What changes.
    pub changes: Tally,
    /// Pupils whom the office moved by hand this school year and whom the file has elsewhere: they stay.
    pub by_hand: u32,
    /// What must be chosen first. Nothing is written while there is any.
    pub needs: Vec<Need>,
    /// Things worth saying.
    pub notes: Vec<String>,
    /// Rows and values that were not taken, by reason.
    pub rejects: BTreeMap<&'static str, u32>,
    /// How many.
    pub rejected: u32,
    /// Each, by file and line.
    pub reject_rows: Vec<Reject>,
}

fn count<T>(all: &[T]) -> u32 {
    u32::try_from(all.len()).unwrap_or(u32::MAX)
}

impl Report {
    /// Counts.
    #[must_use]
    pub fn new(roster: &Roster, plan: &Plan, rejects: &[Reject], needs: Vec<Need>) -> Self {
        let mut by_reason: BTreeMap<&'static str, u32> = BTreeMap::new();
        for reject in rejects {
            *by_reason.entry(reject.reason.kind()).or_default() += 1;
        }
        let here: Vec<_> = roster.pupils.iter().filter(|p| !p.gone).collect();
        let groups: Vec<_> = roster.classes.iter().filter(|c| !c.gone).collect();
        let mut notes = roster.notes.clone();
        if roster.blind {
            notes.push(
                "Some rows could not be read and name nobody, so nobody was taken off roll. Mend them and import again.".into(),
            );
        }
        Self {
            source: roster.standard.name(),
            system: roster.system.clone(),
            whole: roster.people_full && roster.enrolments_full,
            dry_run: false,
            written: false,
            changed: !plan.changes.is_empty(),
            pupils: count(&here),
            classes: count(&groups),
            enrolments: plan.enrolments,
            other_classes: count(&roster.other_classes),
            other_enrolments: roster.other_enrolments,
            staff: count(&roster.staff),
            contacts: here.iter().filter_map(|p| p.contacts.as_ref()).map(|c| count(c)).sum(),
            on_roll: plan.on_roll,
            changes: plan.changes.tally,
            by_hand: count(&plan.changes.by_hand),
            needs,
            notes,
            rejects: by_reason,
            rejected: count(rejects),
            reject_rows: rejects.to_vec(),
        }
    }

    /// A page of words.
    #[must_use]
    pub fn words(&self) -> String {
        let mut out = String::new();
        let from = self.system.as_ref().map(|s| format!(", from {s}")).unwrap_or_default();
        let _ = writeln!(
            out,
            "{}{from}: {}, {}, {} in registration groups, {} of staff, {}.",
            self.source,
            some(self.pupils, "pupil"),
            some(self.classes, "registration group"),
            some(self.enrolments, "place"),
            some(self.staff, "member"),
            some(self.contacts, "contact"),
        );
        if self.other_classes > 0 {
            let _ = writeln!(out, "Left out: {} without a register.", some(self.other_classes, "class"));
        }
        for note in &self.notes {
            let _ = writeln!(out, "{note}");
        }
        if self.by_hand > 0 {
            let _ = writeln!(
                out,
                "Moved by the office, and in another class in this file: {}. They stay where the office put them; \
                 --undo-moves does as the file says.",
                some(self.by_hand, "pupil")
            );
        }
        for need in &self.needs {
            let _ = writeln!(out, "Please choose: {need}");
        }
        let _ = writeln!(out, "{}", self.outcome());
        if self.rejected > 0 {
            let _ = writeln!(out, "Not taken: {} of the file.", some(self.rejected, "row or value"));
            for reject in self.reject_rows.iter().take(SHOWN) {
                let _ = writeln!(out, "  {}, line {}: {}", reject.file, reject.line, reject.reason);
            }
            if self.reject_rows.len() > SHOWN {
                let _ = writeln!(
                    out,
                    "  and {} more: --dry-run --json lists every one; after an import the office page “Import” does too.",
                    self.reject_rows.len() - SHOWN
                );
            }
        }
        out
    }

    fn outcome(&self) -> String {
        let t = &self.changes;
        let parts: Vec<String> = [
            (t.new_pupils, "new pupil"),
            (t.changed_pupils, "changed pupil"),
            (t.leavers, "leaver"),
            (t.returners, "returner"),
            (t.movers, "mover"),
            (t.new_classes, "new class"),
            (t.changed_classes, "changed class"),
            (t.ended_classes, "ended class"),
            (t.changed_contacts, "pupil’s contacts changed"),
            (t.new_staff, "new member of staff"),
            (t.changed_staff, "changed member of staff"),
            (t.ended_staff, "member of staff who left"),
        ]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| some(n, what))
        .collect();
        let list = if parts.is_empty() { "small changes".to_owned() } else { parts.join(", ") };
        match (self.needs.is_empty(), self.dry_run, self.changed) {
            (false, ..) => "Nothing was changed.".into(),
            (true, true, true) => format!("Nothing was changed (a dry run). It would be: {list}."),
            (true, true, false) => "Nothing was changed (a dry run), and nothing would be: it stands already.".into(),
            (true, false, true) => format!("Imported: {list}. On roll today: {}.", self.on_roll),
            (true, false, false) => format!("Nothing changed: it stands already. On roll today: {}.", self.on_roll),
        }
    }
}

/// "1 pupil", "2 pupils".
fn some(n: u32, what: &str) -> String {
    match (n, what) {
        (1, _) => format!("1 {what}"),
        (_, "new class" | "changed class" | "ended class" | "class") => format!("{n} {what}es"),
        (_, "row or value") => format!("{n} rows or values"),
        (_, "new member of staff") => format!("{n} new members of staff"),
        (_, "changed member of staff") => format!("{n} changed members of staff"),
        (_, "member of staff who left") => format!("{n} members of staff who left"),
        (_, "pupil’s contacts changed") => format!("{n} pupils’ contacts changed"),
        _ => format!("{n} {what}s"),
    }
}
