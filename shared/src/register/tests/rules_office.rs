//! Every rule of the design about the office's word, plans, codes that stand, Y4 and settled questions, a row each.

use super::kit::*;
use crate::act::Officer;
use crate::codes::Code;
use crate::id::PlanId;
use crate::observation::Mark::{Absent, Present};
use crate::register::QuestionKind::*;
use crate::register::{Provenance, What, decide};

fn day() -> Day {
    Day::new()
}

#[test]
fn a_person_in_the_office() {
    let none = Vec::new;
    check(vec![
        Row("an amendment is highest", am(), day().tap(857, Absent).card(905).close().amend(1000, "M"), "M", &[]),
        Row("of several the newest", am(), day().amend(1000, "I").amend(1030, "O"), "O", &[]),
        Row(
            "one that had not seen the other",
            am(),
            day().amend(1000, "I").amend_blind(1030, "O", none()),
            "O",
            &[Disagrees],
        ),
        Row(
            "a fact received later never replaces it",
            am(),
            day().amend(1000, "I").tap(857, Present),
            "I",
            &[Disagrees],
        ),
        Row("one that agrees is no question", am(), day().amend(1000, "/").tap(857, Present), "/", &[]),
        Row("one that was seen is no question", am(), day().tap(857, Present).amend(1000, "I"), "I", &[]),
        Row("absent against present", am(), day().amend(1000, "/").tap(857, Absent), "/", &[Disagrees]),
        Row("an arrival against it", am(), day().amend(1000, "/").card(905), "/", &[Disagrees]),
        Row("back from the dentist after close agrees", am(), day().amend(900, "M").card(1030), "M", &[]),
        Row("an arrival before close does not", am(), day().amend(900, "M").card(905), "M", &[Disagrees]),
        Row("a call received later", am(), day().amend(1000, "O").plan(1100, "I").close(), "O", &[Disagrees]),
        Row("not in class, settled by who saw both", am(), day().card(840).tap(857, Absent).amend(905, "/"), "/", &[]),
        Row(
            "not in class, unseen: still urgent",
            am(),
            day().amend(830, "/").card(840).tap(857, Absent),
            "/",
            &[NotInClass, Disagrees],
        ),
        Row(
            "blanked by the office",
            am(),
            day().tap(857, Present).on(
                Who::Office,
                1000,
                What::Amended {
                    code: None,
                    minutes: None,
                    detail: None,
                    reason: remark("wrong child"),
                    seen: day().tap(857, Present).0.iter().map(|f| f.origin).collect(),
                },
            ),
            "-",
            &[],
        ),
        Row(
            "a settled question with a code",
            am(),
            day().card(840).tap(857, Absent).settle(905, NotInClass, "absent"),
            "N",
            &[],
        ),
        Row(
            "settled as it stands",
            am(),
            day().plan(800, "V").card(905).close().settle(930, AgainstCode, "as it stands"),
            "V",
            &[],
        ),
        Row(
            "opens again by a fact not seen then",
            am(),
            day().plan(800, "V").card(905).settle(930, AgainstCode, "as it stands").tap(857, Present).close(),
            "L15",
            &[AgainstCode],
        ),
    ]);
}

#[test]
fn plans_and_calls() {
    let withdrawn = |day: Day| {
        let plan = PlanId::from_bytes([0; 16]);
        day.on(Who::Office, 845, What::PlanWithdrawn { plan })
    };
    check(vec![
        Row("nothing before close", am(), day().plan(800, "I"), "-", &[]),
        Row("posted at close, submitted", am(), day().plan(800, "I").submit(900).close(), "I", &[]),
        Row("posted at close, not submitted", am(), day().plan(800, "V").close(), "V", &[]),
        Row("a call after close", am(), day().submit(900).close().plan(1000, "I"), "I", &[]),
        Row("explains the teacher's absent", am(), day().plan(800, "I").tap(857, Absent).submit(900).close(), "I", &[]),
        Row("the newest plan", am(), day().plan(800, "I").plan(830, "M").close(), "M", &[]),
        Row("withdrawn", am(), withdrawn(day().plan(800, "I")).submit(900).close(), "N", &[]),
        Row(
            "no tile, but a plan: no question",
            am(),
            day().plan(800, "I").on(Who::Room, 900, submitted(false)).close(),
            "I",
            &[],
        ),
        Row(
            "present beats a plan for part of a session",
            am(),
            day().plan(800, "M").tap(857, Present).close(),
            "/",
            &[],
        ),
        Row(
            "present against a plan elsewhere",
            am(),
            day().plan(800, "V").tap(857, Present).close(),
            "/",
            &[AgainstCode],
        ),
        Row(
            "in class after close, back from the dentist",
            am(),
            day().plan(800, "M").tap(1030, Present).close(),
            "M",
            &[],
        ),
        Row(
            "in class after close, against a visit",
            am(),
            day().plan(800, "V").tap(1030, Present).close(),
            "V",
            &[AgainstCode],
        ),
        Row(
            "an earlier system's mark stands",
            am(),
            day().on(Who::Office, 800, What::History { code: Code::I }).submit(900).close(),
            "I",
            &[],
        ),
    ]);
    let unsure = Provenance::School {
        by: Officer::Rule { rule: name("close at 09:20"), set_by: name("Mr Hale, headteacher, 1 September 2026") },
        clock_sure: false,
    };
    let mut day = day().submit(900).close();
    day.0[1].from = unsure;
    assert_eq!(shown(&decide(&day.0, &am())), "N?", "a close by a clock that is not sure is provisional");
}

