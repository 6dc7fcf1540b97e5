//! Whatever is tapped in whatever order: no panic, no early tick of "saved", one fact for each changed mark, a way home.

use crate::fixture::*;
use kiosk::core::screen::TileState;
use kiosk::core::{Msg, Screen, SyncStatus};
use proptest::prelude::*;
use shared::observation::{Observation, Wish};
use shared::time::{Interval, Millis};
use shared::wire::v1::{Expected, Seen};

#[derive(Debug, Clone)]
enum Step {
    Say(Msg),
    Save,
    Refuse,
    Wait(i64),
    Trust(bool),
}

fn who() -> impl Strategy<Value = shared::id::PupilId> {
    (0usize..6).prop_map(pupil)
}

fn msg() -> impl Strategy<Value = Msg> {
    let session = prop_oneof![Just(am()), Just(pm())];
    let seen = prop_oneof![Just(Seen::Present), Just(Seen::Late), Just(Seen::Absent)];
    prop_oneof![
        12 => who().prop_map(|pupil| Msg::Tap { pupil }),
        4 => who().prop_map(|pupil| Msg::Late { pupil }),
        3 => who().prop_map(|pupil| Msg::Mistake { pupil }),
        3 => who().prop_map(|pupil| Msg::Clear { pupil }),
        2 => Just(Msg::MarkRestPresent),
        3 => Just(Msg::More),
        2 => Just(Msg::CallNames),
        2 => Just(Msg::WriteNote),
        2 => Just(Msg::BringVisitor),
        2 => Just(Msg::PickNote { note: name("Seems unwell") }),
        2 => Just(Msg::PickOther { class: name("3 Rowan") }),
        1 => Just(Msg::MorePicks),
        2 => (60usize..62).prop_map(|n| Msg::PickVisitor { pupil: pupil(n) }),
        4 => who().prop_map(|pupil| Msg::CallHere { pupil }),
        4 => who().prop_map(|pupil| Msg::CallAway { pupil }),
        1 => Just(Msg::CallNext),
        1 => Just(Msg::CallBefore),
        2 => who().prop_map(|pupil| Msg::AskChange { pupil, wish: Wish::Present }),
        4 => Just(Msg::Undo),
        3 => Just(Msg::Submit),
        2 => Just(Msg::ChangeMarks),
        1 => Just(Msg::SignOff),
        2 => Just(Msg::Back),
        1 => Just(Msg::Idle),
        4 => (1u8..5).prop_map(|n| Msg::PickStaff { staff: staff(n) }),
        1 => Just(Msg::MoreNames),
        6 => (0u8..12).prop_map(|digit| Msg::PinDigit { digit }),
        1 => Just(Msg::PinErase),
        3 => Just(Msg::PinEnter),
        4 => (1u8..4, session.clone()).prop_map(|(c, session)| Msg::PickRegister { class: class(c), session }),
        4 => (0usize..6).prop_map(|n| card(&card_of(n))),
        4 => (1u8..6).prop_map(|n| card(&format!("90000{n}"))),
        2 => prop_oneof![Just("Year 3"), Just("Reception"), Just("Year 9")].prop_map(|y| Msg::PickYear { year: name(y) }),
        2 => (1u8..4).prop_map(|c| Msg::PickClass { class: class(c) }),
        2 => who().prop_map(|pupil| Msg::PickPupil { pupil }),
        2 => Just(Msg::Confirm),
        1 => Just(Msg::PickReason { reason: name("Family") }),
        1 => Just(Msg::NoReason),
        1 => (0u8..14).prop_map(|month| Msg::PickMonth { month }),
        1 => Just(Msg::PickCollector { who: name("Grandparent") }),
        2 => Just(Msg::RollCall),
        2 => any::<bool>().prop_map(|real| Msg::BeginRollCall { real }),
        2 => (1u8..4).prop_map(|c| Msg::RollClass { class: class(c) }),
        1 => Just(Msg::RollMissing),
        4 => who().prop_map(|pupil| Msg::Account { pupil }),
        1 => Just(Msg::EndRollCall),
        1 => Just(Msg::InOrOut),
        1 => Just(Msg::GoingHome),
        1 => Just(Msg::ComingBack),
        1 => Just(Msg::AskForHelp),
        3 => (who(), session.clone(), seen).prop_map(|(p, s, state)| mark_row(p, s, state, Some(3))),
        1 => (who(), session).prop_map(|(p, s)| expected_row(p, s, Expected::Absent)),
        2 => (0u64..40).prop_map(reflected),
        2 => (0u64..40).prop_map(|acked| Msg::Sync(SyncStatus { acked, connected: true, ..Default::default() })),
        1 => Just(Msg::Resnapshot),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => msg().prop_map(Step::Say),
        3 => Just(Step::Save),
        1 => Just(Step::Refuse),
        2 => (0i64..400_000).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Trust),
    ];
    prop::collection::vec(step, 0..80)
}

