//! Kiosks with known true time: whatever their clocks and the network did, the interval holds the truth.

use super::*;
use crate::id::BootId;
use proptest::prelude::*;

const DAY_MS: i64 = 86_400_000;
/// 2026-11-23 00:00 UTC.
const MONDAY: i64 = 1_795_392_000_000;

fn at(hour: i64, minute: i64) -> Millis {
    Millis(MONDAY + (hour * 60 + minute) * 60_000)
}

fn boot(n: u8) -> BootId {
    BootId::from_bytes([n; 16])
}

fn stretch(n: u8, first: i64, last: i64, floor: Option<Millis>) -> Boot {
    Boot { boot: boot(n), first: Mono(first), last: Mono(last), floor }
}

fn anchor(n: u8, mono: i64, server: Millis) -> Anchor {
    Anchor { boot: boot(n), mono: Mono(mono), server, uncertainty: 20 }
}

fn reading(n: u8, mono: i64, wall: i64) -> Reading {
    Reading { boot: boot(n), mono: Mono(mono), wall: Millis(wall) }
}

#[test]
fn a_kiosk_of_1970_that_meets_the_server_at_15_00_has_its_morning_dated() {
    // Booted at 08:00 without a network or a battery; tapped at 08:57; anchored at 15:00.
    let tap = 57 * 60_000;
    let meeting = 7 * 3_600_000;
    let before = Timeline::new(vec![stretch(1, 0, meeting, None)], vec![], at(15, 0));
    let unknown = resolve(&reading(1, tap, tap), &before);
    assert_eq!(unknown, Interval::new(BEGINNING, at(15, 0)));
    assert_eq!(unknown.estimate, None, "1970 is not inside");
    let after = Timeline { anchors: vec![anchor(1, meeting, at(15, 0))], ..before };
    let known = resolve(&reading(1, tap, tap), &after);
    assert!(known.contains(at(8, 57)) && known.width() < 2_300, "{known:?}");
    assert!(known.before(at(9, 20)));
}

#[test]
fn a_boot_that_never_met_a_server_lies_between_its_neighbours() {
    let boots = vec![stretch(1, 0, 100_000, None), stretch(2, 5_000, 65_000, None), stretch(3, 9_000, 20_000, None)];
    let anchors = vec![anchor(1, 50_000, at(8, 0)), anchor(3, 10_000, at(10, 0))];
    let timeline = Timeline::new(boots, anchors, at(16, 0));
    let wall = at(9, 5).0;
    let known = resolve(&reading(2, 35_000, wall), &timeline);
    // Boot 1 ended 50 s after 08:00; this is 30 s into boot 2; 30 s of it were left; boot 3 began 1 s before 10:00.
    assert!((known.earliest.0 - (at(8, 0).0 + 80_000)).abs() < 100, "{known:?}");
    assert!((known.latest.0 - (at(10, 0).0 - 31_000)).abs() < 100, "{known:?}");
    assert_eq!(known.estimate, Some(Millis(wall)));
    assert_eq!(resolve(&reading(2, 35_000, at(10, 5).0), &timeline).estimate, None);
}

#[test]
fn the_last_trusted_instant_on_the_disk_is_a_floor_for_this_boot_and_all_later_ones() {
    let boots = vec![stretch(1, 1_000, 2_000, Some(at(8, 0))), stretch(2, 1_000, 61_000, None)];
    let timeline = Timeline::new(boots, vec![], at(9, 0));
    assert_eq!(resolve(&reading(1, 1_000, 0), &timeline), Interval::new(at(8, 0), at(9, 0)));
    assert!(resolve(&reading(2, 61_000, 0), &timeline).earliest >= at(8, 0));
    // A floor after the reception cannot be: it is not believed.
    let wild = Timeline::new(vec![stretch(1, 0, 0, Some(Millis(i64::MAX)))], vec![], at(9, 0));
    assert_eq!(resolve(&reading(1, 0, 0), &wild), Interval::new(BEGINNING, at(9, 0)));
}

