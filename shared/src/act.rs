//! What the office, the headteacher or a dated rule did: the facts of the school's own log, written by the server.
//!
//! Must never: be written without who did it, in what position, on what date (P6).

use crate::calendar::SessionKey;
use crate::call::{Outcome, Whom};
use crate::codes::Code;
use crate::id::{CallId, ClassId, KioskId, LeaveId, LogId, PlanId, PupilId, StaffId};
use crate::leave::Ground;
use crate::log::{Hash, Head, Origin};
use crate::observation::Sealed;
use crate::pupil::Change;
use crate::register::QuestionKey;
use crate::text::{Name, Remark};
use crate::time::Millis;
use crate::wire::v1::{Choices, FindBy};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// One fact of the school's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acted {
    /// The server's time.
    pub at: Millis,
    /// False after an unsynchronised start or a step of the server's clock: the decision is provisional.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub clock_sure: bool,
    /// Who.
    pub by: Officer,
    /// What.
    pub act: Act,
}

fn yes() -> bool {
    true
}
#[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference
fn is_true(b: &bool) -> bool {
    *b
}

/// The person who acted, with the position held that day (P6: name and position), or a rule with who set it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case", deny_unknown_fields)]
pub enum Officer {
    /// A person.
    Person {
        /// Their name.
        name: Name,
        /// Their position, as "office manager".
        position: Name,
    },
    /// A rule, as "close at 09:20", and who set it when.
    Rule {
        /// The rule.
        rule: Name,
        /// "name, position, date" of who set it.
        set_by: Name,
    },
}

