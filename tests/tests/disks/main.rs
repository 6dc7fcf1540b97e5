//! Bad disks under the two real programs: full, read-only under their hands, and with bytes that are not what was written.
//! A mark that a screen called saved is in the record once; what could not be saved was never called so.
//!
//! An exchange that met a bad disk waits ten seconds, and longer each time: what is waited for here has 55.
//!
//! Must never: pass in silence where a volume could not be mounted, or spoil bytes that nobody reads and call that proof.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // a test's own clock; what cannot be unwrapped fails the test

mod heard;
mod spoilt;

use heard::*;
use rollbook_tests::process::{Trouble, run};
use rollbook_tests::small::{World, screen, sign_on, tiles};
use rollbook_tests::volume::{Volume, skipped};
use serde_json::json;
use std::path::Path;

async fn full_kiosk(home: &Path, volume: Volume) -> Result<(), Trouble> {
    let mut world = World::make(home).await?;
    let (mut heard, room) = kiosk_on(&world, &volume, 0).await;
    let pupils = blank(&screen(&mut heard.kiosk).await?);
    for pupil in &pupils[..6] {
        heard.tap(*pupil).await;
    }
    assert_eq!(heard.saved.len(), 6);
    volume.fill()?;
    // The write-ahead log may have room for a few more inside what it has already.
    let mut rest = &pupils[6..];
    while heard.not_saved.is_empty() {
        heard.tap(rest[0]).await;
        rest = &rest[1..];
    }
    heard.not_saved.clear();
    refused(&mut heard, &rest[..4], "disk_full").await;
    // With room again, the same taps are saved, and the fault goes.
    volume.make_room()?;
    for pupil in &rest[..4] {
        heard.tap(*pupil).await;
    }
    assert!(heard.not_saved.is_empty() && heard.saved.len() >= 10);
    heard.ask(json!({ "do": "wait", "for": "synced", "within_s": 55 })).await;
    all_there(&world, &heard, &room).await;
    heard.kiosk.end().await?;
    world.kill_server().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_whose_disk_is_full_says_so_and_saves_nothing_it_cannot() {
    let home = tempfile::tempdir().unwrap();
    match Volume::tmpfs(&home.path().join("card"), 6 * 1024) {
        Ok(volume) => full_kiosk(home.path(), volume).await.unwrap(),
        Err(why) => skipped("a kiosk on a full disk", &why),
    }
}

async fn failing_kiosk(home: &Path, mut volume: Volume) -> Result<(), Trouble> {
    let mut world = World::make(home).await?;
    let (mut heard, room) = kiosk_on(&world, &volume, 0).await;
    let pupils = blank(&screen(&mut heard.kiosk).await?);
    heard.ask(json!({ "do": "network", "up": false })).await;
    for pupil in &pupils[..8] {
        heard.tap(*pupil).await;
    }
    assert_eq!(heard.saved.len(), 8);
    volume.fail()?;
    refused(&mut heard, &pupils[8..12], "disk").await;
    // The teacher is told on every screen, and what was saved is still shown.
    let shown = screen(&mut heard.kiosk).await?;
    assert_eq!(tiles(&shown).iter().filter(|tile| tile.1 == "present" && tile.2).count(), 8);
    heard.cut().await;
    // A program that is started on a card that takes nothing says so in words, and does not pretend.
    let dir = volume.at().to_string_lossy().into_owned();
    let said = run("rollbook-kiosk", &["--data", &dir, "run", "--headless"], &[], "").await.unwrap_err().to_string();
    assert!(said.contains("cannot use the folder") && said.contains("Read-only"), "{said}");
    volume.pull_and_mend()?;
    let mut again = Heard { kiosk: world.switch_on(volume.at())?, ..heard };
    sign_on(&mut again.kiosk, &room).await?;
    again.tap(pupils[8]).await;
    assert_eq!(again.saved.len(), 9);
    again.ask(json!({ "do": "wait", "for": "synced", "within_s": 55 })).await;
    all_there(&world, &again, &room).await;
    again.kiosk.end().await?;
    world.kill_server().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_whose_card_turns_read_only_says_so_and_goes_on_after() {
    let home = tempfile::tempdir().unwrap();
    match Volume::ext4(&home.path().join("card"), 24) {
        Ok(volume) => failing_kiosk(home.path(), volume).await.unwrap(),
        Err(why) => skipped("a kiosk on a card that turns read-only", &why),
    }
}

/// A server whose disk takes nothing for a while: kiosks keep, it answers, and afterwards everything arrives.
async fn bad_server(home: &Path, mut volume: Volume, fails: bool) -> Result<(), Trouble> {
    let mut world = World::make(home).await?;
    let data = world.enrol(0).await?;
    let room = world.rooms[0].clone();
    let mut kiosk = world.switch_on(&data)?;
    kiosk.ask(json!({ "do": "wait", "for": "roster" })).await?;
    sign_on(&mut kiosk, &room).await?;
    let mut heard = Heard::new(kiosk);
    let pupils = blank(&screen(&mut heard.kiosk).await?);
    for pupil in &pupils[..5] {
        heard.tap(*pupil).await;
    }
    heard.ask(json!({ "do": "wait", "for": "synced", "within_s": 55 })).await;
    if fails {
        volume.fail()?
    } else {
        volume.fill()?
    }
    for pupil in &pupils[5..15] {
        heard.tap(*pupil).await;
    }
    assert_eq!(heard.saved.len(), 15, "the kiosk's own disk is sound");
    heard.ask(json!({ "do": "wait", "for": "offline" })).await; // it has tried, and was refused
    assert!(!health(&world.server).await["wrong"].as_array().unwrap().is_empty());
    let status = heard.kiosk.ask(json!({ "do": "status" })).await?;
    assert!(status["unsent"].as_u64().unwrap() >= 10, "{status}");
    if fails {
        world.kill_server().await?;
        volume.pull_and_mend()?;
        world.restart_server().await?;
    } else {
        volume.make_room()?;
    }
    heard.ask(json!({ "do": "wait", "for": "synced", "within_s": 55 })).await;
    all_there(&world, &heard, &room).await;
    heard.kiosk.end().await?;
    world.kill_server().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_disk_is_full_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    match Volume::tmpfs(&home.path().join("server"), 96 * 1024) {
        Ok(volume) => bad_server(home.path(), volume, false).await.unwrap(),
        Err(why) => skipped("a server on a full disk", &why),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_disk_turns_read_only_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    match Volume::ext4(&home.path().join("server"), 128) {
        Ok(volume) => bad_server(home.path(), volume, true).await.unwrap(),
        Err(why) => skipped("a server on a disk that turns read-only", &why),
    }
}
