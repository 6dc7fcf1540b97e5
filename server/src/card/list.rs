//! A box of cards as a list: `number`, and whose each is by `upn`, by `class`, `first` and `last`, or by `staff`.
//!
//! Must never: put a number, a name or a UPN into what it says about a line.

use super::{Bound, CardHash, Holder, Number};
use crate::staff;
use crate::store::StoreError;
use crate::store::columns::DateCol;
use csv::StringRecord;
use rusqlite::Connection;
use shared::id::PupilId;
use std::collections::HashMap;

/// A line that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// Its line in the file, counted from 1.
    pub line: u64,
    /// Why, and what to do.
    pub reason: &'static str,
}

/// What came of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Cards bound, or that would be.
    pub bound: usize,
    /// Lines that say what stands already.
    pub already: usize,
    /// Lines that could not be taken.
    pub bad: Vec<Bad>,
}

/// A file that is no such list.
#[derive(Debug, thiserror::Error)]
pub enum NoList {
    /// Not CSV.
    #[error("this is no list of cards: {0}")]
    Csv(#[from] csv::Error),
    /// Not UTF-8.
    #[error("the file is not written in UTF-8: save it as \"CSV UTF-8\"")]
    NotUtf8,
    /// A column is missing.
    #[error("the first line must name the columns: number, and upn, or class, first and last, or staff")]
    NoColumns,
}

/// The lines of a list, with where each stands.
#[derive(Debug)]
pub struct List {
    columns: HashMap<String, usize>,
    lines: Vec<(u64, StringRecord)>,
}

impl List {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`NoList`].
    pub fn read(bytes: &[u8]) -> Result<Self, NoList> {
        let text = std::str::from_utf8(bytes).map_err(|_| NoList::NotUtf8)?;
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        let columns: HashMap<String, usize> =
            reader.headers()?.iter().enumerate().map(|(i, name)| (staff::plain(name), i)).collect();
        let has = |names: &[&str]| names.iter().all(|name| columns.contains_key(*name));
        if !has(&["number"]) || !(has(&["upn"]) || has(&["class", "first", "last"]) || has(&["staff"])) {
            return Err(NoList::NoColumns);
        }
        let mut lines = Vec::new();
        for record in reader.records() {
            let record = record?;
            if record.iter().any(|cell| !cell.is_empty()) {
                lines.push((line_at(text, record.position().map_or(0, csv::Position::byte)), record));
            }
        }
        Ok(Self { columns, lines })
    }

    fn cell<'a>(&self, record: &'a StringRecord, name: &str) -> &'a str {
        self.columns.get(name).and_then(|i| record.get(*i)).unwrap_or("")
    }

    /// Goes through the lines; `bind` binds one card, or only says what would come of it.
    ///
    /// # Errors
    /// An accident of the store.
    pub fn take(
        &self,
        c: &Connection,
        today: DateCol,
        mut bind: impl FnMut(&CardHash, Holder) -> Result<Bound, StoreError>,
    ) -> Result<Report, StoreError> {
        let people = People::load(c, today)?;
        let mut met: HashMap<String, Holder> = HashMap::new();
        let mut report = Report::default();
        for (line, record) in &self.lines {
            let told = match self.read_line(record, &people) {
                Ok((number, holder)) => {
                    let hash = number.keyed(c)?;
                    match met.get(hash.as_str()) {
                        Some(before) if *before == holder => Ok(Bound::Already),
                        Some(_) => Err("an earlier line gives the same number to somebody else"),
                        None => {
                            met.insert(hash.as_str().to_owned(), holder);
                            Ok(bind(&hash, holder)?)
                        }
                    }
                }
                Err(reason) => Err(reason),
            };
            let reason = match told {
                Ok(Bound::New | Bound::Found) => {
                    report.bound += 1;
                    continue;
                }
                Ok(Bound::Already) => {
                    report.already += 1;
                    continue;
                }
                Ok(Bound::Lost) => {
                    "this card was marked lost; if it was found, bind it on the office page with the card in hand"
                }
                Ok(Bound::Taken(_)) => "this card is somebody else's; mark it lost there first",
                Err(reason) => reason,
            };
            report.bad.push(Bad { line: *line, reason });
        }
        Ok(report)
    }

    fn read_line(&self, record: &StringRecord, people: &People) -> Result<(Number, Holder), &'static str> {
        let cell = |name| self.cell(record, name);
        let number = match cell("number") {
            "" => return Err("the number is missing"),
            text => Number::new(text).ok_or(
                "the number is not 1 to 20 digits; in a spreadsheet, format the column as text before you fill it in",
            )?,
        };
        let (upn, staff) = (cell("upn"), cell("staff"));
        let name = [cell("class"), cell("first"), cell("last")];
        let pupil = !upn.is_empty() || name.iter().any(|n| !n.is_empty());
        let holder = match (pupil, staff.is_empty()) {
            (true, false) => return Err("it names a pupil and a member of staff; a card is one person's"),
            (false, true) => return Err("it does not say whose card it is"),
            (false, false) => people.staff(staff)?,
            (true, true) if !upn.is_empty() => people.by_upn(upn)?,
            (true, true) => people.by_name(name)?,
        };
        Ok((number, holder))
    }
}