impl Officer {
    /// The person's name, or the rule's.
    #[must_use]
    pub const fn name(&self) -> &Name {
        match self {
            Self::Person { name, .. } => name,
            Self::Rule { rule, .. } => rule,
        }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// A person set the code of one session.
    Amended {
        /// The pupil.
        pupil: PupilId,
        /// The session.
        session: SessionKey,
        /// The amended entry; `None` makes it blank again.
        code: Option<Code>,
        /// Minutes late, with L or U.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<u16>,
        /// Nature of the activity or circumstance, where the code needs it (P7).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<Remark>,
        /// Why it was amended (P6).
        reason: Remark,
        /// The facts the officer had before them. What contradicts and is not among them is a question.
        seen: Vec<Origin>,
    },
    /// A family told of an absence, or it was planned: expected from one session to another, both included.
    Planned {
        /// Names this plan.
        plan: PlanId,
        /// The pupil.
        pupil: PupilId,
        /// First session.
        from: SessionKey,
        /// Last session.
        until: SessionKey,
        /// What will be posted at close.
        code: Code,
        /// Nature, where the code needs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<Remark>,
        /// Who told, and what was said.
        reason: Remark,
    },
    /// A plan was withdrawn.
    PlanWithdrawn {
        /// Which.
        plan: PlanId,
        /// Whose.
        pupil: PupilId,
        /// Why.
        reason: Remark,
    },
    /// Somebody was called, or told, about an absence that nobody explained (P12). It changes no mark.
    Called {
        /// Names the call: the same for each child of a family.
        call: CallId,
        /// The pupil it was about.
        pupil: PupilId,
        /// The session that was not explained.
        session: SessionKey,
        /// Who was tried.
        whom: Whom,
        /// Their name, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Name>,
        /// What came of it.
        outcome: Outcome,
        /// What was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<Remark>,
    },
    /// A register was closed (by rule, on time or as soon as the server was up again).
    Closed {
        /// The class.
        class: ClassId,
        /// The session.
        session: SessionKey,
    },
    /// Leave of absence was asked for in advance (P14).
    LeaveAsked {
        /// Names the request.
        request: LeaveId,
        /// The pupil.
        pupil: PupilId,
        /// First session.
        from: SessionKey,
        /// Last session.
        until: SessionKey,
        /// On which ground.
        ground: Ground,
        /// The parent who asks.
        asked_by: Name,
        /// What for.
        said: Remark,
        /// What was shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<Remark>,
    },
    /// The headteacher decided about leave of absence. What is granted is a plan of its own.
    LeaveDecided {
        /// Which request.
        request: LeaveId,
        /// Whose.
        pupil: PupilId,
        /// The first session that was asked for.
        asked_from: SessionKey,
        /// For how long it was granted; none: refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        granted: Option<Granted>,
        /// Why.
        reason: Remark,
    },
    /// A pupil left the building, and the office wrote it down (P5). It changes no mark, as at a kiosk.
    WentHome {
        /// The pupil.
        pupil: PupilId,
        /// The session in which it was.
        session: SessionKey,
        /// When, as the office says.
        at: Millis,
        /// Who collected them, sealed to the server's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        collected: Option<Sealed>,
        /// Why, sealed to the server's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    },
    /// A pupil who had left came back, and the office wrote it down.
    CameBack {
        /// The pupil.
        pupil: PupilId,
        /// The session in which it was.
        session: SessionKey,
        /// When, as the office says.
        at: Millis,
    },
    /// Something about a pupil beside their marks was changed or written down.
    PupilChanged {
        /// Whose.
        pupil: PupilId,
        /// What.
        change: Change,
    },
    /// A register was taken by hand, on paper, and the office entered what the list says. The marks are acts of their own.
    RegisterTaken {
        /// The class.
        class: ClassId,
        /// The session.
        session: SessionKey,
        /// Who took it, as the list says.
        by_hand: Name,
        /// When it was taken.
        at: Millis,
    },
    /// A question was settled by a person.
    Settled {
        /// The question.
        question: QuestionKey,
        /// The answer in a word, as offered with the question.
        answer: Remark,
        /// Facts seen when it was answered.
        seen: Vec<Origin>,
    },
    /// Marks of an earlier system, as they stood there.
    History {
        /// The class.
        class: ClassId,
        /// The session.
        session: SessionKey,
        /// Pupil and code.
        marks: Vec<(PupilId, Code)>,
    },
    /// A roster was imported (counts only; the roster itself is not a fact of attendance).
    Imported {
        /// The file's own name for its system.
        source: Name,
        /// Pupils on roll after it.
        pupils: u32,
        /// Classes after it.
        classes: u32,
    },
    /// A kiosk was enrolled.
    Enrolled {
        /// Which.
        kiosk: KioskId,
        /// Its room.
        room: Name,
    },
    /// A kiosk was revoked: what it sends from now on is held.
    Revoked {
        /// Which.
        kiosk: KioskId,
    },
    /// A log was retired: nothing is appended to it any more.
    LogSealed {
        /// Which.
        log: LogId,
        /// Its last accepted head.
        head: Hash,
    },
    /// What a kiosk sent while held was accepted or discarded.
    HeldDecided {
        /// Whose.
        kiosk: KioskId,
        /// Up to which entry.
        upto: Origin,
        /// Accepted, or discarded.
        accepted: bool,
    },
    /// Somebody whom no roster names was put on the staff list: cover staff.
    StaffAdded {
        /// Who.
        staff: StaffId,
        /// Their name.
        name: Name,
        /// Their position, as "cover teacher".
        position: Name,
    },
    /// The last day of somebody whom the office had put on the staff list was set.
    StaffEnded {
        /// Who.
        staff: StaffId,
        /// Their last day.
        last_day: NaiveDate,
    },
    /// Somebody may sign on with a new PIN from now on. The PIN is nowhere in the record.
    PinSet {
        /// Who.
        staff: StaffId,
    },
    /// Somebody's PIN was taken away.
    PinRemoved {
        /// Who.
        staff: StaffId,
    },
    /// A card was bound to somebody. Its number is nowhere in the record.
    CardBound {
        /// Whose it is now.
        holder: Holder,
    },
    /// A card was marked lost: it opens nothing any more.
    CardLost {
        /// Whose it was.
        holder: Holder,
    },
    /// The school's file came back from a backup. Written when it was restored, as the first act of a new log of the
    /// school, and again when the kiosks had brought back what they keep.
    Restored {
        /// The school's own log until then. Nothing but what kiosks bring back is appended to it any more.
        log: LogId,
        /// Its last head that any kiosk had seen; none while no kiosk has spoken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        old: Option<Head>,
        /// Its head as the backup had it, and later with what kiosks brought back.
        new: Head,
        /// When the backup was made.
        backup: Millis,
    },
    /// How reception asks was set.
    ReceptionSet {
        /// Reasons offered to somebody who is late.
        reasons: Vec<Name>,
        /// Whether somebody who is late by card is asked too.
        reason_after_card: bool,
        /// Who may be picked as collecting a pupil.
        collectors: Vec<Name>,
        /// How a name is found.
        find_by: FindBy,
    },
    /// A calendar was put in force: terms, closures, times.
    CalendarSet {
        /// SHA-256 of its text as the school's file keeps it, so that a calendar rewritten later is found.
        calendar: Hash,
    },
    /// What a school chooses about its kiosks was set.
    ChoicesSet {
        /// All of it, as it stands now.
        choices: Choices,
    },
    /// Where every log and the record stood, so that this log's head vouches for all of them. A kiosk keeps that head.
    Witnessed {
        /// Logs that grew since the act before this one that names them.
        logs: Vec<Stood>,
        /// The entries of the record made since the act before this one that has some.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entries: Option<Made>,
    },
    /// What was over six years old was removed: bodies and salts are gone, headers stay.
    Removed {
        /// The rule, as "six years".
        rule: Name,
        /// The last day of what went: of each mark, the newest fact and entry are of this day or before.
        date: NaiveDate,
        /// What is gone from which log. A missing body that no such act names is tampering.
        gone: Vec<Gone>,
    },
}

/// The time for which leave was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Granted {
    /// First session.
    pub from: SessionKey,
    /// Last session.
    pub until: SessionKey,
}

/// Where a log stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stood {
    /// The log.
    pub log: LogId,
    /// Its last entry.
    pub seq: u64,
    /// The hash of that.
    pub hash: Hash,
}

/// Entries of the record up to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// The first.
    pub from: u64,
    /// The last.
    pub upto: u64,
    /// Of what they say, all of them in order.
    pub digest: Hash,
}

/// Entries of a log whose bodies are gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gone {
    /// The log.
    pub log: LogId,
    /// First and last of each stretch, both included.
    pub spans: Vec<(u64, u64)>,
}

impl Act {
    /// Whether it stays when its six years are over: it says what became of the record, and names no pupil.
    #[must_use]
    pub const fn stays(&self) -> bool {
        matches!(
            self,
            Self::Witnessed { .. } | Self::Removed { .. } | Self::CalendarSet { .. } | Self::LogSealed { .. }
        )
    }
}

/// Whose a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// A pupil.
    Pupil(PupilId),
    /// A member of staff.
    Staff(StaffId),
}
