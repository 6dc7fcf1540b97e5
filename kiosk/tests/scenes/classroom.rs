//! The classroom's screens, each as a desk that has come to it.

use crate::fixture::*;
use kiosk::core::{Msg, SyncStatus};
use shared::time::{Interval, Millis};
use shared::wire::v1::{Choices, Expected, Fault, Mode, Seen, Sort};

/// No network since 08:41.
pub fn offline(d: &mut Desk, waiting: u64) {
    let since = Some(at("08:41"));
    d.hear(Msg::Sync(SyncStatus { waiting, acked: 0, offline_since: since, connected: false }));
}

/// The register of the sketch: most present, some absent, one late, one expected absent, five blank.
pub fn half_taken() -> Desk {
    let mut d = Desk::signed_on("08:52:10");
    d.hear(expected_row(named("Grace"), am(), Expected::Absent));
    d.hear(expected_row(named("Jamal"), am(), Expected::Elsewhere));
    let blank = ["Sofia", "Theo", "Tomasz", "Willow", "Zara", "Grace", "Jamal", "Kian"];
    for (i, (first, _)) in NAMES.iter().enumerate() {
        if !blank.contains(first) {
            d.tap(pupil(i));
        }
        if ["Ben", "Noah"].contains(first) {
            d.tap(pupil(i));
        }
    }
    d.now = at("08:55:50");
    d.saving = false;
    d.tap(named("Ruby"));
    d.send(Msg::Undo);
    d.hear(Msg::Sync(SyncStatus { waiting: 29, acked: 0, offline_since: None, connected: true }));
    d.hear(mark_row(named("Kian"), am(), Seen::Late, Some(12)));
    d
}

/// Everybody marked.
pub fn full() -> Desk {
    let mut d = half_taken();
    d.saving = true;
    d.save();
    d.send(Msg::MarkRestPresent);
    d
}

/// What is wrong, and what to do about it.
fn faults() -> Vec<(&'static str, Desk)> {
    let mut all = Vec::new();
    let mut add = |name, desk| all.push((name, desk));
    let mut d = half_taken();
    d.saving = true;
    d.save();
    d.saving = false;
    d.tap(named("Sofia"));
    d.refuse();
    add("fault_disk", d);
    let mut d = Desk::classroom("08:46");
    d.hear(Msg::Update { needed: true });
    add("fault_update", d);
    let mut d = Desk::classroom("08:46");
    d.hear(damaged(3, 1));
    add("fault_memory", d);
    let mut d = Desk::classroom("08:46");
    d.hear(Msg::Enrolling {
        code: None,
        check_word: None,
        trouble: Some("The server cannot be reached: connection refused".to_owned()),
    });
    add("fault_no_server", d);
    let mut d = Desk::new(Vec::new(), at("08:46"));
    offline(&mut d, 0);
    add("fault_no_rows", d);
    let mut d = Desk::classroom("08:46");
    d.hear(Msg::Enrolling { code: None, check_word: None, trouble: None });
    d.hear(Msg::Misset {
        wrong: vec![
            "rollbook.toml, line 4: \"http://rollbook.school.example\" is not a server's address: write https://name:port"
                .to_owned(),
            "rollbook.toml, line 5: the key's fingerprint has 64 digits from 0 to 9 and a to f; here are 63".to_owned(),
        ],
    });
    add("fault_card", d);
    all
}

/// The classroom's screens, and those before a kiosk has a school.
pub fn screens() -> Vec<(&'static str, Desk)> {
    let mut all = Vec::new();
    let mut add = |name, desk| all.push((name, desk));

    let mut d = Desk::classroom("08:46");
    d.hear(Msg::Enrolling {
        code: Some(shared::text::Text::new("K7QX-4M2P").unwrap()),
        check_word: Some(name("harbour-lantern")),
        trouble: None,
    });
    add("enrol", d);

    add("sign_on", Desk::classroom("08:46"));
    let mut d = Desk::classroom("08:46");
    d.send(Msg::PickStaff { staff: staff(1) });
    d.send(Msg::PinDigit { digit: 2 });
    d.send(Msg::PinDigit { digit: 4 });
    add("pin", d);
    let mut d = Desk::classroom("08:46");
    d.send(Msg::PickStaff { staff: staff(1) });
    for _ in 0..3 {
        for _ in 0..4 {
            d.send(Msg::PinDigit { digit: 1 });
        }
        d.send(Msg::PinEnter);
    }
    add("pin_wrong", d);

    let mut d = Desk::classroom("08:55");
    d.trusted = false;
    d.open = Some(Interval { earliest: on(date("2026-11-20"), "15:00"), latest: Millis(i64::MAX), estimate: None });
    offline(&mut d, 2);
    d.sign_on();
    add("choose", d);

    add("register_half", half_taken());
    add("register_full", full());
    let mut d = half_taken();
    d.send(Msg::Submit);
    offline(&mut d, 29);
    add("register_refused", d);
    let mut d = half_taken();
    d.send(Msg::Tap { pupil: named("Zara") });
    d.now = d.now.plus(200_000);
    d.tap(named("Ben"));
    add("register_ask", d);
    let mut d = Desk::signed_on("13:05");
    d.send(Msg::MarkRestPresent);
    d.hear(Msg::Faults { faults: vec![Fault::NoReader] });
    add("register_pm", d);
    let mut d = full();
    d.send(Msg::Submit);
    add("submitted", d);

    let mut d = Desk::new(School::new(Mode::Classroom, &[(1, "3 Willow", "Year 3")]).rows, at("08:30"));
    d.hear(Msg::Revoked);
    add("revoked", d);

    let mut d = half_taken();
    d.send(Msg::More);
    add("more", d);
    let mut d = half_taken();
    d.send(Msg::More);
    d.send(Msg::CallNames);
    add("call", d);
    let mut d = half_taken();
    d.send(Msg::More);
    d.send(Msg::WriteNote);
    add("note_whom", d);
    let mut d = half_taken();
    d.send(Msg::More);
    d.send(Msg::WriteNote);
    d.tap(named("Ben"));
    add("note", d);
    let mut d = half_taken();
    d.send(Msg::More);
    d.send(Msg::BringVisitor);
    add("visitor_class", d);
    let mut d = half_taken();
    d.saving = true;
    d.save();
    d.send(Msg::More);
    d.send(Msg::BringVisitor);
    d.send(Msg::PickOther { class: name("3 Rowan") });
    d.send(Msg::PickVisitor { pupil: pupil(60) });
    d.send(Msg::More);
    d.send(Msg::WriteNote);
    d.tap(named("Ben"));
    d.send(Msg::PickNote { note: name("Seems unwell") });
    add("register_told", d);
    let mut d = full();
    d.send(Msg::Submit);
    d.turn_to("09:25");
    d.sign_on();
    d.send(Msg::ChangeMarks);
    add("register_locked", d);
    let mut d = full();
    d.send(Msg::Submit);
    d.turn_to("09:25");
    d.sign_on();
    d.send(Msg::ChangeMarks);
    d.tap(named("Ben"));
    add("after_close", d);
    let mut d = half_taken();
    d.choose(Choices { positive: true, ..Choices::default() });
    d.send(Msg::More);
    d.send(Msg::SortBy { sort: Sort::Last });
    add("register_positive", d);
    let mut d = Desk::classroom("18:00");
    d.turn_to("18:31");
    add("resting", d);
    all.extend(faults());
    all
}
