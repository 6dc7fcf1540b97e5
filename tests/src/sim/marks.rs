//! What the register must say of a pupil and session, worked out from what happened in true time: the policy in the
//! simulator's own words.
//!
//! Must never: call the code that decides.

use super::fact::{Fact, Said};
use shared::act::{Act, Officer};
use shared::calendar::{Half, SessionKey, Times};
use shared::id::{ClassId, KioskId, LogId, PupilId};
use shared::observation::{Mark, Observation};
use shared::register::QuestionKind;
use std::collections::BTreeMap;

const MINUTE: i64 = 60_000;

/// What must stand.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The code.
    pub code: Option<&'static str>,
    /// Every moment that it hangs on.
    pub moments: Vec<i64>,
    /// The boots whose clocks dated them.
    pub boots: Vec<shared::id::BootId>,
    /// A register that was taken after its close is a question.
    pub late_register: bool,
    /// A person in the office has spoken.
    pub ruled: bool,
    /// The office was asked about the time, and answered that what stands is to stand.
    pub left_standing: bool,
    /// Somebody came within seconds of the session's end, when the screen still named it: no clock can say which it was.
    pub as_it_ended: bool,
    /// One kiosk spoke in two logs, which disagree; true: within two minutes.
    pub two_logs: Option<bool>,
}

#[derive(Default, Clone, Copy)]
struct Word {
    kiosk: Option<KioskId>,
    mark: Option<Mark>,
    /// When that was said last.
    at: Option<i64>,
    late: Option<i64>,
    first: Option<i64>,
    blanked: Option<i64>,
}

/// What a kiosk said in one log does not stand where it said something else later in another.
fn later_in_another_log(words: &mut BTreeMap<LogId, Word>, expected: &mut Expected) {
    let each = words.clone();
    for (log, word) in words.iter_mut() {
        for (_, other) in each.iter().filter(|(of, o)| *of != log && o.kiosk == word.kiosk) {
            let mut overtakes = |this: Option<i64>, mine: Option<i64>| {
                let (Some(this), Some(mine)) = (this, mine) else { return false };
                let close = (this - mine).abs() < 2 * MINUTE;
                expected.two_logs = Some(expected.two_logs.unwrap_or_default() || close);
                this > mine
            };
            let (at, absent) = (other.at, other.at.filter(|_| other.mark == Some(Mark::Absent)));
            let late = other.late.filter(|_| word.mark == Some(Mark::Absent));
            let mine = word.at.filter(|_| word.mark.is_some());
            if [at.filter(|_| other.mark.is_some()), late, other.blanked].map(|it| overtakes(it, mine)).contains(&true)
            {
                word.mark = None;
            }
            if [absent, other.blanked].map(|it| overtakes(it, word.late)).contains(&true) {
                word.late = None;
            }
            if overtakes(other.blanked, word.first) {
                word.first = None;
            }
        }
    }
}