/// The line of a record, counted from 1. (The reader's own count stands before line ends and blank lines that it skips.)
fn line_at(text: &str, byte: u64) -> u64 {
    let start = usize::try_from(byte).unwrap_or(usize::MAX).min(text.len());
    let bytes = text.as_bytes();
    let skipped = bytes[start..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let ends = bytes[..start + skipped].iter().filter(|b| **b == b'\n').count();
    u64::try_from(ends).unwrap_or(u64::MAX).saturating_add(1)
}

/// Who may hold a card today.
struct People {
    upn: HashMap<String, PupilId>,
    /// By class, first and last; the legal names too. None where two share one.
    names: HashMap<[String; 3], Option<PupilId>>,
    staff: HashMap<String, Option<Holder>>,
}

impl People {
    fn load(c: &Connection, today: DateCol) -> Result<Self, StoreError> {
        let mut people = Self { upn: HashMap::new(), names: HashMap::new(), staff: HashMap::new() };
        let mut pupils = c.prepare_cached(
            "SELECT p.id, p.upn, p.first, p.last, ifnull(p.legal_first, p.first), ifnull(p.legal_last, p.last), c.name
             FROM pupil p LEFT JOIN membership m ON m.pupil = p.id AND ifnull(m.until_on, '9999-12-31') >= ?1
             LEFT JOIN class c ON c.id = m.class
             WHERE EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil = p.id AND ifnull(e.left_on, '9999-12-31') >= ?1)",
        )?;
        let mut rows = pupils.query([today])?;
        while let Some(r) = rows.next()? {
            let id = PupilId::from_bytes(r.get(0)?);
            if let Some(upn) = r.get::<_, Option<String>>(1)? {
                people.upn.insert(upn.to_uppercase(), id);
            }
            let text = |i| r.get::<_, String>(i).map(|t| staff::plain(&t));
            let Some(class) = r.get::<_, Option<String>>(6)?.map(|t| staff::plain(&t)) else { continue };
            for (first, last) in [(text(2)?, text(3)?), (text(4)?, text(5)?)] {
                let entry = people.names.entry([class.clone(), first, last]).or_insert(Some(id));
                *entry = entry.filter(|other| *other == id);
            }
        }
        for one in staff::list(c, today)? {
            let holder = Some(Holder::Staff(one.id));
            people.staff.entry(staff::plain(&one.name)).and_modify(|two| *two = None).or_insert(holder);
        }
        Ok(people)
    }
    fn by_upn(&self, upn: &str) -> Result<Holder, &'static str> {
        self.upn.get(&upn.to_uppercase()).map(|id| Holder::Pupil(*id)).ok_or("nobody on roll has this UPN")
    }
    fn by_name(&self, name: [&str; 3]) -> Result<Holder, &'static str> {
        if name.iter().any(|part| part.is_empty()) {
            return Err("class, first and last name must all be there, or the UPN");
        }
        match self.names.get(&name.map(staff::plain)) {
            Some(Some(id)) => Ok(Holder::Pupil(*id)),
            Some(None) => Err("two pupils of this class have this name; give the UPN"),
            None => Err("nobody of this name is in this class"),
        }
    }
    fn staff(&self, name: &str) -> Result<Holder, &'static str> {
        match self.staff.get(&staff::plain(name)) {
            Some(Some(holder)) => Ok(*holder),
            Some(None) => Err("two members of staff have this name; bind this card on the office page"),
            None => Err("nobody of this name is on the staff list"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{bind, look};
    use super::*;
    use crate::testing::{World, day, now, officer, world};

    const FILE: &str = "\u{feff}Number, Class,First,Last,UPN,Staff\r\n\
        0001,,,,UPN-1,\r\n\
        0002,class 1,PUPIL2,test,,\r\n\
        0003,,,,,ms  patel\r\n\
        \r\n\
        1.2E+09,,,,UPN-3,\r\n\
        0004,,,,UPN-99,\r\n\
        0005,Class 2,Pupil1,Test,,\r\n\
        0001,,,,UPN-4,\r\n\
        0001,,,,upn-1,\r\n\
        0006,,,,UPN-5,Ms Patel\r\n\
        0007,,,,,\r\n\
        ,,,,UPN-6,\r\n\
        0008,Class 1,Pupil3";

    fn take(world: &World) -> Report {
        let list = List::read(FILE.as_bytes()).unwrap();
        let today = DateCol(day(23));
        world
            .school
            .write_now(move |tx| {
                list.take(tx, today, |hash, holder| bind(tx, now(9, 0), &officer(), hash, holder, false))
            })
            .unwrap()
    }

    fn with_staff() -> World {
        let world = world();
        let patel = "INSERT INTO staff(id, name, position) VALUES (zeroblob(16), 'Ms Patel', 'class teacher')";
        world.school.write_now(move |tx| Ok(tx.execute(patel, [])?)).unwrap();
        world
    }

    #[test]
    fn a_box_of_cards_is_bound_once_and_every_bad_line_is_named() {
        let world = with_staff();
        let list = List::read(FILE.as_bytes()).unwrap();
        let dry = world
            .school
            .read_now(|tx| list.take(tx, DateCol(day(23)), |hash, holder| look(tx, now(9, 0), hash, holder)))
            .unwrap();
        assert_eq!(world.count("SELECT count(*) FROM card"), 0, "a dry run changes nothing");
        let first = take(&world);
        assert_eq!(dry, first, "and says what will be");
        assert_eq!((first.bound, first.already), (3, 1));
        let lines: Vec<u64> = first.bad.iter().map(|b| b.line).collect();
        assert_eq!(lines, [6, 7, 8, 9, 11, 12, 13, 14]);
        let says = |line: u64, words: &str| {
            let bad = first.bad.iter().find(|b| b.line == line).unwrap();
            assert!(bad.reason.contains(words), "{line}: {}", bad.reason);
        };
        says(6, "format the column as text");
        says(7, "this UPN");
        says(8, "in this class");
        says(9, "same number");
        says(11, "one person's");
        says(12, "whose card");
        says(13, "number is missing");
        says(14, "must all be there");
        let stored =
            "SELECT count(*) FROM card WHERE length(hash) = 64 AND (pupil IS NOT NULL) + (staff IS NOT NULL) = 1";
        assert_eq!(world.count(stored), 3);
        let again = take(&world);
        assert_eq!((again.bound, again.already), (0, 4), "a second import changes nothing");
    }

    #[test]
    fn a_lost_card_is_not_found_by_a_list() {
        let world = with_staff();
        take(&world);
        world
            .school
            .write_now(|tx| Ok(tx.execute("UPDATE card SET lost_at = 1 WHERE pupil IS NOT NULL", [])?))
            .unwrap();
        let again = take(&world);
        assert_eq!(again.bad.iter().filter(|b| b.reason.contains("marked lost; if it was found")).count(), 2);
        assert_eq!(world.count("SELECT count(*) FROM card WHERE lost_at IS NOT NULL"), 2);
    }

    #[test]
    fn a_file_that_is_no_list_says_what_is_wanted() {
        for bad in ["", "number,name\n1,x\n", "card,upn\n1,x\n", "number,class,first\n"] {
            assert!(matches!(List::read(bad.as_bytes()), Err(NoList::NoColumns)), "{bad:?}");
        }
        assert!(matches!(List::read(b"number,upn\n1,\xff\n"), Err(NoList::NotUtf8)));
    }
}
