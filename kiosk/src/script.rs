//! A kiosk played from lines of JSON instead of a finger: `rollbook-kiosk run --headless --script -`.
//!
//! One command a line on stdin; one event a line on stdout. Every command is answered by `{"event":"done","line":n}` or
//! `{"event":"error","line":n,"what":"…"}` when the core has taken it in; that it is on disk is said by `saved`, after
//! COMMIT, and never before. Commands go through the same messages as a finger, so what the screen refuses is an error.
//!
//! | command | |
//! |---|---|
//! | `{"do":"card","number":"4711"}` | a card at the reader: signs a teacher on, or a pupil in |
//! | `{"do":"sign_on","staff":"<id>","pin":"1234"}` | by name and PIN |
//! | `{"do":"register","class":"<id>","session":"2026-11-23-am"}` | picks a register, where the screen asks |
//! | `{"do":"tap","pupil":"<id>"}` | one tap on a tile |
//! | `{"do":"mark","pupil":"<id>","as":"present"}` | taps until it is so: present, absent, late, blank |
//! | `{"do":"late","pupil":"<id>"}` | came late: as `mark … as late` |
//! | `{"do":"rest_present"}` `{"do":"undo"}` `{"do":"submit"}` `{"do":"change_marks"}` `{"do":"sign_off"}` | buttons |
//! | `{"do":"sign_in","pupil":"<id>","reason":"Missed the bus"}` | reception, by name; the reason may be left out |
//! | `{"do":"go_home","pupil":"<id>","staff":"<id>","pin":"2468","collected":"Grandparent"}` | reception, by name, and who lets them go; who collects may be left out |
//! | `{"do":"come_back","pupil":"<id>"}` | reception, by name |
//! | `{"do":"network","up":false}` | cuts the kiosk's own network, or mends it |
//! | `{"do":"wait","for":"idle","within_s":30}` | idle, synced, connected, offline, trusted, roster, revoked |
//! | `{"do":"screen"}` `{"do":"status"}` | prints what stands there |
//! | `{"do":"msg","msg":{"msg":"more_names"}}` | any message of the core |
//! | `{"do":"quit"}` | ends; so does the end of the input, when all is on disk |
//!
//! Events: `ready` (the program runs), `saved` (`log`, `seq`, `by`, and the fact: `kind`, `pupil`, `session`, `mark` …),
//! `not_saved`, `sync`, `revoked`, `screen`, `status`, `done`, `error`.
//!
//! Must never: do what a finger could not do, or print that something is saved before it is.

mod command;
mod walk;

pub use command::{Command, For, Wanted};

use crate::core::screen::Screen;
use crate::core::{Msg, Pin};
use crate::hub::{Front, Heard, HubHandle, Impatient, State};
use serde_json::{Value, json};
use shared::id::StaffId;
use shared::observation::Observation;
use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a wait lasts, if it does not say.
const PATIENCE_S: f64 = 30.0;

/// Prints events, one a line, from any thread.
#[derive(Clone)]
pub struct Printer(Arc<Mutex<Box<dyn Write + Send>>>);

impl Printer {
    /// To this.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Mutex::new(out)))
    }

    /// Prints one event at once.
    pub fn print(&self, event: &Value) {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody listens any more: the kiosk goes on all the same.
        let _ = writeln!(out, "{event}").and_then(|()| out.flush());
    }

    /// The hub's ears.
    #[must_use]
    pub fn front(&self) -> Front {
        let printer = self.clone();
        Front { on_screen: Box::new(|_, _| {}), on_heard: Box::new(move |heard| printer.heard(heard)) }
    }

    fn heard(&self, heard: Heard) {
        match heard {
            Heard::Saved(facts) => {
                for (origin, mut fact) in facts {
                    if let Observation::Arrived { reason, .. } | Observation::Noted { note: reason, .. } =
                        &mut fact.what
                    {
                        *reason = None;
                    }
                    let mut event = json!({ "event": "saved", "log": origin.log, "seq": origin.seq, "by": fact.by });
                    if let (Some(event), Ok(Value::Object(what))) =
                        (event.as_object_mut(), serde_json::to_value(&fact.what))
                    {
                        event.extend(what);
                    }
                    self.print(&event);
                }
            }
            Heard::NotSaved(why) => self.print(&json!({ "event": "not_saved", "why": why })),
            Heard::Sync(status) => self.print(&json!({
                "event": "sync", "waiting": status.waiting, "acked": status.acked, "connected": status.connected,
                "offline_since": status.offline_since,
            })),
            Heard::Damaged => self.print(&json!({ "event": "damaged" })),
            Heard::Revoked => self.print(&json!({ "event": "revoked" })),
            // What was saved is printed; a script has no ears.
            Heard::Beep(_) => {}
        }
    }
}