/// Works it out. `facts`: each once, those that count, in the order of their logs.
pub fn expect(
    facts: &[&Fact],
    pupil: PupilId,
    class: ClassId,
    session: SessionKey,
    times: &Times,
    before: Option<i64>,
) -> Expected {
    let mut words: BTreeMap<LogId, Word> = BTreeMap::new();
    let (mut arrivals, mut departures, mut returns) = (Vec::new(), Vec::new(), Vec::new());
    let mut morning: Vec<(i64, bool)> = Vec::new();
    let am = SessionKey { half: Half::Am, ..session };
    let in_morning = |at: i64| before.is_some_and(|end| at < end && at > end - 12 * 60 * MINUTE);
    let (mut closed, mut submitted, mut ruling, mut plan, mut ended) = (false, false, None, None, None);
    let mut expected = Expected::default();
    let begins = before.unwrap_or(times.start.0 - 8 * 60 * MINUTE);
    let in_session = |at: i64| at >= begins && at < times.end.0;
    for fact in facts {
        let Some(at) = fact.at else { continue };
        match &fact.said {
            Said::Seen(seen) => {
                let (who, of) = (seen.what.pupil(), seen.what.session());
                let passed = matches!(
                    seen.what,
                    Observation::Arrived { .. } | Observation::Left { .. } | Observation::Returned { .. }
                );
                if passed && session.half == Half::Pm && who == Some(pupil) && of.map_or(in_morning(at), |of| of == am)
                {
                    morning.push((at, matches!(seen.what, Observation::Left { .. })));
                }
                let word = words.entry(fact.log).or_default();
                word.kiosk = fact.kiosk;
                match &seen.what {
                    Observation::Marked { session: of, pupil: who, mark, .. } if *of == session && *who == pupil => {
                        match mark {
                            Mark::Blank => *word = Word { kiosk: fact.kiosk, blanked: Some(at), ..Word::default() },
                            mark => {
                                if *mark == Mark::Absent {
                                    word.late = None;
                                }
                                word.first = word.first.or(Some(at));
                                word.mark = Some(*mark);
                                word.at = Some(at);
                            }
                        }
                    }
                    Observation::CameLate { session: of, pupil: who, .. } if *of == session && *who == pupil => {
                        word.late = Some(at);
                        word.first = word.first.or(Some(at));
                        if word.mark == Some(Mark::Absent) {
                            word.mark = None;
                        }
                    }
                    Observation::Submitted { session: of, class: register, tiles } => {
                        if *of == session && *register == class && tiles.contains(&pupil) {
                            submitted = true;
                        }
                        continue;
                    }
                    Observation::Arrived { pupil: who, session: of, .. } if *who == pupil => {
                        if of.is_none_or(|of| of == session) && in_session(at) {
                            arrivals.push((at, fact.log, fact.seq));
                        }
                        expected.as_it_ended |= of == &Some(session) && (at - times.end.0).abs() < 5_000;
                    }
                    Observation::Left { pupil: who, session: of, .. } if *who == pupil => {
                        if of.is_none_or(|of| of == session) && (of.is_some() || in_session(at)) {
                            departures.push((at, fact.log, fact.seq));
                        }
                    }
                    Observation::Returned { pupil: who, session: of, .. } if *who == pupil => {
                        if of.is_none_or(|of| of == session) && in_session(at) {
                            returns.push((at, fact.log, fact.seq));
                        }
                    }
                    _ => continue,
                }
                expected.moments.push(at);
                expected.boots.push(seen.at.boot);
            }
            Said::Done(done) => match &done.act {
                Act::Closed { class: of, session: when } if *of == class && *when == session => closed = true,
                Act::Amended { pupil: who, session: of, code, .. } if *who == pupil && *of == session => {
                    if matches!(done.by, Officer::Person { .. }) {
                        ruling = ruling.max(Some((at, fact.log, fact.seq, code.map(|c| c.as_str()))));
                    } else {
                        // The rule that ends what was N for five school days.
                        ended = ended.max(Some((at, fact.log, fact.seq)));
                    }
                }
                Act::Settled { question, answer, .. }
                    if question.session == session && question.pupil == Some(pupil) =>
                {
                    let present = if session.half == Half::Am { "/" } else { "\\" };
                    let said = match answer.as_str() {
                        "present" => Some(present),
                        "late" => Some("L"),
                        "after close" => Some("U"),
                        "absent" => Some("N"),
                        _ => None,
                    };
                    if said.is_none() && question.kind == QuestionKind::UnsureTime {
                        expected.left_standing = true;
                    }
                    if said.is_some() {
                        ruling = ruling.max(Some((at, fact.log, fact.seq, said)));
                    }
                }
                Act::Planned { pupil: who, from, until, code, .. }
                    if *who == pupil && *from <= session && session <= *until =>
                {
                    plan = plan.max(Some((at, fact.log, fact.seq, code.as_str())));
                }
                _ => {}
            },
        }
    }
    if let Some((at, log, seq, code)) = ruling {
        let over = code == Some("N") && ended > Some((at, log, seq));
        expected.code = if over { Some("O") } else { code };
        expected.ruled = true;
        return expected;
    }
    later_in_another_log(&mut words, &mut expected);
    let plan = plan.map(|(.., code)| code);
    let present = if session.half == Half::Am { "/" } else { "\\" };
    let absent = words.values().any(|w| w.mark == Some(Mark::Absent));
    let seen_in_class = words.values().any(|w| w.mark == Some(Mark::Present));
    let mut code = match plan {
        Some(code) if closed => Some(code),
        None if closed && (absent || submitted) => Some("N"),
        _ => None,
    };
    let mut in_class = false;
    if seen_in_class {
        let first = words.values().filter_map(|w| w.first).min();
        let late = first.is_some_and(|first| first >= times.closes.0);
        if plan.is_none() || !late {
            code = Some(present);
            in_class = true;
            expected.late_register = late;
        }
    }
    arrivals
        .extend(words.iter().filter_map(|(log, w)| Some((w.late?, *log, u64::MAX))).filter(|(at, ..)| in_session(*at)));
    morning.sort_unstable();
    if morning.last().is_some_and(|(_, left)| *left) {
        // Who left in the morning comes in anew.
        arrivals.extend(returns.iter().copied());
    }
    if seen_in_class {
        // Who was seen in class and had left comes back: that is no arrival.
        arrivals.retain(|(at, log, seq)| {
            !departures.iter().any(|(gone, there, before)| if there == log { before < seq } else { gone < at })
        });
    }
    if let Some(first) = arrivals.iter().map(|(at, ..)| *at).min() {
        let elsewhere = matches!(plan, Some("I")) && !in_class;
        let noted = plan.is_some();
        if elsewhere {
            // The code stays, with a question.
        } else if first < times.opens.0 {
            code = Some(present);
        } else if first < times.closes.0 {
            code = Some("L");
        } else if !noted {
            code = Some("U");
        }
        expected.late_register = false;
    }
    expected.code = if code == Some("N") && ended.is_some() { Some("O") } else { code };
    expected
}
