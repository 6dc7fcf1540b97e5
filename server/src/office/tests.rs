//! The office's pages over a real school's file: what a person reads, and what an act leaves in the record.

use super::visit::{self, Visitor, main_of, steady};
use crate::auth::Role;
use crate::testing::{Kiosk, World, at, class, pupil, session, world};
use axum::http::StatusCode;
use shared::observation::{Mark, Means, Observation};
use shared::wire::v1::Mode;

struct Scene {
    world: World,
    server: axum::Router,
    room: Kiosk,
    desk: Kiosk,
}

/// 09:00 of a morning: Class 1 has its register in, with one pupil missing; somebody came late.
async fn scene() -> Scene {
    let world = world();
    visit::account(&world, world.school.id(), "shah", Role::Office);
    world
        .school
        .write_now(|tx| {
            for (rank, who, telephone) in [(1, "Mum", "07700 900142"), (2, "Dad", "07700 900143")] {
                tx.execute(
                    "INSERT INTO contact (pupil, rank, name, relation, telephone) VALUES (?1, ?2, 'Sam Test', ?3, ?4)",
                    rusqlite::params![pupil(2).as_bytes(), rank, who, telephone],
                )?;
            }
            Ok(())
        })
        .unwrap();
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    let mut desk = world.enrol(Mode::Reception, &[]).await;
    world.set(at(9, 0));
    room.anchor(at(8, 50));
    for n in [1, 3, 4, 5] {
        room.tap(at(8, 52), "am", 1, n, Mark::Present);
    }
    room.tap(at(8, 53), "am", 1, 2, Mark::Absent);
    room.submit(at(8, 57), "am", 1, 1..=5);
    world.push(&room).await;
    room.sent = room.entries.len();
    desk.anchor(at(8, 50));
    desk.write(at(8, 58), arrival(5));
    world.push(&desk).await;
    desk.sent = desk.entries.len();
    let server = visit::server(&world).await;
    Scene { world, server, room, desk }
}

fn arrival(n: u8) -> Observation {
    Observation::Arrived { pupil: pupil(n), means: Means::Card, session: Some(session("am")), reason: None }
}

#[tokio::test]
async fn pages_as_they_are() {
    let scene = scene().await;
    let mut person = Visitor::new(&scene.server);
    insta::assert_snapshot!("login", steady(&person.get("/login").await.body));
    person.log_in("shah", visit::PASSWORD).await;
    insta::assert_snapshot!("today", main_of(&person.get("/today").await.body));
    let register = format!("/register/{}/{}", class(1), session("am"));
    insta::assert_snapshot!("register", main_of(&person.get(&register).await.body));
    let amend = format!("/amend/{}/{}", pupil(2), session("am"));
    insta::assert_snapshot!("amend", main_of(&person.get(&amend).await.body));
    let absence = format!("/absence/{}/{}", pupil(2), session("am"));
    insta::assert_snapshot!("absence", main_of(&person.get(&absence).await.body));
    insta::assert_snapshot!("kiosks", main_of(&person.get("/kiosks").await.body));
    insta::assert_snapshot!("nothing", steady(&person.get("/nothing").await.body));
}

#[tokio::test]
async fn an_amendment_keeps_the_five_parts() {
    let scene = scene().await;
    let mut person = Visitor::logged_in(&scene.server, "shah").await;
    let address = format!("/amend/{}/{}", pupil(5), session("am"));
    let page = person.get(&address).await;
    assert!(page.body.contains("some position"), "the position that will be recorded is on the page");
    let seen = page.field("seen");
    assert!(!seen.is_empty(), "what the officer has before them travels with the form");
    world_time(&scene, 10, 15);
    let form = [("code", "M"), ("detail", ""), ("reason", "Dentist, letter seen"), ("seen", &seen)];
    let got = person.send(&address, &form).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.body);
    assert_eq!(scene.world.code(5, "am").as_deref(), Some("M"));
    let row = scene
        .world
        .school
        .read_now(|tx| {
            Ok(tx.query_row(
                "SELECT original, code, reason, made_at, by_name, by_position, is_change FROM entry
                 WHERE pupil = ?1 ORDER BY id DESC LIMIT 1",
                [pupil(5).as_bytes()],
                |r| {
                    let texts: [String; 5] = [r.get(0)?, r.get(1)?, r.get(2)?, r.get(4)?, r.get(5)?];
                    Ok((texts, r.get::<_, i64>(3)?, r.get::<_, bool>(6)?))
                },
            )?)
        })
        .unwrap();
    assert_eq!(row.0, ["L", "M", "Dentist, letter seen", "Person shah", "some position"].map(str::to_owned));
    assert_eq!((row.1, row.2), (at(10, 15).0, true));
    let register = person.get(got.to().split('#').next().unwrap()).await;
    assert!(register.body.contains("<b>L</b> became <b>M</b>") && register.body.contains("Dentist, letter seen"));
}

