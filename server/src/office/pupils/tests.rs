//! A pupil's page: the year, the people to call, the calls, and who may see and change what.

use crate::auth::Role;
use crate::calls::tests::morning;
use crate::office::visit::{self, Visitor};
use crate::testing::{class, now, pupil};
use axum::http::StatusCode;

#[tokio::test]
async fn a_pupil_is_found_and_their_page_tells_the_year() {
    let world = morning().await;
    for (name, role) in [("shah", Role::Office), ("champion", Role::Champion), ("teacher", Role::Teacher)] {
        visit::account(&world, world.school.id(), name, role);
    }
    world.school.write_now(|tx| crate::jobs::close_due(tx, now(9, 20))).unwrap();
    let server = visit::server(&world).await;
    let mut shah = Visitor::logged_in(&server, "shah").await;
    let list = shah.get("/pupils?find=PUPIL").await.body;
    assert!(list.contains("Pupil1 Test") && list.contains("Pupil10 Test"));
    assert!(!shah.get("/pupils").await.body.contains("Pupil1 Test"), "no list of the whole school unasked");
    let of_class = shah.get(&format!("/pupils?class={}", class(2))).await.body;
    assert!(of_class.contains("Pupil6 Test") && !of_class.contains("Pupil1 Test"));
    assert_eq!(shah.get("/pupils?find=pupil7").await.to(), format!("/pupils/{}", pupil(7)), "the only one is opened");
    let page = shah.get(&format!("/pupils/{}", pupil(2))).await;
    assert_eq!(page.status, StatusCode::OK);
    for words in [
        "0.0%",
        "missed, not authorised",
        "Monday 23 November, morning: Reason not yet established",
        "tel:07700900142",
        "Pupil7 Test, Class 2",
        "on roll from 1 September 2026",
        "Severe absence",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("UPN-2"));
    let here = shah.get(&format!("/pupils/{}", pupil(1))).await.body;
    assert!(
        here.contains("100.0%") && !here.contains(&format!("2026-11-23-am#p{}", pupil(1))),
        "plain presence is no link"
    );
    assert_eq!(shah.get(&format!("/pupils/{}", "0".repeat(32))).await.status, StatusCode::NOT_FOUND);
    assert_eq!(shah.get(&format!("/pupils/{}?year=2020", pupil(1))).await.status, StatusCode::OK);
    // What makes a child vulnerable: the office says it, the champion reads it, a teacher never sees it.
    let needs = format!("/pupils/{}/needs", pupil(2));
    let got = shah.send(&needs, &[("looked_after", "true"), ("send", "EHC plan")]).await;
    assert_eq!(got.to(), format!("/pupils/{}?done=needs", pupil(2)));
    assert!(shah.send(&needs, &[("send", "a lot")]).await.status.is_client_error());
    let mut champion = Visitor::logged_in(&server, "champion").await;
    let page = champion.get(&format!("/pupils/{}", pupil(2))).await.body;
    assert!(page.contains("Looked after") && page.contains("EHC plan") && !page.contains("name=\"looked_after\""));
    assert_eq!(champion.send(&needs, &[("send", "none")]).await.status, StatusCode::FORBIDDEN);
    let mut teacher = Visitor::logged_in(&server, "teacher").await;
    assert_eq!(teacher.get(&format!("/pupils/{}", pupil(2))).await.status, StatusCode::FORBIDDEN);
    let calls = shah.get("/calls").await.body;
    assert!(calls.find("Pupil2 Test") < calls.find("Pupil4 Test"), "and is called first now");
    assert_eq!(world.count("SELECT count(*) FROM feed WHERE body LIKE '%looked%' OR body LIKE '%ehc%'"), 0);
}

