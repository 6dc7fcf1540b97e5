//! Calling home as the office does it: the list, one family, one press for each call, the reason; two people at once.

use crate::auth::Role;
use crate::calls::tests::morning;
use crate::office::visit::{self, Got, Visitor};
use crate::testing::{World, at, pupil};
use axum::http::StatusCode;

async fn office() -> (World, axum::Router, Visitor, Visitor) {
    let world = morning().await;
    for (name, role) in [("shah", Role::Office), ("okoro", Role::Office), ("champion", Role::Champion)] {
        visit::account(&world, world.school.id(), name, role);
    }
    let server = visit::server(&world).await;
    let (shah, okoro) = (Visitor::logged_in(&server, "shah").await, Visitor::logged_in(&server, "okoro").await);
    (world, server, shah, okoro)
}

fn family(n: u8) -> String {
    format!("/calls/{}/2026-11-23-am", pupil(n))
}

async fn press(visitor: &mut Visitor, n: u8, name: &str, outcome: &str) -> Got {
    let call = visitor.get(&family(n)).await.field("call");
    let fields = [("call", call.as_str()), ("whom", "contact"), ("name", name), ("outcome", outcome)];
    visitor.send(&format!("{}/note", family(n)), &fields).await
}

#[tokio::test]
async fn the_list_names_families_in_order_with_whom_to_call() {
    let (_world, _, mut shah, _) = office().await;
    let page = shah.get("/calls").await;
    assert_eq!(page.status, StatusCode::OK);
    let places: Vec<usize> = ["Pupil4 Test", "Pupil3 Test", "Pupil2 Test", "Pupil7 Test"]
        .iter()
        .map(|name| page.body.find(name).unwrap_or_else(|| panic!("no {name}")))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    for words in
        ["Social worker", "Call Parent · Sam Test", "tel:07700900142", "There is nobody to call: visit the home."]
    {
        assert!(page.body.contains(words), "{words}");
    }
    assert!(!page.body.contains("Pupil1 Test"), "who is here is not on it");
}

#[tokio::test]
async fn one_press_notes_a_call_for_both_children_and_the_page_says_what_comes_next() {
    let (world, _, mut shah, _) = office().await;
    let got = shah.send(&format!("{}/claim", family(2)), &[]).await;
    assert_eq!(got.to(), family(2));
    assert_eq!(press(&mut shah, 2, "Sam Test", "message").await.to(), family(2));
    let page = shah.get(&family(2)).await.body;
    assert!(page.contains("Call Parent · Jo Test") && page.contains("message left 09:30"), "{page}");
    assert_eq!(
        world.count(
            "SELECT count(*) FROM call WHERE by_name = 'Person shah' AND by_position = 'some position' AND outcome = 'message'"
        ),
        2
    );
    // The reason, for one of the two.
    let call = shah.get(&family(2)).await.field("call");
    let id = pupil(2).to_string();
    let fields = [
        ("call", call.as_str()),
        ("name", "Jo Test"),
        ("said", "a temperature"),
        ("child", id.as_str()),
        ("code", "I"),
        ("until_date", "2026-11-24"),
        ("until_half", "pm"),
    ];
    let got = shah.send(&format!("{}/reason", family(2)), &fields).await;
    assert_eq!(got.to(), "/calls?done=reason", "{}", got.body);
    assert_eq!(shah.send(&format!("{}/reason", family(2)), &fields).await.status, StatusCode::SEE_OTHER);
    let mut late = fields;
    late[0].1 = "11111111111111111111111111111111";
    let got = shah.send(&format!("{}/reason", family(2)), &late).await;
    assert_eq!(got.status, StatusCode::CONFLICT, "explained meanwhile, perhaps by somebody else");
    let plan =
        world.one("SELECT code || ' ' || until_on || ' ' || reason FROM plan WHERE pupil = ?1 AND ?2 = 'am'", 2, "am");
    assert_eq!(plan.as_deref(), Some("I 2026-11-24 Jo Test: a temperature"));
    assert_eq!(world.count("SELECT count(*) FROM plan"), 1, "the sister was not ticked");
    let page = shah.get("/calls").await.body;
    assert!(page.contains("Pupil7 Test") && page.contains("a temperature"), "she and the log are still there");
}