fn world_time(scene: &Scene, hour: i64, minute: i64) {
    scene.world.set(at(hour, minute));
}

#[tokio::test]
async fn what_the_officer_had_not_seen_is_a_question_and_is_settled_by_a_person() {
    let mut scene = scene().await;
    let mut person = Visitor::logged_in(&scene.server, "shah").await;
    let address = format!("/amend/{}/{}", pupil(2), session("am"));
    let seen = person.get(&address).await.field("seen");
    // While the page stood open, the pupil signed in at reception.
    scene.desk.write(at(8, 59), arrival(2));
    scene.world.push(&scene.desk).await;
    let got = person.send(&address, &[("code", "I"), ("reason", "Mum called"), ("seen", &seen)]).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER);
    assert_eq!(scene.world.code(2, "am").as_deref(), Some("I"), "the office's word stands");
    let today = person.get("/today?half=am").await;
    assert!(today.body.contains("for you"), "{}", today.body);
    let from = today.body.find("/question/").expect("a link to the question");
    let link = today.body[from..].split('"').next().unwrap().to_owned();
    let page = person.get(&link).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let refused = person.send(&link, &[("answer", "whatever"), ("seen", &page.field("seen"))]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let got = person.send(&link, &[("answer", "as it stands"), ("seen", &page.field("seen"))]).await;
    assert_eq!(got.to(), "/today?half=am");
    assert_eq!(scene.world.count("SELECT count(*) FROM question WHERE pupil IS NOT NULL"), 0);
    assert_eq!(scene.world.code(2, "am").as_deref(), Some("I"));
    assert_eq!(person.get(&link).await.status, StatusCode::NOT_FOUND, "it is settled");
}

#[tokio::test]
async fn a_known_absence_takes_the_pupil_off_the_list_and_can_be_withdrawn() {
    let scene = scene().await;
    let mut person = Visitor::logged_in(&scene.server, "shah").await;
    let list = |body: &str| body.contains("Pupil2 Test</span>");
    assert!(list(&person.get("/today?half=am").await.body));
    let address = format!("/absence/{}/{}", pupil(2), session("am"));
    let page = person.get(&address).await;
    assert!(page.body.contains("tel:07700900142") && page.body.contains("07700 900143"), "every contact, in order");
    let form = [
        ("code", "I"),
        ("from_date", "2026-11-23"),
        ("from_half", "am"),
        ("until_date", "2026-11-24"),
        ("until_half", "pm"),
        ("told_by", "Sam Test, mother, by telephone"),
        ("said", "a temperature since Sunday"),
    ];
    let got = person.send(&address, &form).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.body);
    assert!(!list(&person.get("/today?half=am").await.body), "a reason is known now");
    let register = person.get(got.to().split('#').next().unwrap()).await;
    assert!(register.body.contains("Sam Test, mother, by telephone: a temperature since Sunday"));
    let from = register.body.find("/absence/withdraw/").unwrap();
    let link = register.body[from..].split('"').next().unwrap().to_owned();
    let got = person.send(&link, &[("reason", ""), ("back", "2026-11-23-am")]).await;
    assert_eq!(got.status, StatusCode::BAD_REQUEST, "a reason is needed");
    let got = person.send(&link, &[("reason", "wrong pupil"), ("back", "2026-11-23-am")]).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER);
    assert!(list(&person.get("/today?half=am").await.body));
    let again = person.send(&link, &[("reason", "wrong pupil"), ("back", "2026-11-23-am")]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "withdrawn once");
}

