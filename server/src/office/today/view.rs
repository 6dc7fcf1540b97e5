//! The Today page as a person sees it: what needs somebody first and in colour, what is fine quiet.
//!
//! Must never: read a file or a clock, or show a role more than it needs (P31).

use super::rows::{ClassRow, Rows};
use super::ways::{Choice, half_choice, neighbour};
use crate::auth::Role;
use crate::office::restored::Banner;
use crate::office::sheet::{Stands, Tally};
use crate::office::words;
use askama::Template;
use shared::calendar::{Calendar, ClosureKind, Day, Half, SessionKey, Times};
use shared::id::{ClassId, PupilId};
use shared::time::Millis;
use std::collections::BTreeMap;

/// Minutes before the close from which a register that is not in needs somebody.
const SOON_MS: i64 = 10 * 60 * 1000;
/// A submission that took longer than this to arrive was received late.
const LATE_MS: i64 = 2 * 60 * 1000;

/// The part of the page that is pushed when something changes: all of it but the bar.
#[derive(Template)]
#[template(path = "today_live.html")]
pub struct Live {
    /// "Monday 23 November"
    pub day: String,
    /// "09:12 · morning registers close at 09:20"
    pub note: String,
    /// The halves, to choose from.
    pub halves: Vec<Choice>,
    /// The school day before.
    pub before: Option<Choice>,
    /// The school day after, or today.
    pub after: Option<Choice>,
    /// Why there is nothing below, on a day without this session.
    pub closed: Option<String>,
    /// The figures.
    pub figures: Vec<Figure>,
    /// Registers, those that need somebody first.
    pub registers: Vec<Register>,
    /// The session, as addresses name it.
    pub session: SessionKey,
    /// Of the school.
    pub total: Total,
    /// Families to call, where the role may see them.
    pub unexplained: Option<Vec<Unexplained>>,
    /// Questions, where the role may see them.
    pub questions: Option<Vec<Question>>,
    /// Whether the role may settle them and amend.
    pub amends: bool,
    /// Kiosks that are offline, in words.
    pub offline: Vec<String>,
    /// That the server was restored, while that is not done with.
    pub restored: Option<Banner>,
    /// Nobody is called about this session yet: the server was restored, and marks of it may be on their way.
    pub wait: bool,
}

impl Live {
    /// Whom it names.
    #[must_use]
    pub fn shown(&self) -> Vec<PupilId> {
        let called = self.unexplained.iter().flatten().map(|one| one.pupil);
        called.chain(self.questions.iter().flatten().filter_map(|question| question.pupil)).collect()
    }
    /// The server was restored. `touched`: this session may be among those that it lost.
    pub fn restored(&mut self, banner: Banner, touched: bool) {
        self.wait = banner.holds && touched;
        if self.wait {
            // No telephone number to be tempted by.
            self.unexplained = self.unexplained.take().map(|_| Vec::new());
        }
        self.restored = Some(banner);
    }
}

/// One of the six.
#[derive(PartialEq, Eq, Debug)]
pub struct Figure {
    /// The number, in words where it needs them.
    pub value: String,
    /// What it counts.
    pub name: &'static str,
    /// Class of its colour; empty while it is quiet.
    pub colour: &'static str,
}

/// A class's register.
pub struct Register {
    /// The class.
    pub class: String,
    /// Who teaches it.
    pub teachers: String,
    /// Its register, where the role may open it.
    pub href: Option<String>,
    /// Where it is entered from a paper list, where that is wanted and the role may.
    pub take: Option<String>,
    /// Needs somebody now.
    pub needs: bool,
    /// The state in a word or two.
    pub state: &'static str,
    /// Class of its colour.
    pub colour: &'static str,
    /// More about it.
    pub note: String,
    /// The numbers; nothing while nobody has begun.
    pub numbers: Option<Tally>,
}

/// The school's numbers.
#[derive(Default)]
pub struct Total {
    /// All classes together.
    pub tally: Tally,
    /// "2 went home", by the door; empty where nobody did.
    pub went: String,
}

/// A pupil who is missing without a reason.
pub struct Unexplained {
    /// The pupil.
    pub pupil: PupilId,
    /// Name.
    pub name: String,
    /// Class.
    pub class: String,
    /// What to know before calling.
    pub flags: Vec<&'static str>,
    /// "Mum · Sarah Varley"
    pub contact: String,
    /// As written.
    pub telephone: String,
    /// For a telephone link: digits only.
    pub dial: String,
    /// To say why.
    pub absence: String,
}

/// A question for a person.
pub struct Question {
    /// In a few words.
    pub title: &'static str,
    /// About whom or what.
    pub about: String,
    /// What the teacher said, with their name.
    pub said: Vec<String>,
    /// When, if not in the session on the page.
    pub when: String,
    /// The pupil it is about.
    pub pupil: Option<PupilId>,
    /// Cannot wait.
    pub urgent: bool,
    /// Where it is settled.
    pub href: String,
}

