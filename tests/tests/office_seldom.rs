//! The pages that the office opens seldom, each as it comes about and open to everybody: the second factor and its recovery codes, a
//! kiosk that waits to be enrolled, what stands against a plan, a question, a family to be called, what was held or restored. And a
//! walk over the route table: no page is left out by every browser test.
//!
//! Must never: make a page by anything that a person or a kiosk could not do.
#![allow(clippy::unwrap_used)] // what cannot be unwrapped fails the test

use rollbook_tests::bench::terminal::{self, Terminal};
use rollbook_tests::browser::{Browser, Eyes};
use rollbook_tests::desk::Desk;
use rollbook_tests::office::Office;
use rollbook_tests::small::{DATE, World};
use server::router::{ROUTES, Serves};
use shared::calendar::{Half, SessionKey};
use totp_rs::{Builder, Secret};

/// Pictures it and checks it.
async fn seen(desk: &Desk, page: &Browser, name: &str) {
    desk.accessible(page, &format!("seldom_{name}")).await.unwrap();
}

async fn holds(page: &Browser, words: &str) {
    page.until(words, async |b| Ok(b.texts("body").await?.iter().any(|text| text.contains(words)))).await.unwrap();
}

/// The code that an authenticator shows for the key on the page.
fn code(key: &str, seconds: u64) -> String {
    let key: String = key.split_whitespace().collect();
    let totp = Builder::new().with_secret(Secret::try_from_base32(&key).unwrap()).build().unwrap();
    totp.generate(seconds).to_string()
}

/// The second factor is set up; then the log-in asks for it, and a recovery code opens.
async fn second_factor(desk: &Desk, eyes: Eyes, word: &str) {
    let user = desk.world.user("office").unwrap();
    let page = desk.logged_in(&format!("factor_{word}"), eyes).await.unwrap();
    page.go("/account/factor").await.unwrap();
    let key = page.texts("code.key").await.unwrap().remove(0);
    let now = u64::try_from(desk.world.clock.now().0 / 1000).unwrap();
    page.write("#code", "000000").await.unwrap();
    page.write("#current", &user.password).await.unwrap();
    page.click("form[action=\"/account/factor\"] button").await.unwrap();
    holds(&page, "code").await;
    seen(desk, &page, "factor_refused").await;
    page.write("#code", &code(&key, now)).await.unwrap();
    page.write("#current", &user.password).await.unwrap();
    page.click("form[action=\"/account/factor\"] button").await.unwrap();
    holds(&page, "Your recovery codes").await;
    seen(desk, &page, "recovery_codes").await;
    let recovery = page.texts("ul.codes code").await.unwrap();
    assert_eq!(recovery.len(), 8, "{recovery:?}");
    page.go("/account").await.unwrap();
    seen(desk, &page, "account_with_factor").await;
    page.close().await.unwrap();

    let page = desk.logged_in(&format!("recovered_{word}"), eyes).await.unwrap();
    assert_eq!(page.path().await.unwrap(), "/login/code");
    seen(desk, &page, "login_code").await;
    page.write("#code", &recovery[0]).await.unwrap();
    page.click("form button").await.unwrap();
    page.until("in", async |b| Ok(b.path().await? == "/today")).await.unwrap();
    page.close().await.unwrap();
}

