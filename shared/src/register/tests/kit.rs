//! A morning to test with: 4 Oak on 23 November 2026, 08:50, closes 09:20, ends 12:00; writers with logs of their own.

use crate::act::Officer;
use crate::calendar::{Half, SessionKey};
use crate::codes::Code;
use crate::id::{ClassId, KioskId, LogId, PlanId, PupilId};
use crate::log::Origin;
use crate::observation::{Mark, Means};
use crate::register::{DayKind, Decision, Fact, MarkKey, Provenance, QuestionKind, Sitting, Times, What, decide};
use crate::text::{Name, Remark};
use crate::time::{Interval, Millis};
use chrono::NaiveDate;

pub const CLASS: ClassId = ClassId::from_bytes([4; 16]);
pub const OTHER_CLASS: ClassId = ClassId::from_bytes([5; 16]);
pub const PUPIL: PupilId = PupilId::from_bytes([7; 16]);
/// Midnight of the day. The school's clock shows UTC in November.
pub const MIDNIGHT: i64 = 1_795_392_000_000;

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}
pub fn remark(text: &str) -> Remark {
    Remark::new(text).unwrap()
}
/// The instant of a time of day, as 905 for 09:05.
pub fn at(hhmm: i64) -> Millis {
    Millis(MIDNIGHT + (hhmm / 100 * 60 + hhmm % 100) * 60_000)
}
pub fn clock(at: Millis) -> String {
    let minutes = (at.0 - MIDNIGHT).div_euclid(60_000);
    format!("{:02}:{:02}", minutes.div_euclid(60), minutes.rem_euclid(60))
}
pub fn between(from: i64, until: i64) -> Interval {
    Interval { earliest: at(from), latest: at(until), estimate: None }
}

pub const TIMES: Times = Times { start: hm(8, 50), opens: hm(8, 50), closes: hm(9, 20), end: hm(12, 0) };
pub const PM_TIMES: Times = Times { start: hm(13, 0), opens: hm(13, 0), closes: hm(13, 30), end: hm(15, 20) };
const fn hm(hours: i64, minutes: i64) -> Millis {
    Millis(MIDNIGHT + (hours * 60 + minutes) * 60_000)
}

pub fn session(half: Half) -> SessionKey {
    SessionKey { date: NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(), half }
}
pub fn am() -> Sitting {
    Sitting {
        key: MarkKey { pupil: PUPIL, session: session(Half::Am) },
        class: CLASS,
        on_roll: true,
        day: DayKind::School(TIMES),
        before: None,
        left_earlier: false,
    }
}
pub fn pm() -> Sitting {
    Sitting {
        key: MarkKey { pupil: PUPIL, session: session(Half::Pm) },
        day: DayKind::School(PM_TIMES),
        before: Some(TIMES.end),
        ..am()
    }
}

/// Who writes. Each has its own log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Room,
    SecondKiosk,
    OtherRoom,
    Reception,
    Office,
    Rule,
    /// The office again, on a server set up anew.
    Anew,
    /// The room's kiosk again, in the log that it began when its card was put back.
    RoomAgain,
}

impl Who {
    pub fn log(self) -> LogId {
        LogId::from_bytes([self as u8 + 1; 16])
    }
    fn from(self) -> Provenance {
        let person = |name_, position| Officer::Person { name: name(name_), position: name(position) };
        let teacher = Some(person("Ms Patel", "class teacher"));
        let id = if self == Self::RoomAgain { Self::Room } else { self };
        let id = KioskId::from_bytes([id as u8 + 1; 16]);
        let kiosk = |room, owns, by| Provenance::Kiosk { kiosk: id, room: name(room), owns, by, staff: None };
        match self {
            Self::Room | Self::RoomAgain => kiosk("Room 7", true, teacher),
            Self::SecondKiosk => kiosk("Hall", true, teacher),
            Self::OtherRoom => kiosk("Room 2", false, teacher),
            Self::Reception => kiosk("Reception", true, None),
            Self::Rule => Provenance::School { by: n_to_o(), clock_sure: true },
            Self::Office | Self::Anew => {
                Provenance::School { by: person("Mrs Okafor", "office manager"), clock_sure: true }
            }
        }
    }
}

/// The rule of P13.
fn n_to_o() -> Officer {
    Officer::Rule { rule: name("N to O"), set_by: name("Mr Hale, headteacher, 1 September 2026") }
}

/// Facts as they are written: each writer's numbers follow on.
#[derive(Debug, Default, Clone)]
pub struct Day(pub Vec<Fact>);

