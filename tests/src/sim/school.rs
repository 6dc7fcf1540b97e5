//! The school of the simulator: four classes of three to six pupils, four classroom kiosks and one at reception, enrolled
//! over the real routes. It is made once in a process and copied for each seed.
//!
//! Must never: differ from one process to the next: its ids follow from a seed of their own.

use super::kiosk::{Kiosk, enrolled};
use super::places::{Place, mount};
use super::server::Server;
use crate::forget::Image;
use chrono::{NaiveDate, NaiveTime, Weekday};
use kiosk::cards::CardNumber;
use rusqlite::params;
use server::store::{StoreError, WriteTx};
use shared::calendar::{Calendar, Closure, ClosureKind, Draft, LocalTimes, Span, Term, Timetable};
use shared::id::{ClassId, KioskId, PupilId, StaffId};
use shared::wire::v1::Mode;
use std::collections::BTreeMap;

/// Classes; each has a kiosk of the same number. The kiosk after them stands at reception.
pub const CLASSES: usize = 4;
/// The kiosk at reception.
pub const RECEPTION: usize = CLASSES;

/// Pupils of a class.
pub const fn size(class: usize) -> usize {
    3 + class
}

/// Everybody, by number.
#[derive(Debug, Clone)]
pub struct School {
    /// Classes.
    pub classes: Vec<ClassId>,
    /// Pupils of each class.
    pub pupils: Vec<Vec<PupilId>>,
    /// The teacher of each class.
    pub staff: Vec<StaffId>,
    /// Short names for the trace.
    pub names: BTreeMap<PupilId, String>,
    /// Days with school.
    pub calendar: Calendar,
}

fn id16(kind: u8, n: usize) -> [u8; 16] {
    let mut bytes = [kind; 16];
    bytes[15] = u8::try_from(n).unwrap_or(u8::MAX);
    bytes
}

impl School {
    fn new() -> Self {
        let pupils: Vec<Vec<PupilId>> = (0..CLASSES)
            .map(|class| (0..size(class)).map(|n| PupilId::from_bytes(id16(0xa0, class * 10 + n))).collect())
            .collect();
        let names = pupils
            .iter()
            .enumerate()
            .flat_map(|(class, all)| all.iter().enumerate().map(move |(n, p)| (*p, format!("p{class}{n}"))))
            .collect();
        Self {
            classes: (0..CLASSES).map(|n| ClassId::from_bytes(id16(0xc0, n))).collect(),
            staff: (0..CLASSES).map(|n| StaffId::from_bytes(id16(0x50, n))).collect(),
            pupils,
            names,
            calendar: calendar(),
        }
    }

    /// A teacher's card.
    pub fn staff_card(class: usize) -> String {
        format!("9{class:03}")
    }

    /// A pupil's card.
    pub fn pupil_card(&self, pupil: PupilId) -> String {
        self.names.get(&pupil).map(|name| format!("1{:0>4}", &name[1..])).unwrap_or_default()
    }

