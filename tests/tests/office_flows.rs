//! The office's flows in a real browser, once with scripts and once without: each form as a person fills it in, and what stands
//! afterwards. Two browsers at one register; a page while the server is away.
//!
//! Must never: send a form that a person could not.
#![allow(clippy::unwrap_used)] // what cannot be unwrapped fails the test

use rollbook_tests::browser::{Browser, Eyes};
use rollbook_tests::desk::Desk;
use rollbook_tests::small::{DATE, World};
use shared::id::PupilId;

const PLAIN: Eyes = Eyes { scripts: false, ..Eyes::OFFICE };

/// Chooses the option of a list by what it says.
async fn pick(page: &Browser, css: &str, says: &str) {
    let options = page.texts(&format!("{css} option")).await.unwrap();
    let at =
        options.iter().position(|text| text == says).unwrap_or_else(|| panic!("{css}: no {says} in {options:?}")) + 1;
    page.click(&format!("{css} option:nth-child({at})")).await.unwrap();
}

/// A date as a browser takes it from the keyboard: day, month, year.
async fn date(page: &Browser, css: &str, day: &str) {
    page.set_date(css, day).await.unwrap();
}

async fn press(page: &Browser, form: &str) {
    page.click(&format!("form[action=\"{form}\"] button")).await.unwrap();
}

async fn said(page: &Browser, words: &str) {
    page.until(words, async |b| Ok(b.texts("[role=status]").await?.iter().any(|text| text.contains(words))))
        .await
        .unwrap();
}

async fn main_holds(page: &Browser, words: &str) {
    page.until(words, async |b| Ok(b.texts("main").await?.iter().any(|text| text.contains(words)))).await.unwrap();
}

/// A pupil joins, gets a note, changes class at noon, and leaves.
async fn roll(desk: &Desk, page: &Browser, name: &str) {
    let classes = &desk.world.school.classes;
    page.go("/pupils/add").await.unwrap();
    page.write("#first", name).await.unwrap();
    page.write("#last", "Newcomer").await.unwrap();
    pick(page, "#class", &classes[0].name).await;
    press(page, "/pupils/add").await;
    said(page, "On roll.").await;
    let own = page.path().await.unwrap();
    desk.accessible(page, &format!("joined_{name}")).await.unwrap();

    page.write("#note", "wears glasses").await.unwrap();
    press(page, &format!("{own}/note")).await;
    said(page, "Saved.").await;
    main_holds(page, "wears glasses").await;

    page.click("details:has(#move_date) > summary").await.unwrap();
    pick(page, "#to", &classes[1].name).await;
    pick(page, "#move_half", "in the afternoon").await;
    press(page, &format!("{own}/move")).await;
    said(page, "Moved.").await;
    main_holds(page, &format!("Moved to {}", classes[1].name)).await;
    page.go(&format!("/register/{}/{DATE}-am", classes[0].id)).await.unwrap();
    main_holds(page, &format!("{name} Newcomer")).await;
    page.go(&format!("/register/{}/{DATE}-pm", classes[1].id)).await.unwrap();
    main_holds(page, &format!("{name} Newcomer")).await;

    page.go(&own).await.unwrap();
    page.click("details:has(#last_day) > summary").await.unwrap();
    page.write("#leave_why", "moves away").await.unwrap();
    press(page, &format!("{own}/leave")).await;
    said(page, "Written down.").await;
    main_holds(page, "moves away").await;
    desk.accessible(page, &format!("left_{name}")).await.unwrap();
}