/// What the page is about.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The school's calendar.
    pub calendar: &'a Calendar,
    /// The time.
    pub now: Millis,
    /// The session to show.
    pub session: SessionKey,
    /// Whose eyes.
    pub role: Role,
}

/// Everything on the page.
#[must_use]
pub fn live(scene: Scene<'_>, rows: &Rows) -> Live {
    let Scene { calendar, session, role, .. } = scene;
    let times = calendar.times(session);
    let mut tallies: BTreeMap<ClassId, Tally> = BTreeMap::new();
    for pupil in &rows.pupils {
        tallies.entry(pupil.class).or_default().add(pupil.stands);
    }
    let mut registers: Vec<Register> = Vec::new();
    let out = rows.pupils.iter().filter(|pupil| pupil.out).count();
    let went = if out > 0 { format!("{out} went home") } else { String::new() };
    let mut total = Total { went, ..Total::default() };
    let mut in_time = 0;
    let mut wanted = 0;
    if let Some(times) = times {
        for class in &rows.classes {
            let tally = tallies.get(&class.id).copied().unwrap_or_default();
            if tally.pupils == 0 && class.submitted.is_none() {
                continue; // a class without pupils has no register
            }
            wanted += 1;
            in_time += usize::from(class.submitted.is_some() || class.planned || class.earlier);
            total.tally.plus(tally);
            registers.push(register(scene, times, class, tally));
        }
    }
    registers.sort_by_key(|r| !r.needs); // stable: otherwise in the classes' own order
    let names: BTreeMap<ClassId, &str> = rows.classes.iter().map(|c| (c.id, c.name.as_str())).collect();
    let open_questions = rows.questions.len();
    Live {
        day: words::day(session.date),
        note: note(scene, times),
        halves: [Half::Am, Half::Pm].map(|half| half_choice(scene, half)).into(),
        before: neighbour(scene, false),
        after: neighbour(scene, true),
        closed: times.is_none().then(|| closed(scene)),
        figures: figures(in_time, wanted, total.tally, (open_questions, role), registers.iter().any(|r| r.needs)),
        unexplained: role.sees_reasons().then(|| unexplained(rows, &names, session)),
        questions: role.sees_reasons().then(|| questions(rows, session)),
        amends: role.amends(),
        offline: offline(scene, rows),
        restored: None,
        wait: false,
        session,
        registers,
        total,
    }
}

fn figures(
    submitted: usize,
    wanted: usize,
    tally: Tally,
    (questions, role): (usize, Role),
    needs: bool,
) -> Vec<Figure> {
    let figure = |value: String, name, colour| Figure { value, name, colour };
    let mark = |n: usize, colour| if n > 0 { colour } else { "" };
    let asked = match (role.amends(), questions) {
        (true, 1) => figure("1".to_owned(), "question for you", "ask"),
        (true, n) => figure(n.to_string(), "questions for you", mark(n, "ask")),
        (false, n) => figure(n.to_string(), if n == 1 { "question open" } else { "questions open" }, ""),
    };
    vec![
        figure(format!("{submitted} of {wanted}"), "registers in", if needs { "alarm" } else { "" }),
        figure(tally.here.to_string(), "here", ""),
        figure(tally.late.to_string(), "late so far", ""),
        figure(tally.known.to_string(), "absent, known", ""),
        figure(tally.unknown.to_string(), "absent, no reason yet", mark(tally.unknown, "alarm")),
        asked,
    ]
}

