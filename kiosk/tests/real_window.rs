//! The program itself in a real window: an X server (Xvfb), a finger (xdotool), a store on disk. Where a control lies is
//! looked up by its accessible label in a window of the same size, its twin; the real one is then touched there, once it says
//! that it shows what the twin shows. What it did is read from what it reports as saved, and from its disk after it has ended.

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

mod fixture;
mod window;

use argon2::{Argon2, PasswordHasher};
use fixture::*;
use kiosk::core::{Msg, Screen, SyncStatus};
use kiosk::store::kept::{Enrolled, Token, enrol};
use kiosk::store::{Store, feed, timeline};
use serde_json::Value;
use shared::id::FeedId;
use shared::wire::v1::{Row, RowBody};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use window::Kiosk;

/// How long anything may take on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often a question to the X server is asked again.
const TRIES: usize = 2_000;

/// An X server that goes when it is dropped.
struct Xvfb {
    server: Child,
    display: String,
}

impl Xvfb {
    fn on() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "800x480x24"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is not here: apt install xvfb xdotool (make test does)");
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Self { server, display: format!(":{}", number.trim()) }
    }
    /// What a finger or a keyboard does.
    fn finger(&self, args: &[&str]) {
        let done = Command::new("xdotool").env("DISPLAY", &self.display).args(args).status();
        assert!(done.expect("xdotool is not here: apt install xdotool").success(), "xdotool {args:?}");
    }
    /// Asks again and again, which takes its time each time, until something holds.
    fn until(&self, what: &str, args: &[&str], holds: impl Fn(bool) -> bool) {
        let asked = || Command::new("xdotool").env("DISPLAY", &self.display).args(args).stdout(Stdio::null()).status();
        let held = (0..TRIES).any(|_| holds(asked().expect("xdotool is not here: apt install xdotool").success()));
        assert!(held, "never {what}");
    }
    /// Waits until a window stands on the screen, and gives it the keyboard: there is no window manager to do so. One that is
    /// not quite there yet cannot take it.
    fn until_there(&self) {
        let sync = ["search", "--sync", "--onlyvisible", "--name", "Rollbook", "windowfocus"];
        self.until("a window with the keyboard", &sync, |done| done);
    }
    /// Waits until the window of a program that was ended is gone, so that the next one is not taken for it.
    fn until_gone(&self) {
        self.until("no window", &["search", "--onlyvisible", "--name", "Rollbook"], |found| !found);
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// What the program's window shows.
#[derive(Default)]
struct Shown {
    newest: Mutex<String>,
    changed: Condvar,
}

/// What a finger can see of a screen: without clocks, which run on, and without how sending stands.
fn to_touch(mut screen: Value) -> String {
    for passing in ["bar", "clock", "closes", "closes_label"] {
        if let Some(screen) = screen.as_object_mut() {
            screen.remove(passing);
        }
    }
    let text = screen.to_string();
    let letters: Vec<char> = text.chars().collect();
    let mut seen = String::new();
    let mut rest = &letters[..];
    while let [first, after @ ..] = rest {
        if let [a, b, ':', c, d, after @ ..] = rest
            && [a, b, c, d].iter().all(|c| c.is_ascii_digit())
        {
            seen.push_str("a time");
            rest = after;
        } else {
            seen.push(*first);
            rest = after;
        }
    }
    seen
}

/// The program, which goes when this is dropped.
struct Program {
    child: Child,
    saved: Receiver<Value>,
    shown: Arc<Shown>,
}

impl Program {
    #[allow(clippy::disallowed_methods)] // a test's own clock
    fn run(data: &Path, display: &str, now: &str) -> Self {
        let real = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        let mut child = Command::new(env!("CARGO_BIN_EXE_rollbook-kiosk"))
            // Not --fullscreen: that is asked of a window manager, and there is none. Its own size is that of the screen.
            .args(["run", "--events", "--screens", "--data"])
            .arg(data)
            .arg("--clock")
            .arg(format!("sim:{real}:{}:1", at(now).0))
            .env("DISPLAY", display)
            .env_remove("WAYLAND_DISPLAY")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, saved) = channel();
        let shown = Arc::new(Shown::default());
        let on_screen = shown.clone();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut event: Value = serde_json::from_str(&line).unwrap();
                if event["event"] == "shown" {
                    *on_screen.newest.lock().unwrap() = to_touch(event["screen"].take());
                    on_screen.changed.notify_all();
                } else if event["event"] == "saved" && tell.send(event).is_err() {
                    break;
                }
            }
        });
        Self { child, saved, shown }
    }
    /// Waits until the window shows this, so that what is touched next is what lies there.
    fn until_shows(&self, screen: &Screen) {
        let wanted = to_touch(serde_json::to_value(screen).unwrap());
        let newest = self.shown.newest.lock().unwrap();
        let (newest, late) =
            self.shown.changed.wait_timeout_while(newest, PATIENCE, |newest| *newest != wanted).unwrap();
        assert!(!late.timed_out(), "the window shows\n{newest}\nand not\n{wanted}");
    }
    /// Waits for the next fact of a person that is on disk.
    fn next(&self, kind: &str) -> Value {
        loop {
            let event = self.saved.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no {kind} was saved"));
            if event["kind"] == kind {
                return event;
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A kiosk with its school on disk, whose server nobody answers for. The PIN is a real one.
fn furnish(data: &Path, rows: &[Row]) {
    let store = Store::open(data).unwrap();
    let hash = Argon2::default().hash_password(PIN.as_bytes()).unwrap().to_string();
    let rows: Vec<Row> = rows
        .iter()
        .cloned()
        .map(|mut row| {
            if let Some(RowBody::Staff(staff)) = &mut row.body {
                staff.pin = Some(shared::text::Text::new(&hash).unwrap());
            }
            row
        })
        .collect();
    store
        .write_now(move |tx| {
            enrol(
                tx,
                &Enrolled {
                    kiosk: shared::id::KioskId::from_bytes([8; 16]),
                    school: shared::id::SchoolId::from_bytes([1; 16]),
                    room: "Room 7".into(),
                    server: "https://127.0.0.1:1".into(),
                    token: Token("rbk_test".into()),
                    pin: shared::log::Hash([7; 32]),
                    next_pin: None,
                },
            )?;
            timeline::trust(tx, at("08:51"))?;
            feed::begin_snapshot(tx, FeedId::from_bytes([2; 16]))?;
            feed::apply(tx, FeedId::from_bytes([2; 16]), &rows, 99)?;
            feed::end_snapshot(tx).map(drop)
        })
        .unwrap();
}

/// Touches what the twin has under this label.
fn touch(x: &Xvfb, program: &Program, twin: &mut Kiosk, label: &str) {
    program.until_shows(&twin.desk.view());
    let element = twin.labelled(label);
    let (at, size) = (element.absolute_position(), element.size());
    let (left, top) = ((at.x + size.width / 2.0).round().to_string(), (at.y + size.height / 2.0).round().to_string());
    x.finger(&["mousemove", &left, &top, "click", "1"]);
    twin.press(label);
}

/// Holds a card to a reader that types.
fn hold_card(x: &Xvfb, program: &Program, twin: &mut Kiosk, number: &str) {
    program.until_shows(&twin.desk.view());
    x.finger(&["type", number]);
    x.finger(&["key", "Return"]);
    twin.type_keys(&format!("{number}\n"));
}

#[test]
fn a_teacher_signs_on_takes_the_register_and_the_marks_outlive_the_program() {
    // The program has not met its server, so it asks which session it is; its twin does the same.
    let mut desk = Desk::classroom("08:52");
    desk.trusted = false;
    let open = shared::time::Interval {
        earliest: at("08:51"),
        latest: shared::time::Millis(i64::MAX),
        estimate: Some(at("08:52")),
    };
    desk.open = Some(open);
    desk.tick();
    desk.hear(Msg::Sync(SyncStatus { waiting: 0, acked: 0, offline_since: None, connected: false }));
    let dir = tempfile::tempdir().unwrap();
    furnish(dir.path(), &desk.rows);
    let x = Xvfb::on();
    let mut twin = Kiosk::new(desk);
    let program = Program::run(dir.path(), &x.display, "08:52");
    x.until_there();

    touch(&x, &program, &mut twin, "Ms Patel");
    for digit in ["2", "4", "6", "8"] {
        touch(&x, &program, &mut twin, digit);
    }
    touch(&x, &program, &mut twin, "Go on");
    assert_eq!(program.next("signed_on")["by"], staff(1).to_string());
    touch(&x, &program, &mut twin, "Monday 23 November · Morning, 3 Willow · Not taken yet");
    touch(&x, &program, &mut twin, "Ben O, no mark");
    let fact = program.next("marked");
    assert_eq!((&fact["pupil"], &fact["mark"]), (&named("Ben").to_string().into(), &"present".into()));
    touch(&x, &program, &mut twin, "Ben O, present, saved");
    assert_eq!(program.next("marked")["mark"], "absent");
    touch(&x, &program, &mut twin, "More");
    touch(&x, &program, &mut twin, "Call the names one by one");
    touch(&x, &program, &mut twin, "Here");
    let fact = program.next("marked");
    assert_eq!((&fact["pupil"], &fact["mark"]), (&named("Aisha").to_string().into(), &"present".into()));
    touch(&x, &program, &mut twin, "All names");
    touch(&x, &program, &mut twin, "Mark the 32 blanks present");
    for _ in 0..32 {
        assert_eq!(program.next("marked")["mark"], "present");
    }
    touch(&x, &program, &mut twin, "Submit");
    assert_eq!(program.next("submitted")["tiles"].as_array().unwrap().len(), 34);
    touch(&x, &program, &mut twin, "Done");
    hold_card(&x, &program, &mut twin, "900002");
    assert_eq!(program.next("signed_on")["by"], staff(2).to_string());
    drop(program);
    x.until_gone();

    // The plug was pulled; the program begins anew over its disk.
    let program = Program::run(dir.path(), &x.display, "08:53");
    x.until_there();
    let mut twin = Kiosk::new(std::mem::replace(&mut twin.desk, Desk::classroom("08:53")));
    twin.desk.send(Msg::SignOff);
    twin.show();
    hold_card(&x, &program, &mut twin, "900002");
    assert_eq!(program.next("signed_on")["by"], staff(2).to_string());
    let submitted =
        twin.labels().into_iter().find(|l| l.starts_with("Monday 23 November · Morning, 3 Willow · Submitted"));
    touch(&x, &program, &mut twin, &submitted.unwrap());
    touch(&x, &program, &mut twin, "Change a mark");
    touch(&x, &program, &mut twin, "Ben O, absent, saved");
    touch(&x, &program, &mut twin, "My mistake, was here from the start");
    assert_eq!(program.next("marked")["mark"], "present", "the tile was absent still: it asked");
}
