//! What is held back, over the whole router: seen in plain words, accepted or discarded, once.

use crate::auth::Role;
use crate::office::visit::{self, Got, Visitor};
use crate::testing::{Kiosk, World, at, class, pupil, session, world};
use axum::http::StatusCode;
use shared::observation::{Mark, Means, Notice, Observation};
use shared::wire::v1::{Mode, Pushed};

async fn scene() -> (World, axum::Router) {
    let world = world();
    for role in [Role::Office, Role::Head, Role::It, Role::Champion] {
        visit::account(&world, world.school.id(), role.as_str(), role);
    }
    let server = visit::server(&world).await;
    (world, server)
}

async fn send(world: &World, kiosk: &Kiosk) {
    assert!(matches!(world.push(kiosk).await, Pushed::Accepted { .. }));
}

fn held(world: &World) -> i64 {
    world.count("SELECT count(*) FROM fact WHERE held = 1")
}

async fn decide(person: &mut Visitor, kiosk: &Kiosk, decision: &str) -> Got {
    let page = format!("/kiosks/held/{}", kiosk.id);
    let upto = person.get(&page).await.field("upto");
    person.send(&page, &[("decision", decision), ("upto", &upto)]).await
}

#[tokio::test]
async fn a_revoked_kiosks_register_is_read_and_accepted() {
    let (world, server) = scene().await;
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    room.anchor(at(8, 40));
    room.tap(at(8, 55), "am", 1, 1, Mark::Present);
    room.tap(at(8, 55), "am", 1, 2, Mark::Absent);
    world.set(at(9, 30));
    world.revoke(&room);
    send(&world, &room).await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let kiosks = office.get("/kiosks").await.body;
    assert!(kiosks.contains("2 marks held back"), "the kiosk's own notes are nothing to decide: {kiosks}");
    let page = format!("/kiosks/held/{}", room.id);
    assert!(kiosks.contains(&page));
    let body = office.get(&page).await.body;
    for words in [
        "This kiosk was revoked",
        "Pupil1 Test",
        "marked present in Class 1, Monday 23 November, morning",
        "Pupil2 Test",
        "marked absent in Class 1",
        "08:54",
        "received 09:30",
        "nobody signed on",
    ] {
        assert!(body.contains(words), "{words} is not in {body}");
    }
    assert_eq!(world.code(1, "am"), None);
    let none = office.send(&page, &[("upto", &office.clone().get(&page).await.field("upto"))]).await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST, "a decision is chosen, not presumed");
    let got = decide(&mut office, &room, "accept").await;
    assert_eq!(got.to(), format!("/kiosks#k{}", room.id));
    assert_eq!(world.code(1, "am").as_deref(), Some("/"), "as if it had never been held");
    assert!(office.get(&page).await.body.contains("Nothing of this kiosk waits"));
    assert!(!office.get("/kiosks").await.body.contains("held back"));
    let by = "SELECT count(*) FROM fact WHERE body LIKE '%held_decided%' AND body LIKE '%Person office%'";
    assert_eq!(world.count(by), 1, "in whose name");
}

#[tokio::test]
async fn what_is_discarded_counts_for_nothing_and_stays_in_the_log() {
    let (world, server) = scene().await;
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    room.anchor(at(8, 40));
    room.tap(at(8, 55), "am", 1, 1, Mark::Present);
    room.tap(at(8, 56), "am", 1, 7, Mark::Present);
    send(&world, &room).await;
    let mut head = Visitor::logged_in(&server, "head").await;
    let body = head.get(&format!("/kiosks/held/{}", room.id)).await.body;
    assert!(body.contains("that it does not serve") && body.contains("Pupil7 Test"), "{body}");
    assert!(!body.contains("Pupil1 Test"), "what it may say needs nobody");
    assert_eq!(held(&world), 1);
    decide(&mut head, &room, "discard").await;
    assert_eq!((world.code(7, "am"), held(&world)), (None, 0));
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE held = 2 AND body IS NOT NULL"), 1);
}

#[tokio::test]
async fn what_came_after_the_page_was_read_is_not_decided_with_it() {
    let (world, server) = scene().await;
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    room.anchor(at(8, 40));
    room.tap(at(8, 55), "am", 1, 7, Mark::Present);
    send(&world, &room).await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let page = format!("/kiosks/held/{}", room.id);
    let upto = office.get(&page).await.field("upto");
    room.tap(at(8, 57), "am", 1, 8, Mark::Present);
    send(&world, &room).await;
    let got = office.send(&page, &[("decision", "accept"), ("upto", &upto)]).await;
    assert_eq!(got.to(), page, "there is more to look at");
    assert_eq!((world.code(7, "am").as_deref(), world.code(8, "am")), (Some("/"), None));
    // A colleague's page is older still: what was accepted is not discarded by it.
    let acts = world.count("SELECT count(*) FROM fact WHERE body LIKE '%held_decided%'");
    office.send(&page, &[("decision", "discard"), ("upto", &upto)]).await;
    assert_eq!(world.code(7, "am").as_deref(), Some("/"));
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE body LIKE '%held_decided%'"), acts);
}

#[tokio::test]
async fn every_kind_is_said_in_words_and_damaged_forms_decide_nothing() {
    let (world, server) = scene().await;
    let mut desk = world.enrol(Mode::Reception, &[]).await;
    desk.anchor(at(8, 40));
    let am = Some(session("am"));
    desk.write(at(8, 59), Observation::Arrived { pupil: pupil(1), means: Means::Card, session: am, reason: None });
    desk.write(
        at(9, 40),
        Observation::Left { pupil: pupil(2), means: Means::Name, session: am, collected: None, approved: None },
    );
    desk.write(at(9, 50), Observation::Returned { pupil: pupil(2), means: Means::Name, session: None });
    desk.write(at(9, 50), Observation::CameLate { session: session("am"), class: class(9), pupil: pupil(99) });
    desk.submit(at(9, 51), "am", 1, 1..=5);
    desk.write(at(9, 52), Observation::Noticed { notice: Notice::LogBegunAnew });
    world.set(at(10, 0));
    world.revoke(&desk);
    send(&world, &desk).await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let page = format!("/kiosks/held/{}", desk.id);
    let body = office.get(&page).await.body;
    for words in [
        "signed in at reception, Monday 23 November, morning",
        "left the building",
        "came back",
        "came late in a class that this school does not have",
        "somebody who is not a pupil here",
        "register submitted, 5 pupils in Class 1",
    ] {
        assert!(body.contains(words), "{words} is not in {body}");
    }
    let other = world.enrol(Mode::Classroom, &[class(1)]).await;
    let foreign = format!("{}:9", other.log);
    for upto in ["", "1:2:3", "x", foreign.as_str(), "0:0,0:0"] {
        let got = office.send(&page, &[("decision", "accept"), ("upto", upto)]).await;
        assert!(got.status == StatusCode::BAD_REQUEST || got.status == StatusCode::SEE_OTHER, "{upto}: {}", got.status);
        assert_eq!(world.count("SELECT count(*) FROM fact WHERE body LIKE '%held_decided%'"), 0, "{upto}");
    }
    let mut it = Visitor::logged_in(&server, "it").await;
    let list = it.get("/kiosks").await.body;
    assert!(list.contains("5 marks held back") && !list.contains(&page), "IT sees that, not what");
    assert_eq!(it.get(&page).await.status, StatusCode::FORBIDDEN);
    assert_eq!(office.get(&format!("/kiosks/held/{}", "0".repeat(32))).await.status, StatusCode::NOT_FOUND);
}
