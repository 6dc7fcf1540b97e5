//! What the feed says: the newest state of every thing this kiosk may know.
//!
//! Must never: hold what the kiosk's own person said (that is the ledger's), or drop a row it has no use for today.

use chrono::NaiveDate;
use shared::calendar::{Half, SessionKey};
use shared::id::{ClassId, PupilId, RollCallId, StaffId};
use shared::text::{Name, Text};
use shared::wire::v1::{
    Choices, ClassRow, DayRow, Expected, MarkRow, Mode, PassageRow, PupilRow, RegisterRow, RollCallRow, Row, RowBody,
    Settings, Sort, StaffRow,
};
use std::collections::BTreeMap;

/// The feed's rows, by what they are about.
#[derive(Debug, Default)]
pub(super) struct Book {
    keys: BTreeMap<Text<120>, RowBody>,
    pub settings: Option<Settings>,
    pub classes: BTreeMap<ClassId, ClassRow>,
    pub pupils: BTreeMap<PupilId, PupilRow>,
    /// Everybody by name and class alone: possible visitors.
    pub others: BTreeMap<PupilId, PupilRow>,
    pub staff: BTreeMap<StaffId, StaffRow>,
    pub days: BTreeMap<NaiveDate, DayRow>,
    expected: BTreeMap<(SessionKey, PupilId), Expected>,
    marks: BTreeMap<(SessionKey, PupilId), MarkRow>,
    registers: BTreeMap<(SessionKey, ClassId), RegisterRow>,
    pub passages: BTreeMap<PupilId, PassageRow>,
    pub roll_calls: BTreeMap<RollCallId, RollCallRow>,
    accounted: BTreeMap<(RollCallId, PupilId), bool>,
}

impl Book {
    /// Takes a row in; answers which mark it changed, if it was one.
    pub fn apply(&mut self, row: &Row) -> Option<(SessionKey, PupilId)> {
        let touched = match row.body.as_ref().or_else(|| self.keys.get(&row.key)) {
            Some(RowBody::Mark(m)) => Some((m.session, m.pupil)),
            _ => None,
        };
        if let Some(old) = self.keys.remove(&row.key) {
            self.forget(&old);
        }
        if let Some(body) = &row.body {
            self.learn(body.clone());
            self.keys.insert(row.key.clone(), body.clone());
        }
        touched
    }

    fn forget(&mut self, body: &RowBody) {
        match body {
            RowBody::Settings(_) => self.settings = None,
            RowBody::Class(r) => drop(self.classes.remove(&r.class)),
            RowBody::Pupil(r) if r.of.is_some() => drop(self.others.remove(&r.pupil)),
            RowBody::Pupil(r) => drop(self.pupils.remove(&r.pupil)),
            RowBody::Staff(r) => drop(self.staff.remove(&r.staff)),
            RowBody::Day(r) => drop(self.days.remove(&r.date)),
            RowBody::Expected(r) => drop(self.expected.remove(&(r.session, r.pupil))),
            RowBody::Mark(r) => drop(self.marks.remove(&(r.session, r.pupil))),
            RowBody::Register(r) => drop(self.registers.remove(&(r.session, r.class))),
            RowBody::Passage(r) => drop(self.passages.remove(&r.pupil)),
            RowBody::RollCall(r) => drop(self.roll_calls.remove(&r.call)),
            RowBody::Accounted(r) => drop(self.accounted.remove(&(r.call, r.pupil))),
        }
    }

    fn learn(&mut self, body: RowBody) {
        match body {
            RowBody::Settings(r) => self.settings = Some(r),
            RowBody::Class(r) => drop(self.classes.insert(r.class, r)),
            RowBody::Pupil(r) if r.of.is_some() => drop(self.others.insert(r.pupil, r)),
            RowBody::Pupil(r) => drop(self.pupils.insert(r.pupil, r)),
            RowBody::Staff(r) => drop(self.staff.insert(r.staff, r)),
            RowBody::Day(r) => drop(self.days.insert(r.date, r)),
            RowBody::Expected(r) => drop(self.expected.insert((r.session, r.pupil), r.expected)),
            RowBody::Mark(r) => drop(self.marks.insert((r.session, r.pupil), r)),
            RowBody::Register(r) => drop(self.registers.insert((r.session, r.class), r)),
            RowBody::Passage(r) => drop(self.passages.insert(r.pupil, r)),
            RowBody::RollCall(r) => drop(self.roll_calls.insert(r.call, r)),
            RowBody::Accounted(r) => drop(self.accounted.insert((r.call, r.pupil), r.seen)),
        }
    }