fn marks(screen: &Screen) -> Vec<(shared::id::PupilId, TileState)> {
    match screen {
        Screen::Register(r) => r.tiles.iter().map(|t| (t.pupil, t.state)).collect(),
        _ => Vec::new(),
    }
}

/// Whether anything that waits for the disk is about this pupil.
fn waits(d: &Desk, unsaved: &[Observation], pupil: shared::id::PupilId) -> bool {
    !d.waiting.is_empty() && unsaved.last().is_some_and(|_| unsaved.iter().any(|f| f.pupil() == Some(pupil)))
}

fn play(mut d: Desk, steps: Vec<Step>) {
    d.saving = false;
    let mut unsaved: Vec<Observation> = Vec::new();
    for step in steps {
        match step {
            Step::Save => {
                d.save();
                unsaved.clear();
            }
            Step::Refuse => {
                d.refuse();
                unsaved.clear();
            }
            Step::Wait(ms) => {
                d.now = d.now.plus(ms);
                d.tick();
            }
            Step::Trust(trusted) => {
                d.trusted = trusted;
                d.open =
                    (!trusted).then(|| Interval { earliest: at("08:00"), latest: Millis(i64::MAX), estimate: None });
                d.tick();
            }
            Step::Say(msg) => {
                d.tick();
                d.new_facts();
                let before = marks(&d.view());
                let (tap, undoes) = (
                    matches!(msg, Msg::Tap { .. } | Msg::Late { .. } | Msg::Mistake { .. } | Msg::Clear { .. }),
                    matches!(msg, Msg::Undo | Msg::MarkRestPresent),
                );
                d.hear(msg.clone());
                let facts = d.new_facts();
                let after = marks(&d.view());
                let changed: Vec<_> = before.iter().zip(&after).filter(|(b, a)| b.0 == a.0 && b.1 != a.1).collect();
                if tap && !before.is_empty() && !after.is_empty() {
                    assert!(changed.len() <= 1, "a tap changed {} tiles", changed.len());
                    if changed.len() == 1 {
                        assert_eq!(facts.len(), 1, "{msg:?} changed a mark with {} facts", facts.len());
                        assert_eq!(facts[0].pupil(), Some(changed[0].0.0));
                    }
                }
                if tap {
                    assert!(facts.len() <= 1);
                }
                if undoes {
                    let about: std::collections::BTreeSet<_> = facts.iter().filter_map(Observation::pupil).collect();
                    assert!(changed.iter().all(|(b, _)| about.contains(&b.0)));
                }
                if before.len() == after.len() {
                    assert!(before.iter().zip(&after).all(|(b, a)| b.0 == a.0), "a tile moved");
                }
                unsaved.extend(facts);
            }
        }
        match d.view() {
            Screen::Register(r) => {
                for t in r.tiles {
                    // The feed may have spoken over an own word; only own words that wait must not show a tick.
                    if waits(&d, &unsaved, t.pupil) && t.saved {
                        assert!(
                            // A late sign-in of the feed stands over own words that wait.
                            t.state == TileState::Late,
                            "{} shows saved with a mark that waits",
                            t.label
                        );
                    }
                }
            }
            Screen::ReceptionDone(done) => {
                // No passage of the pupil whose name is on the screen may wait when it says saved.
                let passes = |f: &&Observation| {
                    matches!(f, Observation::Arrived { .. } | Observation::Left { .. } | Observation::Returned { .. })
                };
                let waits = unsaved.iter().filter(passes).filter_map(Observation::pupil).any(|p| {
                    NAMES.iter().enumerate().any(|(i, (first, _))| pupil(i) == p && done.title.ends_with(first))
                });
                assert!(!(done.saved && waits), "{} says saved too early", done.title);
            }
            _ => {}
        }
        serde_json::to_string(&d.view()).unwrap();
    }
    for _ in 0..8 {
        d.send(Msg::Back);
    }
    let home = match d.view() {
        Screen::SignOn(s) => s.back.is_empty(),
        Screen::RollCall(r) => !r.under_way,
        Screen::ReceptionIdle(_) => true,
        _ => d.model.mode().is_none(),
    };
    assert!(home, "no way home from {:?}", d.view());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn at_a_classroom_kiosk(steps in steps()) {
        play(Desk::signed_on("08:52"), steps);
    }

    #[test]
    fn at_reception(steps in steps()) {
        play(Desk::reception("08:52"), steps);
    }

    #[test]
    fn at_an_assembly_point(steps in steps()) {
        play(Desk::gate("08:52"), steps);
    }

    #[test]
    fn from_nothing(steps in steps()) {
        play(Desk::new(Vec::new(), at("08:52")), steps);
    }
}
