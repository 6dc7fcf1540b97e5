//! What a batch of entries does to a log: the server's whole judgement of a push, as a pure function.
//!
//! Must never: interpret a body, or accept an entry that does not follow the chain.

use crate::limits::{BATCH_ENTRIES, BODY_BYTES};
use crate::log::{Entry, Hash, Head};
use crate::sim::Mutant;
use crate::wire::v1::{LogState, Push, Pushed};

/// What a push comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ingested<'a> {
    /// These entries are new: append them all in one transaction, then answer.
    Append {
        /// The new part of the batch, never empty.
        entries: &'a [Entry],
        /// The head once they are appended.
        head: Head,
    },
    /// All of it is held already: write nothing, answer the same.
    Replay {
        /// The head, as it stands.
        head: Head,
    },
    /// Entries are missing before it.
    Gap {
        /// The head, as it stands.
        head: Head,
    },
    /// Another entry is held under this number.
    Forked {
        /// The first number known to differ. At or after `push.from` it is exactly the first; before `push.from` the
        /// logs part at `at` or somewhere earlier.
        at: u64,
    },
    /// The log was retired.
    Sealed,
    /// Not a batch that any kiosk of ours sends: HTTP 400.
    Malformed(Malformed),
    /// The header of an entry below the head cannot be found: the server's own fault, HTTP 500.
    Lost {
        /// The entry.
        seq: u64,
    },
}

/// What is wrong with a malformed batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// More than [`BATCH_ENTRIES`].
    #[error("too many entries in one batch")]
    TooMany,
    /// A body longer than [`BODY_BYTES`].
    #[error("the body of entry {seq} is too long")]
    BodyTooLong {
        /// The entry.
        seq: u64,
    },
    /// Entries are numbered from 1, each one higher than the one before.
    #[error("expected entry {expected}")]
    Numbering {
        /// The number expected.
        expected: u64,
    },
    /// An entry does not name the hash of the one before it.
    #[error("entry {seq} does not follow the one before it")]
    Chain {
        /// The entry.
        seq: u64,
    },
}

impl Ingested<'_> {
    /// The answer to send, once what is to be written is on the disk. `None`: an HTTP error.
    #[must_use]
    pub const fn answer(&self) -> Option<Pushed> {
        match self {
            Self::Append { head, .. } | Self::Replay { head } => Some(Pushed::Accepted { head: *head }),
            Self::Gap { head } => Some(Pushed::Gap { head: *head }),
            Self::Forked { at } => Some(Pushed::Forked { at: *at }),
            Self::Sealed => Some(Pushed::Sealed),
            Self::Malformed(_) | Self::Lost { .. } => None,
        }
    }
}

/// Judges a push. `head` is where the log stands, `sealed` whether the office retired it, `known(seq)` the hash of the
/// entry held under a number from 1 to `head.seq` (asked for replayed entries and the one before the batch).
///
/// An empty batch asks whether the log is the same up to `from - 1`.
pub fn ingest<'a>(head: Head, sealed: bool, known: impl Fn(u64) -> Option<Hash>, push: &'a Push) -> Ingested<'a> {
    if let Err(why) = well_formed(push) {
        return Ingested::Malformed(why);
    }
    if sealed {
        return Ingested::Sealed;
    }
    if push.from > head.seq.saturating_add(1) {
        if let (true, Some(last)) = (Mutant::NoGapCheck.lives(), push.entries.last()) {
            return Ingested::Append { entries: &push.entries, head: last.head() };
        }
        return Ingested::Gap { head };
    }
    if Mutant::ForkIgnored.lives() {
        // A number that is there already is left as it is, whatever it says; what goes on from there is appended.
        let beyond = push.entries.iter().position(|entry| entry.seq > head.seq);
        return match (beyond, push.entries.last()) {
            (Some(at), Some(last)) => Ingested::Append { entries: &push.entries[at..], head: last.head() },
            _ => Ingested::Replay { head },
        };
    }
    let held = |seq: u64| match seq {
        0 => Some(Hash::ZERO),
        _ if seq == head.seq => Some(head.hash),
        _ => known(seq),
    };
    let before = push.from - 1;
    match held(before) {
        None => return Ingested::Lost { seq: before },
        Some(hash) if hash != push.prev => return Ingested::Forked { at: before.max(1) },
        Some(_) => {}
    }
    let replayed = push.entries.iter().take_while(|e| e.seq <= head.seq).count();
    for entry in &push.entries[..replayed] {
        match held(entry.seq) {
            None => return Ingested::Lost { seq: entry.seq },
            Some(hash) if hash != entry.hash() => return Ingested::Forked { at: entry.seq },
            Some(_) => {}
        }
    }
    // The chain ties the new part to the replayed part, and that, or `prev`, is tied to what is held.
    let entries = &push.entries[replayed..];
    entries.last().map_or(Ingested::Replay { head }, |last| Ingested::Append { entries, head: last.head() })
}

