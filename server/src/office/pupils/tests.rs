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
