//! From the facts of one pupil and session to the mark that stands: the five rules of precedence, from the lowest to
//! the highest. Each rule is one function; [`decide`] puts them on top of each other.
//!
//! The School Attendance (Pupil Registration) (England) Regulations 2024 ask at the start of the morning session and
//! once in the afternoon who is present, absent, attending elsewhere or unable to attend; P1 to P7 of the policy say how.
//!
//! Must never: depend on the order or the time of receipt; panic; post U while the time is uncertain.

use super::arrival::{self, First};
use super::ask::{self, Ask};
use super::decision::{Basis, Ground, Grounds, Noted};
use super::moment::ends;
use super::told::{Kept, Plan, Ruling, Told, clock_sure, order, owns};
use super::{DayKind, Decision, Fact, QuestionKind, Sitting, Standing, disagree};
use crate::calendar::Times;
use crate::codes::{ArrivalRule, Class, Code, Phase, arrival_against, site_closed_replaces};
use crate::log::Origin;
use crate::observation::Mark;
use crate::sim::Mutant;
use crate::wire::v1::Expected;

/// The mark and the open questions of one pupil and session, from the set of facts about them (and about the register
/// of the pupil's class: submitted, closed, questions settled). Total: any facts give a decision.
#[must_use]
pub fn decide(facts: &[Fact], sitting: &Sitting) -> Decision {
    let told = Told::new(facts, sitting);
    let (mark, mut asks) = match &sitting.day {
        DayKind::School(times) if sitting.on_roll => on_a_school_day(&told, sitting, times),
        _ => filed_not_posted(&told, sitting),
    };
    asks.extend(ask::of_the_teacher(&told, sitting));
    Decision {
        mark,
        questions: ask::open(asks, &told),
        tapped: tapped(&told),
        arrivals: noted(&told, sitting),
        expected: expected(&told, sitting),
        planned: !told.plans.is_empty(),
        left: told.left(),
        closed: told.closed.is_some(),
    }
}

/// What was decided by the rules so far, and what is to be asked.
struct SoFar {
    mark: Standing,
    asks: Vec<Ask>,
    /// The code that an arrival comes up against: who it says is elsewhere, and the fact that says so.
    against: Option<(Code, Origin)>,
}

fn on_a_school_day(told: &Told<'_>, sitting: &Sitting, times: &Times) -> (Standing, Vec<Ask>) {
    let first = arrival::first(told, sitting, times);
    let so_far = rules_5_and_4_close_and_plans(told, sitting);
    let so_far = rule_3_the_teachers_mark(told, sitting, times, so_far);
    let so_far = rule_2_a_timed_arrival(told, sitting, times, first.as_ref(), so_far);
    let so_far = site_closed(told, sitting, times, first.as_ref(), so_far);
    let so_far = rule_1_a_person_in_the_office(told, sitting, times, first.as_ref(), so_far);
    (a_rule_that_ends_n(told, so_far.mark), so_far.asks)
}

/// Rule 4: a plan or a parent's call is posted at close, whether or not anyone submitted (P10, P14, P16, P17).
/// Rule 5: otherwise N at close (P4), for whom the teacher tapped absent, and in a submitted register for whom it left
/// blank. Who had no tile on the screen that was submitted is a question, not N. In a register that nobody submitted
/// marks stand and blanks stay blank: it is missing, which is not a class of absentees.
fn rules_5_and_4_close_and_plans(told: &Told<'_>, sitting: &Sitting) -> SoFar {
    let plan = told.plan();
    let absent = !told.saying(Mark::Absent).is_empty();
    let had_tile = told.submitted.iter().any(|(_, tile)| *tile);
    let no_tile = !told.submitted.is_empty() && !had_tile && !absent;

    if let Some((kept, code)) = told.history {
        // What an earlier system has on record is a record: above a plan, below whatever was observed here.
        let mark = Standing::of(Some(code), Ground::History, &kept);
        return SoFar { mark, asks: vec![], against: Some((code, kept.fact.origin)) };
    }
    let against = plan.map(|plan| (plan.code, plan.kept.fact.origin));
    let mark = match (&told.closed, plan) {
        (Some(close), Some(plan)) => planned(plan, Ground::Plan, close),
        (Some(close), None) if absent || had_tile => {
            let mark = Standing::of(Some(Code::N), Ground::Close, close);
            Standing { provisional: !clock_sure(close), ..mark }
        }
        _ => blank(told),
    };
    let asks = if no_tile && plan.is_none() {
        vec![Ask::pupil(QuestionKind::NoTile, sitting, told.submitted.iter().map(|(kept, _)| kept.fact.origin))]
    } else {
        vec![]
    };
    SoFar { mark, asks, against }
}

