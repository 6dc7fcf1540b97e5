//! Any order of receipt ends the same; no facts at all can make it panic; nothing uncertain is held against a pupil.

use super::kit::*;
use crate::act::Officer;
use crate::codes::{Class, Code};
use crate::id::PlanId;
use crate::log::Origin;
use crate::observation::{Mark, Means, Wish};
use crate::register::{Decision, EntryNow, Fact, Posting, QuestionKey, QuestionKind, Sitting, What, decide, record};
use crate::time::{Interval, Millis};
use proptest::prelude::*;
use std::collections::BTreeMap;

const WRITERS: [Who; 5] = [Who::Room, Who::SecondKiosk, Who::OtherRoom, Who::Reception, Who::Office];

/// An instant of the day; often one of the limits, or beside it.
fn instant() -> impl Strategy<Value = Millis> {
    let limits = prop::sample::select(vec![at(850), at(920), at(1200), at(1300), at(1330)]);
    prop_oneof![
        (limits, -1_i64..=1).prop_map(|(limit, beside)| limit.plus(beside)),
        (at(600).0..at(1600).0).prop_map(Millis),
    ]
}

fn interval() -> impl Strategy<Value = Interval> {
    prop_oneof![
        2 => instant().prop_map(Interval::exact),
        1 => (instant(), instant()).prop_map(|(a, b)| Interval::new(a, b)),
    ]
}

fn mark() -> impl Strategy<Value = Mark> {
    prop::sample::select(vec![Mark::Present, Mark::Absent, Mark::Blank])
}
fn code() -> impl Strategy<Value = Code> {
    prop::sample::select(Code::all().collect::<Vec<_>>())
}
fn class() -> impl Strategy<Value = crate::id::ClassId> {
    prop_oneof![4 => Just(CLASS), 1 => Just(OTHER_CLASS)]
}
fn seen() -> impl Strategy<Value = Vec<Origin>> {
    let origin =
        (prop::sample::select(WRITERS.to_vec()), 1_u64..5).prop_map(|(who, seq)| Origin { log: who.log(), seq });
    prop::collection::vec(origin, 0..6)
}
fn question() -> impl Strategy<Value = QuestionKey> {
    use QuestionKind::*;
    let kinds = vec![
        NotInClass,
        LateRegister,
        Disagrees,
        NoTile,
        AgainstCode,
        ClosedDay,
        OtherKiosk,
        UnsureTime,
        NotOnRoll,
        Note,
        ChangeAsked,
    ];
    (prop::sample::select(kinds), any::<bool>()).prop_map(|(kind, register)| QuestionKey {
        kind,
        session: am().key.session,
        class: register.then_some(CLASS),
        pupil: (!register).then_some(PUPIL),
    })
}

/// What a kiosk sees.
fn seen_by_a_kiosk() -> BoxedStrategy<What> {
    prop_oneof![
        4 => (class(), mark()).prop_map(|(class, mark)| What::Marked { class, mark }),
        2 => class().prop_map(|class| What::CameLate { class }),
        3 => any::<bool>().prop_map(|said| What::Arrived { means: Means::Card, said }),
        1 => Just(What::Told),
        1 => Just(What::ChangeAsked { wish: Wish::Late }),
        1 => Just(What::Left),
        1 => Just(What::Returned),
        1 => (class(), any::<bool>()).prop_map(|(class, tile)| What::Submitted { class, tile }),
    ]
    .boxed()
}

/// What the office does. Y4 more often than chance, it has rules of its own.
fn done_by_the_office() -> BoxedStrategy<What> {
    let plan = || (0_u8..3).prop_map(|n| PlanId::from_bytes([n; 16]));
    let amended = (prop::option::of(code()), prop::option::of(0_u16..200), seen()).prop_map(|(code, minutes, seen)| {
        What::Amended { code, minutes, detail: None, reason: remark("letter"), seen }
    });
    let planned = (plan(), prop_oneof![3 => code(), 1 => Just(Code::Y4)]).prop_map(|(plan, code)| What::Planned {
        plan,
        code,
        detail: None,
        reason: remark("call"),
    });
    let answers = vec!["as it stands", "present", "late", "after close", "absent", "?"];
    let settled = (question(), prop::sample::select(answers), seen())
        .prop_map(|(question, answer, seen)| What::Settled { question, answer: remark(answer), seen });
    prop_oneof![
        2 => amended,
        3 => planned,
        1 => plan().prop_map(|plan| What::PlanWithdrawn { plan }),
        3 => class().prop_map(|class| What::Closed { class }),
        1 => settled,
        1 => code().prop_map(|code| What::History { code }),
    ]
    .boxed()
}

