//! One's own account over the whole router: password, second factor, recovery codes, log-ins.

use crate::auth::Role;
use crate::auth::factor::{GRACE_MS, Secret};
use crate::office::visit::{self, Got, PASSWORD, Visitor};
use crate::testing::{World, at, world};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use shared::time::Millis;

async fn scene() -> (World, axum::Router) {
    let world = world();
    world.set(at(8, 0));
    for role in Role::ALL {
        visit::account(&world, world.school.id(), role.as_str(), role);
    }
    let server = visit::server(&world).await;
    (world, server)
}

/// The key on the page of the second factor, as an authenticator takes it.
fn key(page: &Got) -> Secret {
    let from = page.body.find("class=\"key\">").unwrap() + "class=\"key\">".len();
    let text: String = page.body[from..].split('<').next().unwrap().split_whitespace().collect();
    let bits = text.bytes().fold(String::new(), |bits, c| {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|x| *x == c).unwrap();
        format!("{bits}{value:05b}")
    });
    let hex = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|byte| format!("{:02x}", u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap()));
    Secret::from_hex(&hex.collect::<String>()).unwrap()
}

/// Sets the second factor up as a person does. Returns it, with the recovery codes.
async fn set_up(person: &mut Visitor, now: Millis) -> (Secret, Vec<String>) {
    let page = person.get("/account/factor").await;
    let secret = key(&page);
    let csrf = page.field("csrf");
    let form = [("csrf", csrf.as_str()), ("code", &secret.code(now)), ("current", PASSWORD)];
    let done = person.post("/account/factor", &form).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    let codes = done.body.split("<li><code>").skip(1).map(|part| part.split('<').next().unwrap().to_owned()).collect();
    (secret, codes)
}

async fn code(person: &mut Visitor, code: &str) -> Got {
    let csrf = person.get("/login/code").await.field("csrf");
    person.post("/login/code", &[("csrf", &csrf), ("code", code)]).await
}

