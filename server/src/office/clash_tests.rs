//! Every form that plans says what stands against it before it saves anything, and saves over nothing that it did not show.

use crate::auth::Role;
use crate::calls::tests::morning;
use crate::office::visit::{self, Got, Visitor};
use crate::testing::{World, at, now, pupil, session, world};
use axum::http::StatusCode;
use shared::act::Act;
use shared::codes::Code;
use shared::id::PlanId;
use shared::text::Remark;

fn amended(n: u8, half: &str, code: Code) -> Act {
    let reason = Remark::new("seen in class").unwrap();
    let (minutes, detail, seen) = (None, None, Vec::new());
    Act::Amended { pupil: pupil(n), session: session(half), code: Some(code), minutes, detail, reason, seen }
}

fn planned(n: u8, id: u8, code: Code, days: (&str, &str)) -> Act {
    let (from, until) = (days.0.parse().unwrap(), days.1.parse().unwrap());
    let reason = Remark::new("a letter").unwrap();
    Act::Planned { plan: PlanId::from_bytes([id; 16]), pupil: pupil(n), from, until, code, detail: None, reason }
}

/// The page that says what stands: everything on it, and nothing saved.
fn stands(got: &Got, all: &[&str]) {
    assert_eq!(got.status, StatusCode::OK, "{} {}", got.to(), got.body);
    for words in ["Before it is saved", "Nothing has been saved yet."].iter().chain(all) {
        assert!(got.body.contains(words), "{words}: {}", got.body);
    }
}

/// Presses the page's button: the fields that it carries, as a browser sends them.
async fn press(visitor: &mut Visitor, path: &str, page: &Got) -> Got {
    let form = &page.body[page.body.rfind("<form class=\"sheet\" method=\"post\"").unwrap()..];
    assert!(form.starts_with(&format!("<form class=\"sheet\" method=\"post\" action=\"{path}\"")), "{form}");
    let fields: Vec<(String, String)> = form
        .split("<input type=\"hidden\" name=\"")
        .skip(1)
        .map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"").unwrap();
            (name.to_owned(), rest.split('"').next().unwrap().replace("&#39;", "'").replace("&#38;", "&"))
        })
        .collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    visitor.post(path, &fields).await
}

async fn office(world: &World) -> Visitor {
    world.set(at(10, 0));
    visit::account(world, world.school.id(), "shah", Role::Office);
    Visitor::logged_in(&visit::server(world).await, "shah").await
}

