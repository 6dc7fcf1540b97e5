//! The sums against published figures, the thresholds against worked examples, and laws that hold for any marks.
//!
//! Must never: compute what it expects with the code it tests.

use super::*;
use crate::calendar::{Calendar, Half, SessionKey};
use crate::codes::Code;
use chrono::{Days, NaiveDate};
use proptest::prelude::*;

const CODES: &str = r"/ \ L K V P W B J C C1 C2 E H I J1 M R S T G N O U";

/// A dozen rows of the Department for Education's "Pupil attendance in schools", year to date 2025/26 (Open
/// Government Licence 3.0): sessions by code as in [`CODES`]; then possible, attended, educational, authorised,
/// unauthorised, late; then attendance and absence in tenths of a per cent.
#[rustfmt::skip] // one row, one line
const PUBLISHED: [([u64; 24], [u64; 8]); 12] = [
    ([25813, 26734, 866, 92, 0, 0, 0, 159, 0, 419, 0, 378, 190, 0, 3286, 2, 520, 23, 0, 0, 130, 22, 885, 472], [59991, 53664, 251, 4818, 1509, 1338, 895, 105]),
    ([31130, 31856, 697, 0, 43, 40, 0, 0, 0, 236, 0, 308, 0, 0, 2639, 7, 771, 70, 0, 3, 271, 28, 1635, 6], [69740, 63766, 83, 4034, 1940, 703, 914, 86]),
    ([4222110, 4340131, 143218, 2220, 69352, 8073, 2, 8910, 4, 37463, 313, 8344, 1930, 0, 258343, 8623, 24626, 9768, 105, 133, 34613, 6590, 94084, 17557], [9296512, 8794020, 88561, 349648, 152844, 160775, 946, 54]),
    ([8574715, 8634558, 160451, 2449, 156995, 23884, 2, 75619, 2, 74853, 536, 41254, 21074, 0, 546118, 1137, 54317, 2389, 10, 2278, 108853, 6722, 128409, 32643], [18649268, 17628675, 258951, 743966, 276627, 193094, 945, 55]),
    ([6587906, 6666485, 134475, 3890, 111402, 8583, 3, 27430, 0, 68532, 497, 28367, 7192, 4, 421198, 1830, 35270, 3940, 36, 2784, 60341, 5638, 101868, 21621], [14299292, 13540174, 151308, 569650, 189468, 156096, 947, 53]),
    ([5335033, 5384425, 101777, 2040, 114591, 20305, 3, 25851, 0, 46522, 101, 29485, 7968, 38, 349013, 666, 37126, 928, 7, 403, 60219, 7907, 70916, 20440], [11615764, 10984025, 162790, 472257, 159482, 122217, 946, 54]),
    ([2707879, 2734767, 44892, 1536, 42733, 3549, 0, 13974, 0, 29027, 118, 13612, 1136, 0, 156011, 840, 14111, 2417, 28, 483, 14960, 2276, 45138, 9775], [5839262, 5549330, 61792, 217783, 72149, 54667, 950, 50]),
    ([2574870, 2685035, 159647, 3002, 31989, 7645, 11351, 23750, 0, 21412, 183, 2049, 11020, 0, 172138, 884, 24004, 14366, 7614, 3, 13559, 15766, 102448, 16331], [5899066, 5497289, 77737, 253673, 148104, 175978, 932, 68]),
    ([99554418, 100764324, 3494458, 139293, 1795005, 324648, 335905, 659589, 0, 1022026, 5692, 881615, 368155, 176, 8075999, 31935, 817930, 46063, 72649, 18989, 849324, 107539, 3324409, 539731], [223229872, 207067640, 3254440, 11341229, 4821003, 4034189, 928, 72]),
    ([126634766, 128825555, 4638718, 189344, 2108227, 395379, 483551, 624528, 9, 1358765, 18988, 934293, 432145, 79, 9428676, 33937, 983717, 123379, 174914, 44338, 1093906, 119411, 4037946, 592302], [283276873, 263900077, 3801038, 13533231, 5843565, 5231020, 932, 68]),
    ([60803982, 61843883, 1432347, 20944, 950299, 94326, 33, 304254, 0, 380174, 3054, 224405, 49836, 0, 3510899, 6288, 360772, 78234, 195, 19418, 926486, 58230, 1213818, 244986], [132526863, 125450068, 1369856, 4633275, 2443520, 1677333, 947, 53]),
    ([54243306, 54793620, 1010587, 34037, 973742, 124832, 39, 286925, 0, 479930, 2477, 299665, 53508, 114, 3402670, 12804, 341591, 26932, 161, 15057, 576067, 52641, 709883, 215935], [117656523, 111467088, 1419575, 4634909, 1554526, 1226522, 947, 53]),
];

