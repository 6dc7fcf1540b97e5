//! Logging in, over the whole router.

use super::{Role, session};
use crate::office::visit::{self, Visitor};
use crate::testing::{World, at, world};
use axum::http::StatusCode;
use axum::http::header;

async fn office() -> (World, axum::Router) {
    let world = world();
    visit::account(&world, world.school.id(), "j.shah", Role::Office);
    let server = visit::server(&world).await;
    (world, server)
}

#[tokio::test]
async fn the_session_before_the_log_in_is_worth_nothing_after_it() {
    let (_world, server) = office().await;
    let mut planted = Visitor::new(&server);
    planted.get("/login").await;
    let mut victim = planted.clone();
    let got = victim.log_in("J.Shah", visit::PASSWORD).await;
    assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/today"));
    assert_ne!(victim.cookie, planted.cookie, "a new id at log-in");
    assert_eq!(victim.get("/today").await.status, StatusCode::OK);
    assert_eq!(planted.get("/today").await.to(), "/login", "whoever planted the old id is nobody");
    let invented = format!("{}=AAAAAAAAAAAAAAAAAAAAAA", session::COOKIE);
    let mut fixed = Visitor::new(&server);
    fixed.cookie = Some(invented.clone());
    fixed.log_in("j.shah", visit::PASSWORD).await;
    assert_ne!(fixed.cookie, Some(invented), "an id that a browser made up is not taken on");
}

#[tokio::test]
async fn the_cookie_stays_with_the_browser() {
    let (world, server) = office().await;
    let got = Visitor::new(&server).get("/login").await;
    let cookie = got.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains("Secure"));
    let sessions = session::open(world.folder.path()).await.unwrap();
    let over_tls = crate::router::build(world.app.clone(), sessions, true);
    let got = Visitor::new(&over_tls).get("/login").await;
    assert!(got.headers[header::SET_COOKIE].to_str().unwrap().contains("Secure"));
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_get_the_same_answer() {
    let (_world, server) = office().await;
    let mut visitor = Visitor::new(&server);
    let without_token = |body: String| {
        let from = body.find("name=\"csrf\"").unwrap();
        let until = body[from..].find('>').unwrap();
        format!("{}{}", &body[..from], &body[from + until..])
    };
    let wrong = visitor.log_in("j.shah", "not the password").await;
    let unknown = visitor.log_in("nobody", "not the password").await;
    assert_eq!((wrong.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(without_token(wrong.body).replace("j.shah", "nobody"), without_token(unknown.body));
}

#[tokio::test]
async fn five_failures_make_even_the_right_password_wait_and_a_restart_forgives_nothing() {
    let (world, server) = office().await;
    let mut visitor = Visitor::new(&server);
    for _ in 0..shared::limits::LOGIN_FAILURES {
        assert_eq!(visitor.log_in("j.shah", "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let got = visitor.log_in("j.shah", visit::PASSWORD).await;
    assert_eq!(got.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(got.body.contains("Wait 30 seconds"), "{}", got.body);
    // The same folder, opened anew.
    let stores = crate::store::Stores::open(world.folder.path(), world.stores.clock().clone()).unwrap();
    let app = crate::state::App::new(stores, world.app.pin, world.app.stopping.clone());
    let sessions = session::open(world.folder.path()).await.unwrap();
    let restarted = crate::router::build(app, sessions, false);
    let got = Visitor::new(&restarted).log_in("j.shah", visit::PASSWORD).await;
    assert_eq!(got.status, StatusCode::TOO_MANY_REQUESTS);
    world.set(at(8, 41));
    let got = Visitor::new(&restarted).log_in("j.shah", visit::PASSWORD).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER, "after the wait it is right again");
}

#[tokio::test]
async fn a_log_in_survives_a_restart_and_ends_with_log_out() {
    let (world, server) = office().await;
    let mut person = Visitor::logged_in(&server, "j.shah").await;
    let sessions = session::open(world.folder.path()).await.unwrap();
    let mut after = Visitor::new(&crate::router::build(world.app.clone(), sessions, false));
    after.cookie = person.cookie.clone();
    assert_eq!(after.get("/today").await.status, StatusCode::OK);
    let old = person.clone();
    assert_eq!(person.send("/logout", &[]).await.to(), "/login");
    let mut old = old;
    assert_eq!(old.get("/today").await.to(), "/login", "the old cookie is dead");
}

#[tokio::test]
async fn a_new_password_or_a_disabled_account_ends_the_session_at_once() {
    let (world, server) = office().await;
    visit::account(&world, world.school.id(), "head", Role::Head);
    let mut person = Visitor::logged_in(&server, "j.shah").await;
    let mut head = Visitor::logged_in(&server, "head").await;
    let run = |sql: &'static str| {
        world.stores.trust().write_now(|t| Ok(t.execute(sql, [])?)).unwrap();
    };
    run("UPDATE account SET disabled_at = 1 WHERE username = 'head'");
    assert_eq!(head.get("/today").await.to(), "/login");
    assert_eq!(person.get("/today").await.status, StatusCode::OK);
    run("UPDATE account SET role = 'it' WHERE username = 'j.shah'");
    assert_eq!(person.get("/today").await.status, StatusCode::FORBIDDEN, "a role changes at once");
    run("UPDATE account SET password_hash = 'x' WHERE username = 'j.shah'");
    assert_eq!(person.get("/kiosks").await.to(), "/login");
}
