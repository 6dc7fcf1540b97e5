//! Power cuts by the hundred: a real kiosk takes a register on an ext4 whose every write is recorded, and the volume is rebuilt
//! as it would be after a cut at random moments of that record. What was flushed is kept; of the rest any sector may be missing.
//!
//! Must never: pass in silence where nothing could be recorded, or with a record in which nothing happened.
#![allow(clippy::unwrap_used)] // what cannot be unwrapped fails the test

use rollbook_tests::image::recorded::{SIZE, register};
use rollbook_tests::image::recorder::Recorder;
use rollbook_tests::volume::skipped;

/// Moments in `make test`; `ROLLBOOK_MOMENTS=500` plays more, `ROLLBOOK_SEED` others.
const MOMENTS: usize = 40;
/// Fewer flushes than this were no register.
const FLUSHES: usize = 40;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|n| n.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_moments_of_one_register() {
    let home = tempfile::tempdir().unwrap();
    let recorder = match Recorder::start(&home.path().join("card"), SIZE) {
        Ok(recorder) => recorder,
        Err(why) => return skipped("power cuts at recorded moments", &why),
    };
    let recorded = register(&recorder, home.path()).await.unwrap();
    assert!(recorded.flushes() >= FLUSHES, "only {} flushes", recorded.flushes());
    let points = number("ROLLBOOK_MOMENTS").and_then(|n| n.try_into().ok()).unwrap_or(MOMENTS);
    let seed = number("ROLLBOOK_SEED").unwrap_or(1);
    let found = recorded.cut(points, seed).await.unwrap();
    println!("{}", recorded.said(&found, seed));
    assert!(found.torn * 4 > found.cuts, "hardly any cut fell between a write and its flush: {found:?}");
    assert!(found.wrong.is_empty(), "{}", found.wrong.join("\n"));
    let lied = recorded.cut_on_a_liar(10, seed).await.unwrap();
    assert!(!lied.wrong.is_empty(), "a disk that keeps nothing of what it was told to lost nothing");
}
