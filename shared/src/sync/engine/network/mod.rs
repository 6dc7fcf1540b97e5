//! The engine and `ingest` joined over a network that loses, doubles and reorders, with cards that are restored or
//! cloned, kiosks that lose power and a server that comes back from a backup.
//!
//! Must never: decide anything that the engine or `ingest` should decide.

mod parties;
mod world;

use crate::id::LogId;
use parties::{id, read};
use proptest::prelude::*;
use std::collections::HashSet;
use world::World;

#[derive(Debug, Clone, Copy)]
struct Step {
    what: u8,
    who: u8,
    call: u8,
    jitter: u16,
}

fn steps(most: usize, kinds: impl Strategy<Value = u8> + Clone) -> impl Strategy<Value = Vec<Step>> {
    let step = (kinds, any::<u8>(), any::<u8>(), any::<u16>()).prop_map(|(what, who, call, jitter)| Step {
        what,
        who,
        call,
        jitter,
    });
    prop::collection::vec(step, 1..most)
}

fn run(steps: &[Step]) -> Result<(), TestCaseError> {
    let mut world = World::new();
    let mut written = HashSet::new();
    for step in steps {
        world.chaos(*step);
    }
    for kiosk in &world.kiosks {
        written.extend(kiosk.disk.entries.iter().map(|e| read(e).0));
    }
    let (before, work) = (world.exchanges, 1 + world.facts as usize + world.server.rows.len());
    world.calm();
    world.judge()?;
    let held: HashSet<u64> = world.server.logs.values().flatten().map(|e| read(e).0).collect();
    let lost: Vec<_> = written.difference(&held).collect();
    prop_assert!(lost.is_empty(), "on a card, not at the server: {:?}", lost);
    // A bound, not a hope: eight rounds of hello and pull, and a few sendings of every entry by every kiosk.
    let bound = world.kiosks.len() * (60 + 4 * work);
    prop_assert!(world.exchanges - before <= bound, "{} exchanges, {} allowed", world.exchanges - before, bound);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, ..ProptestConfig::default() })]

    /// One kiosk, a bad network, failing power: nothing forks, and all of it arrives once.
    #[test]
    fn a_bad_network_loses_nothing_and_forks_nothing(steps in steps(400, 0..230_u8)) {
        run(&steps)?;
        let mut world = World::new();
        steps.iter().for_each(|step| world.chaos(*step));
        world.calm();
        prop_assert_eq!(world.kiosks[0].disk.log, LogId::from_bytes(id(1)), "no reason to begin a log anew");
        prop_assert_eq!(world.kiosks[0].disk.entries.iter().map(|e| e.seq).max().unwrap_or(0),
            world.kiosks[0].disk.entries.len() as u64);
    }

    /// Cards restored and cloned as well, and a server that comes back from its backup.
    #[test]
    fn clones_restored_cards_and_a_restored_server_lose_nothing_either(steps in steps(500, any::<u8>())) {
        run(&steps)?;
    }

    /// The server is restored again and again, with nothing else wrong.
    #[test]
    fn a_restored_server_is_filled_again(steps in steps(300, prop_oneof![
        4 => 0..130_u8, 1 => 200..220_u8, 1 => 242..=255_u8])) {
        let mut world = World::new();
        steps.iter().for_each(|step| world.chaos(*step));
        world.calm();
        world.judge()?;
        prop_assert_eq!(world.kiosks[0].disk.log, LogId::from_bytes(id(1)), "no reason to begin a log anew");
    }
}