/// A kiosk shows its code; IT types it and compares the word.
async fn a_kiosk_waits(desk: &Desk, page: &Browser) {
    let waiting = terminal::ask(&desk.world.server).await.unwrap();
    page.go("/kiosks").await.unwrap();
    page.write("form[action=\"/kiosks/enrol\"] input[name=code]", &waiting).await.unwrap();
    page.click("form[action=\"/kiosks/enrol\"] button").await.unwrap();
    holds(page, "Is this the word on its screen?").await;
    seen(desk, page, "kiosk_waits").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_that_are_opened_seldom() {
    let home = tempfile::tempdir().unwrap();
    let world = World::make(home.path()).await.unwrap();
    let desk = Desk::of(home.path(), world).await.unwrap();
    let room = &desk.world.rooms[0];
    let session = SessionKey { date: DATE.parse().unwrap(), half: Half::Am };

    let it = desk.world.user("it").unwrap();
    let mut office = Office::open(&desk.world.server.office).unwrap();
    office.log_in(&it.username, &it.password).await.unwrap();
    let pass = terminal::enrol(&desk.world.server, &mut office, "Room 1", room.class).await.unwrap();
    let mut kiosk = Terminal::new(&desk.world.server, &pass).unwrap();
    kiosk.morning(&desk.world.server, &pass, desk.world.clock.now()).await.unwrap();

    let eyes = Eyes::OFFICE;
    let head = desk.logged_in_as("head", "head", eyes).await.unwrap();
    // The office writes down that everybody of a class is ill; then the class's kiosk sends its register: one by one they disagree.
    for pupil in &room.pupils[..3] {
        head.go(&format!("/amend/{}/{DATE}-am", pupil.id)).await.unwrap();
        head.click("input[name=code][value=I]").await.unwrap();
        head.write("#reason", "their mother rang").await.unwrap();
        head.click("form.sheet .buttons button").await.unwrap();
        head.until("amended", async |b| Ok(b.path().await?.starts_with("/register/"))).await.unwrap();
    }
    kiosk.register(session).await.unwrap();
    head.go("/today").await.unwrap();
    head.until("a question", async |b| Ok(b.find("a[href^=\"/question/\"]").await.is_ok())).await.unwrap();
    seen(&desk, &head, "today_with_questions").await;
    head.click("a[href^=\"/question/\"]").await.unwrap();
    head.until("the question", async |b| Ok(b.path().await?.starts_with("/question/"))).await.unwrap();
    seen(&desk, &head, "question").await;

    // What is planned stands against a second plan.
    let twice = room.pupils[5].id;
    for turn in 0..2 {
        head.go(&format!("/absence/{twice}/{DATE}-pm")).await.unwrap();
        head.write("#told_by", "Their father").await.unwrap();
        head.write("#said", "a cold").await.unwrap();
        head.click("input[name=code][value=I]").await.unwrap();
        head.click("form.sheet .buttons button").await.unwrap();
        if turn == 0 {
            head.until("saved", async |b| Ok(b.path().await?.starts_with("/register/"))).await.unwrap();
        }
    }
    holds(&head, "Before it is saved").await;
    seen(&desk, &head, "clash").await;

    a_kiosk_waits(&desk, &head).await;
    head.go("/kiosks").await.unwrap();
    let revoke = head.attributes("form[action^=\"/kiosks/revoke/\"]", "action").await.unwrap().remove(0);
    let enrolled = revoke.rsplit('/').next().unwrap();
    let pupil = room.pupils[0].id;
    for (name, path) in [
        ("held", format!("/kiosks/held/{enrolled}")),
        ("restored", "/restored".into()),
        ("looks_of_one", format!("/looks/{pupil}")),
        ("family", format!("/calls/{pupil}/{DATE}-am")),
        ("door_find", "/door/note?find=ak".into()),
        ("door_note", format!("/door/note/{pupil}")),
        ("no_such_page", "/nothing".into()),
    ] {
        head.go(&path).await.unwrap();
        seen(&desk, &head, name).await;
    }
    head.go("/calls").await.unwrap();
    let call = "form[action^=\"/calls/\"][action$=\"/claim\"] button";
    head.until("somebody to call", async |b| Ok(b.find(call).await.is_ok())).await.unwrap();
    head.click(call).await.unwrap();
    head.until("the family", async |b| Ok(b.path().await? != "/calls")).await.unwrap();
    seen(&desk, &head, "family_to_call").await;
    head.close().await.unwrap();
    second_factor(&desk, eyes, "scripts").await;

    let narrow = desk.logged_in_as("head", "narrow", Eyes { narrow: Some(320), ..eyes }).await.unwrap();
    let mut too_wide = Vec::new();
    for path in ["/restored", "/door/note?find=ak", "/looks", "/removal"].map(str::to_owned).into_iter().chain([
        format!("/kiosks/held/{enrolled}"),
        format!("/looks/{pupil}"),
        format!("/calls/{pupil}/{DATE}-am"),
        format!("/door/note/{pupil}"),
    ]) {
        narrow.go(&path).await.unwrap();
        narrow.picture(&format!("narrow_seldom_{}", path.split('/').nth(1).unwrap())).await.unwrap();
        too_wide.extend(narrow.too_wide().await.unwrap().into_iter().map(|what| format!("{path}: {what}")));
    }
    narrow.close().await.unwrap();
    assert!(too_wide.is_empty(), "wider than a telephone: {too_wide:?}");
    desk.world.server.stop().await.unwrap();
}

/// Each page of the route table stands in a browser test by its address, or here with the reason why not.
#[test]
fn every_page_is_opened_in_a_browser() {
    const NOT_PAGES: [(&str, &str); 7] = [
        ("/", "leads on to Today or to the log-in"),
        ("/assets/{name}", "files"),
        ("/health", "for programs; snapshots look at it"),
        ("/import/pupils.csv", "a file"),
        ("/live/today", "what Today listens to"),
        ("/live/calls", "what the calls listen to"),
        ("/live/roll-call", "what the roll call listens to"),
    ];
    const BY_FORM: [(&str, &str); 3] = [
        ("/kiosks/enrol/{code}", "above, where a kiosk waits"),
        ("/question/{kind}/{session}/{about}", "above, by the link on Today"),
        ("/register/{class}/{session}", "in browser.rs, by the link on Today"),
    ];
    let tests =
        [include_str!("browser.rs"), include_str!("office_flows.rs"), include_str!("office_seldom.rs")].concat();
    let mut opened = 0;
    for route in ROUTES.iter().filter(|route| route.method == "GET" && matches!(route.serves, Serves::Page(_))) {
        if NOT_PAGES.iter().any(|(path, _)| *path == route.path) {
            continue;
        }
        let begins = match route.path.split_once('{') {
            Some((begins, _)) => format!("\"{begins}{{"),
            None => format!("\"{}", route.path),
        };
        let is = tests.contains(&begins) || BY_FORM.iter().any(|(path, _)| *path == route.path);
        assert!(is, "no browser test opens {}", route.path);
        opened += 1;
    }
    assert!(opened > 40, "only {opened} pages");
}
