//! How a decided mark becomes an entry of the record: append-only, every change with the five parts of P6 (the original
//! entry, the amended entry, the reason, the date it was made, the name and position of who made it).
//!
//! Must never: append when nothing changes, or let an entry that stood be overwritten (reg. 6: the register is kept, and
//! the original stays legible).

use super::decision::{Ground, Grounds};
use super::{Decision, Standing};
use crate::act::Officer;
use crate::codes::Code;
use crate::log::Origin;
use crate::text::Remark;
use crate::time::{Interval, Millis};

/// A fact that the server has more than so much later than it was seen came late, even when nothing closed meanwhile.
const PROMPT_MS: i64 = 2 * 60 * 1000;

/// The newest entry of a mark, as the record has it. `None` in its place: nothing stood yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryNow {
    /// The code; `None`: blank (taken back).
    pub code: Option<Code>,
    /// Minutes late.
    pub minutes: Option<u16>,
    /// Nature (P7).
    pub detail: Option<Remark>,
    /// Until a time is known.
    pub provisional: bool,
}

/// What to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The amended entry, or the first.
    pub code: Option<Code>,
    /// Minutes late.
    pub minutes: Option<u16>,
    /// Nature (P7).
    pub detail: Option<Remark>,
    /// Until a time is known.
    pub provisional: bool,
    /// The original entry.
    pub original: Option<Code>,
    /// Whether an entry stood before: then this is an amendment.
    pub is_change: bool,
    /// The reason, or how the first entry came to be. At most some 600 characters.
    pub reason: String,
    /// When it was made.
    pub made_at: Millis,
    /// By whom, with position; or by which rule, and who set it.
    pub by: Officer,
    /// The fact that decided it.
    pub basis: Option<Origin>,
    /// When that fact happened.
    pub happened: Option<Interval>,
}

/// What the record needs to know besides the decision.
#[derive(Clone, Copy)]
pub struct Posting<'a> {
    /// The server's time now.
    pub at: Millis,
    /// When this session's register closes; `None` on a day without school.
    pub closes: Option<Millis>,
    /// The rule in whose name the server posts what no person does, as "close at 09:20", with who set it.
    pub rule: &'a Officer,
    /// An instant as the school's clocks show it, as "08:57".
    pub clock: &'a dyn Fn(Millis) -> String,
}

impl NewEntry {
    /// The entry as it stands once it is appended.
    #[must_use]
    pub fn now(&self) -> EntryNow {
        EntryNow { code: self.code, minutes: self.minutes, detail: self.detail.clone(), provisional: self.provisional }
    }
}

/// The entry to append so that the record says what was decided; `None` when it says so already.
#[must_use]
pub fn record(stood: Option<&EntryNow>, decision: &Decision, posting: &Posting<'_>) -> Option<NewEntry> {
    let mark = &decision.mark;
    let same = match stood {
        None => mark.code.is_none(),
        Some(old) => {
            (old.code, old.minutes, &old.detail, old.provisional)
                == (mark.code, mark.minutes, &mark.detail, mark.provisional)
        }
    };
    if same {
        return None;
    }
    let fact = mark.basis.fact.as_ref();
    // A person's own words stand, also where they leave the code as it was.
    let said = matches!(mark.basis.ground, Ground::Settled | Ground::Amended);
    let only_the_time = !said && stood.is_some_and(|old| old.code == mark.code && old.provisional && !mark.provisional);
    Some(NewEntry {
        code: mark.code,
        minutes: mark.minutes,
        detail: mark.detail.clone(),
        provisional: mark.provisional,
        original: stood.and_then(|old| old.code),
        is_change: stood.is_some(),
        reason: if only_the_time { time_is_known(fact, posting) } else { reason(mark, posting) },
        made_at: posting.at,
        by: by(mark, posting),
        basis: fact.map(|fact| fact.origin),
        happened: fact.map(|fact| fact.when),
    })
}