/// What five writers wrote, each in the order of its own log.
fn logs() -> impl Strategy<Value = Vec<(Who, Interval, What)>> {
    let kiosk = |who| prop::collection::vec((Just(who), interval(), seen_by_a_kiosk()), 0..5);
    let office = |who, most| prop::collection::vec((Just(who), interval(), done_by_the_office()), 0..most);
    let o = What::Amended { code: Some(Code::O), minutes: None, detail: None, reason: remark("N to O"), seen: vec![] };
    let rule = prop::collection::vec((Just(Who::Rule), interval(), Just(o)), 0..2);
    (
        kiosk(Who::Room),
        kiosk(Who::SecondKiosk),
        kiosk(Who::RoomAgain),
        kiosk(Who::OtherRoom),
        kiosk(Who::Reception),
        office(Who::Office, 5),
        office(Who::Anew, 3),
        rule,
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| [a, b, c, d, e, f, g, h].concat())
}

fn sitting() -> impl Strategy<Value = Sitting> {
    use crate::register::DayKind;
    let day = |sitting: Sitting| {
        prop_oneof![8 => Just(sitting.day), 1 => Just(DayKind::Closed), 1 => Just(DayKind::Inset)]
            .prop_map(move |day| Sitting { day, ..sitting })
    };
    (prop_oneof![3 => day(am()), 1 => day(pm())], prop::bool::weighted(0.9), any::<bool>())
        .prop_map(|(sitting, on_roll, left_earlier)| Sitting { on_roll, left_earlier, ..sitting })
}

fn facts(logs: Vec<(Who, Interval, What)>) -> Vec<Fact> {
    logs.into_iter().fold(Day::new(), |day, (who, when, what)| day.within(who, when, what)).0
}

/// The same facts as one server may have had them: the writers' logs interleaved, each in its own order; now and then
/// a log that was begun anew brings a fact a second time.
fn interleaved(facts: &[Fact], choices: &[u8]) -> Vec<Fact> {
    let mut waiting: BTreeMap<_, Vec<Fact>> = BTreeMap::new();
    for fact in facts.iter().rev() {
        waiting.entry(fact.origin.log).or_default().push(fact.clone());
    }
    let mut had: Vec<Fact> = Vec::new();
    let mut choice = choices.iter().copied().cycle();
    while !waiting.is_empty() {
        let n = usize::from(choice.next().unwrap_or(0));
        let log = *waiting.keys().nth(n % waiting.len()).unwrap();
        let next = waiting.get_mut(&log).and_then(Vec::pop);
        waiting.retain(|_, rest| !rest.is_empty());
        had.extend(next);
        if n % 7 == 0 {
            had.push(had[n % had.len()].clone());
        }
    }
    for (n, fact) in had.iter_mut().enumerate() {
        fact.received = at(900).plus(i64::try_from(n).unwrap() * 600_000);
    }
    had
}

/// Facts come in one by one, each decided and recorded.
fn fed(facts: &[Fact], sitting: &Sitting) -> (Option<EntryNow>, Decision, usize) {
    let rule = Officer::Rule { rule: name("close at 09:20"), set_by: name("Mr Hale, headteacher") };
    let posting = Posting { at: at(1600), closes: Some(TIMES.closes), rule: &rule, clock: &clock };
    let mut stood: Option<EntryNow> = None;
    let mut entries = 0;
    let mut decision = decide(&[], sitting);
    for n in 1..=facts.len() {
        decision = decide(&facts[..n], sitting);
        if let Some(entry) = record(stood.as_ref(), &decision, &posting) {
            assert_eq!(entry.is_change, stood.is_some());
            assert_eq!(entry.original, stood.as_ref().and_then(|old| old.code));
            assert!(!entry.reason.is_empty());
            stood = Some(entry.now());
            entries += 1;
        }
        assert_eq!(record(stood.as_ref(), &decision, &posting), None, "a second time nothing changes");
    }
    (stood, decision, entries)
}