/// Rule 3: present as tapped. Present on any kiosk beats absent on another; from a kiosk that does not own the register
/// it is a question. A first mark of present after close is a late register: posted as tapped, never U, with one
/// question for the register. When it is not known whether it was after close, it stands provisionally.
fn rule_3_the_teachers_mark(told: &Told<'_>, sitting: &Sitting, times: &Times, below: SoFar) -> SoFar {
    let presents = told.saying(Mark::Present);
    let Some((register, kept)) = presents.first().copied() else {
        return late_after_the_end(told, sitting, times, below);
    };
    let origin = kept.fact.origin;
    let when = first_marked(told, times);
    let stays = below.against.filter(|(code, _)| arrival_against(*code) != ArrivalRule::Replaced);
    let mut asks = Vec::new();
    if let Some((code, plan)) = stays {
        if arrival_against(code) == ArrivalRule::StaysWithQuestion {
            asks.push(Ask::pupil(QuestionKind::AgainstCode, sitting, [origin, plan]));
        }
        if when == FirstMark::AfterClose {
            // The plan was posted at close and the pupil came to class later (back from the dentist, P3, P15): the
            // same as an arrival after close, the code stays.
            return SoFar { asks, ..below };
        }
    }
    if !owns(&kept) {
        asks.push(if register == sitting.class {
            Ask::register(QuestionKind::OtherKiosk, register, sitting, [origin])
        } else {
            Ask::pupil(QuestionKind::OtherKiosk, sitting, [origin])
        });
    }
    match when {
        FirstMark::InTime => {}
        FirstMark::AfterClose => asks.push(Ask::register(QuestionKind::LateRegister, register, sitting, [origin])),
        FirstMark::Unsure => asks.push(Ask::register(QuestionKind::UnsureTime, register, sitting, [origin])),
    }
    let mark = Standing::of(Some(sitting.present()), Ground::Teacher, &kept);
    let mark = Standing { provisional: when == FirstMark::Unsure, ..mark };
    SoFar { mark, asks, against: stays }
}

/// When the pupil was first marked, by any kiosk, since it last took its marks back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FirstMark {
    InTime,
    AfterClose,
    Unsure,
}

fn first_marked(told: &Told<'_>, times: &Times) -> FirstMark {
    let firsts = || told.words.values().filter_map(|word| word.first).map(|kept| ends(&kept.fact.when));
    if firsts().any(|(_, latest)| latest < times.closes) {
        FirstMark::InTime
    } else if firsts().any(|(earliest, _)| earliest < times.closes) {
        FirstMark::Unsure
    } else {
        FirstMark::AfterClose
    }
}

/// "Came late" tapped at or after the session's end is no arrival of this session; the teacher's word is asked about
/// with the register.
fn late_after_the_end(told: &Told<'_>, sitting: &Sitting, times: &Times, below: SoFar) -> SoFar {
    let mut asks = below.asks;
    for late in told.words.values().filter_map(|word| word.late) {
        if let (Some(register), true) = (late.register, ends(&late.kept.fact.when).0 >= times.end) {
            asks.push(Ask::register(QuestionKind::LateRegister, register, sitting, [late.kept.fact.origin]));
        }
    }
    SoFar { asks, ..below }
}