#[test]
fn published_figures_come_out_exactly() {
    for (by_code, [possible, attended, educational, authorised, unauthorised, late, attendance, absence]) in PUBLISHED {
        let mut c = Counts::default();
        for (code, sessions) in CODES.split(' ').zip(by_code) {
            c.add_many(code.parse().unwrap(), sessions);
        }
        let got = [c.possible(), c.attended(), c.educational(), c.authorised(), c.unauthorised(), c.late()];
        assert_eq!(got, [possible, attended, educational, authorised, unauthorised, late]);
        assert_eq!(c.absent(), authorised + unauthorised);
        let tenths = [c.attendance(), c.absence()].map(|rate| rate.unwrap().tenths());
        assert_eq!(tenths, [u128::from(attendance), u128::from(absence)]);
    }
}

fn counts(list: &[(&str, u64)]) -> Counts {
    let mut counts = Counts::default();
    list.iter().for_each(|(code, n)| counts.add_many(code.parse().unwrap(), *n));
    counts
}

#[test]
fn nothing_possible_is_undefined() {
    for c in [counts(&[]), counts(&[("#", 10), ("Y4", 2), ("D", 3), ("X", 1), ("Z", 5), ("Q", 1), ("Y", 1)])] {
        assert_eq!((c.possible(), c.attendance(), c.absence()), (0, None, None));
        assert_eq!(shown(c.attendance()), "–");
        assert!(!c.is_persistent() && !c.is_severe());
    }
}

#[test]
fn late_counts_both_ways() {
    let c = counts(&[("L", 3), ("U", 2), ("/", 5)]);
    assert_eq!((c.late(), c.attended(), c.absent(), c.possible()), (5, 8, 2, 10));
}

#[test]
fn persistent_and_severe_at_exactly_a_tenth_and_a_half() {
    for (absent, possible, persistent, severe) in [
        (9, 100, false, false),
        (10, 100, true, false),
        (996, 10_000, false, false), // shown as 10.0 %, and not persistent
        (1000, 9_999, true, false),
        (49, 99, true, false),
        (50, 100, true, true),
        (1, 1, true, true),
    ] {
        let c = counts(&[("I", absent), ("/", possible - absent)]);
        assert_eq!((c.is_persistent(), c.is_severe()), (persistent, severe), "{absent} of {possible}");
    }
    assert_eq!(shown(Rate::new(996, 10_000)), "10.0%");
}

#[test]
fn percentages_round_half_up() {
    for (part, whole, words) in [
        (0, 7, "0.0%"),
        (7, 7, "100.0%"),
        (1, 3, "33.3%"),
        (2, 3, "66.7%"),
        (1, 2000, "0.1%"), // 0.05
        (9_990_499, 10_000_000, "99.9%"),
        (1999, 2000, "100.0%"), // 99.95
        (u64::MAX, u64::MAX, "100.0%"),
    ] {
        assert_eq!(shown(Rate::new(part, whole)), words, "{part}/{whole}");
    }
    assert!(Rate::new(1, 2) == Rate::new(2, 4) && Rate::new(96, 100) < Rate::new(961, 1000));
}