fn register(scene: Scene<'_>, times: Times, class: &ClassRow, tally: Tally) -> Register {
    let Scene { calendar, now, session, role } = scene;
    let on = |at| words::moment(calendar, at, session.date);
    let mut notes: Vec<String> = Vec::new();
    let over = class.closed.is_some() || now >= times.closes;
    let soon = now >= times.closes.plus(-SOON_MS);
    let (state, colour, needs) = if let Some(submitted) = class.submitted {
        let by = class.submitted_by.as_deref().filter(|_| role.sees_today_names());
        notes.push(by.map_or_else(|| on(submitted), |by| format!("{} by {by}", on(submitted))));
        let late = class.received.filter(|received| received.since(submitted) > LATE_MS);
        if let Some(received) = late {
            notes.push(format!("received {}", on(received)));
        }
        match (late, submitted >= times.closes) {
            (_, true) => ("Taken after close", "warn", false),
            (Some(_), _) => ("Received late", "warn", false),
            _ if class.closed.is_some() => ("Closed", "quiet", false),
            _ => ("Submitted", "good", false),
        }
    } else if class.planned {
        ("Planned absence", "quiet", false)
    } else if class.earlier {
        ("Closed", "quiet", false)
    } else if over {
        notes.push(format!("since {}", on(class.closed.unwrap_or(times.closes).min(times.closes))));
        if tally.marked > 0 {
            notes.push(format!("{} of {} marked, not submitted", tally.marked, tally.pupils));
        }
        ("Missing", "bad", true)
    } else if class.first_mark.is_some() {
        notes.push(format!("{} of {}", tally.marked, tally.pupils));
        ("In progress", "going", soon)
    } else if now < times.opens {
        notes.push(format!("opens {}", on(times.opens)));
        ("Not open yet", "quiet", false)
    } else {
        ("Not started", if soon { "bad" } else { "quiet" }, soon)
    };
    if tally.elsewhere > 0 {
        notes.push(format!("{} elsewhere", tally.elsewhere));
    }
    let today = session.date == calendar.date_of(now);
    match class.offline.filter(|_| today) {
        Some(since) => notes.push(format!("kiosk offline since {}", on(since))),
        None if today && class.kiosks == 0 => notes.push("no kiosk".to_owned()),
        None if needs && !class.rooms.is_empty() => notes.push(format!("in {}", class.rooms)),
        None => {}
    }
    Register {
        class: class.name.clone(),
        teachers: if role.sees_today_names() { class.teachers.clone() } else { String::new() },
        href: role.sees_reasons().then(|| format!("/register/{}/{session}", class.id)),
        take: (needs && role.amends()).then(|| format!("/take/{}/{session}", class.id)),
        needs,
        state,
        colour,
        note: notes.join(" · "),
        numbers: (tally.marked > 0 || tally.known > 0 || over).then_some(tally),
    }
}

fn unexplained(rows: &Rows, names: &BTreeMap<ClassId, &str>, session: SessionKey) -> Vec<Unexplained> {
    let missing = rows.pupils.iter().filter(|p| p.stands == Stands::Unknown);
    let mut list: Vec<_> = missing
        .map(|p| {
            let (relation, name, telephone) = p.contact.clone().unwrap_or_default();
            let mut flags = Vec::new();
            if p.ehcp {
                flags.push("EHC plan");
            }
            if p.social_worker {
                flags.push("Social worker");
            }
            Unexplained {
                pupil: p.id,
                name: p.name.clone(),
                class: names.get(&p.class).copied().unwrap_or_default().to_owned(),
                flags,
                contact: [relation, name].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
                dial: telephone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
                telephone,
                absence: format!("/absence/{}/{session}", p.id),
            }
        })
        .collect();
    list.sort_by_key(|u| u.flags.is_empty()); // those who are most at risk first
    list
}

fn questions(rows: &Rows, session: SessionKey) -> Vec<Question> {
    let here = |key: SessionKey| if key == session { String::new() } else { words::session(key) };
    rows.questions
        .iter()
        .map(|q| {
            let asked = words::asked(q.key.kind);
            let about = [q.pupil.clone(), q.class.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ");
            Question {
                title: asked.title,
                about,
                said: q.said.clone(),
                when: here(q.key.session),
                pupil: q.key.pupil,
                urgent: q.urgent,
                href: super::super::question::href(&q.key),
            }
        })
        .collect()
}

/// "Room 7 since 08:41", each.
fn offline(scene: Scene<'_>, rows: &Rows) -> Vec<String> {
    let today = scene.calendar.date_of(scene.now);
    let mut list: Vec<_> = rows.offline.iter().collect();
    list.sort_by_cached_key(|(room, _)| words::counted(room));
    let say = |since| words::moment(scene.calendar, since, today);
    list.into_iter().map(|(room, since)| format!("{room} since {}", say(*since))).collect()
}

fn note(scene: Scene<'_>, times: Option<Times>) -> String {
    let Scene { calendar, now, session, .. } = scene;
    let today = calendar.date_of(now);
    let mut parts = Vec::new();
    if session.date == today {
        parts.push(words::clock(calendar, now));
    } else {
        parts.push(session.date.format("%Y").to_string());
    }
    if let Some(times) = times {
        let registers = format!("{} registers", words::half(session.half));
        let at = |m| words::clock(calendar, m);
        parts.push(if now < times.opens {
            format!("{registers} open at {}", at(times.opens))
        } else if now < times.closes {
            format!("{registers} close at {}", at(times.closes))
        } else {
            format!("{registers} closed at {}", at(times.closes))
        });
    }
    parts.join(" · ")
}

fn closed(scene: Scene<'_>) -> String {
    let Scene { calendar, session, .. } = scene;
    match calendar.day(session.date) {
        Day::Closed { kind: ClosureKind::HalfTerm, .. } => "Half term: no registers today.".to_owned(),
        Day::Closed { why, .. } => format!("No registers today: {why}."),
        Day::NotTerm => "No school on this day, so there are no registers.".to_owned(),
        Day::School { .. } => format!("There is no {} session on this day.", words::half(session.half)),
    }
}