/// Plays a script to its end.
pub fn play(input: impl BufRead, hub: &HubHandle, printer: &Printer) {
    printer.print(&json!({ "event": "ready" }));
    for (line, text) in (1_u64..).zip(input.lines()) {
        let text = match text {
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => text,
            Err(error) => {
                printer.print(&json!({ "event": "error", "line": line, "what": error.to_string() }));
                break;
            }
        };
        let done = match serde_json::from_str::<Command>(&text) {
            Ok(Command::Quit) => {
                printer.print(&json!({ "event": "done", "line": line }));
                break;
            }
            Ok(command) => carry_out(command, hub, printer),
            Err(error) => Err(Refused(format!("not a command: {error}"))),
        };
        printer.print(&match done {
            Ok(()) => json!({ "event": "done", "line": line }),
            Err(Refused(what)) => json!({ "event": "error", "line": line, "what": what }),
        });
    }
    if hub.wait(patience(None), State::is_idle).is_err() {
        printer.print(&json!({ "event": "error", "line": 0, "what": "the disk did not answer before the end" }));
    }
}

/// Why a command was not carried out.
#[derive(Debug)]
struct Refused(String);

impl From<Impatient> for Refused {
    fn from(error: Impatient) -> Self {
        Self(error.to_string())
    }
}

fn refused<T>(what: &str) -> Result<T, Refused> {
    Err(Refused(what.to_owned()))
}

fn patience(seconds: Option<f64>) -> Duration {
    Duration::try_from_secs_f64(seconds.unwrap_or(PATIENCE_S)).unwrap_or_default()
}

fn state(hub: &HubHandle) -> Result<State, Refused> {
    hub.state().ok_or(Refused("the kiosk has ended".into()))
}

/// Sends a message and answers what stands on the screen then.
fn then(hub: &HubHandle, msg: Msg) -> Result<Option<Screen>, Refused> {
    hub.send(msg);
    Ok(state(hub)?.screen)
}

fn carry_out(command: Command, hub: &HubHandle, printer: &Printer) -> Result<(), Refused> {
    match command {
        Command::Card { number } => then(hub, Msg::Card { number }).map(drop),
        Command::SignOn { staff, pin } => sign_on(hub, staff, &pin),
        Command::Register { class, session } => match then(hub, Msg::PickRegister { class, session })? {
            Some(Screen::Register(r)) if r.class == class && r.session == session => Ok(()),
            Some(Screen::Submitted(_)) => Ok(()),
            _ => refused("this register cannot be picked now"),
        },
        Command::Tap { pupil } => match walk::tile(&state(hub)?, pupil) {
            // The screen may go back between the look and the touch: then nothing was tapped.
            Some(_) => match then(hub, Msg::Tap { pupil })? {
                Some(Screen::Register(register)) if register.tiles.iter().any(|t| t.pupil == pupil) => Ok(()),
                _ => refused("no register with this pupil is on the screen"),
            },
            None => refused("no register with this pupil is on the screen"),
        },
        Command::Mark { pupil, wanted } => walk::mark(hub, pupil, wanted),
        Command::Late { pupil } => walk::mark(hub, pupil, Wanted::Late),
        Command::RestPresent => on_register(hub, Msg::MarkRestPresent).map(drop),
        Command::Undo => on_register(hub, Msg::Undo).map(drop),
        Command::Submit => match on_register(hub, Msg::Submit)? {
            Some(Screen::Submitted(_)) => Ok(()),
            Some(Screen::Register(register)) => Err(Refused(register.notice)),
            _ => refused("the register was not submitted"),
        },
        Command::ChangeMarks => match then(hub, Msg::ChangeMarks)? {
            Some(Screen::Register(_)) => Ok(()),
            _ => refused("no submitted register is on the screen"),
        },
        Command::SignOff => then(hub, Msg::SignOff).map(drop),
        Command::SignIn { pupil, reason } => walk::sign_in(hub, pupil, reason),
        Command::GoHome { pupil, staff, pin, collected } => {
            walk::go_home(hub, pupil, collected)?;
            show_who(hub, staff, &pin)?;
            walk::answered(hub, state(hub)?.screen)
        }
        Command::ComeBack { pupil } => walk::come_back(hub, pupil),
        Command::Network { up } => {
            hub.network(up);
            state(hub).map(drop)
        }
        Command::Wait { r#for, within_s } => {
            let holds = move |state: &State| match r#for {
                For::Idle => state.is_idle(),
                For::Synced => state.is_synced(),
                For::Connected => state.connected,
                For::Offline => !state.connected,
                For::Trusted => state.trusted,
                For::Roster => state.whole && state.mode.is_some() && state.connected,
                For::Revoked => state.revoked,
            };
            hub.wait(patience(within_s), holds)?;
            Ok(())
        }
        Command::Screen => {
            let screen = state(hub)?.screen;
            printer.print(&json!({ "event": "screen", "screen": screen }));
            Ok(())
        }
        Command::Status => {
            let now = state(hub)?;
            printer.print(&json!({
                "event": "status", "outstanding": now.outstanding, "unsent": now.unsent, "connected": now.connected,
                "trusted": now.trusted, "whole": now.whole, "mode": now.mode, "rows": now.rows, "enrolled": now.enrolled,
                "revoked": now.revoked,
            }));
            Ok(())
        }
        Command::Msg { msg } => then(hub, *msg).map(drop),
        Command::Quit => Ok(()),
    }
}

