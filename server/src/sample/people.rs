//! The children, families and staff of a sample school, from a seed.
//!
//! Must never: be a real person's, or use a telephone number that rings (Ofcom's numbers for drama are 07700 900000 to 900999).

use super::names::{GROWN_MEN, GROWN_WOMEN, ORIGINS, Origin, SHORT, STAFF};
use super::rng::Rng;
use chrono::{Datelike, Days, NaiveDate};
use shared::upn::Upn;
use std::collections::BTreeSet;

/// The two classes of each year.
pub const TREES: [&str; 2] = ["Willow", "Oak"];
const TITLES: [&str; 3] = ["Mrs", "Ms", "Miss"];
/// Reception to Year 6.
pub const YEARS: i32 = 7;

/// A class: its year (0 is Reception) and its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Room {
    /// 0 to 6, or more in a large export.
    pub year: i32,
    /// 0 or 1, or more in a large export.
    pub stream: usize,
}

impl Room {
    /// "3 Willow", "Reception Oak".
    #[must_use]
    pub fn name(self) -> String {
        let tree = TREES.get(self.stream).map_or_else(|| format!("Group {}", self.stream + 1), |t| (*t).to_owned());
        if self.year == 0 { format!("Reception {tree}") } else { format!("{} {tree}", self.year) }
    }
    /// The directory's id.
    #[must_use]
    pub fn source_id(self) -> String {
        format!("class-{}-{}", self.year, self.stream + 1)
    }
}

/// A grown-up to call.
#[derive(Debug, Clone)]
pub struct Carer {
    /// The directory's id.
    pub source_id: String,
    /// Given name.
    pub first: String,
    /// Family name.
    pub last: String,
    /// `guardian`, `parent`, `relative`.
    pub role: &'static str,
    /// Telephone.
    pub telephone: String,
}

/// A child.
#[derive(Debug, Clone)]
pub struct Child {
    /// The directory's id.
    pub source_id: String,
    /// Given name in law.
    pub given: String,
    /// What they go by, where it is another.
    pub known_as: Option<String>,
    /// Family name.
    pub family: String,
    /// `female`, `male`.
    pub sex: &'static str,
    /// Date of birth.
    pub born: NaiveDate,
    /// UPN.
    pub upn: String,
    /// First day on roll.
    pub joined: NaiveDate,
    /// This year's class.
    pub room: Room,
    /// Grown-ups in the order in which they are called.
    pub carers: Vec<usize>,
    /// Free school meals.
    pub fsm: bool,
    /// Pupil premium.
    pub premium: bool,
    /// `none`, `support`, `EHC plan`.
    pub send: &'static str,
    /// Looked after.
    pub looked_after: bool,
    /// Has a social worker.
    pub social_worker: bool,
}

/// A member of staff.
#[derive(Debug, Clone)]
pub struct Worker {
    /// The directory's id.
    pub source_id: String,
    /// Title.
    pub title: &'static str,
    /// Given name.
    pub first: String,
    /// Family name.
    pub last: String,
    /// Position.
    pub position: &'static str,
    /// OneRoster's role.
    pub role: &'static str,
    /// Their class.
    pub room: Option<Room>,
}

/// Everybody.
#[derive(Debug, Default)]
pub struct People {
    /// Children.
    pub children: Vec<Child>,
    /// Grown-ups.
    pub carers: Vec<Carer>,
    /// Staff.
    pub staff: Vec<Worker>,
    /// Classes.
    pub rooms: Vec<Room>,
}

/// How large a school.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Classes of a year.
    pub streams: usize,
    /// The fewest pupils of a class.
    pub least: usize,
    /// One more than the most.
    pub most: usize,
}

/// A primary school of two forms: about 400 pupils.
pub const TWO_FORMS: Size = Size { streams: 2, least: 27, most: 31 };

/// The first of September of a school year.
#[must_use]
pub fn september(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 9, 1).unwrap_or_default()
}

/// Makes everybody. `year_start` is the year in which the school year begins; `first_day` its first day with pupils, by year.
#[must_use]
pub fn people(seed: u64, size: Size, year_start: i32, first_day: impl Fn(i32) -> NaiveDate) -> People {
    let root = Rng::new(seed);
    let mut made = People::default();
    let mut rng = root.part("children");
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for year in 0..YEARS {
        for stream in 0..size.streams {
            made.rooms.push(Room { year, stream });
        }
    }
    let mut wanted: Vec<(Room, usize)> =
        made.rooms.iter().map(|r| (*r, size.least + rng.below(size.most - size.least))).collect();
    while wanted.iter().any(|(_, n)| *n > 0) {
        let origin = origin(&mut rng);
        let family = (*rng.pick(origin.families)).to_owned();
        let carers = carers(&mut made, &mut rng, origin, &family);
        // Three families in ten send more than one child; twins sit together or apart.
        let size = 1 + usize::from(rng.per_mille(300)) + usize::from(rng.per_mille(60));
        let hard_up = rng.per_mille(230);
        for _ in 0..size {
            let open: Vec<usize> = (0..wanted.len()).filter(|i| wanted[*i].1 > 0).collect();
            if open.is_empty() {
                break;
            }
            let at = *rng.pick(&open);
            wanted[at].1 -= 1;
            let number = made.children.len() + 1;
            let room = wanted[at].0;
            let mut child = child(&mut rng, origin, &family, room, number, year_start, &first_day, &mut used);
            child.carers.clone_from(&carers);
            child.fsm = hard_up && rng.per_mille(900);
            child.premium = child.fsm || rng.per_mille(40);
            made.children.push(child);
        }
    }
    made.children.sort_by(|a, b| (a.room, &a.family, &a.given).cmp(&(b.room, &b.family, &b.given)));
    staff(&mut made, root.part("staff"));
    made
}

