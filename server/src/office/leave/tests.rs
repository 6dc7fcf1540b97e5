//! Leave: asked for by the office, granted by the headteacher alone, also against direct requests.

use crate::auth::Role;
use crate::office::visit::{self, Visitor};
use crate::testing::{at, pupil, world};
use axum::http::StatusCode;

#[tokio::test]
async fn the_headteacher_alone_grants_leave_and_may_grant_less_than_was_asked() {
    let world = world();
    world.set(at(10, 0));
    for (name, role) in [("shah", Role::Office), ("head", Role::Head), ("champion", Role::Champion)] {
        visit::account(&world, world.school.id(), name, role);
    }
    let server = visit::server(&world).await;
    let mut shah = Visitor::logged_in(&server, "shah").await;
    let mut head = Visitor::logged_in(&server, "head").await;
    let ask = format!("/leave/ask/{}", pupil(1));
    assert_eq!(shah.get(&ask).await.status, StatusCode::OK);
    let fields = [
        ("ground", "exceptional"),
        ("asked_by", "Sam Test"),
        ("said", "a funeral abroad"),
        ("evidence", "a letter"),
        ("from_date", "2026-11-24"),
        ("from_half", "am"),
        ("until_date", "2026-11-27"),
        ("until_half", "pm"),
    ];
    for (at, wrong) in [(0, "holiday"), (1, ""), (2, ""), (4, "soon"), (6, "2026-11-20")] {
        let mut bad = fields;
        bad[at].1 = wrong;
        assert_eq!(shah.send(&ask, &bad).await.status, StatusCode::BAD_REQUEST, "{} = {wrong}", fields[at].0);
    }
    assert_eq!(shah.send(&ask, &fields).await.to(), "/leave?done=asked");
    let page = shah.get("/leave").await.body;
    assert!(page.contains("a funeral abroad") && !page.contains("/leave/decide/"), "the office reads: {page}");
    let page = head.get("/leave").await.body;
    let from = page.find("/leave/decide/").expect("a form for the head") + 14;
    let decide = format!("/leave/decide/{}", &page[from..from + 32]);
    let grant = [
        ("decision", "grant"),
        ("reason", "one day for the funeral"),
        ("from_date", "2026-11-24"),
        ("from_half", "am"),
        ("until_date", "2026-11-24"),
        ("until_half", "pm"),
    ];
    // Directly, by the office: neither the decision nor the code.
    assert_eq!(shah.send(&decide, &grant).await.status, StatusCode::FORBIDDEN);
    for (path, extra) in [
        (format!("/amend/{}/2026-11-23-am", pupil(1)), vec![("reason", "x")]),
        (
            format!("/absence/{}/2026-11-24-am", pupil(1)),
            vec![
                ("told_by", "x"),
                ("said", "x"),
                ("from_date", "2026-11-24"),
                ("from_half", "am"),
                ("until_date", "2026-11-24"),
                ("until_half", "pm"),
            ],
        ),
    ] {
        let fields: Vec<_> = [("code", "C")].into_iter().chain(extra).collect();
        let got = shah.send(&path, &fields).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(got.body.contains("the headteacher alone grants"), "{}", got.body);
    }
    assert!(!shah.get(&format!("/amend/{}/2026-11-23-am", pupil(1))).await.body.contains("value=\"C1\""));
    assert_eq!(head.send(&decide, &grant).await.to(), "/leave?done=granted");
    assert_eq!(head.send(&decide, &grant).await.status, StatusCode::CONFLICT, "once");
    let plan = world.one(
        "SELECT code || ' ' || from_on || ' ' || until_on || ' ' || reason FROM plan WHERE pupil = ?1 AND ?2 = 'am'",
        1,
        "am",
    );
    assert_eq!(
        plan.as_deref(),
        Some("C 2026-11-24 2026-11-24 leave granted by Person head, some position: one day for the funeral")
    );
    assert!(shah.get("/leave").await.body.contains("granted, Tue 24 Nov, morning until Tue 24 Nov, afternoon"));
    // A refusal plans nothing.
    shah.send(&format!("/leave/ask/{}", pupil(2)), &fields).await;
    let page = head.get("/leave").await.body;
    let from = page.find("/leave/decide/").unwrap() + 14;
    let refuse = format!("/leave/decide/{}", &page[from..from + 32]);
    assert_eq!(head.send(&refuse, &[("decision", "refuse")]).await.status, StatusCode::BAD_REQUEST, "with a reason");
    assert_eq!(
        head.send(&refuse, &[("decision", "refuse"), ("reason", "no ground")]).await.to(),
        "/leave?done=refused"
    );
    assert_eq!(world.count("SELECT count(*) FROM plan"), 1);
    let wrong = world.school.read_now(|tx| crate::check::school(tx)).unwrap().wrong;
    assert_eq!(wrong, Vec::<String>::new());
    let mut champion = Visitor::logged_in(&server, "champion").await;
    assert_eq!(champion.get("/leave").await.status, StatusCode::OK);
    assert_eq!(champion.send(&ask, &fields).await.status, StatusCode::FORBIDDEN);
}