/// A visit for a class: looked at, saved, found in the list, and withdrawn at once.
async fn visit(desk: &Desk, page: &Browser, where_to: &str) {
    page.go("/plans").await.unwrap();
    page.click("input[name=class]").await.unwrap();
    date(page, "#from_date", "2026-12-01").await;
    date(page, "#until_date", "2026-12-01").await;
    page.click("input[name=code][value=V]").await.unwrap();
    page.write("#detail", where_to).await.unwrap();
    page.write("#reason", "the trip letter").await.unwrap();
    press(page, "/plans/preview").await;
    main_holds(page, "Before it is saved").await;
    desk.accessible(page, &format!("plan_preview_{where_to}")).await.unwrap();
    press(page, "/plans/save").await;
    said(page, "Saved:").await;
    page.go(&format!("/plans?filter={where_to}")).await.unwrap();
    desk.accessible(page, &format!("plans_{where_to}")).await.unwrap();
    page.click("td details > summary").await.unwrap();
    page.write("#why1", "the coach broke down").await.unwrap();
    press(page, "/plans/withdraw").await;
    said(page, "Withdrawn:").await;
    page.go(&format!("/plans?filter={where_to}")).await.unwrap();
    main_holds(page, "Nothing planned has these words.").await;
}

/// A closure is put into the calendar and taken out.
async fn closure(desk: &Desk, page: &Browser) {
    page.go("/calendar").await.unwrap();
    date(page, "#from", "2026-12-03").await;
    date(page, "#until", "2026-12-03").await;
    page.write("#why", "polling station").await.unwrap();
    press(page, "/calendar/close").await;
    said(page, "The closure stands").await;
    main_holds(page, "polling station").await;
    desk.accessible(page, "calendar_closed").await.unwrap();
    page.go("/calendar?filter=polling").await.unwrap();
    press(page, "/calendar/open").await;
    said(page, "The closure is out").await;
}

/// A late mark, its slip, its week, and who was told.
async fn lateness(desk: &Desk, page: &Browser, pupil: PupilId, whom: &str) {
    page.go(&format!("/amend/{pupil}/{DATE}-am")).await.unwrap();
    page.click("input[name=code][value=L]").await.unwrap();
    page.write("#minutes", "12").await.unwrap();
    page.write("#reason", "the bus").await.unwrap();
    page.click("form.sheet .buttons button").await.unwrap();
    page.until("amended", async |b| Ok(b.path().await?.starts_with("/register/"))).await.unwrap();
    page.go("/door").await.unwrap();
    main_holds(page, "12 minutes").await;
    desk.accessible(page, &format!("late_book_{whom}")).await.unwrap();
    page.go(&format!("/door/slips?only={pupil}")).await.unwrap();
    main_holds(page, "Late slip").await;
    desk.accessible(page, &format!("slips_{whom}")).await.unwrap();
    page.go("/door/week").await.unwrap();
    let form = format!("form[action=\"/door/told/{pupil}\"]");
    page.click(&format!("details:has({form}) > summary")).await.unwrap();
    page.clear(&format!("{form} [name=whom]")).await.unwrap();
    page.write(&format!("{form} [name=whom]"), whom).await.unwrap();
    page.write(&format!("{form} [name=said]"), "leaves earlier").await.unwrap();
    page.click(&format!("{form} button")).await.unwrap();
    said(page, "Written down.").await;
    main_holds(page, whom).await;
    desk.accessible(page, &format!("late_week_{whom}")).await.unwrap();
}

/// Leave is asked for by the office and decided by the headteacher.
async fn leave(desk: &Desk, office: &Browser, head: &Browser, pupil: PupilId, why: &str) {
    office.go(&format!("/leave/ask/{pupil}")).await.unwrap();
    office.write("#asked_by", "A parent").await.unwrap();
    office.write("#said", why).await.unwrap();
    press(office, &format!("/leave/ask/{pupil}")).await;
    said(office, "The request is kept.").await;
    head.go(&format!("/leave?filter={why}")).await.unwrap();
    head.click(".acts details > summary").await.unwrap();
    head.write(".acts [name=reason]", "close family").await.unwrap();
    desk.accessible(head, &format!("leave_decide_{why}")).await.unwrap();
    head.click("button[value=grant]").await.unwrap();
    said(head, "Granted.").await;
    office.go("/leave").await.unwrap();
    main_holds(office, "close family").await;
    desk.accessible(office, &format!("leave_decided_{why}")).await.unwrap();
}

