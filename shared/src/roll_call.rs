//! Who is in the building, and who was seen at the assembly point: pure, so that the kiosks and the office say the same.
//!
//! Must never: call somebody seen, or out of the building, on a doubt. Where facts do not say, they are looked for.

use crate::id::{BootId, RollCallId};
use crate::log::Origin;
use crate::time::{Interval, Millis, Mono};
use crate::wire::v1::{Expected, Seen, Way};

impl RollCallId {
    /// The name of a roll call that began at this moment of this run: two kiosks never give the same.
    #[must_use]
    pub fn begun_at(boot: BootId, mono: Mono) -> Self {
        let mut bytes = *boot.as_bytes();
        for (byte, of) in bytes.iter_mut().rev().zip(mono.0.to_le_bytes()) {
            *byte ^= of;
        }
        Self::from_bytes(bytes)
    }
}

/// Where a pupil is, as far as registers and reception tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whereabouts {
    /// Nothing was said yet today: they are looked for.
    Unknown,
    /// In the building.
    In,
    /// Went out at reception and did not come back.
    Out,
    /// Not in school today, or elsewhere with the school.
    Away,
}

impl Whereabouts {
    /// Whether somebody must see this pupil at the assembly point.
    #[must_use]
    pub const fn is_looked_for(self) -> bool {
        matches!(self, Self::Unknown | Self::In)
    }
}

/// What is known of a pupil on the day at hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// The mark of the session at hand.
    pub mark: Option<Seen>,
    /// The mark of the session before it on that day.
    pub earlier: Option<Seen>,
    /// What the office expects of the session at hand.
    pub expected: Option<Expected>,
    /// The last way through the door at reception, and whether it was in the session at hand.
    pub passage: Option<(Way, bool)>,
}

/// Where a pupil is.
#[must_use]
pub const fn whereabouts(known: &Known) -> Whereabouts {
    match (known.passage, known.mark) {
        // A mark of this session is newer than a passage of the session before.
        (Some((_, false)), Some(Seen::Present | Seen::Late)) => Whereabouts::In,
        (Some((Way::Out, _)), _) => Whereabouts::Out,
        // Somebody came in at the door, whatever a register says: they are looked for.
        (Some((Way::In | Way::Back, true)), _) | (_, Some(Seen::Present | Seen::Late)) => Whereabouts::In,
        (_, Some(Seen::Absent)) => Whereabouts::Away,
        (passage, None) => match (known.expected, known.earlier, passage) {
            (Some(_), _, _) | (None, Some(Seen::Absent), None) => Whereabouts::Away,
            (None, Some(_), _) | (None, None, Some(_)) => Whereabouts::In,
            (None, None, None) => Whereabouts::Unknown,
        },
    }
}

/// One word about whether a pupil was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// When it was said.
    pub when: Interval,
    /// Where it stands.
    pub origin: Origin,
    /// Seen, or taken back.
    pub seen: bool,
}

/// Whether a pupil was seen, from the set of all words about it: the newest counts; of two at the same moment, the one
/// that has them looked for.
#[must_use]
pub fn accounted(words: &[Word]) -> bool {
    let newest = words.iter().max_by_key(|w| (moment(&w.when), !w.seen, w.origin));
    newest.is_some_and(|w| w.seen)
}

/// One instant of an interval: its estimate, or the middle.
fn moment(when: &Interval) -> Millis {
    when.estimate.unwrap_or_else(|| when.earliest.plus(when.latest.since(when.earliest) / 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::LogId;
    use proptest::prelude::*;

    const ALL: [Option<Seen>; 4] = [None, Some(Seen::Present), Some(Seen::Late), Some(Seen::Absent)];

    fn known(mark: Option<Seen>, earlier: Option<Seen>) -> Known {
        Known { mark, earlier, ..Known::default() }
    }

    #[test]
    fn nothing_said_is_looked_for() {
        assert_eq!(whereabouts(&Known::default()), Whereabouts::Unknown);
        assert!(Whereabouts::Unknown.is_looked_for());
    }

    #[test]
    fn the_mark_of_the_session_at_hand_says_first() {
        assert_eq!(whereabouts(&known(Some(Seen::Late), Some(Seen::Absent))), Whereabouts::In);
        assert_eq!(whereabouts(&known(Some(Seen::Absent), Some(Seen::Present))), Whereabouts::Away);
        assert_eq!(whereabouts(&known(None, Some(Seen::Present))), Whereabouts::In);
        assert_eq!(whereabouts(&known(None, Some(Seen::Absent))), Whereabouts::Away);
    }

    #[test]
    fn the_door_says_more_than_the_register() {
        let with = |passage, mark| whereabouts(&Known { passage, mark, ..Known::default() });
        for mark in ALL {
            assert_eq!(with(Some((Way::Out, true)), mark), Whereabouts::Out);
            assert_eq!(with(Some((Way::Back, true)), mark), Whereabouts::In, "{mark:?}");
            assert_eq!(with(Some((Way::In, true)), mark), Whereabouts::In, "{mark:?}");
        }
        // Went out in the morning, marked present in the afternoon: came back another way.
        assert_eq!(with(Some((Way::Out, false)), Some(Seen::Present)), Whereabouts::In);
        assert_eq!(with(Some((Way::Out, false)), None), Whereabouts::Out);
        assert_eq!(with(Some((Way::In, false)), Some(Seen::Absent)), Whereabouts::Away);
    }

    #[test]
    fn who_is_expected_elsewhere_is_not_looked_for_unless_seen_here() {
        let expected = Some(Expected::Elsewhere);
        assert_eq!(whereabouts(&Known { expected, ..Known::default() }), Whereabouts::Away);
        assert_eq!(whereabouts(&Known { expected, mark: Some(Seen::Present), ..Known::default() }), Whereabouts::In);
    }

    fn word() -> impl Strategy<Value = Word> {
        (0_i64..4, 0_u64..4, any::<bool>(), 0_u8..3).prop_map(|(at, seq, seen, log)| Word {
            when: Interval { earliest: Millis(at), latest: Millis(at + 2), estimate: None },
            origin: Origin { log: LogId::from_bytes([log; 16]), seq },
            seen,
        })
    }

    proptest! {
        #[test]
        fn whoever_tells_in_whatever_order(words in proptest::collection::vec(word(), 0..8), at in 0_usize..8) {
            let told = accounted(&words);
            let mut other = words.clone();
            other.reverse();
            let by = if other.is_empty() { 0 } else { at % other.len() };
            other.rotate_left(by);
            prop_assert_eq!(told, accounted(&other));
            // Heard twice is heard once.
            other.extend(words.iter().copied());
            prop_assert_eq!(told, accounted(&other));
        }

        #[test]
        fn a_doubt_has_them_looked_for(mut words in proptest::collection::vec(word(), 1..8)) {
            let newest = words.iter().map(|w| moment(&w.when)).max().unwrap_or(Millis(0));
            words.push(Word {
                when: Interval { earliest: newest, latest: newest, estimate: Some(newest) },
                origin: Origin { log: LogId::from_bytes([0; 16]), seq: 0 },
                seen: false,
            });
            prop_assert!(!accounted(&words));
        }
    }

    #[test]
    fn two_moments_have_two_names() {
        let boot = BootId::from_bytes([7; 16]);
        assert_ne!(RollCallId::begun_at(boot, Mono(1)), RollCallId::begun_at(boot, Mono(2)));
        assert_ne!(RollCallId::begun_at(boot, Mono(1)), RollCallId::begun_at(BootId::from_bytes([8; 16]), Mono(1)));
    }
}