#[tokio::test]
async fn with_a_second_factor_the_password_alone_opens_nothing() {
    let (world, server) = scene().await;
    let mut person = Visitor::logged_in(&server, "office").await;
    assert!(person.get("/today").await.body.contains("by Monday 30 November"), "a week's grace");
    let (secret, codes) = set_up(&mut person, at(8, 0)).await;
    assert_eq!(codes.len(), 8);
    assert!(!person.get("/today").await.body.contains("second factor"), "nothing to remind of");

    let mut again = Visitor::new(&server);
    assert_eq!(again.log_in("office", PASSWORD).await.to(), "/login/code");
    for path in ["/today", "/kiosks", "/account", "/live/today"] {
        let got = again.get(path).await;
        assert!(got.to() == "/login" || got.status == StatusCode::UNAUTHORIZED, "{path} with the password alone");
    }
    assert_eq!(code(&mut again, &secret.code(at(8, 0))).await.status, StatusCode::UNAUTHORIZED, "it set the factor up");
    world.set(at(8, 1));
    assert_eq!(code(&mut again, &secret.code(at(8, 1))).await.to(), "/today");
    assert_eq!(again.get("/today").await.status, StatusCode::OK);

    // A recovery code opens once.
    for (status, n) in [(StatusCode::SEE_OTHER, 0), (StatusCode::UNAUTHORIZED, 0), (StatusCode::SEE_OTHER, 1)] {
        let mut other = Visitor::new(&server);
        other.log_in("office", PASSWORD).await;
        assert_eq!(code(&mut other, &codes[n]).await.status, status, "code {n}");
    }
    // The second page does not stand open for ever, and guessing ends.
    let mut slow = Visitor::new(&server);
    slow.log_in("office", PASSWORD).await;
    world.set(at(8, 7));
    assert_eq!(slow.get("/login/code").await.to(), "/login");
    let mut guess = Visitor::new(&server);
    guess.log_in("office", PASSWORD).await;
    let mut last = StatusCode::OK;
    for n in 0..12 {
        last = code(&mut guess, &format!("{n:06}")).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn who_sees_the_whole_school_must_have_one_in_the_end() {
    let (world, server) = scene().await;
    world.set(at(0, 0).plus(GRACE_MS));
    for role in Role::ALL {
        let mut person = Visitor::logged_in(&server, role.as_str()).await;
        let home = person.get(role.home()).await;
        if role.needs_factor() {
            assert_eq!(home.to(), "/account/factor", "{}", role.as_str());
            if role.sees_today() {
                assert_eq!(person.get("/live/today").await.status, StatusCode::UNAUTHORIZED);
            }
            set_up(&mut person, at(0, 0).plus(GRACE_MS)).await;
            assert_eq!(person.get(role.home()).await.status, StatusCode::OK, "{}", role.as_str());
        } else {
            assert_eq!(home.status, StatusCode::OK, "{}", role.as_str());
        }
    }
}

#[tokio::test]
async fn a_wrong_code_or_password_sets_nothing_up() {
    let (_world, server) = scene().await;
    let mut person = Visitor::logged_in(&server, "head").await;
    let page = person.get("/account/factor").await;
    let (secret, csrf) = (key(&page), page.field("csrf"));
    let right = secret.code(at(8, 0));
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let got = person.post("/account/factor", &[("csrf", &csrf), ("code", wrong), ("current", PASSWORD)]).await;
    assert!(got.body.contains("not the code of this moment") && key(&got).to_hex() == secret.to_hex(), "the same key");
    let got = person.post("/account/factor", &[("csrf", &csrf), ("code", &right), ("current", "something else")]).await;
    assert_eq!(got.status, StatusCode::BAD_REQUEST);
    assert!(person.get("/account").await.body.contains("Set it up"));
    assert_eq!(Visitor::new(&server).log_in("head", PASSWORD).await.to(), "/today");
    assert_eq!(person.send("/account/recovery", &[("current", PASSWORD)]).await.to(), "/account/factor");
}

#[tokio::test]
async fn a_new_password_ends_everything_else_that_is_open() {
    let (_world, server) = scene().await;
    let mut here = Visitor::logged_in(&server, "office").await;
    let mut there = Visitor::logged_in(&server, "office").await;
    let mut colleague = Visitor::logged_in(&server, "head").await;
    let change = async |here: &mut Visitor, current: &str, new: &str, again: &str| {
        here.send("/account/password", &[("current", current), ("new", new), ("again", again)]).await
    };
    for (current, new, again) in [
        ("wrong", "three quiet herons", "three quiet herons"),
        (PASSWORD, "three quiet herons", "three quiet heron"),
        (PASSWORD, "short", "short"),
    ] {
        let got = change(&mut here, current, new, again).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{new}");
        assert_eq!(there.get("/today").await.status, StatusCode::OK, "nothing was changed");
    }
    let got = change(&mut here, PASSWORD, "three quiet herons", "three quiet herons").await;
    assert_eq!(got.to(), "/account?done=password");
    assert!(here.get(got.to()).await.body.contains("Your password is changed"), "this one goes on");
    assert_eq!(there.get("/today").await.to(), "/login");
    assert_eq!(colleague.get("/today").await.status, StatusCode::OK, "somebody else's goes on");
    assert_eq!(Visitor::new(&server).log_in("office", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(Visitor::new(&server).log_in("office", "three quiet herons").await.to(), "/today");
}

#[tokio::test]
async fn what_is_open_is_listed_and_ended_and_only_ones_own() {
    let (_world, server) = scene().await;
    let mut here = Visitor::logged_in(&server, "office").await;
    let mut there = Visitor::new(&server);
    let csrf = there.get("/login").await.field("csrf");
    let form = format!("csrf={csrf}&username=office&password={}", PASSWORD.replace(' ', "+"));
    let request = Request::post("/login")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::USER_AGENT, "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0");
    assert_eq!(there.ask(request.body(Body::from(form)).unwrap()).await.to(), "/today");
    let mut colleague = Visitor::logged_in(&server, "head").await;
    let page = here.get("/account").await.body;
    assert!(page.contains("Firefox on Windows") && page.contains("Here"), "{page}");
    let theirs = 3; // log-ins are numbered as they come
    assert_eq!(here.send(&format!("/account/end/{theirs}"), &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(colleague.get("/today").await.status, StatusCode::OK);
    assert_eq!(here.send("/account/end/2", &[]).await.to(), "/account?done=ended");
    assert_eq!(there.get("/today").await.to(), "/login");
    assert!(!here.get("/account").await.body.contains("Firefox"));
    let mut third = Visitor::logged_in(&server, "office").await;
    here.send("/account/end-others", &[]).await;
    assert_eq!((third.get("/today").await.to(), here.get("/today").await.status), ("/login", StatusCode::OK));
    // Logging out ends it for good: the cookie alone opens nothing.
    let kept = here.clone();
    here.send("/logout", &[]).await;
    assert_eq!(kept.clone().get("/today").await.to(), "/login");
}

#[tokio::test]
async fn a_teacher_sees_their_own_classes_and_nobody_elses() {
    let (world, server) = scene().await;
    world
        .school
        .write_now(|tx| {
            tx.execute_batch(
                "INSERT INTO staff(id, source_id, name, position) VALUES (x'06060606060606060606060606060606', 's1', 'Ms Patel', 'class teacher');
                 INSERT INTO staff_class(staff, class) SELECT x'06060606060606060606060606060606', id FROM class WHERE name = 'Class 1';",
            )?;
            Ok(())
        })
        .unwrap();
    let mut teacher = Visitor::logged_in(&server, "teacher").await;
    let page = teacher.get("/today").await.body;
    assert!(page.contains("not linked") && !page.contains("Class 1") && !page.contains("Class 2"), "{page}");
    world
        .stores
        .trust()
        .write_now(|t| {
            Ok(t.execute(
                "UPDATE account SET staff = x'06060606060606060606060606060606' WHERE username = 'teacher'",
                [],
            )?)
        })
        .unwrap();
    let page = teacher.get("/today").await.body;
    assert!(page.contains("Class 1") && !page.contains("Class 2") && !page.contains("not linked"), "{page}");
    let mut office = Visitor::logged_in(&server, "office").await;
    assert!(office.get("/today").await.body.contains("Class 2"));
}

/// Whether any file of the sessions has these bytes, the journal too.
fn stands_in_sessions(world: &World, wanted: &[u8]) -> bool {
    let files = std::fs::read_dir(world.folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let sessions = files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("sessions.db"));
    let read: Vec<Vec<u8>> = sessions.map(|path| std::fs::read(path).unwrap()).collect();
    assert!(!read.is_empty());
    read.iter().any(|bytes| bytes.windows(wanted.len()).any(|part| part == wanted))
}

#[tokio::test]
async fn a_secret_that_is_offered_lies_nowhere_in_the_clear_and_opens_for_its_account_alone() {
    let (world, server) = scene().await;
    let mut person = Visitor::logged_in(&server, "head").await;
    let page = person.get("/account/factor").await;
    let secret = key(&page);
    assert!(stands_in_sessions(&world, b"offered"), "the test looks at the wrong files");
    let hex = secret.to_hex();
    let raw: Vec<u8> = (0..20).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap()).collect();
    for bytes in [hex.as_bytes(), hex.to_uppercase().as_bytes(), &raw] {
        assert!(!stands_in_sessions(&world, bytes), "in the clear");
    }
    let sealed = secret.sealed(world.stores.factor_key(), 5).unwrap();
    assert!(Secret::opened(world.stores.factor_key(), 5, &sealed).is_some_and(|opened| opened == secret));
    assert!(Secret::opened(world.stores.factor_key(), 6, &sealed).is_none(), "another account's");
    assert!(Secret::opened(world.stores.factor_key(), 5, &hex).is_none(), "what an older server kept is offered anew");
}
