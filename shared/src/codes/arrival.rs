//! What happens to a code that stands in a session when something contradicts it: a pupil who arrives, or a site that
//! has to close. The groups themselves are columns of the table of codes.
//!
//! Must never: decide a mark. The register does, with these answers.

use super::Code;

/// What a timed arrival does to a standing code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArrivalRule {
    /// The arrival decides: nothing stood against it (present, late, no reason yet).
    Replaced,
    /// The absence was for part of the session. Before close the arrival makes it L; after close the code stays and
    /// the arrival is noted, without a question.
    LateThenNoted,
    /// The code says that the pupil is elsewhere: it stays, and the office is asked.
    StaysWithQuestion,
}

/// What Y4 (whole site unexpectedly closed), declared at a time, does to a standing code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SiteClosed {
    /// Gives way in any session of the day: open, past or later.
    Yields,
    /// Stands in an open or past session, gives way in a later one.
    YieldsLater,
    /// Takes place elsewhere and stands in every session.
    GoesAhead,
}

/// Where a session stands when the site is declared closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Its register had opened already, or the session is over.
    OpenOrPast,
    /// Its register had not opened.
    Later,
}

/// What a timed arrival does to a standing code. A blank is decided by the arrival alone.
#[must_use]
pub fn arrival_against(code: Code) -> ArrivalRule {
    code.row().arrival
}

/// Whether Y4, declared at a time, replaces what stands (`None`: blank) in a session of that day.
#[must_use]
pub fn site_closed_replaces(standing: Option<Code>, phase: Phase) -> bool {
    match standing.map_or(SiteClosed::Yields, |code| code.row().site_closed) {
        SiteClosed::Yields => true,
        SiteClosed::YieldsLater => phase == Phase::Later,
        SiteClosed::GoesAhead => false,
    }
}