/// The next import is looked at and left; then looked at and done.
async fn import(desk: &Desk, page: &Browser, file: &std::path::Path) {
    page.go("/import").await.unwrap();
    page.write("#file", &file.display().to_string()).await.unwrap();
    press(page, "/import/look").await;
    main_holds(page, "What would change").await;
    desk.accessible(page, "import_preview").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flow_with_scripts_and_without() {
    let home = tempfile::tempdir().unwrap();
    let world = World::make(home.path()).await.unwrap();
    let desk = Desk::of(home.path(), world).await.unwrap();
    let sheet = home.path().join("pupils.csv");
    std::fs::write(
        &sheet,
        "Class,Year group,First name,Surname,Date of birth\nNew Class,Year 3,Ada,Added,2018-01-02\n",
    )
    .unwrap();
    for (eyes, word) in [(Eyes::OFFICE, "Scripted"), (PLAIN, "Plain")] {
        let office = desk.logged_in(&format!("office_{word}"), eyes).await.unwrap();
        let head = desk.logged_in_as("head", &format!("head_{word}"), eyes).await.unwrap();
        let pupils = &desk.world.rooms[usize::from(!eyes.scripts)].pupils;
        roll(&desk, &office, word).await;
        visit(&desk, &office, word).await;
        closure(&desk, &office).await;
        lateness(&desk, &office, pupils[0].id, word).await;
        leave(&desk, &office, &head, pupils[1].id, word).await;
        import(&desk, &office, &sheet).await;
        head.go("/looks").await.unwrap();
        main_holds(&head, "the late book, with").await;
        desk.accessible(&head, &format!("looks_{word}")).await.unwrap();
        head.go("/removal").await.unwrap();
        desk.accessible(&head, &format!("removal_{word}")).await.unwrap();
        office.close().await.unwrap();
        head.close().await.unwrap();
    }
    desk.world.server.stop().await.unwrap();
}

/// Two people amend the same mark from pages that both saw it as it was: both stand in the history, each with its name.
#[tokio::test(flavor = "multi_thread")]
async fn two_browsers_at_one_register_and_a_page_while_the_server_is_away() {
    let home = tempfile::tempdir().unwrap();
    let world = World::make(home.path()).await.unwrap();
    let mut desk = Desk::of(home.path(), world).await.unwrap();
    let one = desk.logged_in("one", Eyes::OFFICE).await.unwrap();
    let two = desk.logged_in_as("head", "two", Eyes::OFFICE).await.unwrap();
    let pupil = desk.world.rooms[0].pupils[0].id;
    let form = format!("/amend/{pupil}/{DATE}-am");
    for (page, code, why) in [(&one, "I", "mother rang"), (&two, "M", "the dentist wrote")] {
        page.go(&form).await.unwrap();
        page.click(&format!("input[name=code][value={code}]")).await.unwrap();
        page.write("#reason", why).await.unwrap();
    }
    for page in [&one, &two] {
        page.click("form.sheet .buttons button").await.unwrap();
        page.until("saved", async |b| Ok(b.path().await? != form)).await.unwrap();
    }
    one.go(&format!("/register/{}/{DATE}-am", desk.world.rooms[0].class)).await.unwrap();
    // What is folded away counts too: the history of the mark.
    let page = one.script(&format!("return document.getElementById('p{pupil}').textContent")).await.unwrap();
    let page = page.as_str().unwrap_or_default().to_owned();
    for words in ["mother rang", "the dentist wrote"] {
        assert!(page.contains(words), "{words} is lost: {page}");
    }

    // The network is cut: Today says that it is not live, and catches up by itself.
    one.go("/today").await.unwrap();
    one.script("window.never_left = true").await.unwrap();
    desk.world.kill_server().await.unwrap();
    let stale = async |b: &Browser| Ok(b.texts(".stale").await?.iter().any(|text| text.contains("not been updated")));
    one.until("it says so", stale).await.unwrap();
    one.picture("today_cut_off").await.unwrap();
    desk.world.restart_server().await.unwrap();
    one.until("live again", async |b| Ok(b.texts(".stale").await?.iter().all(String::is_empty))).await.unwrap();
    assert_eq!(one.script("return window.never_left === true").await.unwrap(), true, "the page was loaded again");
    for page in [one, two] {
        page.close().await.unwrap();
    }
    desk.world.stop_server().await.unwrap();
}