fn well_formed(push: &Push) -> Result<(), Malformed> {
    if push.entries.len() > BATCH_ENTRIES {
        return Err(Malformed::TooMany);
    }
    if push.from == 0 || push.from.checked_add(BATCH_ENTRIES as u64).is_none() {
        return Err(Malformed::Numbering { expected: 1 });
    }
    let mut at = Head { seq: push.from - 1, hash: push.prev };
    for entry in &push.entries {
        if entry.seq != at.seq + 1 {
            return Err(Malformed::Numbering { expected: at.seq + 1 });
        }
        if entry.prev != at.hash {
            return Err(Malformed::Chain { seq: entry.seq });
        }
        if entry.body.len() > BODY_BYTES {
            return Err(Malformed::BodyTooLong { seq: entry.seq });
        }
        at = entry.head();
    }
    Ok(())
}

/// What the server says of a log at hello: `head` and `sealed` as for [`ingest`]; `theirs` is the kiosk's head.
///
/// A kiosk whose own log ends before what is held runs on a card that was restored: it must not write those numbers
/// again, so its log counts as forked already. One that is ahead is checked by its next push.
#[must_use]
pub fn greet(head: Head, sealed: bool, theirs: Head) -> LogState {
    if sealed {
        LogState::Sealed
    } else if theirs.seq > head.seq || theirs == head || Mutant::ForkIgnored.lives() {
        LogState::Open
    } else {
        LogState::Forked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::LogId;
    use crate::log::Salt;
    use proptest::prelude::*;

    fn log_of(count: usize, word: &str) -> Vec<Entry> {
        grow(Head::EMPTY, count, word)
    }
    fn grow(mut head: Head, count: usize, word: &str) -> Vec<Entry> {
        (0..count)
            .map(|_| {
                let entry = head.append(Salt([5; 16]), format!("{word} {}", head.seq));
                head = entry.head();
                entry
            })
            .collect()
    }
    fn push(entries: &[Entry]) -> Push {
        Push { log: LogId::from_bytes([1; 16]), from: entries[0].seq, prev: entries[0].prev, entries: entries.to_vec() }
    }
    fn head(held: &[Entry]) -> Head {
        held.last().map_or(Head::EMPTY, Entry::head)
    }
    fn judge<'a>(held: &[Entry], sealed: bool, push: &'a Push) -> Ingested<'a> {
        ingest(head(held), sealed, |seq| held.get(usize::try_from(seq - 1).expect("small")).map(Entry::hash), push)
    }

    #[test]
    fn takes_what_follows_and_the_new_part_of_what_overlaps() {
        let log = log_of(9, "a");
        for (held, from, upto, new) in [(0, 0, 9, 9), (4, 4, 9, 5), (4, 2, 9, 5), (4, 0, 5, 1), (8, 8, 9, 1)] {
            let batch = push(&log[from..upto]);
            let want =
                Ingested::Append { entries: &batch.entries[batch.entries.len() - new..], head: head(&log[..upto]) };
            assert_eq!(judge(&log[..held], false, &batch), want, "{held} {from} {upto}");
        }
    }

    #[test]
    fn a_replay_writes_nothing_and_answers_the_same() {
        let log = log_of(9, "a");
        for (from, upto) in [(0, 9), (3, 5), (8, 9)] {
            let batch = push(&log[from..upto]);
            let found = judge(&log, false, &batch);
            assert_eq!(found, Ingested::Replay { head: head(&log) });
            assert_eq!(found.answer(), Some(Pushed::Accepted { head: head(&log) }));
        }
    }

    #[test]
    fn a_hole_is_a_gap() {
        let log = log_of(9, "a");
        assert_eq!(judge(&log[..3], false, &push(&log[4..])), Ingested::Gap { head: head(&log[..3]) });
        assert_eq!(judge(&[], false, &push(&log[1..])), Ingested::Gap { head: Head::EMPTY });
    }

    #[test]
    fn another_history_is_a_fork_at_its_first_entry() {
        let held = log_of(9, "a");
        // Common up to 4, then another.
        let mut other = held[..4].to_vec();
        other.extend(grow(head(&held[..4]), 5, "b"));
        assert_eq!(judge(&held, false, &push(&other[2..])), Ingested::Forked { at: 5 });
        assert_eq!(judge(&held, false, &push(&other[4..])), Ingested::Forked { at: 5 });
        assert_eq!(
            judge(&held[..6], false, &push(&other[6..])),
            Ingested::Forked { at: 6 },
            "at or before the one before"
        );
        assert_eq!(
            judge(&held[..4], false, &push(&other[4..])).answer(),
            Some(Pushed::Accepted { head: head(&other) })
        );
        assert_eq!(judge(&held, false, &push(&log_of(2, "b"))), Ingested::Forked { at: 1 });
    }

    #[test]
    fn a_sealed_log_takes_nothing_not_even_a_replay() {
        let log = log_of(3, "a");
        assert_eq!(judge(&log[..2], true, &push(&log)), Ingested::Sealed);
        assert_eq!(judge(&log, true, &push(&log)).answer(), Some(Pushed::Sealed));
    }

    #[test]
    fn an_empty_batch_asks_whether_the_log_is_the_same() {
        let log = log_of(5, "a");
        let ask = |from: u64, prev: Hash| Push { log: LogId::from_bytes([1; 16]), from, prev, entries: vec![] };
        assert_eq!(judge(&log, false, &ask(4, log[2].hash())), Ingested::Replay { head: head(&log) });
        assert_eq!(judge(&log, false, &ask(4, Hash([9; 32]))), Ingested::Forked { at: 3 });
        assert_eq!(judge(&log, false, &ask(7, Hash::ZERO)), Ingested::Gap { head: head(&log) });
        assert_eq!(judge(&[], false, &ask(1, Hash::ZERO)), Ingested::Replay { head: Head::EMPTY });
    }

    #[test]
    fn nothing_beyond_the_limits_or_out_of_line() {
        let log = log_of(BATCH_ENTRIES + 1, "a");
        assert_eq!(judge(&[], false, &push(&log)), Ingested::Malformed(Malformed::TooMany));
        assert!(matches!(judge(&[], false, &push(&log[..BATCH_ENTRIES])), Ingested::Append { .. }));
        let long = [Head::EMPTY.append(Salt([5; 16]), "x".repeat(BODY_BYTES + 1))];
        assert_eq!(judge(&[], false, &push(&long)), Ingested::Malformed(Malformed::BodyTooLong { seq: 1 }));
        let mut hole = push(&log[..4]);
        hole.entries.remove(2);
        assert_eq!(judge(&[], false, &hole), Ingested::Malformed(Malformed::Numbering { expected: 3 }));
        let mut cut = push(&log[..4]);
        cut.entries[2].prev = Hash([1; 32]);
        assert_eq!(judge(&[], false, &cut), Ingested::Malformed(Malformed::Chain { seq: 3 }));
        let mut wrong = push(&log[..4]);
        wrong.prev = Hash([1; 32]);
        assert_eq!(judge(&[], false, &wrong), Ingested::Malformed(Malformed::Chain { seq: 1 }));
        for from in [0, u64::MAX] {
            let none = Push { log: LogId::from_bytes([1; 16]), from, prev: Hash::ZERO, entries: vec![] };
            assert!(matches!(judge(&log, false, &none), Ingested::Malformed(Malformed::Numbering { .. })));
        }
        assert_eq!(judge(&[], false, &wrong).answer(), None, "an HTTP error, not an outcome");
    }

    #[test]
    fn a_header_that_is_gone_is_the_servers_own_fault() {
        let log = log_of(5, "a");
        let batch = push(&log[2..4]);
        assert_eq!(ingest(head(&log), false, |_| None, &batch), Ingested::Lost { seq: 2 });
        assert_eq!(ingest(head(&log), false, |_| None, &batch).answer(), None);
    }

    #[test]
    fn a_hello_is_greeted_by_where_the_logs_end() {
        let log = log_of(5, "a");
        let (three, five) = (head(&log[..3]), head(&log));
        assert_eq!(greet(five, false, five), LogState::Open);
        assert_eq!(greet(three, false, five), LogState::Open, "the rest will be pushed, and checked then");
        assert_eq!(greet(five, false, three), LogState::Forked, "a card from last week");
        assert_eq!(greet(five, false, Head { hash: Hash([7; 32]), ..five }), LogState::Forked);
        assert_eq!(greet(Head::EMPTY, false, Head::EMPTY), LogState::Open);
        assert_eq!(greet(five, true, five), LogState::Sealed);
    }

    proptest! {
        /// Any cutting of a log into batches, sent in any order and more than once, gives the log or a part of its
        /// beginning: never a hole, never a double, never a fork.
        #[test]
        fn any_cutting_and_repeating_gives_a_beginning_of_the_log(
            size in 1..40_usize, cuts in prop::collection::vec((0..40_usize, 1..12_usize), 0..60),
        ) {
            let log = log_of(size, "a");
            let mut held: Vec<Entry> = vec![];
            for (from, count) in cuts {
                let from = from % size;
                let batch = push(&log[from..(from + count).min(size)]);
                match judge(&held, false, &batch) {
                    Ingested::Append { entries, head: after } => {
                        let new = entries.to_vec();
                        held.extend(new);
                        prop_assert_eq!(after, head(&held));
                    }
                    Ingested::Replay { head: stands } => prop_assert_eq!(stands, head(&held)),
                    Ingested::Gap { .. } => prop_assert!(from > held.len()),
                    other => prop_assert!(false, "{:?}", other),
                }
                prop_assert_eq!(&held[..], &log[..held.len()]);
            }
        }
    }
}