/// Rule 2: a timed arrival, at reception or as the teacher's "came late" (P3). Before opens: on time. From opens to
/// closes: L with minutes, even if tapped present. From closes to end: U. Against a code that says the pupil is
/// elsewhere the table of codes decides. Where the interval changes the code, the code least against the pupil stands
/// provisionally, never U, with one question that goes when the time becomes known.
fn rule_2_a_timed_arrival(
    told: &Told<'_>,
    sitting: &Sitting,
    times: &Times,
    first: Option<&First<'_>>,
    below: SoFar,
) -> SoFar {
    let Some(first) = first else { return below };
    let mut asks = below.asks;
    let because = first.origins();

    let absent = told.saying(Mark::Absent);
    if first.surely_on_time(times) && !absent.is_empty() && told.saying(Mark::Present).is_empty() {
        // In the building, not in class: urgent, and no call home.
        let says = absent.iter().map(|(_, kept)| kept.fact.origin);
        asks.push(Ask::pupil(QuestionKind::NotInClass, sitting, because.iter().copied().chain(says)));
    }

    // Y4 that was declared before the arrival stands against it where it fills a blank, N or O.
    let closed_before = told.site_closed().filter(|y4| {
        phase(y4, times) == Phase::OpenOrPast
            && ends(&y4.kept.fact.when).1 <= first.from
            && site_closed_replaces(below.mark.code, Phase::OpenOrPast)
            && below.against.is_none()
    });
    let against = closed_before.map(|y4| (y4.code, y4.kept.fact.origin)).or(below.against);

    // Whom the teacher certainly saw in time is not elsewhere, whatever the plan says (rule 3 asks): L before close, and after close
    // what stands stays, for the plan explains the coming and going.
    let in_class = below.mark.basis.ground == Ground::Teacher && !below.mark.provisional;
    let rule = match against.map_or(ArrivalRule::Replaced, |(code, _)| arrival_against(code)) {
        ArrivalRule::StaysWithQuestion if in_class => ArrivalRule::LateThenNoted,
        rule => rule,
    };
    if let (Some((code, plan)), true) = (against, first.here)
        && arrival_against(code) == ArrivalRule::StaysWithQuestion
    {
        asks.push(Ask::pupil(QuestionKind::AgainstCode, sitting, because.iter().copied().chain([plan])));
    }

    // Each thing that it may have been, best first; none: what stands stays.
    let outcomes = first.moments(times).map(|moment| arrival::outcome(moment, rule, sitting.present()));
    let stays = below.mark.code;
    let least =
        outcomes.clone().min_by_key(|posts| against_pupil(posts.or(stays).or(against.map(|(code, _)| code)))).flatten();
    let posts = if first.here && Mutant::UOnStraddle.lives() {
        outcomes.clone().last().flatten()
    } else if first.here {
        least
    } else {
        // It may have been an arrival of another session: it posts nothing by itself, it only keeps an absence away.
        least.filter(|code| *code != Code::U && against_pupil(Some(*code)) < against_pupil(stays))
    };
    let unsure = if first.here {
        outcomes.clone().any(|posts| posts != least)
    } else {
        outcomes.clone().any(|posts| posts.or(stays) != stays)
    };
    let unsure_time = unsure.then(|| match first.arrival.register {
        Some(register) => Ask::register(QuestionKind::UnsureTime, register, sitting, because.iter().copied()),
        None => Ask::pupil(QuestionKind::UnsureTime, sitting, because.iter().copied()),
    });
    let Some(code) = posts else {
        asks.extend(unsure_time);
        let provisional = below.mark.provisional || (unsure && stays.is_some());
        return SoFar { mark: Standing { provisional, ..below.mark }, asks, against };
    };
    // An arrival that decides leaves nothing to ask about the teacher's time, kiosk or tiles.
    asks.retain(|ask| matches!(ask.kind(), QuestionKind::NotInClass | QuestionKind::AgainstCode));
    asks.extend(unsure_time);
    let mark = Standing::of(Some(code), Ground::Arrival, &first.arrival.kept);
    let minutes = code.late().then(|| first.minutes(times));
    SoFar { mark: Standing { minutes, provisional: unsure, ..mark }, asks, against }
}