/// Who changed it: the teacher who tapped, the pupil who signed in, the officer who amended, or the rule.
fn by(mark: &Standing, posting: &Posting<'_>) -> Officer {
    let person = mark.basis.fact.as_ref().and_then(|fact| fact.by.clone());
    let after_close = |fact: &Grounds| posting.closes.is_none_or(|closes| fact.when.latest >= closes);
    match mark.basis.ground {
        Ground::Amended
        | Ground::Settled
        | Ground::Arrival
        | Ground::Teacher
        | Ground::History
        | Ground::Absent
        | Ground::Nothing => person,
        // Posted at close by rule; a call that is taken after close is posted by who takes it.
        Ground::Plan | Ground::SiteClosed => person.filter(|_| mark.basis.fact.as_ref().is_some_and(after_close)),
        Ground::Close | Ground::Filed => None,
    }
    .unwrap_or_else(|| posting.rule.clone())
}

fn reason(mark: &Standing, posting: &Posting<'_>) -> String {
    let Some(fact) = &mark.basis.fact else {
        return match mark.basis.ground {
            Ground::Filed => "filed, not posted".to_owned(),
            _ => "what it rested on was taken back".to_owned(),
        };
    };
    if let Some(words) = received_late(fact, posting) {
        return words;
    }
    let said = fact.said.as_ref().map(|said| said.as_str()).unwrap_or_default();
    match mark.basis.ground {
        Ground::Amended => said.to_owned(),
        Ground::Settled => format!("question settled: {said}"),
        Ground::Teacher if posting.closes.is_some_and(|closes| fact.when.earliest >= closes) => {
            format!("tapped present {}, after the register had closed", at(fact, posting))
        }
        Ground::Teacher => format!("tapped present {}", at(fact, posting)),
        Ground::Arrival => format!("arrived {}", at(fact, posting)),
        Ground::Plan => format!("expected: {said}"),
        Ground::SiteClosed => format!("site unexpectedly closed: {said}"),
        Ground::History => "mark of the earlier system".to_owned(),
        Ground::Close => match posting.closes {
            Some(closes) => format!("no reason known when the register closed at {}", (posting.clock)(closes)),
            None => "no reason known when the register closed".to_owned(),
        },
        Ground::Absent => format!("tapped absent {}", at(fact, posting)),
        Ground::Nothing => format!("mark taken back {}", at(fact, posting)),
        Ground::Filed => "filed, not posted".to_owned(),
    }
}

/// "received late from kiosk Room 7, taken 08:57": when the register had closed before the server had the fact, or
/// when it took long.
fn received_late(fact: &Grounds, posting: &Posting<'_>) -> Option<String> {
    let room = fact.room.as_ref()?;
    let closes = posting.closes?;
    let late =
        fact.received >= closes && (fact.when.latest < closes || fact.received.since(fact.when.latest) > PROMPT_MS);
    late.then(|| format!("received late from kiosk {room}, taken {}", time(fact, posting)))
}

fn time_is_known(fact: Option<&Grounds>, posting: &Posting<'_>) -> String {
    match fact {
        Some(fact) => format!("the time is known now: taken {}", time(fact, posting)),
        None => "the time is known now".to_owned(),
    }
}

fn at(fact: &Grounds, posting: &Posting<'_>) -> String {
    let words = time(fact, posting);
    if words.starts_with("between") { words } else { format!("at {words}") }
}

/// "08:57", or "between 08:10 and 09:40" while no more is known.
fn time(fact: &Grounds, posting: &Posting<'_>) -> String {
    let (earliest, latest) = ((posting.clock)(fact.when.earliest), (posting.clock)(fact.when.latest));
    // A round trip is no doubt worth telling, even across a full minute.
    if earliest == latest || fact.when.latest.since(fact.when.earliest) < 60_000 {
        earliest
    } else {
        format!("between {earliest} and {latest}")
    }
}
