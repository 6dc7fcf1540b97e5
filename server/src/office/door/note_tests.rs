//! The office writes down who goes home and comes back: late book, Today, roll call, kiosks, and the afternoon.

use crate::auth::Role;
use crate::office::visit::{self, Visitor};
use crate::testing::{World, at, class, now, pupil, session, world};
use axum::http::StatusCode;
use shared::observation::{Mark, Observation};
use shared::wire::v1::{Mode, Way};

async fn scene() -> (World, axum::Router, Visitor) {
    let world = world();
    for role in [Role::Office, Role::Champion, Role::Teacher, Role::Head] {
        visit::account(&world, world.school.id(), role.as_str(), role);
    }
    let server = visit::server(&world).await;
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    room.anchor(at(8, 45));
    for n in 1..=5 {
        room.tap(at(8, 55), "am", 1, n, Mark::Present);
    }
    world.set(at(10, 30));
    world.push(&room).await;
    world.school.write_now(|tx| crate::jobs::close_due(tx, now(9, 20))).unwrap();
    let office = Visitor::logged_in(&server, "office").await;
    (world, server, office)
}

fn out<'a>(time: &'a str, collected: &'a str, reason: &'a str) -> [(&'a str, &'a str); 5] {
    [("way", "out"), ("date", "2026-11-23"), ("time", time), ("collected", collected), ("reason", reason)]
}