/// Everything of a decision but when its facts were received.
fn without_receipt(mut decision: Decision) -> Decision {
    if let Some(fact) = &mut decision.mark.basis.fact {
        fact.received = Millis(0);
    }
    decision
}

fn against(code: Option<Code>) -> u8 {
    match code.map(|code| (code.class(), code.late())) {
        None | Some((Class::Attending, false) | (Class::Educational, _)) => 0,
        Some((Class::Attending, true) | (Class::NotPossible | Class::Administrative, _)) => 1,
        Some((Class::Authorised, _)) => 2,
        Some((Class::Unauthorised, _)) => 3,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_ends_the_same(
        logs in logs(), sitting in sitting(), one in prop::collection::vec(any::<u8>(), 1..24),
        other in prop::collection::vec(any::<u8>(), 1..24),
    ) {
        let facts = facts(logs);
        let (entry, decision, _) = fed(&interleaved(&facts, &one), &sitting);
        let (other_entry, other_decision, _) = fed(&interleaved(&facts, &other), &sitting);
        prop_assert_eq!(without_receipt(decision.clone()), without_receipt(other_decision));
        let now = |entry: Option<EntryNow>| entry.filter(|entry| entry.code.is_some());
        prop_assert_eq!(now(entry.clone()), now(other_entry));
        let (code, minutes) = entry.map_or((None, None), |entry| (entry.code, entry.minutes));
        prop_assert_eq!((code, minutes), (decision.mark.code, decision.mark.minutes), "the last entry is the mark");
    }

    #[test]
    fn total_for_any_times(
        logs in logs(), times in prop::array::uniform4(any::<i64>()), ends in prop::array::uniform2(any::<i64>()),
        before in prop::option::of(any::<i64>()), sitting in sitting(),
    ) {
        let [start, opens, closes, end] = times.map(Millis);
        let times = crate::register::Times { start, opens, closes, end };
        let sitting = Sitting { day: crate::register::DayKind::School(times), before: before.map(Millis), ..sitting };
        let mut facts = facts(logs);
        for fact in facts.iter_mut().step_by(2) {
            // Upside down too: an interval is taken either way round.
            fact.when = Interval { earliest: Millis(ends[0]), latest: Millis(ends[1]), estimate: None };
        }
        let decision = decide(&facts, &sitting);
        prop_assert_eq!(decide(&facts, &sitting), decision);
    }

    #[test]
    fn least_against_the_pupil_until_the_time_is_known(
        seen in prop::collection::vec(
            (prop::sample::select(WRITERS[..4].to_vec()), interval(), seen_by_a_kiosk(), 0.0..=1.0_f64), 0..6),
        plan in prop::option::of(code()),
    ) {
        let sitting = am();
        let window = Interval::new(at(600), TIMES.end.plus(-1));
        let mut known = Day::new();
        let mut unknown = Day::new();
        for (who, when, what, part) in seen {
            // Where the screen named the session, the truth lies in it.
            let said = matches!(what, What::Arrived { said: true, .. } | What::CameLate { .. });
            let (from, until) = if said {
                (when.earliest.max(window.earliest), when.latest.min(window.latest))
            } else {
                (when.earliest, when.latest)
            };
            if from > until {
                continue;
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
            let truth = from.plus((until.since(from) as f64 * part) as i64);
            known = known.within(who, Interval::exact(truth), what.clone());
            unknown = unknown.within(who, when, what);
        }
        let dress = |mut day: Day| {
            if let Some(code) = plan.filter(|code| *code != Code::Y4) {
                day = day.plan(700, code.as_str());
            }
            day.close()
        };
        let (truth, guess) = (decide(&dress(known).0, &sitting), decide(&dress(unknown.clone()).0, &sitting));
        prop_assert!(
            against(guess.mark.code) <= against(truth.mark.code),
            "{} is more against the pupil than the truth, {}", shown(&guess), shown(&truth)
        );
        if guess.mark.code == Some(Code::U) && plan != Some(Code::U) {
            let sure = |fact: &Fact| match &fact.what {
                What::Arrived { said, .. } => fact.when.earliest >= TIMES.closes && (*said || fact.when.latest < TIMES.end),
                What::CameLate { .. } => fact.when.earliest >= TIMES.closes,
                _ => false,
            };
            prop_assert!(unknown.0.iter().any(sure) && !guess.mark.provisional, "U never while the time is uncertain");
        }
    }
}