#[tokio::test]
async fn two_people_in_the_office_are_never_sent_to_one_family() {
    let (world, server, mut shah, mut okoro) = office().await;
    let first = shah.send("/calls/next", &[]).await.to().to_owned();
    let second = okoro.send("/calls/next", &[]).await.to().to_owned();
    assert_eq!((first.as_str(), second.as_str()), (family(4).as_str(), family(3).as_str()));
    let refused = okoro.send(&format!("{}/claim", family(4)), &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("Person shah has been calling this family since 09:30."), "{}", refused.body);
    let page = okoro.get(&family(4)).await.body;
    assert!(page.contains("Do not call now.") && !page.contains("Answered, no reason"));
    // Directly, and all the same: a call that was made is never lost.
    let call = "0".repeat(32);
    let fields = [("call", call.as_str()), ("whom", "contact"), ("name", "Mum"), ("outcome", "no_answer")];
    assert_eq!(okoro.send(&format!("{}/note", family(4)), &fields).await.status, StatusCode::CONFLICT);
    assert_eq!(world.count("SELECT count(*) FROM call"), 0);
    let anyway: Vec<_> = fields.into_iter().chain([("anyway", "true")]).collect();
    assert_eq!(okoro.send(&format!("{}/note", family(4)), &anyway).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.count("SELECT count(*) FROM call"), 1);
    // When nobody has said anything for ten minutes, the family is free again.
    world.set(at(9, 41));
    assert_eq!(okoro.send(&format!("{}/claim", family(4)), &[]).await.to(), family(4));
    let mut champion = Visitor::logged_in(&server, "champion").await;
    let page = champion.get(&family(4)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("They said why"));
    assert_eq!(champion.send("/calls/next", &[]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_missing_in_a_form_is_said_and_nothing_is_written() {
    let (world, _, mut shah, _) = office().await;
    let call = "0".repeat(32);
    let note = format!("{}/note", family(3));
    for fields in [
        vec![("call", call.as_str()), ("whom", "contact"), ("outcome", "message")],
        vec![("call", call.as_str()), ("whom", "the cat"), ("name", "x"), ("outcome", "message")],
        vec![("call", call.as_str()), ("whom", "contact"), ("name", "x"), ("outcome", "purred")],
        vec![("whom", "contact"), ("name", "x"), ("outcome", "message")],
    ] {
        assert_eq!(shah.send(&note, &fields).await.status, StatusCode::BAD_REQUEST);
    }
    let id = pupil(3).to_string();
    let whole = [
        ("call", call.as_str()),
        ("name", "Ann Other"),
        ("said", "a cold"),
        ("child", id.as_str()),
        ("code", "I"),
        ("until_date", "2026-11-23"),
        ("until_half", "pm"),
    ];
    for (at, wrong) in [(1, ""), (2, ""), (4, "N"), (4, "/"), (4, "V"), (5, "2026-11-20"), (5, "someday")] {
        let mut fields = whole;
        fields[at].1 = wrong;
        let got = shah.send(&format!("{}/reason", family(3)), &fields).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{} = {wrong}", fields[at].0);
    }
    assert_eq!(world.count("SELECT (SELECT count(*) FROM call) + (SELECT count(*) FROM plan)"), 0);
    assert_eq!(shah.get(&format!("/calls/{}/2026-11-23-am", "0".repeat(32))).await.status, StatusCode::NOT_FOUND);
    assert_eq!(shah.get("/calls?date=soon").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_family_that_telephones_is_found_by_any_part_of_the_name() {
    let (_world, server, mut shah, _) = office().await;
    let page = shah.get("/calls?find=pil10").await.body;
    assert!(page.contains(&format!("/absence/{}/2026-11-23-am?from=calls", pupil(10))), "{page}");
    assert!(shah.get("/calls?find=x").await.body.contains("Type at least two letters."));
    assert!(shah.get("/calls?find=zzz").await.body.contains("Nobody on roll has a name like this."));
    let mut champion = Visitor::logged_in(&server, "champion").await;
    assert!(!champion.get("/calls?find=pil10").await.body.contains("/absence/"), "who may not write finds no form");
}

#[tokio::test]
async fn older_sessions_are_listed_and_one_form_explains_those_that_are_ticked() {
    let (world, _, mut shah, _) = office().await;
    world.school.write_now(|tx| crate::jobs::close_due(tx, crate::testing::now(9, 20))).unwrap();
    assert!(shah.get("/unexplained").await.body.contains("Every absence before today has a reason."));
    world.set(at(24 + 9, 0));
    let page = shah.get("/unexplained").await.body;
    assert!(page.contains("4 sessions") && page.contains("becomes O on Tuesday 1 December"), "{page}");
    let id = pupil(3).to_string();
    let fields = [
        ("pupil", id.as_str()),
        ("session", "2026-11-23-am"),
        ("session", "2026-11-23-pm"),
        ("code", "M"),
        ("reason", "Ann Other: the dentist"),
    ];
    let got = shah.send("/unexplained", &fields).await;
    assert_eq!(got.to(), "/unexplained?done=yes", "{}", got.body);
    assert_eq!(world.code(3, "am").as_deref(), Some("M"));
    assert_eq!(world.code(3, "pm"), None, "a session without an N is not touched");
    assert_eq!(shah.send("/unexplained", &fields).await.status, StatusCode::CONFLICT, "it has a reason now");
    assert_eq!(shah.send("/unexplained", &[("pupil", id.as_str()), ("code", "M"), ("reason", "x")]).await.status, 400);
    assert!(shah.get("/unexplained").await.body.contains("3 sessions"));
}