#[test]
fn anchors_that_exclude_each_other_give_all_that_any_allows() {
    // The server's clock was stepped by an hour between them.
    let anchors =
        vec![anchor(1, 0, at(8, 0)), anchor(1, 600_000, at(9, 10)), anchor(1, 610_000, at(9, 10).plus(10_000))];
    let timeline = Timeline::new(vec![stretch(1, 0, 700_000, None)], anchors, at(10, 0));
    let known = resolve(&reading(1, 300_000, 0), &timeline);
    assert!(known.contains(at(8, 5)) && known.contains(at(9, 5)), "{known:?}");
    assert!(known.straddles(at(8, 50)));
}

#[test]
fn anchors_against_the_floor_are_wide_and_never_before_it() {
    let timeline =
        Timeline::new(vec![stretch(1, 0, 9_000, Some(at(9, 0)))], vec![anchor(1, 5_000, at(8, 0))], at(10, 0));
    assert_eq!(resolve(&reading(1, 0, 0), &timeline), Interval::new(at(9, 0), at(10, 0)));
}

#[test]
fn a_reading_of_a_boot_nobody_heard_of_is_as_wide_as_can_be() {
    let empty = Timeline::new(vec![], vec![], at(9, 0));
    assert_eq!(resolve(&reading(9, 5, 0), &empty), Interval::new(BEGINNING, at(9, 0)));
}

/// One run of a kiosk, in true microseconds.
#[derive(Debug, Clone)]
struct Run {
    /// Off before it, ms.
    off: i64,
    /// On, ms.
    on: i64,
    /// Parts per million.
    drift: i64,
    /// The wall clock, by its own idea of time at power-on.
    wall: i64,
    /// Looks at the clocks, in thousandths of the run.
    taps: Vec<i64>,
    /// Exchanges: when (thousandths), way there, busy, way back (ms).
    exchanges: Vec<(i64, i64, i64, i64)>,
    /// Whether its disk keeps the last trusted instant.
    saves: bool,
    /// Whether the program is started again half way.
    restarts: bool,
}

/// In thousandths of a run; its very ends are where bounds are tight.
fn moment() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), Just(1_000), 0..=1_000_i64]
}

/// Milliseconds on the way; none at all is where rounding shows.
fn delay() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), 0..5_000_i64]
}

fn a_run() -> impl Strategy<Value = Run> {
    (
        prop_oneof![Just(0), 0..3 * DAY_MS],
        1..20 * DAY_MS,
        prop_oneof![Just(-DRIFT_PPM), Just(DRIFT_PPM), -DRIFT_PPM..=DRIFT_PPM],
        prop_oneof![Just(0), -DAY_MS..DAY_MS, any::<i64>(), MONDAY..MONDAY + 90 * DAY_MS],
        prop::collection::vec(moment(), 1..6),
        prop_oneof![Just(vec![]), prop::collection::vec((moment(), delay(), 0..200_i64, delay()), 1..4)],
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(off, on, drift, wall, taps, exchanges, saves, restarts)| Run {
            off,
            on,
            drift,
            wall,
            taps,
            exchanges,
            saves,
            restarts,
        })
}

/// What is written to a log, with the truth beside it (ms).
struct Written {
    truth: i64,
    reading: Reading,
    floor: Option<Millis>,
    anchor: Option<Anchor>,
}

/// When (µs), the exchange (there, busy, back, µs), and whether the program was started.
type Moment = (i64, Option<(i64, i64, i64)>, bool);