#[tokio::test]
async fn a_departure_stands_in_the_late_book_today_and_the_roll_call_and_the_afternoon_expects_it() {
    let (world, server, mut office) = scene().await;
    // Found by a part of the name; the whole school is not listed.
    let found = office.get("/door/note?find=pupil").await.body;
    assert!(found.contains("Pupil1 Test") && found.contains(&format!("/door/note/{}", pupil(1))), "{found}");
    assert!(!office.get("/door/note?find=p").await.body.contains("Pupil1 Test"), "two letters at least");
    let path = format!("/door/note/{}", pupil(2));
    assert_eq!(office.get("/door/note?find=PUPIL2").await.to(), path);
    let form = office.get(&path).await.body;
    for words in ["Pupil2 Test goes home", "value=\"10:30\"", "Parent or carer", "Person office, some position"] {
        assert!(form.contains(words), "{words}: {form}");
    }
    // What is wrong is said, and nothing is written.
    for (fields, status, words) in [
        (out("11:00", "Gran", ""), StatusCode::CONFLICT, "still to come"),
        (out("soon", "Gran", ""), StatusCode::BAD_REQUEST, "cannot be read"),
        (out("10:05", "", ""), StatusCode::BAD_REQUEST, "Who collects"),
        (
            [("way", "back"), ("date", "2026-11-23"), ("time", "10:05"), ("x", ""), ("y", "")],
            StatusCode::CONFLICT,
            "has not left",
        ),
        (
            [("way", "out"), ("date", "2026-11-22"), ("time", "10:05"), ("collected", "Gran"), ("y", "")],
            StatusCode::CONFLICT,
            "no school",
        ),
    ] {
        let got = office.send(&path, &fields).await;
        assert!(got.status == status && got.body.contains(words), "{words}: {} {}", got.status, got.body);
    }
    assert_eq!(world.count("SELECT count(*) FROM movement"), 0);

    let fields = out("10:05", "Gran, Jo Test", "a sick tummy");
    assert_eq!(office.send(&path, &fields).await.to(), "/door?date=2026-11-23&done=out");
    let again = office.send(&path, &fields).await;
    assert!(again.status == StatusCode::CONFLICT && again.body.contains("has gone home already"), "pressed twice");
    assert_eq!(world.count("SELECT count(*) FROM movement WHERE what = 'left'"), 1);
    let book = office.get("/door?date=2026-11-23&done=out").await.body;
    for words in [
        "10:05",
        "went home",
        "Why: a sick tummy · Collected by: Gran, Jo Test · written down by Person office",
        "Kiosks and roll calls know",
    ] {
        assert!(book.contains(words), "{words}: {book}");
    }
    assert!(!office.get("/door/slips").await.body.contains("tummy"), "a slip says no reason");
    // The audit: who, in what position, when; what was said lies sealed.
    let fact = "SELECT count(*) FROM fact WHERE body LIKE '%went_home%' AND body LIKE '%Person office%some position%'";
    assert_eq!(world.count(fact), 1);
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE body LIKE '%tummy%' OR body LIKE '%Gran%'"), 0);
    assert_eq!(world.count("SELECT count(*) FROM feed WHERE body LIKE '%tummy%'"), 0);
    // It changes no mark of the morning. The afternoon expects the absence.
    assert_eq!(world.code(2, "am").as_deref(), Some("/"));
    let expected = "SELECT count(*) FROM feed WHERE key LIKE 'expected:%' AND body LIKE '%2026-11-23-pm%absent%'";
    assert_eq!(world.count(expected), 1);
    assert!(office.get("/today").await.body.contains("1 went home"));
    let mut teacher = Visitor::logged_in(&server, "teacher").await;
    let roll = teacher.get("/roll-call").await.body;
    assert!(roll.contains("Pupil2 Test (went out)") && !roll.contains("tummy"), "{roll}");

    // Back again: the form offers that now.
    let form = office.get(&path).await.body;
    assert!(form.contains("Pupil2 Test comes back") && form.contains("went home at 10:05"), "{form}");
    let back = [("way", "back"), ("date", "2026-11-23"), ("time", "10:20")];
    assert_eq!(office.send(&path, &back).await.to(), "/door?date=2026-11-23&done=back");
    assert!(!teacher.get("/roll-call").await.body.contains("Pupil2 Test (went out)"));
    assert!(!office.get("/today").await.body.contains("went home"));
    assert_eq!(world.count(expected), 0);
    assert_eq!(world.code(2, "am").as_deref(), Some("/"));
    let rows = crate::feed::passages;
    let last = world.school.read_now(move |tx| rows(tx, session("am").date, None)).unwrap();
    assert_eq!(last[&pupil(2)].way, Way::Back);
    // All of it follows from the facts.
    let wrong = world.school.read_now(|tx| crate::check::school(tx)).unwrap().wrong;
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn who_left_before_a_kiosk_saw_the_return_is_here_though_it_was_written_down_later() {
    let (world, _, mut office) = scene().await;
    let mut desk = world.enrol(Mode::Reception, &[]).await;
    desk.anchor(at(9, 0));
    desk.write(
        at(10, 15),
        Observation::Returned {
            pupil: pupil(3),
            session: Some(session("am")),
            means: shared::observation::Means::Name,
        },
    );
    world.push(&desk).await;
    // An amendment of the same session at 10:30 stands before it in the school's log.
    let path = format!("/amend/{}/2026-11-23-am", pupil(3));
    let page = office.get(&path).await;
    let seen = page.field("seen");
    assert_eq!(
        office.send(&path, &[("code", "/"), ("reason", "asked"), ("seen", &seen)]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        office.send(&format!("/door/note/{}", pupil(3)), &out("10:05", "nobody", "")).await.status,
        StatusCode::SEE_OTHER
    );
    let went = "SELECT CAST(went AS TEXT) FROM mark WHERE pupil = ?1 AND half = ?2";
    assert_eq!(world.one(went, 3, "am").as_deref(), Some("0"), "left at 10:05, back at 10:15");
}

#[tokio::test]
async fn only_those_who_change_the_record_write_it_down() {
    let (world, server, _) = scene().await;
    let path = format!("/door/note/{}", pupil(1));
    for who in ["champion", "teacher"] {
        let mut person = Visitor::logged_in(&server, who).await;
        assert_eq!(person.get(&path).await.status, StatusCode::FORBIDDEN, "{who}");
        assert_eq!(person.send(&path, &out("10:05", "Gran", "")).await.status, StatusCode::FORBIDDEN, "{who}");
    }
    let mut champion = Visitor::logged_in(&server, "champion").await;
    assert!(!champion.get("/door").await.body.contains("Somebody goes home"), "nothing is offered that is refused");
    assert_eq!(world.count("SELECT count(*) FROM movement"), 0);
    let mut head = Visitor::logged_in(&server, "head").await;
    assert_eq!(head.send(&path, &out("12:30", "Gran", "")).await.status, StatusCode::CONFLICT, "still to come");
    world.set(at(12, 45));
    assert_eq!(head.send(&path, &out("12:30", "Gran", "")).await.status, StatusCode::SEE_OTHER);
    let half = "SELECT half FROM movement WHERE pupil = ?1 AND half = ?2";
    assert_eq!(world.one(half, 1, "am").as_deref(), Some("am"), "until the afternoon begins it is the morning's");
    assert_eq!(head.get(&format!("/door/note/{}", "0".repeat(32))).await.status, StatusCode::NOT_FOUND);
}