// ---- the penalty threshold ----

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// So many sessions of each code in the school week that begins then: both halves of its school days in turn.
fn week(calendar: &Calendar, begins: &str, codes: &str) -> Vec<(SessionKey, Code)> {
    let begins = date(begins);
    let sessions: Vec<_> = calendar.sessions(begins, begins + Days::new(6)).collect();
    assert!(codes.len() <= sessions.len(), "the week of {begins} has {} sessions", sessions.len());
    sessions.into_iter().zip(codes.chars()).map(|(key, c)| (key, c.to_string().parse().unwrap())).collect()
}
fn standing(weeks: &[(&str, &str)]) -> Penalty {
    let calendar = Calendar::sample_primary(2026).unwrap();
    let marks = weeks.iter().flat_map(|(begins, codes)| week(&calendar, begins, codes));
    penalty(&week_counts(&calendar, marks, |_| true))
}
fn met(first: &str, last: &str, settled: u32) -> Penalty {
    Penalty::Met(Window { first: date(first), last: date(last), settled, unexplained: 0 })
}

#[test]
fn the_worked_examples() {
    // 4 G and 6 U in ten weeks (the weeks of 7 September to 16 November, half term between).
    let ten = [("2026-09-07", "GGGG"), ("2026-09-21", "UUU"), ("2026-11-16", "UUU")];
    assert_eq!(standing(&ten), met("2026-09-07", "2026-11-16", 10));
    // 10 G in one week.
    assert_eq!(standing(&[("2026-11-09", "GGGGGGGGGG")]), met("2026-11-09", "2026-11-09", 10));
    // 6 in one week, then one a week for four.
    let six =
        [("2026-09-14", "GGGGGG"), ("2026-09-21", "O"), ("2026-09-28", "U"), ("2026-10-05", "G"), ("2026-10-12", "O")];
    assert_eq!(standing(&six), met("2026-09-14", "2026-10-12", 10));
    // 2 at the end of summer and 8 at the start of autumn: six weeks of holiday do not count.
    assert_eq!(standing(&[("2026-07-13", "GG"), ("2026-09-07", "GGGGGGGG")]), met("2026-07-13", "2026-09-07", 10));
    // 9 in ten weeks and 1 in the eleventh.
    assert_eq!(standing(&[("2026-09-07", "GGGGGGGGG"), ("2026-11-23", "G")]), Penalty::NotMet);
    assert_eq!(
        standing(&[("2026-09-07", "GGGGGGGGG"), ("2026-11-16", "G")]),
        met("2026-09-07", "2026-11-16", 10),
        "in the tenth"
    );
}

#[test]
fn reached_only_with_unexplained_sessions_is_provisional() {
    let window = |settled, unexplained| {
        let week = date("2026-11-09");
        Window { first: week, last: week, settled, unexplained }
    };
    assert_eq!(standing(&[("2026-11-09", "GGGGGGGGGN")]), Penalty::Provisional(window(9, 1)));
    assert_eq!(standing(&[("2026-11-09", "NNNNNNNNNN")]), Penalty::Provisional(window(0, 10)));
    assert_eq!(standing(&[("2026-11-09", "GGGGGGGGN")]), Penalty::NotMet);
    // Met once, a later provisional window does not hide it.
    let later = [("2026-03-02", "OOOOOOOOOO"), ("2026-11-09", "NNNNNNNNNN")];
    assert_eq!(standing(&later), met("2026-03-02", "2026-05-18", 10));
}