    /// Makes it at this place: the server's folder, and each kiosk's.
    ///
    /// # Panics
    /// When the product refuses what it should take: then no seed can be played.
    pub fn make(place: &Place) -> (Self, Vec<KioskId>, Image, Vec<Image>, String) {
        let school = Self::new();
        shared::sim::seed(Some(0x5c00_1000));
        let at = school.calendar.instant(day(2026, 9, 1).and_time(NaiveTime::MIN)).0 + 8 * 3_600_000;
        let disk = mount(&place.folder("server"), 1);
        let mut server = Server::found(disk, at, &school.calendar);
        server.write(roster(&school)).expect("a roster");
        let (mut ids, mut kiosks) = (Vec::new(), Vec::new());
        for n in 0..=CLASSES {
            let (mode, classes) =
                if n == RECEPTION { (Mode::Reception, Vec::new()) } else { (Mode::Classroom, vec![school.classes[n]]) };
            let granted = enrolled(server.enrol(&format!("Room {n}"), mode, classes));
            ids.push(granted.kiosk);
            let disk = mount(&place.folder(&format!("kiosk-{n}")), 1);
            Kiosk::furnish(disk.folder(), granted);
            kiosks.push(disk.snapshot());
        }
        let paper = server::recovery::renew(server.stores()).expect("a recovery key").text();
        server.stop();
        shared::sim::seed(None);
        let server = server.disk.snapshot();
        (school, ids, server, kiosks, paper)
    }
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// Two school years without half-terms, so that the nights on which the clocks change lie between two school days, and a
/// kiosk can be away for 400 days.
fn calendar() -> Calendar {
    let time = |h, m| NaiveTime::from_hms_opt(h, m, 0).unwrap_or_default();
    let times = |opens, closes, end| Some(LocalTimes { start: opens, opens, closes, end });
    let term = |name: &str, from, until| Term { name: name.to_owned(), dates: Span { from, until }, half_term: None };
    Calendar::new(Draft {
        terms: vec![term("One", day(2026, 9, 1), day(2027, 7, 20)), term("Two", day(2027, 9, 1), day(2028, 7, 20))],
        closures: vec![Closure {
            dates: Span { from: day(2026, 12, 21), until: day(2027, 1, 1) },
            kind: ClosureKind::Planned,
            why: "Holidays".to_owned(),
        }],
        timetables: vec![Timetable {
            from: day(2026, 9, 1),
            weekdays: vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri],
            am: times(time(8, 50), time(9, 20), time(12, 0)),
            pm: times(time(13, 0), time(13, 30), time(15, 20)),
        }],
        one_days: Vec::new(),
        week_starts: Weekday::Mon,
    })
    .expect("a calendar")
}

/// Rows as an import leaves them.
fn roster(school: &School) -> impl FnOnce(&WriteTx<'_>) -> Result<(), StoreError> + Send + 'static {
    let school = school.clone();
    move |tx| {
        let key: String = tx.query_row("SELECT value FROM setting WHERE name = 'card_key'", [], |r| r.get(0))?;
        let hash = |number: &str| {
            let card = CardNumber::new(number).and_then(|card| card.keyed_hash(&key));
            card.map(|hash| hash.to_string()).ok_or(StoreError::Missing("a card"))
        };
        for (n, class) in school.classes.iter().enumerate() {
            tx.execute(
                "INSERT INTO class(id, name, year, sort) VALUES (?1, ?2, ?3, ?4)",
                params![class.as_bytes(), format!("Class {n}"), format!("Year {}", n + 1), n as i64],
            )?;
            let staff = school.staff[n];
            tx.execute(
                "INSERT INTO staff(id, name, position) VALUES (?1, ?2, 'class teacher')",
                params![staff.as_bytes(), format!("Ms T{n}")],
            )?;
            tx.execute(
                "INSERT INTO staff_class(staff, class) VALUES (?1, ?2)",
                params![staff.as_bytes(), class.as_bytes()],
            )?;
            tx.execute(
                "INSERT INTO card(hash, staff, bound_at) VALUES (?1, ?2, 0)",
                params![hash(&School::staff_card(n))?, staff.as_bytes()],
            )?;
            for pupil in &school.pupils[n] {
                let name = &school.names[pupil];
                tx.execute(
                    "INSERT INTO pupil(id, first, last, born_on) VALUES (?1, ?2, 'Test', '2018-05-05')",
                    params![pupil.as_bytes(), name],
                )?;
                tx.execute("INSERT INTO enrolment(pupil, joined_on) VALUES (?1, '2026-09-01')", [pupil.as_bytes()])?;
                tx.execute(
                    "INSERT INTO membership(pupil, class, from_on) VALUES (?1, ?2, '2026-09-01')",
                    params![pupil.as_bytes(), class.as_bytes()],
                )?;
                tx.execute(
                    "INSERT INTO card(hash, pupil, bound_at) VALUES (?1, ?2, 0)",
                    params![hash(&school.pupil_card(*pupil))?, pupil.as_bytes()],
                )?;
            }
        }
        Ok(())
    }
}