    pub fn mode(&self) -> Option<Mode> {
        self.settings.as_ref().map(|s| s.mode)
    }

    pub fn mark(&self, session: SessionKey, pupil: PupilId) -> Option<&MarkRow> {
        self.marks.get(&(session, pupil))
    }

    pub fn expected(&self, session: SessionKey, pupil: PupilId) -> Option<Expected> {
        self.expected.get(&(session, pupil)).copied()
    }

    pub fn register(&self, session: SessionKey, class: ClassId) -> Option<&RegisterRow> {
        self.registers.get(&(session, class))
    }

    pub fn accounted(&self, call: RollCallId, pupil: PupilId) -> Option<bool> {
        self.accounted.get(&(call, pupil)).copied()
    }

    pub fn class_name(&self, class: ClassId) -> String {
        self.classes.get(&class).map_or_else(|| super::words::THIS_CLASS.to_owned(), |c| c.name.to_string())
    }

    /// The class of a pupil on a date; without a date the first that is known.
    pub fn class_of(&self, pupil: PupilId, date: Option<NaiveDate>) -> Option<ClassId> {
        let row = self.pupils.get(&pupil)?;
        let on = |m: &&shared::wire::v1::Membership| date.is_none_or(|d| m.from <= d && m.until.is_none_or(|u| d <= u));
        row.classes.iter().find(on).or_else(|| row.classes.last()).map(|m| m.class)
    }

    /// Whether a pupil is of a class on a date.
    pub fn is_member(&self, pupil: PupilId, class: ClassId, session: SessionKey) -> bool {
        self.pupils.get(&pupil).is_some_and(|p| p.classes.iter().any(|m| m.class == class && m.holds(session)))
    }

    /// What the school chose.
    pub fn choices(&self) -> Choices {
        self.settings.as_ref().map(|s| s.choices.clone()).unwrap_or_default()
    }

    /// The pupils of a class in a session, by first name, then surname.
    pub fn roll(&self, class: ClassId, session: SessionKey) -> Vec<PupilId> {
        self.sorted(class, session, Sort::First)
    }

    /// The pupils of a class on a date, those who change class at noon too.
    pub fn roll_of_day(&self, class: ClassId, date: NaiveDate) -> Vec<PupilId> {
        let of = |half| SessionKey { date, half };
        let either =
            |p: &PupilRow| self.is_member(p.pupil, class, of(Half::Am)) || self.is_member(p.pupil, class, of(Half::Pm));
        Self::in_order(self.pupils.values().filter(|p| either(p)).collect(), Sort::First)
    }

    /// The pupils of a class in a session.
    pub fn sorted(&self, class: ClassId, session: SessionKey, by: Sort) -> Vec<PupilId> {
        Self::in_order(self.pupils.values().filter(|p| self.is_member(p.pupil, class, session)).collect(), by)
    }

    fn in_order(mut roll: Vec<&PupilRow>, by: Sort) -> Vec<PupilId> {
        roll.sort_by_cached_key(|p| {
            let (first, last) = (p.first.to_lowercase(), p.last.to_lowercase());
            if by == Sort::First { (first, last, p.pupil) } else { (last, first, p.pupil) }
        });
        roll.into_iter().map(|p| p.pupil).collect()
    }

    /// A pupil of this kiosk's classes, or else a possible visitor.
    pub fn anybody(&self, pupil: PupilId) -> Option<&PupilRow> {
        self.pupils.get(&pupil).or_else(|| self.others.get(&pupil))
    }

