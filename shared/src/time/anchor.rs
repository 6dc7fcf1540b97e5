//! An anchor ties one boot's monotonic clock to the server's time, by four timestamps as NTP does (RFC 5905 §8).
//!
//! Must never: be made from a wall clock of the kiosk.

use super::{Interval, Millis, Mono};
use crate::id::BootId;
use crate::sim::Mutant;
use serde::{Deserialize, Serialize};

/// How far a kiosk's quartz may drift from the server's clock, in parts per million.
pub const DRIFT_PPM: i64 = 50;

/// Clocks are read in whole milliseconds, rounded down: one for the anchor's stamps, one for the reading, one for
/// the rounding of drift.
pub const GRAIN_MS: i64 = 3;

/// A better anchor is worth an entry in the log when it makes now this much more certain.
const WORTH_MS: i64 = 500;

/// At `mono` of `boot` the server's clock stood at `server`, give or take `uncertainty` milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// Which run of the machine.
    pub boot: BootId,
    /// The monotonic clock.
    pub mono: Mono,
    /// The server's clock at that moment.
    pub server: Millis,
    /// Half of the round trip, rounded up; milliseconds, never negative.
    pub uncertainty: i64,
}

/// The most that true time can differ from `distance` milliseconds of a kiosk's clock, rounded up. (A clock that is
/// slow by 50 ppm shows 999,950 of a million: hence the divisor.)
#[must_use]
pub const fn drift(distance: i64) -> i64 {
    const SHOWN: i64 = 1_000_000 - DRIFT_PPM;
    let distance = distance.saturating_abs();
    (distance / SHOWN) * DRIFT_PPM + ((distance % SHOWN) * DRIFT_PPM + SHOWN - 1) / SHOWN
}

impl Anchor {
    /// From one exchange: asked at `t0`, received at `t1` and answered at `t2` by the server's clock, answer here at
    /// `t3`. The anchor stands at `t3`.
    ///
    /// `None` for the impossible: an answer before its question, on either clock, or a server that was busy for longer
    /// than the whole exchange took.
    #[must_use]
    pub fn from_exchange(boot: BootId, t0: Mono, t1: Millis, t2: Millis, t3: Mono) -> Option<Self> {
        let elapsed = t3.0.checked_sub(t0.0).filter(|ms| *ms >= 0)?;
        let busy = t2.0.checked_sub(t1.0).filter(|ms| *ms >= 0)?;
        let trip = elapsed.checked_sub(busy)?;
        if trip < -(GRAIN_MS + drift(elapsed)) {
            return None;
        }
        let trip = trip.max(0);
        // The answer left at t2 and was here at t3: half the way back is the best guess for how long it took.
        let way_back = if Mutant::AnchorSign.lives() { -(trip / 2) } else { trip / 2 };
        let server = t2.0.checked_add(way_back)?;
        let uncertainty = trip - trip / 2 + elapsed / (1_000_000 / DRIFT_PPM);
        Some(Self { boot, mono: t3, server: Millis(server), uncertainty })
    }

    /// What this anchor says of another moment of its boot: uncertainty and drift to both sides.
    #[must_use]
    pub fn at(&self, mono: Mono) -> Interval {
        let distance = mono.0.saturating_sub(self.mono.0);
        let middle = self.server.plus(distance);
        let give = self.uncertainty.max(0).saturating_add(drift(distance)).saturating_add(GRAIN_MS);
        Interval::new(middle.plus(give.saturating_neg()), middle.plus(give))
    }

    /// Whether it belongs into the log beside `best`, the last one logged in this boot: the first of its boot, a clearly
    /// better one, or one that contradicts it.
    #[must_use]
    pub fn is_worth_keeping(&self, best: Option<&Self>) -> bool {
        match best {
            Some(best) if best.boot == self.boot => {
                let (new, old) = (self.at(self.mono), best.at(self.mono));
                new.width() / 2 + WORTH_MS < old.width() / 2 || new.intersect(&old).is_none()
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOT: BootId = BootId::from_bytes([1; 16]);

    fn exchange(t0: i64, t1: i64, t2: i64, t3: i64) -> Option<Anchor> {
        Anchor::from_exchange(BOOT, Mono(t0), Millis(t1), Millis(t2), Mono(t3))
    }

    #[test]
    fn stands_in_the_middle_of_the_round_trip() {
        // 40 ms there and back, 10 ms at the server: true offset 1,000,000 if both ways took 20 ms.
        let anchor = exchange(100, 1_000_120, 1_000_130, 150).expect("possible");
        assert_eq!((anchor.mono, anchor.server, anchor.uncertainty), (Mono(150), Millis(1_000_150), 20));
        // An odd round trip is rounded up.
        assert_eq!(exchange(0, 5, 5, 5).expect("possible").uncertainty, 3);
    }

    #[test]
    fn refuses_the_impossible() {
        assert_eq!(exchange(100, 5, 5, 99), None, "answered before it was asked");
        assert_eq!(exchange(100, 6, 5, 120), None, "the server's clock went back");
        assert_eq!(exchange(100, 5, 200, 120), None, "busy for longer than the exchange");
        assert_eq!(exchange(i64::MIN, 0, 0, i64::MAX), None, "beyond counting");
        assert!(exchange(100, 5, 7, 101).is_some(), "a millisecond of rounding is not impossible");
    }

    #[test]
    fn grows_less_certain_with_distance_to_both_sides() {
        let anchor = exchange(0, 10, 10, 20).expect("possible");
        assert_eq!(anchor.at(Mono(20)).width(), 2 * (10 + GRAIN_MS));
        // Seven hours: 25,200 s at 50 ppm is a little over 1,260 ms.
        let seven_hours = 25_200_000;
        assert_eq!(anchor.at(Mono(20 + seven_hours)).width(), 2 * (10 + 1_261 + GRAIN_MS));
        assert_eq!(anchor.at(Mono(20 - seven_hours)).width(), anchor.at(Mono(20 + seven_hours)).width());
        assert_eq!(drift(i64::MIN), drift(i64::MAX));
        // A made-up anchor from outside must not bring the arithmetic down.
        let wild = Anchor { boot: BOOT, mono: Mono(i64::MIN), server: Millis(i64::MAX), uncertainty: i64::MAX };
        assert!(wild.at(Mono(i64::MAX)).width() >= 0);
    }

    #[test]
    fn only_a_clearly_better_anchor_is_logged() {
        let first = exchange(0, 10, 10, 20).expect("possible");
        assert!(first.is_worth_keeping(None));
        let soon = exchange(900_000, 900_010, 900_010, 900_020).expect("possible");
        assert!(!soon.is_worth_keeping(Some(&first)), "15 minutes later: 45 ms of drift");
        let day = 86_400_000;
        let later = exchange(day, day + 10, day + 10, day + 20).expect("possible");
        assert!(later.is_worth_keeping(Some(&first)), "a day later: 4.3 s of drift");
        let stepped = exchange(900_000, 960_010, 960_010, 900_020).expect("possible");
        assert!(stepped.is_worth_keeping(Some(&first)), "the server's clock was stepped by a minute");
        let other = Anchor { boot: BootId::from_bytes([2; 16]), ..soon };
        assert!(other.is_worth_keeping(Some(&first)), "another boot");
    }
}
