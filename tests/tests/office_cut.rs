//! The network between an office's computer and the server is cut while a page stands open: the page says so calmly and since when,
//! catches up by itself, and a form that was half filled is not lost.
//!
//! Must never: stop the server, which knows nothing of it.
#![allow(clippy::unwrap_used)] // what cannot be unwrapped fails the test

use rollbook_tests::browser::{Browser, Eyes};
use rollbook_tests::cable::Cable;
use rollbook_tests::desk::Desk;
use rollbook_tests::small::{DATE, World};

/// How many are absent with a reason, as Today says.
async fn known(today: &Browser) -> u32 {
    today.texts(".figures li b").await.unwrap()[3].parse().unwrap()
}

async fn stale(today: &Browser) -> String {
    today.texts(".stale").await.unwrap().concat()
}

async fn live_again(today: &Browser) {
    today.until("live again", async |b| Ok(b.texts(".stale").await?.concat().is_empty())).await.unwrap();
}

/// Somebody beside the server amends a mark meanwhile.
async fn amended(near: &Browser, pupil: shared::id::PupilId, why: &str) {
    let form = format!("/amend/{pupil}/{DATE}-am");
    near.go(&form).await.unwrap();
    near.click("input[name=code][value=I]").await.unwrap();
    near.write("#reason", why).await.unwrap();
    near.click("form.sheet .buttons button").await.unwrap();
    near.until("saved", async |b| Ok(b.path().await? != form)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_is_said_with_since_when_today_catches_up_and_no_form_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let world = World::make(home.path()).await.unwrap();
    let mut desk = Desk::of(home.path(), world).await.unwrap();
    let (_, port) = desk.world.server.ports().unwrap();
    let cable = Cable::to(port).await.unwrap();
    desk.through = Some(cable.address.clone());
    let today = desk.logged_in("today", Eyes::OFFICE).await.unwrap();
    let form = desk.logged_in("form", Eyes::OFFICE).await.unwrap();
    desk.through = None;
    let near = desk.logged_in_as("head", "near", Eyes::OFFICE).await.unwrap();

    today.go("/today").await.unwrap();
    today.script("window.never_left = true").await.unwrap();
    let before = known(&today).await;
    let pupils: Vec<_> = desk.world.rooms[0].pupils.iter().map(|pupil| pupil.id).collect();
    let address = format!("/absence/{}/{DATE}-am", pupils[0]);
    form.go(&address).await.unwrap();
    form.write("#told_by", "Sam Varley, father").await.unwrap();
    form.write("#said", "a temperature").await.unwrap();
    form.click("input[name=code][value=I]").await.unwrap();

    // Pulled: no packet passes, and no connection is broken off. Only silence tells.
    cable.pull();
    form.click("form.sheet .buttons button").await.unwrap();
    let said = async |b: &Browser| Ok(b.texts(".unreached").await?.concat().contains("nothing was saved"));
    form.until("the form says that nothing was saved", said).await.unwrap();
    assert_eq!(form.path().await.unwrap(), address);
    desk.accessible(&form, "form_cut_off").await.unwrap();
    amended(&near, pupils[1], "mother rang").await;
    today.until("it says so", async |b| Ok(!b.texts(".stale").await?.concat().is_empty())).await.unwrap();
    let words = stale(&today).await;
    let since = words.split_once("has not been updated since ").unwrap_or_else(|| panic!("{words}")).1;
    let (clock, rest) = since.split_at(5);
    assert!(clock.as_bytes()[2] == b':' && rest.starts_with(". What stands here is from then."), "{words}");
    assert_eq!(known(&today).await, before, "what stands there is from before the cut");
    desk.accessible(&today, "today_cable_pulled").await.unwrap();

    cable.mend();
    live_again(&today).await;
    today.until("caught up", async |b| Ok(known(b).await == before + 1)).await.unwrap();
    let kept = form.script("return [document.querySelector('#said').value, document.querySelector('#told_by').value, document.querySelector('input[name=code]:checked').value].join('|')");
    assert_eq!(kept.await.unwrap(), "a temperature|Sam Varley, father|I");
    form.click("form.sheet .buttons button").await.unwrap();
    form.until("saved", async |b| Ok(b.path().await?.starts_with("/register/"))).await.unwrap();
    today.until("the absence too", async |b| Ok(known(b).await == before + 2)).await.unwrap();

    // Broken off: it is known at once, and made up for as well.
    cable.sever();
    today.until("it says so again", async |b| Ok(!b.texts(".stale").await?.concat().is_empty())).await.unwrap();
    amended(&near, pupils[2], "father rang").await;
    cable.mend();
    live_again(&today).await;
    today.until("caught up again", async |b| Ok(known(b).await == before + 3)).await.unwrap();
    assert_eq!(today.script("return window.never_left === true").await.unwrap(), true, "the page was loaded again");
    for page in [today, form, near] {
        page.close().await.unwrap();
    }
    desk.world.server.stop().await.unwrap();
}