fn play(runs: &[Run]) -> Vec<Written> {
    let mut log = Vec::new();
    let mut now_us = MONDAY * 1_000;
    let mut saved: Option<Millis> = None;
    for (n, run) in runs.iter().enumerate() {
        let begun = now_us + run.off * 1_000 + run.wall.rem_euclid(1_000);
        let boot = BootId::from_bytes([u8::try_from(n + 1).expect("few"); 16]);
        let mono = |us: i64| Mono((us - begun + (us - begun) / 1_000_000 * run.drift) / 1_000);
        let look = |us: i64| Reading { boot, mono: mono(us), wall: Millis(run.wall.saturating_add(mono(us).0)) };
        let mut moments: Vec<Moment> = vec![(begun, None, true)];
        if run.restarts {
            moments.push((begun + run.on * 500, None, true));
        }
        moments.extend(run.taps.iter().map(|t| (begun + run.on * t, None, false)));
        moments.extend(run.exchanges.iter().map(|(t, there, busy, back)| {
            (begun + run.on * t, Some((there * 1_000 + 21, busy * 1_000 + 977, back * 1_000 + 5)), false)
        }));
        moments.sort_by_key(|m| m.0);
        let mut end = begun;
        for (us, exchange, started) in moments {
            let us = us.max(end);
            end = us;
            let mut anchor = None;
            if let Some((there, busy, back)) = exchange {
                let (t1, t2) = (us + there, us + there + busy);
                end = t2 + back;
                anchor = Anchor::from_exchange(boot, mono(us), Millis(t1 / 1_000), Millis(t2 / 1_000), mono(end));
                let anchor = anchor.expect("a true exchange is possible");
                if run.saves {
                    saved = saved.max(Some(anchor.at(anchor.mono).earliest));
                }
            }
            let floor = saved.filter(|_| started);
            log.push(Written { truth: end.div_euclid(1_000), reading: look(end), floor, anchor });
        }
        now_us = end.max(begun + run.on * 1_000);
    }
    log
}

fn told(log: &[Written], received: i64) -> Timeline {
    let mut timeline = Timeline::new(vec![], vec![], Millis(received));
    for entry in log {
        timeline.see(entry.reading.boot, entry.reading.mono, entry.floor);
        timeline.anchors.extend(entry.anchor);
    }
    timeline
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// The heart of it: at every stage of what the server has heard, and afterwards only narrower.
    #[test]
    fn the_interval_always_holds_the_truth(runs in prop::collection::vec(a_run(), 1..5), late in 0..DAY_MS) {
        let log = play(&runs);
        let received = log.last().expect("written").truth + late;
        for upto in 1..=log.len() {
            let heard = told(&log[..upto], received);
            let all = told(&log, received);
            for entry in &log[..upto] {
                let known = resolve(&entry.reading, &heard);
                prop_assert!(known.contains(Millis(entry.truth)), "{:?} not in {:?}", entry.truth, known);
                prop_assert!(known.estimate.is_none_or(|e| known.contains(e)));
                prop_assert!(entry.floor.is_none_or(|floor| known.earliest >= floor));
                // The first anchor of its own boot replaces what neighbours told; else more knowledge only narrows.
                let own = |timeline: &Timeline| timeline.anchors.iter().any(|a| a.boot == entry.reading.boot);
                if own(&heard) == own(&all) {
                    let later = resolve(&entry.reading, &all);
                    prop_assert!(known.earliest <= later.earliest && later.latest <= known.latest,
                        "{:?} became {:?}", known, later);
                }
            }
        }
    }

    /// Nothing that a broken or hostile kiosk writes brings the arithmetic down, or makes an impossible interval.
    #[test]
    fn nonsense_is_wide_not_fatal(
        boots in prop::collection::vec((0..3_u8, any::<i64>(), any::<i64>(), any::<Option<i64>>()), 0..5),
        anchors in prop::collection::vec((0..3_u8, any::<i64>(), any::<i64>(), any::<i64>()), 0..5),
        tap in (0..3_u8, any::<i64>(), any::<i64>()), received in any::<i64>(),
    ) {
        let boots = boots.into_iter().map(|(n, first, last, floor)| stretch(n, first, last, floor.map(Millis))).collect();
        let anchors = anchors.into_iter()
            .map(|(n, mono, server, uncertainty)| Anchor { boot: boot(n), mono: Mono(mono), server: Millis(server), uncertainty })
            .collect();
        let known = resolve(&reading(tap.0, tap.1, tap.2), &Timeline::new(boots, anchors, Millis(received)));
        prop_assert!(known.earliest <= known.latest);
        prop_assert!(known.estimate.is_none_or(|e| known.contains(e)));
    }
}
