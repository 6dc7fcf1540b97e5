//! A calendar against dates worked out by hand, and laws that hold on any date.
//!
//! Must never: take an expected date from the calendar itself.

use super::*;
use proptest::prelude::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}
fn key(text: &str) -> SessionKey {
    text.parse().unwrap()
}
fn utc(text: &str) -> Millis {
    Millis(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc().timestamp_millis())
}
fn sample() -> Calendar {
    Calendar::sample_primary(2026).unwrap()
}
fn changed(change: impl FnOnce(&mut Draft)) -> Result<Calendar, BadCalendar> {
    let mut draft = sample().draft().clone();
    change(&mut draft);
    Calendar::new(draft)
}
fn times(start: &str, opens: &str, closes: &str, end: &str) -> Option<LocalTimes> {
    let time = |t: &str| NaiveTime::parse_from_str(t, "%H:%M").unwrap();
    Some(LocalTimes { start: time(start), opens: time(opens), closes: time(closes), end: time(end) })
}
fn one_day(on: &str, half: Half, times: Option<LocalTimes>) -> OneDay {
    OneDay { date: date(on), half, times, why: "carol service".to_owned() }
}

#[test]
fn an_ordinary_day_has_the_times_of_the_policy() {
    let c = sample();
    let sessions = vec![key("2026-11-23-am"), key("2026-11-23-pm")];
    assert_eq!(c.day(date("2026-11-23")), Day::School { sessions });
    let at = |t: &str| utc(&format!("2026-11-23 {t}"));
    let am = Times { start: at("08:50"), opens: at("08:50"), closes: at("09:20"), end: at("12:00") };
    let pm = Times { start: at("13:00"), opens: at("13:00"), closes: at("13:30"), end: at("15:20") };
    assert_eq!((c.times(key("2026-11-23-am")), c.times(key("2026-11-23-pm"))), (Some(am), Some(pm)));
    let row = c.day_row(date("2026-11-23")).unwrap();
    assert_eq!((row.date, row.utc_offset_min, row.sessions.len()), (date("2026-11-23"), 0, 2));
    assert_eq!((row.sessions[0].half, row.sessions[0].closes), (Half::Am, am.closes));
    assert_eq!((row.sessions[1].half, row.sessions[1].end), (Half::Pm, pm.end));
}

#[test]
fn days_without_school_say_why() {
    let c = sample();
    let closed = |kind, why: &str| Day::Closed { kind, why: why.to_owned() };
    assert_eq!(c.day(date("2026-11-22")), Day::NotTerm, "a Sunday");
    assert_eq!(c.day(date("2026-08-12")), Day::NotTerm);
    assert_eq!(c.day(date("2026-10-28")), closed(ClosureKind::HalfTerm, "Half term"));
    assert_eq!(c.day(date("2026-09-01")), closed(ClosureKind::Inset, "Staff training day"));
    assert_eq!(c.day(date("2026-05-04")), closed(ClosureKind::Planned, "Early May bank holiday"));
    for day in ["2026-11-22", "2026-10-28", "2026-09-01", "2026-08-12"] {
        assert_eq!((c.day_row(date(day)), c.times(key(&format!("{day}-am")))), (None, None), "{day}");
    }
}

#[test]
fn terms_and_half_terms_of_the_demo() {
    let c = sample();
    let terms: Vec<_> = c.terms().iter().map(|t| format!("{} {} {}", t.name, t.dates.from, t.dates.until)).collect();
    assert_eq!(
        terms[1..4],
        [
            "Spring term 2026 2026-01-05 2026-03-27",
            "Summer term 2026 2026-04-13 2026-07-21",
            "Autumn term 2026 2026-09-01 2026-12-18"
        ]
    );
    assert_eq!(c.half_term(date("2026-11-23")).unwrap().name, "Autumn term 2026, second half");
    assert_eq!(c.half_term(date("2026-11-23")).unwrap().dates.from, date("2026-10-31"));
    assert_eq!(c.half_term(date("2026-10-27")), None);
}