fn sign_on(hub: &HubHandle, staff: StaffId, pin: &Pin) -> Result<(), Refused> {
    hub.send(Msg::Idle);
    match show_who(hub, staff, pin)? {
        Some(Screen::Register(_) | Screen::ChooseRegister(_) | Screen::Submitted(_)) => Ok(()),
        Some(Screen::SignOn(screen)) => Err(Refused(screen.pin.map_or(screen.notice, |pad| pad.words))),
        Some(Screen::Message(message)) => Err(Refused(message.words)),
        _ => refused("not signed on"),
    }
}

/// Picks a name and types its PIN; what the screen shows once it was looked at.
fn show_who(hub: &HubHandle, staff: StaffId, pin: &Pin) -> Result<Option<Screen>, Refused> {
    hub.send(Msg::PickStaff { staff });
    for digit in pin.0.bytes() {
        if !digit.is_ascii_digit() {
            return refused("a PIN has digits only");
        }
        hub.send(Msg::PinDigit { digit: digit - b'0' });
    }
    hub.send(Msg::PinEnter);
    Ok(hub.wait(patience(None), State::is_idle)?.screen)
}

fn on_register(hub: &HubHandle, msg: Msg) -> Result<Option<Screen>, Refused> {
    match state(hub)?.screen {
        Some(Screen::Register(_)) => then(hub, msg),
        _ => refused("no register is on the screen"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Command {
        serde_json::from_str(line).unwrap()
    }

    #[test]
    fn every_command_of_the_table_is_understood() {
        let id = "0".repeat(31) + "1";
        let head = include_str!("script.rs").lines().take_while(|line| line.starts_with("//!"));
        let mut seen = 0;
        for line in head.filter(|line| line.contains("{\"do\"")) {
            for command in line.split('`').filter(|part| part.starts_with("{\"do\"")) {
                let command = command.replace("<id>", &id);
                assert!(serde_json::from_str::<Command>(&command).is_ok(), "{command}");
                seen += 1;
            }
        }
        assert_eq!(seen, 20);
    }

    #[test]
    fn secrets_do_not_show_and_strange_lines_are_refused() {
        let line = format!(r#"{{"do":"sign_on","staff":"{}","pin":"4711"}}"#, "0".repeat(32));
        assert!(!format!("{:?}", parse(&line)).contains("4711"));
        assert!(!format!("{:?}", parse(r#"{"do":"card","number":"4711"}"#)).contains("4711"));
        assert_eq!(parse(r#"{"do":"wait","for":"synced"}"#), Command::Wait { r#for: For::Synced, within_s: None });
        for bad in ["tap", r#"{"do":"dance"}"#, r#"{"do":"tap"}"#, r#"{"do":"network","up":true,"for":5}"#] {
            assert!(serde_json::from_str::<Command>(bad).is_err(), "{bad}");
        }
    }
}