#[test]
fn an_arrival_against_a_standing_code() {
    for code in ["M", "J1", "C1", "C", "C2", "S", "R", "X"] {
        let plan = || day().plan(800, code);
        for (facts, mark) in
            [(plan().card(905), "L15"), (plan().card(905).close(), "L15"), (plan().card(840).close(), "/")]
        {
            assert_eq!(shown(&decide(&facts.0, &am())), mark, "{code} before close");
        }
        let after = decide(&plan().card(1030).close().0, &am());
        assert_eq!((shown(&after).as_str(), after.questions.len()), (code, 0), "after close it stays");
        assert_eq!(after.arrivals.len(), 1, "and the arrival is noted");
    }
    for code in
        ["I", "G", "O", "E", "T", "V", "P", "W", "B", "K", "D", "Q", "Y1", "Y2", "Y3", "Y5", "Y6", "Y7", "Z", "#"]
    {
        for hhmm in [840, 905, 1030] {
            let decision = decide(&day().plan(800, code).card(hhmm).close().0, &am());
            let kinds: Vec<_> = decision.questions.iter().map(|q| q.key.kind).collect();
            assert_eq!((shown(&decision).as_str(), kinds), (code, vec![AgainstCode]), "{code} at {hhmm}");
        }
    }
}

#[test]
fn the_rule_that_ends_n() {
    let n = || day().submit(900).close();
    check(vec![
        Row("N becomes O", am(), n().rule(1500), "O", &[]),
        Row("a person's N too", am(), n().amend(1000, "N").rule(1500), "O", &[]),
        Row("nothing but N", am(), n().card(905).rule(1500), "L15", &[]),
        Row("a call after it goes before it", am(), n().rule(1500).plan(1510, "I"), "I", &[]),
        Row("a late fact from a kiosk too, without a question", am(), n().rule(1500).tap(857, Present), "/", &[]),
        Row("a person's word after it stands", am(), n().rule(1500).amend(1510, "N"), "N", &[]),
    ]);
}

#[test]
fn the_site_has_to_close() {
    let y4 = |day: Day, hhmm| day.plan(hhmm, "Y4");
    check(vec![
        Row("an open session: a blank", am(), y4(day(), 900).close(), "Y4", &[]),
        Row("an open session: N", am(), y4(day().tap(855, Absent).submit(900), 910).close(), "Y4", &[]),
        Row("a past one: N", am(), y4(day().submit(900).close(), 1000), "Y4", &[]),
        Row("a past one: O", am(), y4(day().submit(900).close().amend(930, "O"), 1000), "Y4", &[]),
        Row("not present", am(), y4(day().tap(855, Present), 910).close(), "/", &[]),
        Row("not late", am(), y4(day().card(905), 910).close(), "L15", &[]),
        Row("not ill", am(), y4(day().plan(800, "I"), 910).close(), "I", &[]),
        Row("not U that stood", am(), y4(day().submit(900).close().card(930), 1000), "U40", &[]),
        Row("an arrival after it: Y4 stays, asked", am(), y4(day(), 900).card(930).close(), "Y4", &[AgainstCode]),
        Row("a later session: everything", am(), y4(day().plan(700, "I"), 800).close(), "Y4", &[]),
        Row("but what goes ahead elsewhere", am(), y4(day().plan(700, "V"), 800).close(), "V", &[]),
        Row("a later session: an amendment before it", am(), y4(day().amend(700, "I"), 800).close(), "Y4", &[]),
        Row("an amendment after it stands", am(), y4(day(), 800).close().amend(1000, "B"), "B", &[]),
        Row(
            "a later session: tapped present all the same",
            am(),
            y4(day(), 800).tap(857, Present).close(),
            "Y4",
            &[AgainstCode],
        ),
        Row("nothing before close", am(), y4(day(), 800), "-", &[]),
    ]);
    for code in ["K", "V", "P", "W", "B", "D"] {
        let facts = y4(day().plan(700, code), 800).close();
        assert_eq!(shown(&decide(&facts.0, &am())), code, "goes ahead");
    }
}