#[tokio::test]
async fn nothing_about_a_pupil_is_changed_without_who_and_when_also_by_direct_request() {
    let world = crate::testing::world();
    world.set(crate::testing::at(11, 0));
    for role in Role::ALL {
        visit::account(&world, world.school.id(), role.as_str(), role);
    }
    let server = visit::server(&world).await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let own = format!("/pupils/{}", pupil(2));
    let two = class(2).to_string();
    let forms: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("needs", vec![("looked_after", "true"), ("send", "support")]),
        ("note", vec![("note", "wears glasses")]),
        ("move", vec![("class", &two), ("from_date", "2026-11-23"), ("from_half", "pm"), ("why", "a friend")]),
        ("leave", vec![("last_day", "2026-11-27"), ("why", "moves to Oak Primary")]),
        ("join", vec![("class", &two), ("from_date", "2026-12-07")]),
    ];
    // Whoever may not change the record changes nothing, whatever they send; and nobody without a form's token.
    for role in Role::ALL.into_iter().filter(|role| !role.amends()) {
        let mut person = Visitor::logged_in(&server, role.as_str()).await;
        for (what, fields) in &forms {
            let got = person.send(&format!("{own}/{what}"), fields).await;
            assert_eq!(got.status, StatusCode::FORBIDDEN, "{}: {what}", role.as_str());
        }
    }
    for (what, fields) in &forms {
        assert_eq!(office.post(&format!("{own}/{what}"), fields).await.status, StatusCode::FORBIDDEN, "{what}");
    }
    assert_eq!(world.count("SELECT count(*) FROM pupil_act"), 0);
    for (what, bad) in [
        ("needs", vec![("send", "a lot")]),
        ("note", vec![("note", " ")]),
        ("move", vec![("class", two.as_str()), ("from_date", "soon")]),
        ("move", vec![("class", "x"), ("from_date", "2026-11-23")]),
        ("move", vec![("class", two.as_str()), ("from_date", "2029-11-23")]),
        ("leave", vec![("last_day", "2026-11-27"), ("why", "")]),
        ("join", vec![("class", two.as_str()), ("from_date", "2026-12-07")]), // on roll already
    ] {
        assert_eq!(office.send(&format!("{own}/{what}"), &bad).await.status, StatusCode::BAD_REQUEST, "{what} {bad:?}");
    }
    assert_eq!(
        office.send(&format!("/pupils/{}/note", "0".repeat(32)), &forms[1].1).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world.count("SELECT count(*) FROM pupil_act"),
        0,
        "what was refused leaves no trace and changes nothing"
    );
    for (what, fields) in &forms {
        let got = office.send(&format!("{own}/{what}"), fields).await;
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{what}: {}", got.body);
    }
    let page = office.get(&own).await.body;
    for words in [
        "Needs: looked after, SEND support",
        "wears glasses",
        "Moved to Class 2 on 23 November 2026, from the afternoon. a friend",
        "Left: the last day is 27 November 2026. moves to Oak Primary",
        "Joined on 7 December 2026, in Class 2",
        "Person office, some position",
        "23 November 2026, 11:00",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(
        world.count("SELECT count(*) FROM fact WHERE body LIKE '%pupil_changed%' AND body LIKE '%Person office%'"),
        5
    );
    let register = |half| format!("/register/{}/2026-11-23-{half}", class(1));
    assert!(office.get(&register("am")).await.body.contains("Pupil2 Test"));
    assert!(!office.get(&register("pm")).await.body.contains("Pupil2 Test"), "moved at noon");

    let add = [
        ("first", "Zoë"),
        ("last", "O’Brien"),
        ("class", two.as_str()),
        ("from_date", "2026-11-23"),
        ("from_half", "pm"),
    ];
    let to = office.send("/pupils/add", &add).await.to().to_owned();
    assert!(to.ends_with("?done=joined"), "{to}");
    assert!(office.get(&format!("/register/{}/2026-11-23-pm", class(2))).await.body.contains("Zoë O’Brien"));
    assert!(!office.get(&format!("/register/{}/2026-11-23-am", class(2))).await.body.contains("Zoë O’Brien"));
    assert_eq!(office.get("/pupils?find=ZOË").await.to(), to.trim_end_matches("?done=joined"));
    assert_eq!(office.send("/pupils/add", &add).await.status, StatusCode::BAD_REQUEST, "the same pupil twice");
    // The whole register decided anew from the facts is what stands: `check` finds nothing.
    let found = crate::check::school_file(world.school.path(), world.school.id(), crate::testing::now(11, 5));
    assert_eq!((found.wrong, found.doubts), (Vec::new(), Vec::new()));
}