    /// The names of the classes that visitors may come from, as people sort them.
    pub fn other_classes(&self, not: ClassId) -> Vec<Name> {
        let own = self.classes.get(&not).map(|c| &c.name);
        let mut names: Vec<Name> =
            self.others.values().filter_map(|p| p.of.clone()).filter(|n| Some(n) != own).collect();
        names.sort_by_cached_key(|n| counted(n));
        names.dedup();
        names
    }

    /// The pupils of another class, by first name.
    pub fn others_of(&self, class: &Name) -> Vec<PupilId> {
        let mut found: Vec<_> = self.others.values().filter(|p| p.of.as_ref() == Some(class)).collect();
        found.sort_by_cached_key(|p| (p.first.to_lowercase(), p.last.to_lowercase(), p.pupil));
        found.into_iter().map(|p| p.pupil).collect()
    }

    /// The years with a class, youngest first.
    pub fn years(&self) -> Vec<Name> {
        let mut years: Vec<Name> = self.classes.values().map(|c| c.year.clone()).collect();
        years.sort_by_cached_key(|y| (year_rank(y), y.clone()));
        years.dedup();
        years
    }

    /// The classes of a year, by name.
    pub fn classes_of(&self, year: &Name) -> Vec<&ClassRow> {
        let mut classes: Vec<_> = self.classes.values().filter(|c| &c.year == year).collect();
        classes.sort_by_cached_key(|c| c.name.to_lowercase());
        classes
    }

    /// The pupils of a year on a date who were born in a month, by first name, then surname.
    pub fn born_in(&self, year: &Name, month: u8, date: Option<NaiveDate>) -> Vec<PupilId> {
        let of_year = |p: &&PupilRow| {
            let class = self.class_of(p.pupil, date).and_then(|c| self.classes.get(&c));
            p.born_month == Some(month) && class.is_some_and(|c| c.year == *year)
        };
        let here = |p: &&PupilRow| date.is_none_or(|d| self.is_on_roll(p, d));
        let mut found: Vec<_> = self.pupils.values().filter(of_year).filter(here).collect();
        found.sort_by_cached_key(|p| (p.first.to_lowercase(), p.last.to_lowercase(), p.pupil));
        found.into_iter().map(|p| p.pupil).collect()
    }

    fn is_on_roll(&self, pupil: &PupilRow, date: NaiveDate) -> bool {
        pupil.classes.iter().any(|m| m.from <= date && m.until.is_none_or(|u| date <= u))
    }

    /// As much of each surname as tells apart those with the same first name.
    pub fn initial(&self, pupil: PupilId, among: &[PupilId]) -> String {
        self.apart(pupil, among, |p| (&p.first, &p.last))
    }

    /// As much of each first name as tells apart those with the same surname.
    pub fn given_initial(&self, pupil: PupilId, among: &[PupilId]) -> String {
        self.apart(pupil, among, |p| (&p.last, &p.first))
    }

    fn apart(&self, pupil: PupilId, among: &[PupilId], names: fn(&PupilRow) -> (&Name, &Name)) -> String {
        let Some((same, mine)) = self.anybody(pupil).map(names) else { return String::new() };
        let others: Vec<&Name> = among
            .iter()
            .filter(|id| **id != pupil)
            .filter_map(|id| self.anybody(*id))
            .map(names)
            .filter(|(other, tells)| other.to_lowercase() == same.to_lowercase() && *tells != mine)
            .map(|(_, tells)| tells)
            .collect();
        let take = |name: &str, n: usize| name.chars().take(n).collect::<String>();
        let longest = mine.chars().count();
        (1..=longest)
            .map(|n| take(mine, n))
            .find(|part| !others.iter().any(|o| take(o, part.chars().count()) == *part))
            .unwrap_or_else(|| mine.to_string())
    }
}

/// "10 Oak" after "9 Ash": by the number at the front, then by the words.
fn counted(name: &str) -> (u32, String) {
    let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
    (digits.parse().unwrap_or(0), name.to_lowercase())
}

fn year_rank(year: &str) -> u32 {
    let lower = year.to_lowercase();
    match lower.as_str() {
        "nursery" => 0,
        "reception" => 1,
        _ => lower.rsplit(' ').next().and_then(|n| n.parse::<u32>().ok()).map_or(u32::MAX, |n| n.saturating_add(1)),
    }
}
