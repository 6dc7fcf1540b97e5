//! Leave of absence: the grounds on which a headteacher may grant it (P14).
//!
//! Must never: have a ground that the law does not have. A family holiday and a protest are none.

use crate::codes::Code;
use serde::{Deserialize, Serialize};

/// A statutory ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// A regulated performance, or regulated employment abroad.
    Performance,
    /// An interview for a job or for another school.
    Interview,
    /// Study leave for a public examination.
    Study,
    /// A temporary part-time timetable.
    PartTime,
    /// Exceptional circumstances.
    Exceptional,
}

impl Ground {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Exceptional, Self::Performance, Self::Interview, Self::PartTime, Self::Study];
    /// As stored, and in a form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Performance => "performance",
            Self::Interview => "interview",
            Self::Study => "study",
            Self::PartTime => "part_time",
            Self::Exceptional => "exceptional",
        }
    }
    /// Of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.word() == word)
    }
    /// As people say it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Performance => "regulated performance or employment abroad",
            Self::Interview => "interview",
            Self::Study => "study leave",
            Self::PartTime => "temporary part-time timetable",
            Self::Exceptional => "exceptional circumstances",
        }
    }
    /// The code that stands while it lasts.
    #[must_use]
    pub fn code(self) -> Option<Code> {
        let text = match self {
            Self::Performance => "C1",
            Self::Interview => "J1",
            Self::Study => "S",
            Self::PartTime => "C2",
            Self::Exceptional => "C",
        };
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Class;

    #[test]
    fn every_ground_has_a_code_of_authorised_absence_and_a_word() {
        for ground in Ground::ALL {
            assert_eq!(ground.code().map(Code::class), Some(Class::Authorised), "{ground:?}");
            assert_eq!(Ground::of(ground.word()), Some(ground));
            assert_eq!(serde_json::to_value(ground).unwrap(), ground.word());
        }
        assert_eq!(Ground::of("holiday"), None);
    }
}