#[tokio::test]
async fn what_a_form_may_not_say_is_refused_with_words_and_changes_nothing() {
    let scene = scene().await;
    let mut person = Visitor::logged_in(&scene.server, "shah").await;
    let amend = format!("/amend/{}/{}", pupil(1), session("am"));
    let before = scene.world.count("SELECT count(*) FROM entry");
    let long = "x".repeat(501);
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("code", "I"), ("reason", " ")], "The reason is missing"),
        (&[("code", "V"), ("reason", "trip")], "needs the nature of it"),
        (&[("code", "F"), ("reason", "old")], "Choose a code"),
        (&[("code", "\\"), ("reason", "half")], "Choose a code"),
        (&[("code", "L"), ("minutes", "soon"), ("reason", "late")], "Minutes late"),
        (&[("code", "I"), ("reason", &long)], "too long"),
    ];
    for (form, words) in cases {
        let got = person.send(&amend, form).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{words}");
        assert!(got.body.contains(words), "{words}: {}", got.body);
    }
    let absence = format!("/absence/{}/{}", pupil(1), session("am"));
    let got = person.send(&absence, &[("code", "I"), ("told_by", "Mum"), ("said", "ill")]).await;
    assert_eq!(got.status, StatusCode::BAD_REQUEST, "dates are missing");
    assert_eq!(scene.world.count("SELECT count(*) FROM entry"), before);
    assert_eq!(scene.world.count("SELECT count(*) FROM plan"), 0);
}

#[tokio::test]
async fn a_code_for_a_whole_box_is_shown_once_and_ended() {
    let scene = scene().await;
    let mut person = Visitor::logged_in(&scene.server, "shah").await;
    let made = person.send("/kiosks/box", &[("kiosks", "30"), ("until", "2026-11-27")]).await;
    assert!(made.body.contains("30 of 30 kiosks left, to the end of Friday 27 November"), "{}", made.body);
    let (_, code) = made.body.split_once("code = \"").unwrap();
    let (code, _) = code.split_once('"').unwrap();
    assert_eq!(code.len(), 19, "{code}");
    assert!(made.body.contains(&scene.world.app.pin.to_string()));
    let page = person.get("/kiosks").await.body;
    assert!(page.contains("30 of 30 kiosks left") && !page.contains(code), "shown once");
    person.send("/kiosks/box/1/end", &[]).await;
    assert!(!person.get("/kiosks").await.body.contains("30 of 30"));
    for (kiosks, until) in [("0", "2026-11-27"), ("many", "2026-11-27"), ("3", "2020-01-01"), ("3", "Friday")] {
        let got = person.send("/kiosks/box", &[("kiosks", kiosks), ("until", until)]).await;
        assert!(got.status.is_client_error() && !got.body.contains("code = "), "{kiosks} {until}: {}", got.status);
    }
}

#[tokio::test]
async fn a_kiosk_is_enrolled_by_its_code_and_revoked() {
    let scene = scene().await;
    let mut person = Visitor::logged_in(&scene.server, "shah").await;
    let got = person.send("/kiosks/enrol", &[("code", "AAAA-AAAA")]).await;
    assert_eq!(got.status, StatusCode::BAD_REQUEST);
    let nonce = [3; 32];
    let commit = shared::log::Hash(crate::secret::sha256(&nonce));
    let ask = serde_json::json!({"commit": commit, "app": "0.1.0"});
    let (_, body) = scene.world.post("/enrol/v1/request", None, ask.to_string().as_bytes()).await;
    let ticket: shared::wire::v1::EnrolTicket = serde_json::from_slice(&body).unwrap();
    let poll = serde_json::json!({"ticket": ticket.ticket, "nonce": crate::secret::hex(&nonce)});
    scene.world.post("/enrol/v1/poll", None, poll.to_string().as_bytes()).await;
    let word = shared::wire::check_word(scene.world.app.pin, &nonce, &ticket.code);
    let got = person.send("/kiosks/enrol", &[("code", &ticket.code.to_lowercase())]).await;
    let page = got.to().to_owned();
    assert!(person.get(&page).await.body.contains(&word), "the same word as on the kiosk's screen");
    let class = class(2).to_string();
    let form = [("room", "Room 9"), ("mode", "classroom"), ("class", class.as_str()), ("decision", "grant")];
    assert_eq!(person.send(&page, &form).await.status, StatusCode::BAD_REQUEST, "nobody compared the word");
    let form: Vec<_> = form.into_iter().chain([("compared", "yes")]).collect();
    let got = person.send(&page, &form).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.body);
    let (_, body) = scene.world.post("/enrol/v1/poll", None, poll.to_string().as_bytes()).await;
    assert!(String::from_utf8_lossy(&body).contains("granted"));
    let kiosk = got.to().split("#k").nth(1).unwrap().to_owned();
    assert!(person.get("/kiosks").await.body.contains("Room 9"));
    person.send(&format!("/kiosks/revoke/{}", scene.room.id), &[]).await;
    assert!(person.get("/kiosks").await.body.contains("revoked 09:00"));
    person.send(&format!("/kiosks/revoke/{kiosk}"), &[]).await;
    assert_eq!(scene.world.count("SELECT count(*) FROM kiosk WHERE revoked_at IS NOT NULL"), 2);
}