/// Y4, the whole site unexpectedly closed, declared at a time (P17): sessions that are open or past change blank, N and
/// O only; later ones everything but what goes ahead elsewhere. Posted at close, like any plan.
fn site_closed(told: &Told<'_>, sitting: &Sitting, times: &Times, first: Option<&First<'_>>, below: SoFar) -> SoFar {
    let Some(y4) = told.site_closed() else { return below };
    let phase = phase(y4, times);
    if !site_closed_replaces(below.mark.code, phase) || goes_ahead(told) {
        return below;
    }
    let mut asks = below.asks;
    asks.retain(|ask| matches!(ask.kind(), QuestionKind::NotInClass | QuestionKind::AgainstCode));
    let attended = matches!(below.mark.basis.ground, Ground::Teacher | Ground::Arrival);
    if attended && let Some(fact) = &below.mark.basis.fact {
        let arrivals = first.map(First::origins).unwrap_or_default();
        let because = arrivals.into_iter().chain([fact.origin, y4.kept.fact.origin]);
        asks.push(Ask::pupil(QuestionKind::AgainstCode, sitting, because));
    }
    let mark = match &told.closed {
        Some(close) => planned(y4, Ground::SiteClosed, close),
        None => blank(told),
    };
    SoFar { mark, asks, against: Some((y4.code, y4.kept.fact.origin)) }
}

fn phase(y4: &Plan<'_>, times: &Times) -> Phase {
    if ends(&y4.kept.fact.when).1 < times.opens { Phase::Later } else { Phase::OpenOrPast }
}

/// A visit, or another activity elsewhere, that a closed site does not stop.
fn goes_ahead(told: &Told<'_>) -> bool {
    told.plan().is_some_and(|plan| !site_closed_replaces(Some(plan.code), Phase::Later))
}

/// Rule 1: a person in the office, by an amendment or a question settled with a code (P6). Of several the newest. No
/// fact received later replaces it: what disagrees and was not before that person is a question. Only Y4, which is
/// the office's own later word, changes a blank, N or O (in a later session, what does not go ahead).
fn rule_1_a_person_in_the_office(
    told: &Told<'_>,
    sitting: &Sitting,
    times: &Times,
    first: Option<&First<'_>>,
    below: SoFar,
) -> SoFar {
    let Some(ruling) = told.ruling() else { return below };
    let overtaken = told.closed.is_some()
        && told.site_closed().is_some_and(|y4| {
            order(&y4.kept) > order(&ruling.kept) && site_closed_replaces(ruling.code, phase(y4, times))
        })
        && below.mark.basis.ground == Ground::SiteClosed;
    if overtaken {
        return below;
    }
    let seen = |origin: &Origin| ruling.seen.contains(origin);
    let mut asks: Vec<Ask> = below
        .asks
        .into_iter()
        .filter(|ask| ask.kind() == QuestionKind::NotInClass && !ask.because.iter().all(seen))
        .collect();
    let unseen = disagree::unseen(told, ruling, sitting, times, first);
    if !unseen.is_empty() {
        asks.push(Ask::pupil(QuestionKind::Disagrees, sitting, unseen));
    }
    SoFar { mark: ruled(ruling), asks, against: below.against }
}

/// P13: what is still N when its time is over becomes O, in the name of the rule that was set. A rule is no person: it
/// changes N and nothing else, and whatever becomes known later goes before it.
fn a_rule_that_ends_n(told: &Told<'_>, mark: Standing) -> Standing {
    let newer = |ruling: &&Ruling<'_>| told.ruling().is_none_or(|person| order(&person.kept) < order(&ruling.kept));
    match told.by_rule.as_ref().filter(newer) {
        Some(ruling) if mark.code == Some(Code::N) => ruled(ruling),
        _ => mark,
    }
}

/// On a planned closure (#), on an INSET day, or about a pupil who is not on this session's roll: what was tapped is
/// filed and not posted, with a question. What a person in the office set, or an earlier system had on record, stands.
fn filed_not_posted(told: &Told<'_>, sitting: &Sitting) -> (Standing, Vec<Ask>) {
    let times = match &sitting.day {
        DayKind::School(times) => Some(times),
        DayKind::Closed | DayKind::Inset => None,
    };
    let tapped = told.words.values().filter_map(|word| word.mark).map(|(_, _, kept)| kept.fact.origin);
    let arrived = told.arrivals.iter().filter(|arrival| arrival.is_of(sitting, times)).map(|a| a.kept.fact.origin);
    let because: Vec<Origin> = tapped.chain(arrived).collect();
    let mut asks = Vec::new();
    if let Some(ruling) = told.ruling() {
        if !because.iter().all(|origin| ruling.seen.contains(origin)) {
            asks.push(Ask::pupil(QuestionKind::Disagrees, sitting, because));
        }
        return (a_rule_that_ends_n(told, ruled(ruling)), asks);
    }
    if !because.is_empty() {
        asks.push(match times {
            None => Ask::register(QuestionKind::ClosedDay, sitting.class, sitting, because.iter().copied()),
            Some(_) => Ask::pupil(QuestionKind::NotOnRoll, sitting, because.iter().copied()),
        });
    }
    let mark = match told.history {
        Some((kept, code)) => Standing::of(Some(code), Ground::History, &kept),
        None if because.is_empty() => blank(told),
        None => Standing { basis: Basis { ground: Ground::Filed, fact: None }, ..blank(told) },
    };
    (mark, asks)
}