#[tokio::test]
async fn one_pupils_absence_says_what_stands_and_a_change_since_is_shown_again() {
    let world = world();
    let mut shah = office(&world).await;
    world.act(now(8, 30), planned(1, 1, Code::M, ("2026-11-24-am", "2026-11-24-am")));
    world.act(now(8, 55), amended(1, "am", Code::PRESENT_AM));
    let path = format!("/absence/{}/2026-11-23-am", pupil(1));
    let fields = [
        ("told_by", "Sam Test & 'Jo'"),
        ("said", "flu"),
        ("code", "I"),
        ("from_date", "2026-11-23"),
        ("from_half", "am"),
        ("until_date", "2026-11-25"),
        ("until_half", "pm"),
    ];
    let page = shah.send(&path, &fields).await;
    let told =
        "planned already: M, Medical or dental appointment, Tue 24 Nov, morning; the new one counts where both hold";
    stands(
        &page,
        &["Pupil1 Test", told, "/ stands already: Monday 23 November, morning; it stays, for the office wrote it"],
    );
    assert_eq!(world.count("SELECT count(*) FROM plan"), 1);
    // Somebody plans a visit meanwhile: the button that did not show it saves nothing.
    world.act(now(10, 1), planned(1, 2, Code::D, ("2026-11-25-am", "2026-11-25-pm")));
    let again = press(&mut shah, &path, &page).await;
    stands(&again, &["planned already: D, ", "Wed 25 Nov, all day"]);
    assert_eq!(world.count("SELECT count(*) FROM plan"), 2);
    let guessed: Vec<_> = fields.into_iter().chain([("seen", "00000000")]).collect();
    stands(&shah.send(&path, &guessed).await, &[told]);
    let saved = press(&mut shah, &path, &again).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let reason = "SELECT reason FROM plan WHERE code = 'I' AND pupil = ?1 AND ?2 = 'am'";
    assert_eq!(world.one(reason, 1, "am").as_deref(), Some("Sam Test & 'Jo': flu"));
    // What the page says holds: the office's mark stays, and the newest plan is what kiosks expect.
    world.school.write_now(|tx| crate::jobs::close_due(tx, now(10, 2))).unwrap();
    assert_eq!(world.code(1, "am").as_deref(), Some("/"));
    // With nothing against it, one press saves, as on a morning of thirty telephone calls.
    let path = format!("/absence/{}/2026-11-23-am", pupil(4));
    assert_eq!(shah.send(&path, &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.count("SELECT count(*) FROM plan"), 4);
}

#[tokio::test]
async fn the_newest_of_two_plans_counts_as_the_page_says() {
    let world = world();
    let mut shah = office(&world).await;
    world.act(now(8, 30), planned(1, 1, Code::M, ("2026-11-23-pm", "2026-11-23-pm")));
    let path = format!("/absence/{}/2026-11-23-pm", pupil(1));
    let fields = [
        ("told_by", "Sam"),
        ("said", "flu"),
        ("code", "I"),
        ("from_date", "2026-11-23"),
        ("from_half", "pm"),
        ("until_date", "2026-11-23"),
        ("until_half", "pm"),
    ];
    let page = shah.send(&path, &fields).await;
    stands(&page, &["the new one counts where both hold"]);
    press(&mut shah, &path, &page).await;
    world.school.write_now(|tx| crate::jobs::close_due(tx, now(13, 31))).unwrap();
    assert_eq!(world.code(1, "pm").as_deref(), Some("I"));
}

#[tokio::test]
async fn leave_says_what_stands_when_it_is_asked_for_and_again_when_it_is_granted() {
    let world = world();
    let mut shah = office(&world).await;
    visit::account(&world, world.school.id(), "head", Role::Head);
    let mut head = Visitor::logged_in(&visit::server(&world).await, "head").await;
    let ask = format!("/leave/ask/{}", pupil(1));
    let fields = [
        ("ground", "exceptional"),
        ("asked_by", "Sam Test"),
        ("said", "a funeral"),
        ("evidence", ""),
        ("from_date", "2026-11-24"),
        ("from_half", "am"),
        ("until_date", "2026-11-25"),
        ("until_half", "pm"),
    ];
    assert_eq!(shah.send(&ask, &fields).await.to(), "/leave?done=asked");
    // Asked for twice: the page says that the first waits.
    let page = shah.send(&ask, &fields).await;
    stands(
        &page,
        &["leave is asked for: Tue 24 Nov, morning until Wed 25 Nov, afternoon; the headteacher has not decided"],
    );
    assert_eq!(world.count("SELECT count(*) FROM leave_request"), 1);
    // A visit is planned meanwhile. The headteacher reads it beside the request, and before the grant.
    world.act(now(10, 1), planned(1, 2, Code::D, ("2026-11-25-am", "2026-11-25-pm")));
    let list = head.get("/leave").await.body;
    assert!(
        list.contains("planned already: D") && !list.contains("leave is asked for: "),
        "not against itself: {list}"
    );
    let from = list.find("/leave/decide/").unwrap() + 14;
    let decide = format!("/leave/decide/{}", &list[from..from + 32]);
    let mut grant = vec![
        ("decision", "grant"),
        ("reason", "both days"),
        ("from_date", "2026-11-24"),
        ("from_half", "am"),
        ("until_date", "2026-11-25"),
        ("until_half", "pm"),
    ];
    let page = head.send(&decide, &grant).await;
    stands(&page, &["planned already: D", "Wed 25 Nov, all day; the new one counts where both hold"]);
    let waits = "SELECT count(*) FROM leave_request WHERE decided_at IS NULL";
    assert_eq!(world.count(waits), 1);
    // For the day without a visit nothing stands against it.
    grant[4].1 = "2026-11-24";
    assert_eq!(head.send(&decide, &grant).await.to(), "/leave?done=granted");
    assert_eq!(world.count(waits), 0);
}

#[tokio::test]
async fn a_closure_says_which_plans_fall_on_it() {
    let world = world();
    let mut shah = office(&world).await;
    for n in 1..=3 {
        world.act(now(8, 30), planned(n, n, Code::D, ("2026-12-03-am", "2026-12-03-pm")));
    }
    let close = [("from", "2026-12-03"), ("until", "2026-12-04"), ("kind", "planned"), ("why", "polling station")];
    let page = shah.send("/calendar/close", &close).await;
    stands(
        &page,
        &[
            "D, Dual registered, expected at the other school: 3 pupils, Thu 3 Dec, all day; on a closed day nothing of it is posted",
        ],
    );
    let thursday = chrono::NaiveDate::from_ymd_opt(2026, 12, 3).unwrap();
    let open = || world.school.read_now(|tx| Ok(tx.calendar()?.is_school_day(thursday))).unwrap();
    assert!(open(), "looking at it closes nothing");
    assert_eq!(press(&mut shah, "/calendar/close", &page).await.to(), "/calendar?done=closed");
    assert!(!open());
    let again = shah.send("/calendar/close", &close).await;
    stands(
        &again,
        &[
            "closed stands already: 3 December 2026 to 4 December 2026 polling station",
            "no school on these days anyway",
        ],
    );
}

#[tokio::test]
async fn the_reason_of_a_call_says_what_is_planned_for_the_days_after() {
    let world = morning().await;
    visit::account(&world, world.school.id(), "shah", Role::Office);
    let mut shah = Visitor::logged_in(&visit::server(&world).await, "shah").await;
    world.act(now(9, 30), planned(2, 1, Code::M, ("2026-11-24-am", "2026-11-24-am")));
    let family = format!("/calls/{}/2026-11-23-am", pupil(2));
    shah.send(&format!("{family}/claim"), &[]).await;
    let (call, id) = (shah.get(&family).await.field("call"), pupil(2).to_string());
    let fields = [
        ("call", call.as_str()),
        ("name", "Jo Test"),
        ("said", "a temperature"),
        ("child", id.as_str()),
        ("code", "I"),
        ("until_date", "2026-11-24"),
        ("until_half", "pm"),
    ];
    let path = format!("{family}/reason");
    let page = shah.send(&path, &fields).await;
    stands(&page, &["Pupil2 Test", "planned already: M", "Tue 24 Nov, morning"]);
    assert!(!page.body.contains("N stands already"), "what a reason is for: {}", page.body);
    assert_eq!((world.count("SELECT count(*) FROM plan"), world.count("SELECT count(*) FROM call")), (1, 0));
    assert_eq!(press(&mut shah, &path, &page).await.to(), "/calls?done=reason");
    assert_eq!((world.count("SELECT count(*) FROM plan"), world.count("SELECT count(*) FROM call")), (2, 1));
}