#[test]
fn both_clock_changes() {
    let c = sample();
    let opens = |day: &str| c.times(key(day)).unwrap().opens;
    assert_eq!(opens("2026-03-27-am"), utc("2026-03-27 08:50"));
    assert_eq!(opens("2026-04-13-am"), utc("2026-04-13 07:50"));
    assert_eq!(opens("2026-10-23-am"), utc("2026-10-23 07:50"));
    assert_eq!(opens("2026-11-02-am"), utc("2026-11-02 08:50"));
    assert_eq!(c.day_row(date("2026-10-23")).unwrap().utc_offset_min, 60);
    // Also on the very days, for a school that had sessions at a weekend.
    let sunday = changed(|d| {
        d.terms[1].dates.until = date("2026-03-29");
        d.terms[3].half_term = None;
        for day in ["2026-03-29", "2026-10-25"] {
            d.one_days.push(one_day(day, Half::Am, times("08:50", "08:50", "09:20", "12:00")));
        }
    })
    .unwrap();
    assert_eq!(sunday.times(key("2026-03-29-am")).unwrap().opens, utc("2026-03-29 07:50"));
    assert_eq!(sunday.times(key("2026-10-25-am")).unwrap().opens, utc("2026-10-25 08:50"));
    assert_eq!(sunday.times(key("2026-10-25-pm")), None);
    assert_eq!(c.date_of(utc("2026-07-01 23:30")), date("2026-07-02"));
    assert_eq!(c.date_of(utc("2026-12-01 23:30")), date("2026-12-01"));
    assert_eq!(c.local(utc("2026-07-01 23:30")).to_string(), "2026-07-02 00:30:00");
}

#[test]
fn a_later_timetable_and_single_dates_take_over_on_their_dates() {
    let c = changed(|d| {
        let mut spring = d.timetables[0].clone();
        spring.from = date("2027-01-04");
        spring.am = times("08:45", "08:45", "09:10", "12:00");
        d.timetables.insert(0, spring);
        d.one_days.push(one_day("2026-12-18", Half::Pm, None));
        d.one_days.push(one_day("2026-12-17", Half::Am, times("09:50", "09:50", "10:20", "12:00")));
        for half in [Half::Am, Half::Pm] {
            d.one_days.push(one_day("2026-12-16", half, None));
        }
    })
    .unwrap();
    assert_eq!(c.times(key("2026-12-15-am")).unwrap().closes, utc("2026-12-15 09:20"));
    assert_eq!(c.times(key("2027-01-05-am")).unwrap().closes, utc("2027-01-05 09:10"));
    assert_eq!(c.times(key("2026-12-17-am")).unwrap().closes, utc("2026-12-17 10:20"));
    assert_eq!(c.day(date("2026-12-18")), Day::School { sessions: vec![key("2026-12-18-am")] });
    assert_eq!(c.times(key("2026-12-18-pm")), None);
    let why = "carol service".to_owned();
    assert_eq!(c.day(date("2026-12-16")), Day::Closed { kind: ClosureKind::Planned, why });
}

#[test]
fn the_session_at_hand_and_the_session_under_way() {
    let c = sample();
    for (now, at_hand, under_way) in [
        ("06:00", Some("am"), Some("am")),
        ("08:50", Some("am"), Some("am")),
        ("09:19", Some("am"), Some("am")),
        ("09:20", Some("pm"), Some("am")),
        ("11:59", Some("pm"), Some("am")),
        ("12:00", Some("pm"), Some("pm")),
        ("13:29", Some("pm"), Some("pm")),
        ("13:30", None, Some("pm")),
        ("15:20", None, None),
    ] {
        let name = |half: &str| key(&format!("2026-11-23-{half}"));
        let now = utc(&format!("2026-11-23 {now}"));
        assert_eq!((c.at_hand(now), c.under_way(now)), (at_hand.map(name), under_way.map(name)), "{now:?}");
    }
    assert_eq!(c.at_hand(utc("2026-11-22 09:00")), None);
}

#[test]
fn a_register_may_be_open_for_thirty_minutes_and_no_longer() {
    let open = |closes: &str| changed(|d| d.timetables[0].am = times("08:50", "08:50", closes, "12:00"));
    assert!(open("09:20").is_ok());
    assert_eq!(
        open("09:21").unwrap_err().to_string(),
        "morning from 2025-09-02: the register would be open for 31 minutes (08:50:00 to 09:21:00); the law allows 30: \
         let it close earlier"
    );
    let one = one_day("2026-11-23", Half::Pm, times("13:00", "13:00", "13:45", "15:20"));
    let got = changed(|d| d.one_days.push(one));
    assert!(matches!(got, Err(BadCalendar::OpenTooLong { half: Half::Pm, minutes: 45, .. })));
}

