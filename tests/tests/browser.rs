//! The office's pages in a real browser: live with scripts, complete without them, and open to everybody (WCAG 2.2 AA).
//!
//! Must never: look at HTML where it could look at what a person sees.
#![allow(clippy::unwrap_used)] // what cannot be unwrapped fails the test

use rollbook_tests::browser::{Browser, Eyes, even};
use rollbook_tests::desk::Desk;
use rollbook_tests::process::{Kiosk, end_of};
use rollbook_tests::small::{DATE, World, screen, sign_on, tiles};
use serde_json::json;
use std::path::PathBuf;

/// The row of a class on Today: its register, then here, late, absent, without a reason.
async fn row(today: &Browser, class: &str) -> Vec<String> {
    let names = today.texts("table.registers tbody th a").await.unwrap();
    let at = names.iter().position(|name| name == class).unwrap() + 1;
    today.texts(&format!("table.registers tbody tr:nth-child({at}) td")).await.unwrap()
}

async fn until_row(today: &Browser, class: &str, what: &str, holds: impl Fn(&[String]) -> bool) -> Result<(), String> {
    let fits = async |b: &Browser| Ok(holds(&row(b, class).await));
    match today.until(what, fits).await {
        Ok(()) => Ok(()),
        Err(never) => Err(format!("{never}: {:?}", row(today, class).await)),
    }
}

async fn link_of(today: &Browser, class: &str) -> String {
    let names = today.texts("table.registers tbody th a").await.unwrap();
    let links = today.attributes("table.registers tbody th a", "href").await.unwrap();
    links[names.iter().position(|name| name == class).unwrap()].clone()
}

/// A register is taken on a real kiosk while Today stands open: it changes by itself.
async fn live(desk: &Desk, today: &Browser, kiosk: &mut Kiosk) {
    let room = &desk.world.rooms[0];
    let class = room.class_name.as_str();
    assert!(row(today, class).await[0].starts_with("Not started"), "{:?}", row(today, class).await);
    today.script("window.never_left = true").await.unwrap();

    sign_on(kiosk, room).await.unwrap();
    let blank: Vec<_> =
        tiles(&screen(kiosk).await.unwrap()).into_iter().filter(|t| t.1 == "blank").map(|t| t.0).collect();
    for (pupil, wanted) in blank.iter().zip(["absent", "present", "absent", "present"]) {
        kiosk.ask(json!({ "do": "mark", "pupil": pupil, "as": wanted })).await.unwrap();
    }
    let in_progress = |r: &[String]| r[0].starts_with("In progress") && r[1] == "2" && r[4] == "2";
    let shown = until_row(today, class, "in progress with two here and two away", in_progress).await;
    if let Err(never) = shown {
        let status = kiosk.ask(json!({ "do": "status" })).await;
        let server = end_of(&desk.world.data().join("server.log"));
        let facts = desk.world.export("facts").await.map(|facts| facts.lines().count());
        panic!("{never}\nkiosk: {status:?}\n{}\nserver, {facts:?} lines of facts:\n{server}", kiosk.log());
    }

    kiosk.ask(json!({ "do": "rest_present" })).await.unwrap();
    kiosk.ask(json!({ "do": "submit" })).await.unwrap();
    let here = (blank.len() - 2).to_string();
    let submitted = |r: &[String]| r[0].starts_with("Submitted") && r[1] == here;
    until_row(today, class, "submitted", submitted).await.unwrap();
    assert_eq!(today.script("return window.never_left === true").await.unwrap(), true, "the page was loaded again");
    let stale = today.texts(".stale").await.unwrap();
    assert!(stale.iter().all(String::is_empty), "a live page says that it is not: {stale:?}");
}

