//! Local time of the schools: Europe/London. The only file that knows a time zone.
//!
//! Must never: be passed by. Whoever needs local time asks the calendar.

use crate::time::Millis;
use chrono::{DateTime, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::{Europe::London, Tz};

fn zoned(at: Millis) -> DateTime<Tz> {
    // Beyond chrono's range of 262,000 years either way there is no date; the nearest end of it stands in.
    let utc = DateTime::from_timestamp_millis(at.0).unwrap_or(if at.0 < 0 {
        DateTime::<chrono::Utc>::MIN_UTC + Days::new(2)
    } else {
        DateTime::<chrono::Utc>::MAX_UTC - Days::new(2)
    });
    utc.with_timezone(&London)
}

/// Local date and time of an instant.
pub(super) fn local(at: Millis) -> NaiveDateTime {
    zoned(at).naive_local()
}

/// The instant of a local date and time. Of the hour that comes twice in October, the first; in the hour that
/// is missing in March, as if the clocks had not yet changed (so 01:30 is 02:30 summer time).
pub(super) fn instant(local: NaiveDateTime) -> Millis {
    let millis = match London.from_local_datetime(&local) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.timestamp_millis(),
        MappedLocalTime::None => {
            let before = local - TimeDelta::hours(1);
            match London.from_local_datetime(&before) {
                MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.timestamp_millis() + 3_600_000,
                MappedLocalTime::None => local.and_utc().timestamp_millis(),
            }
        }
    };
    Millis(millis)
}

/// Minutes that local time is ahead of UTC at an instant: 0 or 60.
pub(super) fn offset_min(at: Millis) -> i32 {
    zoned(at).offset().fix().local_minus_utc() / 60
}

/// The same for a date, at noon: both changes happen at night, on a Sunday.
pub(super) fn offset_min_of(date: NaiveDate) -> i32 {
    offset_min(instant(date.and_time(NaiveTime::MIN) + TimeDelta::hours(12)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }
    fn utc(text: &str) -> Millis {
        Millis(at(text).and_utc().timestamp_millis())
    }

    #[test]
    fn clocks_go_forward_on_29_march_2026() {
        assert_eq!(instant(at("2026-03-29 00:59")), utc("2026-03-29 00:59"));
        assert_eq!(instant(at("2026-03-29 01:30")), utc("2026-03-29 01:30"), "the missing hour");
        assert_eq!(local(utc("2026-03-29 01:30")), at("2026-03-29 02:30"));
        assert_eq!(instant(at("2026-03-29 02:00")), utc("2026-03-29 01:00"));
        assert_eq!(instant(at("2026-03-27 08:50")), utc("2026-03-27 08:50"));
        assert_eq!(instant(at("2026-03-30 08:50")), utc("2026-03-30 07:50"));
        let days = ["2026-03-28", "2026-03-29", "2026-03-30"].map(|d| offset_min_of(d.parse().unwrap()));
        assert_eq!(days, [0, 60, 60]);
    }

    #[test]
    fn clocks_go_back_on_25_october_2026() {
        assert_eq!(instant(at("2026-10-25 00:30")), utc("2026-10-24 23:30"));
        assert_eq!(instant(at("2026-10-25 01:30")), utc("2026-10-25 00:30"), "the first of two");
        assert_eq!(local(utc("2026-10-25 00:30")), at("2026-10-25 01:30"));
        assert_eq!(local(utc("2026-10-25 01:30")), at("2026-10-25 01:30"));
        assert_eq!(instant(at("2026-10-23 08:50")), utc("2026-10-23 07:50"));
        assert_eq!(instant(at("2026-10-26 08:50")), utc("2026-10-26 08:50"));
        let days = ["2026-10-24", "2026-10-25", "2026-10-26"].map(|d| offset_min_of(d.parse().unwrap()));
        assert_eq!(days, [60, 0, 0]);
    }

    #[test]
    fn every_instant_has_a_date() {
        for at in [i64::MIN, -1, 0, i64::MAX] {
            let _ = local(Millis(at));
            assert!([-1, 0, 60].contains(&offset_min(Millis(at))), "local mean time, or summer, or winter");
        }
        assert_eq!(local(Millis(0)), at("1970-01-01 01:00"), "Britain kept summer time all year until 1971");
    }

    proptest! {
        // 1980 to 2100, any millisecond.
        #[test]
        fn there_and_back(ms in 315_532_800_000_i64..4_102_444_800_000) {
            let back = instant(local(Millis(ms))).0;
            prop_assert!(back == ms || back == ms - 3_600_000, "only the second of the doubled hour moves");
            prop_assert!([0, 60].contains(&offset_min(Millis(ms))));
        }
    }
}