#[test]
fn contradictions_are_refused() {
    type Change = fn(&mut Draft);
    let cases: [(&str, Change); 11] = [
        ("must follow each other", |d| d.timetables[0].am = times("09:00", "08:50", "09:20", "12:00")),
        ("must follow each other", |d| d.timetables[0].am = times("08:50", "08:50", "08:50", "12:00")),
        ("must follow each other", |d| d.timetables[0].am = times("08:50", "08:50", "09:20", "09:00")),
        ("before the morning has ended", |d| d.timetables[0].am = times("08:50", "08:50", "09:20", "13:30")),
        ("before the morning has ended", |d| {
            d.one_days.push(one_day("2026-11-23", Half::Am, times("08:50", "08:50", "09:20", "13:30")));
        }),
        ("are set twice", |d| d.one_days = vec![one_day("2026-11-23", Half::Am, None); 2]),
        ("two timetables begin on 2025-09-02", |d| d.timetables.push(d.timetables[0].clone())),
        ("before any timetable", |d| d.timetables[0].from = date("2025-09-03")),
        ("overlap", |d| d.terms[1].dates.until = date("2026-04-13")),
        ("is not inside the term", |d| d.terms[0].half_term = Some(d.terms[0].dates)),
        ("is before the first", |d| d.closures[0].dates.until = date("2025-01-01")),
    ];
    for (words, change) in cases {
        let refused = changed(change).unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn a_stored_calendar_is_read_back_and_checked_again() {
    let c = changed(|d| d.one_days.push(one_day("2026-12-18", Half::Pm, None))).unwrap();
    let json = serde_json::to_string(&c).unwrap();
    assert_eq!(serde_json::from_str::<Calendar>(&json).unwrap(), c);
    let bad = json.replace("09:20:00", "09:50:00");
    assert!(serde_json::from_str::<Calendar>(&bad).unwrap_err().to_string().contains("the law allows 30"));
}

#[test]
fn school_days_and_weeks_skip_holidays() {
    let c = sample();
    // Friday before half term to the Friday after it.
    assert_eq!(c.school_days_between(date("2026-10-23"), date("2026-11-06")), 5);
    assert_eq!(c.school_days_between(date("2026-11-23"), date("2026-11-23")), 0);
    assert_eq!(c.school_days_between(date("2026-11-23"), date("2026-11-20")), 0);
    assert_eq!(c.school_day_after(date("2026-10-22"), 5), Some(date("2026-11-05")));
    assert_eq!(c.school_day_after(date("2027-07-15"), 30), None);
    let weeks = c.school_weeks(date("2026-10-19"), date("2026-11-10"));
    let begins: Vec<_> = weeks.iter().map(|w| w.begins.to_string()).collect();
    assert_eq!(begins, ["2026-10-19", "2026-11-02", "2026-11-09"]);
    // The first week of term has three days, and counts.
    assert_eq!(c.school_weeks(date("2026-07-20"), date("2026-09-06")).len(), 2);
    let sunday = changed(|d| d.week_starts = Weekday::Sun).unwrap();
    assert_eq!(sunday.week_of(date("2026-11-22")), date("2026-11-22"));
    assert_eq!(c.week_of(date("2026-11-22")), date("2026-11-16"));
}

proptest! {
    #[test]
    fn sessions_are_ordered_and_their_times_too(day in 0_u64..700, span in 0_u64..60) {
        let c = sample();
        let from = date("2025-08-25") + chrono::Days::new(day);
        let sessions: Vec<_> = c.sessions(from, from + chrono::Days::new(span)).collect();
        prop_assert!(sessions.is_sorted());
        let times: Vec<_> = sessions.iter().map(|k| (*k, c.times(*k).unwrap())).collect();
        for (k, t) in &times {
            prop_assert!(t.start <= t.opens && t.opens < t.closes && t.closes <= t.end);
            prop_assert!(t.closes.since(t.opens) <= OPEN_MINUTES * 60_000);
            prop_assert_eq!(c.date_of(t.start), k.date);
            prop_assert_eq!(c.local(t.opens).format("%H:%M").to_string(), if k.half == Half::Am { "08:50" } else { "13:00" });
            prop_assert_eq!(c.at_hand(t.opens), Some(*k));
            prop_assert_eq!(c.under_way(t.end.plus(-1)), Some(*k));
        }
        for pair in times.windows(2) {
            prop_assert!(pair[0].1.end <= pair[1].1.start);
        }
    }
    #[test]
    fn a_school_week_is_one_with_a_school_day(day in 0_u64..700) {
        let c = sample();
        let begins = c.week_of(date("2025-08-25") + chrono::Days::new(day));
        let days = (0..7).filter(|i| c.is_school_day(begins + chrono::Days::new(*i))).count();
        prop_assert_eq!(c.school_weeks(begins, begins + chrono::Days::new(6)).len(), usize::from(days > 0));
    }
}
