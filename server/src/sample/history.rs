//! What the earlier system's registers said: plausible marks for every session before the day of the demonstration.
//!
//! Must never: know anything of a session that has not been.

use super::rng::Rng;
use chrono::{Datelike, NaiveDate, Weekday};
use shared::act::Act;
use shared::calendar::{Calendar, Half, SessionKey};
use shared::codes::{Code, NotACode};
use shared::id::{ClassId, PupilId};
use std::collections::BTreeMap;

/// A pupil's time in a class, both days included.
#[derive(Debug, Clone, Copy)]
pub struct Stay {
    /// Who.
    pub pupil: PupilId,
    /// Where.
    pub class: ClassId,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub until: Option<NaiveDate>,
}

/// How a child attends: shares in a thousand.
struct Habit {
    ill: u32,
    late: u32,
    unexplained: u32,
    spell: Option<(NaiveDate, &'static str)>,
    rng: Rng,
}

/// The first day of the history: so many years before `date`, or (0) two terms before its term, or as far back as the calendar goes.
#[must_use]
pub fn first_day(calendar: &Calendar, date: NaiveDate, years: u8) -> NaiveDate {
    if years > 0 {
        let wanted = date.checked_sub_months(chrono::Months::new(12 * u32::from(years))).unwrap_or(date);
        return calendar.school_days(wanted, date).next().unwrap_or(date);
    }
    let begun: Vec<NaiveDate> = calendar.terms().iter().map(|t| t.dates.from).filter(|from| *from <= date).collect();
    begun.iter().rev().nth(2).or(begun.first()).copied().unwrap_or(date)
}

/// One act a class and session, oldest first, for all sessions from `first` to the day before `date`.
///
/// # Errors
/// When the table of codes lacks one: a fault of this program.
pub fn acts(
    calendar: &Calendar,
    (first, date): (NaiveDate, NaiveDate),
    stays: &[Stay],
    rng: &Rng,
) -> Result<Vec<Act>, NotACode> {
    let Some(last) = date.pred_opt() else { return Ok(Vec::new()) };
    let mut habits: BTreeMap<PupilId, Habit> = stays
        .iter()
        .map(|s| {
            let mut own = rng.part(&s.pupil.to_string());
            (s.pupil, habit(&mut own))
        })
        .collect();
    let mut by_class: BTreeMap<ClassId, Vec<Stay>> = BTreeMap::new();
    for stay in stays {
        by_class.entry(stay.class).or_default().push(*stay);
    }
    let mut trips = rng.part("trips");
    let mut out = Vec::new();
    let mut on_trip: BTreeMap<ClassId, NaiveDate> = BTreeMap::new();
    for session in calendar.sessions(first, last) {
        for (class, all) in &by_class {
            // Two or three days out a year.
            if session.half == Half::Am && trips.per_mille(12) {
                on_trip.insert(*class, session.date);
            }
            let trip = on_trip.get(class) == Some(&session.date);
            let mut marks: Vec<(PupilId, Code)> = Vec::new();
            for stay in all.iter().filter(|s| s.from <= session.date && s.until.is_none_or(|u| u >= session.date)) {
                if let Some(habit) = habits.get_mut(&stay.pupil) {
                    marks.push((stay.pupil, habit.mark(session, trip, date, calendar).parse()?));
                }
            }
            if !marks.is_empty() {
                out.push(Act::History { class: *class, session, marks });
            }
        }
    }
    Ok(out)
}

/// Most come nearly always; one in ten misses a tenth or more; a few are seldom on time.
fn habit(rng: &mut Rng) -> Habit {
    let ill = match rng.below(100) {
        0..=54 => 12,
        55..=84 => 28,
        85..=95 => 62,
        96..=98 => 120,
        _ => 260,
    };
    let late = match rng.below(100) {
        0..=69 => 3,
        70..=91 => 20,
        92..=97 => 70,
        _ => 180,
    };
    let unexplained = if rng.per_mille(60) { 18 } else { 1 };
    Habit { ill, late, unexplained, spell: None, rng: rng.part("days") }
}

impl Habit {
    /// The code of one session.
    fn mark(&mut self, session: SessionKey, trip: bool, today: NaiveDate, calendar: &Calendar) -> &'static str {
        let present = if session.half == Half::Am { "/" } else { "\\" };
        if session.half == Half::Am && self.spell.is_none_or(|(until, _)| until < session.date) {
            self.spell = self.begins(session.date, today, calendar);
        }
        if let Some((until, code)) = self.spell
            && session.date <= until
        {
            return code;
        }
        if trip {
            return "V";
        }
        if session.half == Half::Am && self.rng.per_mille(self.late) {
            return if self.rng.per_mille(120) { "U" } else { "L" };
        }
        if session.half == Half::Pm && self.rng.per_mille(3) {
            return "M";
        }
        present
    }

    /// Whether an absence begins this morning: until when, and why.
    fn begins(&mut self, date: NaiveDate, today: NaiveDate, calendar: &Calendar) -> Option<(NaiveDate, &'static str)> {
        let days = |n: usize| date + chrono::Days::new(u64::try_from(n).unwrap_or(0));
        // A spell lasts two days on average, so it begins half as often as it is met.
        let weight = match date.weekday() {
            Weekday::Fri => 15,
            Weekday::Mon => 12,
            _ => 9,
        };
        if self.rng.per_mille(self.ill * weight / 22) {
            let length = *self.rng.pick(&[0_usize, 0, 0, 1, 1, 2, 4]);
            return Some((days(length), "I"));
        }
        if self.rng.per_mille(self.unexplained) {
            // What nobody explained is N for five school days, then O (P13).
            let recent = calendar.school_days_between(date, today) <= 5;
            return Some((date, if recent { "N" } else { "O" }));
        }
        let odd = self.rng.below(10_000);
        match odd {
            0..=19 => Some((days(4), "G")),
            20..=34 => Some((date, "C")),
            35..=74 => Some((date, "M")),
            75..=82 => Some((date, "R")),
            _ => None,
        }
    }
}
