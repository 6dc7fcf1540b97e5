//! Plans for classes and groups: looked at first, saved for those who are ticked, and never leave from the office.

use crate::auth::Role;
use crate::office::visit::{self, Visitor};
use crate::testing::{at, class, now, pupil, session, world};
use axum::http::StatusCode;
use shared::act::Act;
use shared::codes::Code;
use shared::id::PlanId;
use shared::text::Remark;

#[tokio::test]
async fn a_visit_is_planned_for_a_class_without_those_who_stay() {
    let world = world();
    world.set(at(8, 45));
    for (name, role) in [("shah", Role::Office), ("head", Role::Head), ("champion", Role::Champion)] {
        visit::account(&world, world.school.id(), name, role);
    }
    let reason = Remark::new("Mum: chickenpox").unwrap();
    let (from, until) = (session("am"), session("pm"));
    let plan = PlanId::from_bytes([1; 16]);
    world.act(now(8, 41), Act::Planned { plan, pupil: pupil(3), from, until, code: Code::I, detail: None, reason });
    let server = visit::server(&world).await;
    let mut shah = Visitor::logged_in(&server, "shah").await;
    assert_eq!(shah.get("/plans").await.status, StatusCode::OK);
    let one = class(1).to_string();
    let head = [
        ("from_date", "2026-11-23"),
        ("from_half", "am"),
        ("until_date", "2026-12-04"),
        ("until_half", "pm"),
        ("weekday", "Mon"),
        ("weekday", "Wed"),
        ("code", "V"),
        ("detail", "the museum"),
        ("reason", "Miss Grant: the trip letter"),
    ];
    let with = |more: &[(&'static str, String)]| -> Vec<(&'static str, String)> {
        head.iter().map(|(a, b)| (*a, (*b).to_owned())).chain(more.iter().cloned()).collect()
    };
    let asked = with(&[("class", one)]);
    let asked: Vec<(&str, &str)> = asked.iter().map(|(a, b)| (*a, b.as_str())).collect();
    let page = shah.send("/plans/preview", &asked).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for words in [
        "Pupil1 Test",
        "planned already: I, Illness",
        "Mon 23 Nov, all day",
        "Wed 2 Dec, all day",
        "Something stands already for 1 pupil",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert_eq!(world.count("SELECT count(*) FROM plan"), 1, "looking at it saves nothing");
    let saved = with(&[("pupil", pupil(1).to_string()), ("pupil", pupil(2).to_string())]);
    let saved: Vec<(&str, &str)> = saved.iter().map(|(a, b)| (*a, b.as_str())).collect();
    assert_eq!(shah.send("/plans/save", &saved).await.to(), "/plans?done=8");
    assert_eq!(
        world.count("SELECT count(*) FROM plan WHERE code = 'V' AND from_on = until_on AND detail = 'the museum'"),
        8
    );
    assert!(shah.get("/plans").await.body.contains("Pupil1 Test, Pupil2 Test"));
    world.school.write_now(|tx| crate::jobs::close_due(tx, now(9, 20))).unwrap();
    assert_eq!((world.code(1, "am").as_deref(), world.code(4, "am")), (Some("V"), None));
    // What is wrong is said, and nothing is written.
    for (name, value) in [("code", "N"), ("code", "/"), ("detail", ""), ("reason", ""), ("from_date", "soon")] {
        let bad: Vec<_> = saved.iter().map(|(n, v)| (*n, if *n == name { value } else { v })).collect();
        assert_eq!(shah.send("/plans/save", &bad).await.status, StatusCode::BAD_REQUEST, "{name} = {value}");
    }
    let leave: Vec<_> = saved.iter().map(|(n, v)| (*n, if *n == "code" { "C" } else { v })).collect();
    let got = shah.send("/plans/save", &leave).await;
    assert!(got.body.contains("the headteacher alone grants"), "{}", got.body);
    assert_eq!(shah.send("/plans/save", &head).await.status, StatusCode::BAD_REQUEST, "for nobody");
    assert_eq!(world.count("SELECT count(*) FROM plan"), 9);
    let mut person = Visitor::logged_in(&server, "head").await;
    // The visit stands by now, and the head's page did not show it: it is shown, with the same pupils ticked, before anything is saved.
    let page = person.send("/plans/save", &leave).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let (who, other) = (pupil(1).to_string(), pupil(3).to_string());
    for words in
        ["Something has changed since you looked", "planned already: V", &format!("value=\"{who}\" checked"), &other]
    {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains(&format!("value=\"{other}\" checked")), "{}", page.body);
    assert_eq!(world.count("SELECT count(*) FROM plan"), 9);
    let marks = page.body.split("name=\"seen-").skip(1).filter_map(|rest| rest.split_once("\" value=\""));
    let marks: Vec<(String, &str)> = marks.map(|(id, rest)| (format!("seen-{id}"), &rest[..8])).collect();
    let told: Vec<(&str, &str)> = leave.iter().copied().chain(marks.iter().map(|(a, b)| (a.as_str(), *b))).collect();
    assert_eq!(person.send("/plans/save", &told).await.status, StatusCode::SEE_OTHER, "the headteacher may");
    assert_eq!(world.count("SELECT count(*) FROM plan"), 17);
    let mut champion = Visitor::logged_in(&server, "champion").await;
    assert_eq!(champion.send("/plans/save", &saved).await.status, StatusCode::FORBIDDEN);
    assert_eq!(champion.get("/plans").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_groups_plan_is_withdrawn_at_once_and_with_those_that_come_later() {
    let world = world();
    world.set(at(8, 45));
    for role in [Role::Office, Role::Champion] {
        visit::account(&world, world.school.id(), role.as_str(), role);
    }
    let server = visit::server(&world).await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let (one, two, three) = (pupil(1).to_string(), pupil(2).to_string(), pupil(6).to_string());
    fn form<'a>(code: &'a str, pupils: Vec<&'a str>) -> Vec<(&'a str, &'a str)> {
        let mut fields = vec![
            ("from_date", "2026-11-23"),
            ("from_half", "am"),
            ("until_date", "2026-12-04"),
            ("until_half", "pm"),
            ("weekday", "Wed"),
            ("code", code),
            ("detail", "swimming"),
            ("reason", "the club"),
        ];
        fields.extend(pupils.into_iter().map(|pupil| ("pupil", pupil)));
        fields
    }
    let group = form("P", vec![&one, &two]);
    assert_eq!(office.send("/plans/save", &group).await.to(), "/plans?done=4");
    assert_eq!(office.send("/plans/save", &form("B", vec![&three])).await.to(), "/plans?done=2");
    let withdraw = |later: &'static str| {
        vec![
            ("from", "2026-11-25-am"),
            ("until", "2026-11-25-pm"),
            ("code", "P"),
            ("detail", "swimming"),
            ("reason", "the club"),
            ("why", "the pool is shut"),
            ("later", later),
        ]
    };
    let mut champion = Visitor::logged_in(&server, "champion").await;
    assert_eq!(champion.send("/plans/withdraw", &withdraw("true")).await.status, StatusCode::FORBIDDEN);
    let mut nothing = withdraw("");
    nothing[5].1 = "";
    assert_eq!(office.send("/plans/withdraw", &nothing).await.status, StatusCode::BAD_REQUEST, "why is needed");
    assert_eq!(office.send("/plans/withdraw", &withdraw("")).await.to(), "/plans?gone=2");
    let open = "SELECT count(*) FROM plan WHERE withdrawn_at IS NULL";
    assert_eq!(world.count(open), 4, "of that day, for both; not the week after, nor another plan");
    assert_eq!(office.send("/plans/withdraw", &withdraw("")).await.status, StatusCode::BAD_REQUEST, "it is gone");
    assert_eq!(office.send("/plans/withdraw", &withdraw("true")).await.to(), "/plans?gone=2");
    assert_eq!(world.count(open), 2);
    assert_eq!(
        world.count("SELECT count(*) FROM fact WHERE body LIKE '%plan_withdrawn%' AND body LIKE '%the pool is shut%'"),
        4
    );
    // From a pupil's page the form is for that pupil alone, and a part-time timetable says its dates by itself.
    visit::account(&world, world.school.id(), "head", Role::Head);
    let mut head = Visitor::logged_in(&server, "head").await;
    let page = head.get(&format!("/plans?pupil={three}")).await;
    assert!(page.body.contains("Plan for Pupil6 Test"), "{}", page.body);
    let class_two = class(2).to_string();
    let mut timetable = form("C2", vec![]);
    timetable[6].1 = "";
    timetable.extend([("only", three.as_str()), ("class", class_two.as_str())]);
    let page = head.send("/plans/preview", &timetable).await.body;
    assert!(page.contains("Pupil6 Test") && !page.contains("Pupil7 Test"), "{page}");
    assert!(page.contains("23 November 2026, morning to 4 December 2026, afternoon; on Wed"), "{page}");
    assert!(office.send("/plans/preview", &timetable).await.status.is_client_error(), "only the headteacher");
    // The list is sifted by its address, and its file has the same rows.
    let list = office.get("/plans?filter=pupil6").await.body;
    assert!(list.contains("Pupil6 Test"), "{list}");
    assert!(!office.get("/plans?filter=nobody").await.body.contains("Pupil6 Test"));
    let csv = office.get("/plans?as=csv").await.body;
    assert!(csv.contains("Pupil6 Test,Class 2,2026-11-25-am,2026-11-25-pm,B,"), "{csv}");
}