fn origin(rng: &mut Rng) -> &'static Origin {
    let mut at = rng.below(1000);
    for origin in ORIGINS {
        let share = usize::try_from(origin.share).unwrap_or(0);
        if at < share {
            return origin;
        }
        at -= share;
    }
    &ORIGINS[0]
}

fn carers(made: &mut People, rng: &mut Rng, origin: &Origin, family: &str) -> Vec<usize> {
    let mut mine = Vec::new();
    let count = 2 + usize::from(rng.per_mille(350)) - usize::from(rng.per_mille(120));
    for n in 0..count {
        let woman = n == 0 || (n > 1 && rng.per_mille(600));
        let names = if woman { GROWN_WOMEN } else { GROWN_MEN };
        let own = rng.per_mille(200);
        let number = made.carers.len() + 1;
        made.carers.push(Carer {
            source_id: format!("carer-{number:05}"),
            first: (*rng.pick(names)).to_owned(),
            last: if own { (*rng.pick(origin.families)).to_owned() } else { family.to_owned() },
            role: if n < 2 { "parent" } else { "relative" },
            telephone: format!("07700 900{:03}", rng.below(1000)),
        });
        mine.push(number - 1);
    }
    mine
}

#[allow(clippy::too_many_arguments)] // one place calls it
fn child(
    rng: &mut Rng,
    origin: &Origin,
    family: &str,
    room: Room,
    number: usize,
    year_start: i32,
    first_day: &impl Fn(i32) -> NaiveDate,
    used: &mut BTreeSet<(String, String)>,
) -> Child {
    let girl = rng.per_mille(490);
    let names = if girl { origin.girls } else { origin.boys };
    let mut given = (*rng.pick(names)).to_owned();
    for _ in 0..40 {
        if used.insert((given.clone(), family.to_owned())) {
            break;
        }
        given = (*rng.pick(names)).to_owned();
    }
    let known_as = SHORT.iter().find(|(long, _)| *long == given).map(|(_, short)| (*short).to_owned());
    let known_as = known_as.filter(|_| rng.per_mille(450));
    // In Reception one turns five between September and August.
    let born_from = september(year_start - 5 - room.year);
    let born = born_from + Days::new(u64::try_from(rng.below(365)).unwrap_or(0));
    // Most begin in Reception; some join later, a few in the middle of this year.
    let later = room.year > 0 && rng.per_mille(140);
    let since =
        if later { i32::try_from(rng.below(usize::try_from(room.year).unwrap_or(1))).unwrap_or(0) } else { room.year };
    let mut joined = first_day(year_start - since);
    if rng.per_mille(15) {
        joined = first_day(year_start) + Days::new(u64::try_from(14 + 7 * rng.below(6)).unwrap_or(14));
    }
    let social = rng.per_mille(25);
    let send = if rng.per_mille(42) {
        "EHC plan"
    } else if rng.per_mille(140) {
        "support"
    } else {
        "none"
    };
    Child {
        source_id: format!("pupil-{number:05}"),
        given,
        known_as,
        family: family.to_owned(),
        sex: if girl { "female" } else { "male" },
        born,
        upn: upn(number, born.year()),
        joined,
        room,
        carers: Vec::new(),
        fsm: false,
        premium: false,
        send,
        looked_after: social && rng.per_mille(300),
        social_worker: social,
    }
}

/// A UPN of an authority that there is not (number 999), with the right check letter.
fn upn(number: usize, year: i32) -> String {
    let body = format!("9994321{:02}{:03}", year.rem_euclid(100), number % 1000);
    let body = if number < 1000 { body } else { format!("999{:07}{:02}", number, year.rem_euclid(100)) };
    ('A'..='Z')
        .filter_map(|letter| format!("{letter}{body}").parse::<Upn>().ok())
        .map(|upn| upn.as_str().to_owned())
        .next()
        .unwrap_or_default()
}

fn staff(made: &mut People, mut rng: Rng) {
    let mut last: Vec<&str> = STAFF.to_vec();
    let mut add = |made: &mut People, rng: &mut Rng, position, role, room| {
        let number = made.staff.len() + 1;
        let woman = rng.per_mille(800);
        let family =
            if last.is_empty() { format!("Staff{number}") } else { last.remove(rng.below(last.len())).to_owned() };
        made.staff.push(Worker {
            source_id: format!("staff-{number:03}"),
            title: if woman { TITLES[rng.below(TITLES.len())] } else { "Mr" },
            first: (*rng.pick(if woman { GROWN_WOMEN } else { GROWN_MEN })).to_owned(),
            last: family,
            position,
            role,
            room,
        });
    };
    for room in made.rooms.clone() {
        add(made, &mut rng, "class teacher", "teacher", Some(room));
    }
    for _ in 0..2 {
        add(made, &mut rng, "cover supervisor", "aide", None);
    }
    for _ in 0..4 {
        add(made, &mut rng, "teaching assistant", "aide", None);
    }
    add(made, &mut rng, "office manager", "siteAdministrator", None);
    add(made, &mut rng, "attendance officer", "siteAdministrator", None);
    add(made, &mut rng, "headteacher", "principal", None);
    add(made, &mut rng, "deputy headteacher and attendance champion", "administrator", None);
}