#[test]
fn only_unauthorised_sessions_of_compulsory_school_age_count() {
    assert_eq!(standing(&[("2026-11-09", "IIIIIMMRTE"), ("2026-11-16", "/L/L/L/L/L")]), Penalty::NotMet);
    assert_eq!(standing(&[]), Penalty::NotMet);
    let calendar = Calendar::sample_primary(2026).unwrap();
    let marks = week(&calendar, "2026-11-09", "GGGGGGGGGG");
    let from_tuesday = week_counts(&calendar, marks, |on| on >= date("2026-11-10"));
    assert_eq!((from_tuesday.len(), from_tuesday[0].settled), (1, 8));
    assert_eq!(penalty(&from_tuesday), Penalty::NotMet);
}

#[test]
fn a_week_with_marks_is_a_school_week_also_before_the_calendar_begins() {
    let calendar = Calendar::sample_primary(2026).unwrap();
    let key = |day: &str, half| SessionKey { date: date(day), half };
    let marks = [
        (key("2025-07-14", Half::Am), Code::G),
        (key("2025-08-11", Half::Am), Code::HASH),
        (key("2025-09-08", Half::Am), Code::PRESENT_AM),
    ];
    let weeks = week_counts(&calendar, marks, |_| true);
    let begins: Vec<_> = weeks.iter().map(|w| w.begins.to_string()).collect();
    assert_eq!(begins, ["2025-07-14", "2025-09-01", "2025-09-08"]);
}

// ---- laws ----

prop_compose! {
    fn any_code()(i in 0..Code::all().count()) -> Code { Code::all().nth(i).unwrap() }
}

proptest! {
    #[test]
    fn counts_add_up_for_any_marks(codes in prop::collection::vec(any_code(), 0..200), cut in 0_usize..200) {
        let c: Counts = codes.iter().copied().collect();
        prop_assert_eq!(c.marks(), codes.len() as u64);
        prop_assert_eq!(c.possible(), c.attended() + c.absent());
        prop_assert_eq!(c.absent(), c.authorised() + c.unauthorised());
        prop_assert!(c.educational() <= c.attended());
        prop_assert_eq!(c.late(), c.of(Code::L) + c.of(Code::U));
        prop_assert!(!c.is_severe() || c.is_persistent());
        prop_assert_eq!(c.attendance().is_none(), c.possible() == 0);
        let cut = cut.min(codes.len());
        let (mut one, two) = (Counts::from_iter(codes[..cut].to_vec()), Counts::from_iter(codes[cut..].to_vec()));
        one.merge(&two);
        prop_assert_eq!(one, c);
    }
    #[test]
    fn rates_round_to_the_nearest_tenth(part in 0_u64..1_000_000, more in 1_u64..1_000_000) {
        let (tenths, whole) = (Rate::new(part, part + more).unwrap().tenths(), u128::from(part + more));
        // part/whole lies in [tenths - 0.5, tenths + 0.5) thousandths.
        let twice = 2000 * u128::from(part);
        prop_assert!(twice + whole >= 2 * tenths * whole && twice < (2 * tenths + 1) * whole);
    }
    /// Any ten school weeks in a row, searched the slow way.
    #[test]
    fn the_threshold_is_the_best_window(counts in prop::collection::vec((0_u32..4, 0_u32..2), 0..40)) {
        let first = date("2026-01-05");
        let weeks: Vec<_> = counts.iter().enumerate().map(|(i, (settled, unexplained))| WeekCount {
            begins: first + Days::new(7 * i as u64), settled: *settled, unexplained: *unexplained,
        }).collect();
        let most = |of: fn(&(u32, u32)) -> u32| (0..counts.len())
            .map(|i| counts.iter().skip(i).take(10).map(of).sum::<u32>()).max().unwrap_or(0);
        let (settled, all) = (most(|c| c.0), most(|c| c.0 + c.1));
        match penalty(&weeks) {
            Penalty::Met(w) => prop_assert!(settled >= 10 && w.settled >= 10),
            Penalty::Provisional(w) => prop_assert!(settled < 10 && all >= 10 && w.settled + w.unexplained >= 10),
            Penalty::NotMet => prop_assert!(all < 10),
        }
    }
}