/// The office's pages one by one: each is a page, and open to everybody.
fn pages(desk: &Desk, register: &str) -> Vec<(&'static str, String)> {
    let room = &desk.world.rooms[0];
    let (pupil, staff) = (room.pupils[0].id, desk.world.school.staff[0].id);
    vec![
        ("today", "/today".into()),
        ("today_pm", format!("/today?date={DATE}&half=pm")),
        ("register", register.into()),
        ("amend", format!("/amend/{pupil}/{DATE}-am")),
        ("absence", format!("/absence/{pupil}/{DATE}-am")),
        ("kiosks", "/kiosks".into()),
        ("staff", "/staff".into()),
        ("staff_member", format!("/staff/{staff}")),
        ("cards", "/cards".into()),
        ("cards_pupil", format!("/cards/{pupil}")),
        ("calls", "/calls".into()),
        ("calls_found", "/calls?find=a".into()),
        ("family", format!("/calls/{pupil}/{DATE}-am")),
        ("unexplained", "/unexplained".into()),
        ("pupils", format!("/pupils?class={}", room.class)),
        ("pupil", format!("/pupils/{pupil}")),
        ("pupil_add", "/pupils/add".into()),
        ("plans", "/plans".into()),
        ("leave", "/leave".into()),
        ("leave_ask", format!("/leave/ask/{pupil}")),
        ("late_book", "/door".into()),
        ("slips", "/door/slips".into()),
        ("late_week", "/door/week".into()),
        ("door_find", "/door/note?find=a".into()),
        ("door_note", format!("/door/note/{pupil}")),
        ("calendar", "/calendar".into()),
        ("import", "/import".into()),
        ("reception", "/reception".into()),
        ("roll_call", "/roll-call".into()),
        ("paper", format!("/paper/{DATE}-am")),
        ("ledger_class", format!("/ledger/class/{}/{DATE}-am", room.class)),
        ("ledger_pupil", format!("/ledger/pupil/{pupil}")),
        ("take", format!("/take/{}/{DATE}-pm", room.class)),
        ("account", "/account".into()),
        ("account_factor", "/account/factor".into()),
    ]
}

/// Without scripts: complete and right when loaded again, and forms work. A mark is amended.
async fn without_scripts(desk: &Desk, kiosk: &mut Kiosk, register: &str) {
    let room = &desk.world.rooms[0];
    let page = desk.logged_in("plain", Eyes { scripts: false, ..Eyes::OFFICE }).await.unwrap();
    page.go("/today").await.unwrap();
    assert_eq!(page.texts("table.registers tbody th a").await.unwrap().len(), 14);
    let before = row(&page, &room.class_name).await;
    assert!(before[0].starts_with("Submitted"), "{before:?}");
    // One more goes absent; the page is right as soon as it is loaded again.
    kiosk.ask(json!({ "do": "change_marks" })).await.unwrap();
    let present = tiles(&screen(kiosk).await.unwrap()).into_iter().rfind(|t| t.1 == "present").unwrap().0;
    kiosk.ask(json!({ "do": "mark", "pupil": present, "as": "absent" })).await.unwrap();
    kiosk.ask(json!({ "do": "wait", "for": "synced" })).await.unwrap();
    page.reload().await.unwrap();
    let after = row(&page, &room.class_name).await;
    let number = |text: &str| text.parse::<usize>().unwrap();
    assert_eq!((number(&after[1]) + 1, number(&after[3])), (number(&before[1]), number(&before[3]) + 1), "{after:?}");
    page.picture("today_without_scripts").await.unwrap();

    // The mark is amended by the form alone.
    page.go(register).await.unwrap();
    let print = page.attributes("button[data-print]", "hidden").await.unwrap();
    assert_eq!(print, ["true"], "a script ran: this browser was to have none");
    page.click(&format!("a[href=\"/amend/{present}/{DATE}-am\"]")).await.unwrap();
    page.until("at the form", async |b| Ok(b.path().await? == format!("/amend/{present}/{DATE}-am"))).await.unwrap();
    page.click("input[name=code][value=I]").await.unwrap();
    page.write("#reason", "Mother rang at 8:58: a stomach bug").await.unwrap();
    page.picture("amend_without_scripts").await.unwrap();
    page.click("form.sheet .buttons button").await.unwrap();
    page.until("back at the register", async |b| Ok(b.path().await? == register)).await.unwrap();
    let its = format!("#p{present}");
    assert_eq!(page.texts(&format!("{its} .code")).await.unwrap()[0], "I");

    // All five parts: the original entry, the amended one, the reason, the date, and the name and position of who did it.
    let user = desk.world.user("office").unwrap();
    if page.find(&format!("{its} details summary")).await.is_ok() {
        page.click(&format!("{its} details:has(.history) > summary")).await.unwrap();
    }
    let history = page.texts(&format!("{its} .history li")).await.unwrap();
    let history = history.iter().find(|entry| entry.contains("became I")).unwrap_or_else(|| panic!("{history:?}"));
    for part in ["became I", "Mother rang at 8:58: a stomach bug", "23 November 2026"] {
        assert!(history.to_lowercase().contains(&part.to_lowercase()), "no {part:?} in {history:?}");
    }
    let who = even(&page.texts(".who span").await.unwrap()[0]);
    let (person, position) = who.split_once(" · ").unwrap().1.rsplit_once(", ").unwrap();
    assert!(history.contains(&format!("{person}, {position}")), "{history:?} does not name {who} ({})", user.username);
    page.picture("register_amended").await.unwrap();
    page.close().await.unwrap();
}