fn ruled(ruling: &Ruling<'_>) -> Standing {
    let ground = if ruling.settles { Ground::Settled } else { Ground::Amended };
    let mark = Standing::of(ruling.code, ground, &ruling.kept).saying(ruling.reason);
    let minutes = ruling.minutes.filter(|_| ruling.code.is_some_and(Code::late));
    Standing { minutes, detail: ruling.detail.cloned(), ..mark }
}

/// A plan as posted at close. After a step of the server's own clock the close is provisional, and so is the mark.
fn planned(plan: &Plan<'_>, ground: Ground, close: &Kept<'_>) -> Standing {
    let mark = Standing::of(Some(plan.code), ground, &plan.kept).saying(plan.reason);
    Standing { detail: plan.detail.cloned(), provisional: !clock_sure(close), ..mark }
}

/// No mark: never touched, marked absent with the register still open, or taken back (by a tap, or with the plan that had
/// been posted).
fn blank(told: &Told<'_>) -> Standing {
    let absents = told.saying(Mark::Absent).into_iter().map(|(_, kept)| kept);
    let blanks = told.words.values().filter_map(|word| word.blanked);
    let taken_back = blanks.chain(told.withdrawn.iter().copied()).map(|kept| (Ground::Nothing, kept));
    let by = absents.map(|kept| (Ground::Absent, kept)).chain(taken_back).max_by_key(|(_, kept)| order(kept));
    let (ground, fact) = by.map_or((Ground::Nothing, None), |(ground, kept)| (ground, Some(Grounds::of(&kept))));
    let basis = Basis { ground, fact };
    Standing { code: None, minutes: None, detail: None, provisional: false, basis }
}

/// How much a code stands against the pupil; a blank not at all.
fn against_pupil(code: Option<Code>) -> u8 {
    match code.map(|code| (code.class(), code.late())) {
        None | Some((Class::Attending, false) | (Class::Educational, _)) => 0,
        Some((Class::Attending, true) | (Class::NotPossible | Class::Administrative, _)) => 1,
        Some((Class::Authorised, _)) => 2,
        Some((Class::Unauthorised, _)) => 3,
    }
}

fn tapped(told: &Told<'_>) -> Option<Mark> {
    [Mark::Present, Mark::Absent].into_iter().find(|mark| !told.saying(*mark).is_empty())
}

fn noted(told: &Told<'_>, sitting: &Sitting) -> Vec<Noted> {
    let times = match &sitting.day {
        DayKind::School(times) => Some(times),
        DayKind::Closed | DayKind::Inset => None,
    };
    let of_this = told.arrivals.iter().filter(|arrival| arrival.is_of(sitting, times));
    of_this.map(|arrival| Noted { origin: arrival.kept.fact.origin, when: arrival.kept.fact.when }).collect()
}

fn expected(told: &Told<'_>, sitting: &Sitting) -> Option<Expected> {
    let plan = told.plan().filter(|plan| !site_closed_replaces(Some(plan.code), Phase::Later));
    match plan.or_else(|| told.site_closed()).or_else(|| told.plan()).map(|plan| plan.code) {
        Some(code) if code.class() == Class::Educational || code == Code::D => Some(Expected::Elsewhere),
        Some(code) if code.is_attending() => None,
        Some(_) => Some(Expected::Absent),
        None => sitting.left_earlier.then_some(Expected::Absent),
    }
}
