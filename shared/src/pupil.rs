//! What the office writes down about a pupil beside their marks: joining, leaving, moving class, needs, notes.
//!
//! Must never: decide a mark. Where a pupil is on roll says whose register they are in, and no more.

use crate::calendar::SessionKey;
use crate::id::ClassId;
use crate::text::{Name, Remark};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Joined the school, or came back to it (P9).
    Joined {
        /// The name they go by.
        first: Name,
        /// And the other.
        last: Name,
        /// When they were born, if it was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        born_on: Option<NaiveDate>,
        /// The class.
        class: ClassId,
        /// First session.
        from: SessionKey,
    },
    /// Left the school: taken off the admission register.
    Left {
        /// The last day on roll.
        last_day: NaiveDate,
        /// On which ground, and where to.
        why: Remark,
    },
    /// Moved to another class.
    Moved {
        /// Which.
        class: ClassId,
        /// First session there.
        from: SessionKey,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Remark>,
    },
    /// What makes them vulnerable was set: all of it.
    Needs {
        /// Looked after by the local authority.
        looked_after: bool,
        /// Has a social worker.
        social_worker: bool,
        /// Special educational needs.
        send: Provision,
    },
    /// A note.
    Noted {
        /// What it says.
        note: Remark,
    },
    /// A parent was told about lateness in a week (P18).
    LateTold {
        /// The Monday of the week.
        week: NaiveDate,
        /// Who was told.
        whom: Name,
        /// What was said.
        said: Remark,
    },
}

/// What is provided for special educational needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provision {
    /// Nothing.
    None,
    /// SEND support.
    Support,
    /// An education, health and care plan.
    EhcPlan,
}

impl Provision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Support, Self::EhcPlan];
    /// As the pupil's row and a form have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Support => "support",
            Self::EhcPlan => "EHC plan",
        }
    }
    /// Of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

impl Change {
    /// A word for its kind, as it is stored.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Joined { .. } => "joined",
            Self::Left { .. } => "left",
            Self::Moved { .. } => "moved",
            Self::Needs { .. } => "needs",
            Self::Noted { .. } => "noted",
            Self::LateTold { .. } => "late_told",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provision_comes_back_from_its_word() {
        for one in Provision::ALL {
            assert_eq!(Provision::of(one.word()), Some(one));
        }
        assert_eq!(Provision::of("a lot"), None);
    }
}
