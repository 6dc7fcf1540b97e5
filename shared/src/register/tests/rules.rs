//! Every rule of the design about what kiosks see, a row each: the facts, the mark, the questions.
//!
//! Marks are written as `L15?`: code, minutes late, `?` while provisional, `-` while blank.

use super::kit::*;
use crate::observation::Mark::{Absent, Blank, Present};
use crate::observation::Means;
use crate::register::QuestionKind::*;
use crate::register::{DayKind, Sitting, What};

fn day() -> Day {
    Day::new()
}

#[test]
fn the_teachers_mark() {
    let other = |day: Day, mark| day.on(Who::OtherRoom, 857, tapped(mark));
    let old_class = |day: Day| day.on(Who::OtherRoom, 1305, What::Marked { class: OTHER_CLASS, mark: Present });
    check(vec![
        Row("nothing happened", am(), day(), "-", &[]),
        Row("present as tapped, AM", am(), day().tap(857, Present), "/", &[]),
        Row("present as tapped, PM", pm(), day().tap(1305, Present), "\\", &[]),
        Row("absent is not posted before close", am(), day().tap(857, Absent), "-", &[]),
        Row("absent, nothing known: N at close", am(), day().tap(857, Absent).submit(900).close(), "N", &[]),
        Row("absent stands in a register nobody submitted", am(), day().tap(857, Absent).close(), "N", &[]),
        Row("present stands in a register nobody submitted", am(), day().tap(857, Present).close(), "/", &[]),
        Row("a blank stays blank there: missing", am(), day().close(), "-", &[]),
        Row("a blank in a submitted register: N at close", am(), day().submit(900).close(), "N", &[]),
        Row("not before close", am(), day().submit(900), "-", &[]),
        Row("absent, then my mistake", am(), day().tap(855, Absent).tap(858, Present), "/", &[]),
        Row(
            "my mistake after close is no late register",
            am(),
            day().tap(855, Absent).tap(940, Present).close(),
            "/",
            &[],
        ),
        Row("the later number wins", am(), day().tap(858, Present).tap(855, Absent).close(), "N", &[]),
        Row("blank takes back", am(), day().tap(855, Present).tap(856, Blank), "-", &[]),
        Row("no tile: a question, not N", am(), day().on(Who::Room, 900, submitted(false)).close(), "-", &[NoTile]),
        Row(
            "a later submission with a tile: N",
            am(),
            day().on(Who::Room, 900, submitted(false)).submit(910).close(),
            "N",
            &[],
        ),
        Row(
            "a late register: as tapped, never U",
            am(),
            day().tap(940, Present).submit(941).close(),
            "/",
            &[LateRegister],
        ),
        Row(
            "a late register settled",
            am(),
            day().tap(940, Present).close().settle(1000, LateRegister, "as it stands"),
            "/",
            &[],
        ),
        Row(
            "present on any kiosk beats absent",
            am(),
            day().tap(857, Absent).on(Who::SecondKiosk, 858, tapped(Present)).close(),
            "/",
            &[],
        ),
        Row(
            "one kiosk in the log that it began anew: the later word, as within one log",
            am(),
            day().tap(857, Present).on(Who::RoomAgain, 905, tapped(Absent)).close(),
            "N",
            &[],
        ),
        Row(
            "the same the other way round",
            am(),
            day().on(Who::RoomAgain, 857, tapped(Absent)).tap(905, Present).close(),
            "/",
            &[],
        ),
        Row("and taken back", am(), day().tap(857, Present).on(Who::RoomAgain, 905, tapped(Blank)).close(), "-", &[]),
        Row(
            "it may have been earlier (the card was copied): both stand",
            am(),
            day()
                .within(Who::Room, between(857, 910), tapped(Present))
                .within(Who::RoomAgain, between(905, 906), tapped(Absent))
                .close(),
            "/",
            &[],
        ),
        Row("present on a kiosk that does not own it", am(), other(day(), Present), "/", &[OtherKiosk]),
        Row("the same beats absent", am(), other(day().tap(857, Absent), Present).close(), "/", &[OtherKiosk]),
        Row("and is no question where the room says so too", am(), other(day().tap(857, Present), Present), "/", &[]),
        Row("moved class at noon, marked by the old one", pm(), old_class(day()), "\\", &[OtherKiosk]),
        Row(
            "another class's close and submission",
            am(),
            day().on(Who::OtherRoom, 900, What::Submitted { class: OTHER_CLASS, tile: true }).on(
                Who::Office,
                920,
                What::Closed { class: OTHER_CLASS },
            ),
            "-",
            &[],
        ),
    ]);
}

