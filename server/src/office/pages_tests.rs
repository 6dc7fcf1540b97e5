//! The pages of the office's morning, as they are: a change of any of them is looked at before it is kept.
//!
//! Must never: hold anything that differs from run to run.

use super::visit::{self, Visitor, main_of};
use crate::auth::Role;
use crate::calls::tests::morning;
use crate::testing::{World, at, class, now, pupil};
use axum::http::StatusCode;
use shared::act::Act;
use shared::codes::Code;
use shared::id::PlanId;
use shared::leave::Ground;
use shared::text::{Name, Remark};

/// The morning of `calls`: 09:30, four without a reason, with a plan, a late pupil, a request, a departure and a note.
async fn scene() -> (World, axum::Router) {
    let world = morning().await;
    for role in Role::ALL {
        visit::account(&world, world.school.id(), role.as_str(), role);
    }
    let remark = |text: &str| Remark::new(text).unwrap();
    let plan = |n: u8, id: u8, code: Code, from: &str, until: &str| Act::Planned {
        plan: PlanId::from_bytes([id; 16]),
        pupil: pupil(n),
        from: from.parse().unwrap(),
        until: until.parse().unwrap(),
        code,
        detail: None,
        reason: remark("a letter"),
    };
    world.act(now(8, 30), plan(1, 1, Code::M, "2026-11-24-am", "2026-11-24-am"));
    world.act(now(8, 31), plan(2, 2, Code::D, "2026-11-25-am", "2026-11-25-pm"));
    world.act(
        now(9, 25),
        Act::Amended {
            pupil: pupil(5),
            session: "2026-11-23-am".parse().unwrap(),
            code: Some(Code::L),
            minutes: Some(12),
            detail: None,
            reason: remark("bus"),
            seen: Vec::new(),
        },
    );
    world.act(
        now(9, 26),
        Act::LeaveAsked {
            request: shared::id::LeaveId::from_bytes([9; 16]),
            pupil: pupil(1),
            from: "2026-11-24-am".parse().unwrap(),
            until: "2026-11-25-pm".parse().unwrap(),
            ground: Ground::Exceptional,
            asked_by: Name::new("Sam Test").unwrap(),
            said: remark("a funeral"),
            evidence: None,
        },
    );
    let server = visit::server(&world).await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let out = [("way", "out"), ("date", "2026-11-23"), ("time", "09:20"), ("collected", "Gran"), ("reason", "unwell")];
    assert_eq!(office.send(&format!("/door/note/{}", pupil(8)), &out).await.status, StatusCode::SEE_OTHER);
    let note = [("note", "wears glasses")];
    assert_eq!(office.send(&format!("/pupils/{}/note", pupil(5)), &note).await.status, StatusCode::SEE_OTHER);
    (world, server)
}

/// A page, and that it is one.
async fn main(person: &mut Visitor, path: &str) -> String {
    let got = person.get(path).await;
    assert_eq!(got.status, StatusCode::OK, "{path}: {}", got.body);
    main_of(&got.body)
}

#[tokio::test]
async fn pages_of_the_morning() {
    let (_world, server) = scene().await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let mut head = Visitor::logged_in(&server, "head").await;
    let (one, two, five) = (pupil(1), pupil(2), pupil(5));
    for (name, path) in [
        ("calls", "/calls".to_owned()),
        ("calls_found", "/calls?find=pupil1".to_owned()),
        ("calls_family", format!("/calls/{two}/2026-11-23-am")),
        ("unexplained", "/unexplained".to_owned()),
        ("pupils", format!("/pupils?class={}", class(1))),
        ("pupil", format!("/pupils/{five}")),
        ("pupil_add", "/pupils/add".to_owned()),
        ("take", format!("/take/{}/2026-11-23-pm", class(1))),
        ("paper", "/paper/2026-11-23-am".to_owned()),
        ("ledger_class", format!("/ledger/class/{}/2026-11-23-am", class(1))),
        ("ledger_pupil", format!("/ledger/pupil/{five}")),
        ("plans", "/plans".to_owned()),
        ("plans_of_one", format!("/plans?pupil={one}")),
        ("leave_ask", format!("/leave/ask/{one}")),
        ("late_book", "/door".to_owned()),
        ("late_week", "/door/week".to_owned()),
        ("slips", "/door/slips".to_owned()),
        ("door_find", "/door/note?find=pupil".to_owned()),
        ("door_out", format!("/door/note/{one}")),
        ("door_back", format!("/door/note/{}", pupil(8))),
        ("calendar", "/calendar".to_owned()),
        ("roll_call", "/roll-call".to_owned()),
        ("reception", "/reception".to_owned()),
        ("sessions", "/account".to_owned()),
        ("restored", "/restored".to_owned()),
    ] {
        let page = main(&mut office, &path).await;
        insta::assert_snapshot!(format!("morning_{name}"), page);
    }
    for (name, path) in [("leave_to_decide", "/leave".to_owned()), ("removal", "/removal".to_owned())] {
        insta::assert_snapshot!(format!("morning_{name}"), main(&mut head, &path).await);
    }
}

#[tokio::test]
async fn pages_before_something_is_saved() {
    let (_world, server) = scene().await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let group = class(1).to_string();
    let mut form = vec![
        ("from_date", "2026-11-24"),
        ("from_half", "am"),
        ("until_date", "2026-11-27"),
        ("until_half", "pm"),
        ("weekday", "Tue"),
        ("weekday", "Wed"),
        ("code", "V"),
        ("detail", "the museum"),
        ("reason", "the trip letter"),
        ("class", group.as_str()),
    ];
    insta::assert_snapshot!("before_a_group", main_of(&office.send("/plans/preview", &form).await.body));
    form.extend([("told_by", "Sam Test, father"), ("said", "flu")]);
    form[6].1 = "I";
    let path = format!("/absence/{}/2026-11-24-am", pupil(1));
    insta::assert_snapshot!("before_an_absence", main_of(&office.send(&path, &form).await.body));
    let sheet = "Class,Year group,First name,Surname,Date of birth,Left\nClass 2,Year 3,Pupil1,Test,2018-05-05,\n\
                 Class 1,Year 3,Ada,New,2018-01-02,\nClass 1,Year 3,Bo,Bad,2018-02-30,\n";
    let csrf = office.csrf().await;
    let page = office.upload(&csrf, "pupils.csv", sheet).await;
    insta::assert_snapshot!("before_an_import", main_of(&page.body));
}

/// What each role sees of Today: the committee and the trust read numbers, and no name.
#[tokio::test]
async fn today_as_each_role_has_it() {
    let (world, server) = scene().await;
    world.set(at(9, 31));
    for role in [Role::Committee, Role::Trust, Role::Champion] {
        let mut person = Visitor::logged_in(&server, role.as_str()).await;
        let page = main(&mut person, "/today").await;
        assert!(role == Role::Champion || !page.contains("Pupil"), "{page}");
        insta::assert_snapshot!(format!("today_{}", role.as_str()), page);
    }
}