/// A telephone, and the narrowest window of WCAG's reflow: nothing is to be scrolled sideways.
async fn narrow(desk: &Desk, register: &str) {
    let page = desk.logged_in("narrow", Eyes { narrow: Some(320), ..Eyes::OFFICE }).await.unwrap();
    let mut too_wide = Vec::new();
    for (name, path) in pages(desk, register) {
        page.go(&path).await.unwrap();
        page.picture(&format!("narrow_{name}")).await.unwrap();
        too_wide.extend(page.too_wide().await.unwrap().into_iter().map(|what| format!("{name}: {what}")));
    }
    page.close().await.unwrap();
    assert!(too_wide.is_empty(), "wider than a telephone: {too_wide:?}");
}

async fn dark(desk: &Desk, register: &str) {
    let page = desk.logged_in("dark", Eyes { dark: true, ..Eyes::OFFICE }).await.unwrap();
    let is_dark = page.script("return matchMedia('(prefers-color-scheme: dark)').matches").await.unwrap();
    assert_eq!(is_dark, true, "this browser was to prefer dark pages");
    for (name, path) in pages(desk, register) {
        page.go(&path).await.unwrap();
        desk.accessible(&page, &format!("dark_{name}")).await.unwrap();
    }
    page.close().await.unwrap();
}

async fn kiosk_of(world: &World) -> Kiosk {
    let data: PathBuf = world.enrol(0).await.unwrap();
    let mut kiosk = world.switch_on(&data).unwrap();
    kiosk.ask(json!({ "do": "wait", "for": "roster" })).await.unwrap();
    kiosk
}

#[tokio::test(flavor = "multi_thread")]
async fn the_office_pages_in_a_browser() {
    let home = tempfile::tempdir().unwrap();
    let world = World::make(home.path()).await.unwrap();
    let mut kiosk = kiosk_of(&world).await;
    let desk = Desk::of(home.path(), world).await.unwrap();

    let page = desk.sit("office", Eyes::OFFICE).await.unwrap();
    page.go("/login").await.unwrap();
    desk.accessible(&page, "login").await.unwrap();
    page.write("#username", "nobody").await.unwrap();
    page.write("#password", "a guess").await.unwrap();
    page.click("form button").await.unwrap();
    page.until("refused", async |b| Ok(!b.texts("#problem").await?.is_empty())).await.unwrap();
    desk.accessible(&page, "login_refused").await.unwrap();
    let user = desk.world.user("office").unwrap();
    page.log_in(&user.username, &user.password).await.unwrap();
    assert_eq!(page.path().await.unwrap(), "/today");
    let mut shown = page.texts("table.registers tbody th a").await.unwrap();
    let mut classes: Vec<String> = desk.world.school.classes.iter().map(|c| c.name.clone()).collect();
    assert_eq!(classes.len(), 14);
    shown.sort();
    classes.sort();
    assert_eq!(shown, classes);
    live(&desk, &page, &mut kiosk).await;

    let register = link_of(&page, &desk.world.rooms[0].class_name).await;
    for (name, path) in pages(&desk, &register) {
        page.go(&path).await.unwrap();
        desk.accessible(&page, name).await.unwrap();
    }
    page.go(&register).await.unwrap();
    let rows = page.texts("table.marks tbody tr th").await.unwrap();
    assert_eq!(rows.len(), desk.world.rooms[0].pupils.len());
    let print = page.attributes("button[data-print]", "hidden").await.unwrap();
    assert_eq!(print, [""], "scripts run here");
    page.close().await.unwrap();

    without_scripts(&desk, &mut kiosk, &register).await;
    dark(&desk, &register).await;
    narrow(&desk, &register).await;
    kiosk.end().await.unwrap();
    desk.world.server.stop().await.unwrap();
}