#[test]
fn a_timed_arrival() {
    let late = |day: Day, hhmm| day.on(Who::Room, hhmm, came_late());
    let done = |day: Day| day.submit(900).close();
    check(vec![
        Row("before opens: on time", am(), day().card(840), "/", &[]),
        Row("at opens: L", am(), day().card(850), "L0", &[]),
        Row("from opens to closes: L with minutes from the start", am(), day().card(905), "L15", &[]),
        Row("the last minute", am(), day().card(919), "L29", &[]),
        Row("L even if later tapped present", am(), day().card(905).tap(910, Present), "L15", &[]),
        Row("L over absent", am(), done(day().tap(855, Absent).card(905)), "L15", &[]),
        Row("at closes: U", am(), done(day().card(920)), "U30", &[]),
        Row("from closes to end: U", am(), done(day().tap(855, Absent).card(1005)), "U75", &[]),
        Row("at the end: nothing for this session", am(), done(day().card(1200)), "N", &[]),
        Row("and on time for the next", pm(), day().card(1200), "\\", &[]),
        Row("a morning arrival is none of the afternoon", pm(), day().card(905), "-", &[]),
        Row("on time, absent in class: urgent, no N", am(), done(day().card(840).tap(857, Absent)), "/", &[NotInClass]),
        Row(
            "and it goes when the teacher sees the pupil",
            am(),
            day().card(840).tap(857, Absent).tap(859, Present),
            "/",
            &[],
        ),
        Row("the teacher's came late counts the same", am(), late(day(), 905), "L15", &[]),
        Row("absent turned to came late", am(), done(late(day().tap(855, Absent), 905)), "L15", &[]),
        Row("came late after close: U", am(), done(late(day().tap(855, Absent), 925)), "U35", &[]),
        Row("came late taken back", am(), late(day(), 905).tap(906, Blank), "-", &[]),
        Row("came late turned to absent", am(), done(late(day(), 905).tap(906, Absent)), "N", &[]),
        Row("came late after the end is asked", am(), done(late(day().tap(855, Absent), 1400)), "N", &[LateRegister]),
        Row("of several arrivals the first", am(), day().card(930).card(905), "L15", &[]),
        Row("an arrival in a register nobody submitted", am(), day().card(905).close(), "L15", &[]),
    ]);
}

#[test]
fn leaving_and_coming_back() {
    let left = |day: Day, hhmm| day.on(Who::Reception, hhmm, What::Left);
    let back = |day: Day, hhmm| day.on(Who::Reception, hhmm, What::Returned);
    let earlier = Sitting { left_earlier: true, ..pm() };
    check(vec![
        Row("left changes no mark", am(), left(day().tap(855, Present), 1000).close(), "/", &[]),
        Row("coming back is no arrival", am(), back(left(day().tap(855, Present), 1000), 1100).close(), "/", &[]),
        Row("nor by the wrong button", am(), left(day().tap(855, Present), 1000).card(1100).close(), "/", &[]),
        Row(
            "nobody knows which was first: least against",
            am(),
            day().tap(855, Present).within(Who::SecondKiosk, between(930, 1100), What::Left).card(1000),
            "/?",
            &[UnsureTime],
        ),
        Row("left earlier, back in the next: an arrival", earlier, back(day(), 1310), "L10", &[]),
    ]);
    let away = crate::register::decide(&left(day().tap(855, Present), 1000).0, &am());
    assert!(away.left, "expected absent in the next session");
    let home = crate::register::decide(&back(left(day(), 1000), 1100).0, &am());
    assert!(!home.left);
    assert!(crate::register::decide(&[], &earlier).expected.is_some());
}

#[test]
fn a_time_that_is_only_an_interval() {
    let card = |from, until| day().within(Who::Reception, between(from, until), arrived());
    let said = |from, until| {
        day().within(Who::Reception, between(from, until), What::Arrived { means: Means::Name, said: true })
    };
    let tap = |from, until, mark| day().within(Who::Room, between(from, until), tapped(mark));
    let late = |from, until| day().within(Who::Room, between(from, until), came_late());
    check(vec![
        Row("straddles close: L, never U", am(), card(915, 925).close(), "L25?", &[UnsureTime]),
        Row("straddles opens: on time", am(), card(845, 855), "/?", &[UnsureTime]),
        Row("all day, session said", am(), said(800, 1500).close(), "/?", &[UnsureTime]),
        Row("all after close, session said: U is certain", am(), said(925, 1500).close(), "U35", &[]),
        Row("inside one code: no question", am(), card(855, 915), "L5", &[]),
        Row("may be of another session: keeps N away", am(), card(800, 1500).submit(900).close(), "/?", &[UnsureTime]),
        Row("and posts nothing by itself", am(), card(800, 1500), "-", &[UnsureTime]),
        Row("never U for what may be of the next", am(), card(925, 1500).submit(900).close(), "N?", &[UnsureTime]),
        Row("since the day before: may be of that", am(), card(-1000, 905), "-", &[UnsureTime]),
        Row("known on another kiosk: settles itself", am(), said(800, 1500).card(840), "/", &[]),
        Row(
            "present that straddles close: one question a register",
            am(),
            tap(800, 1500, Present),
            "/?",
            &[UnsureTime],
        ),
        Row("absent: the time changes nothing", am(), tap(800, 1500, Absent).submit(900).close(), "N", &[]),
        Row("came late straddles close: asked of the register", am(), late(910, 930), "L20?", &[UnsureTime]),
        Row("a plan that stays whenever it was", am(), card(845, 925).plan(800, "V").close(), "V", &[AgainstCode]),
    ]);
    let by_register = crate::register::decide(&tap(800, 1500, Present).0, &am());
    assert!(by_register.questions.iter().all(|q| q.key.class == Some(CLASS) && q.key.pupil.is_none()));
}

#[test]
fn no_school_and_not_on_roll() {
    let closed = Sitting { day: DayKind::Closed, ..am() };
    let inset = Sitting { day: DayKind::Inset, ..am() };
    let stranger = Sitting { on_roll: false, ..am() };
    let amended = |s| Row("what the office set stands", s, day().tap(857, Present).amend(1000, "B"), "B", &[]);
    check(vec![
        Row("# day: filed, not posted", closed, day().tap(857, Present), "-", &[ClosedDay]),
        Row("# day: an arrival too", closed, day().card(857), "-", &[ClosedDay]),
        Row("INSET day", inset, day().tap(857, Absent).submit(900).close(), "-", &[ClosedDay]),
        Row("a quiet # day", closed, day().plan(800, "I").close(), "-", &[]),
        Row("not on this session's roll", stranger, day().tap(857, Present), "-", &[NotOnRoll]),
        Row("no N for who is not on roll", stranger, day().submit(900).close(), "-", &[]),
        amended(closed),
        amended(stranger),
    ]);
}