impl Day {
    pub fn new() -> Self {
        Self::default()
    }
    /// What somebody did in an interval; the server has it at its end.
    pub fn within(mut self, who: Who, when: Interval, what: What) -> Self {
        let seq = 1 + self.0.iter().filter(|fact| fact.origin.log == who.log()).count() as u64;
        let origin = Origin { log: who.log(), seq };
        self.0.push(Fact { origin, when, received: when.latest, from: who.from(), what });
        self
    }
    pub fn on(self, who: Who, hhmm: i64, what: What) -> Self {
        self.within(who, between(hhmm, hhmm), what)
    }
    /// The teacher taps.
    pub fn tap(self, hhmm: i64, mark: Mark) -> Self {
        self.on(Who::Room, hhmm, tapped(mark))
    }
    pub fn card(self, hhmm: i64) -> Self {
        self.on(Who::Reception, hhmm, arrived())
    }
    pub fn submit(self, hhmm: i64) -> Self {
        self.on(Who::Room, hhmm, submitted(true))
    }
    pub fn close(self) -> Self {
        self.on(Who::Office, 920, What::Closed { class: CLASS })
    }
    pub fn plan(self, hhmm: i64, code: &str) -> Self {
        let plan = PlanId::from_bytes([u8::try_from(self.0.len()).unwrap(); 16]);
        let what = What::Planned { plan, code: c(code), detail: None, reason: remark("mother called") };
        self.on(Who::Office, hhmm, what)
    }
    /// The office amends, having seen all that stands here before.
    pub fn amend(self, hhmm: i64, code: &str) -> Self {
        let seen = self.0.iter().map(|fact| fact.origin).collect();
        self.amend_blind(hhmm, code, seen)
    }
    pub fn amend_blind(self, hhmm: i64, code: &str, seen: Vec<Origin>) -> Self {
        let what = What::Amended { code: Some(c(code)), minutes: None, detail: None, reason: remark("letter"), seen };
        self.on(Who::Office, hhmm, what)
    }
    /// The rule N to O.
    pub fn rule(self, hhmm: i64) -> Self {
        let what = What::Amended {
            code: Some(Code::O),
            minutes: None,
            detail: None,
            reason: remark("no reason within five school days"),
            seen: vec![],
        };
        self.on(Who::Rule, hhmm, what)
    }
    /// The office settles a question about this pupil or register, having seen all that stands here before.
    pub fn settle(self, hhmm: i64, kind: QuestionKind, answer: &str) -> Self {
        let key = decide(&self.0, &am()).questions.into_iter().map(|q| q.key).find(|key| key.kind == kind);
        let seen = self.0.iter().map(|fact| fact.origin).collect();
        let question = key.expect("the question is open");
        self.on(Who::Office, hhmm, What::Settled { question, answer: remark(answer), seen })
    }
}

pub fn tapped(mark: Mark) -> What {
    What::Marked { class: CLASS, mark }
}
pub fn came_late() -> What {
    What::CameLate { class: CLASS }
}
pub fn arrived() -> What {
    What::Arrived { means: Means::Card, said: false }
}
pub fn submitted(tile: bool) -> What {
    What::Submitted { class: CLASS, tile }
}
pub fn c(code: &str) -> Code {
    code.parse().unwrap()
}

/// The mark in a word, as `L15?`: code, minutes, `?` while provisional; `-` while blank.
pub fn shown(decision: &Decision) -> String {
    let mark = &decision.mark;
    let code = mark.code.map_or("-", |code| code.as_str());
    let minutes = mark.minutes.map(|minutes| minutes.to_string()).unwrap_or_default();
    format!("{code}{minutes}{}", if mark.provisional { "?" } else { "" })
}

/// One row of a table: a rule, the facts, the mark, the kinds of question.
pub struct Row(pub &'static str, pub Sitting, pub Day, pub &'static str, pub &'static [QuestionKind]);

pub fn check(rows: Vec<Row>) {
    let mut wrong = Vec::new();
    for Row(rule, sitting, day, mark, questions) in rows {
        let decision = decide(&day.0, &sitting);
        let kinds: Vec<_> = decision.questions.iter().map(|question| question.key.kind).collect();
        if (shown(&decision).as_str(), kinds.as_slice()) != (mark, questions) {
            wrong.push(format!("{rule}: expected {mark} {questions:?}, got {} {kinds:?}", shown(&decision)));
        }
        let backwards: Vec<_> = day.0.iter().rev().cloned().collect();
        if decide(&backwards, &sitting) != decision {
            wrong.push(format!("{rule}: another order decides otherwise"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
