//! The simulated network between kiosks and server: it loses, delays, doubles and reorders, each way by itself.
//!
//! Must never: change what is in a message.

use super::kiosk::event;
use super::server::{Answer, Ask};
use super::world::{Happening, World};
use axum::http::StatusCode;
use kiosk::store::school;
use shared::sync::{Call, Event, Failure};
use shared::time::Mono;
use shared::wire::v1::{Pulled, Witnessed};

/// Milliseconds after which a kiosk gives a request up, as its HTTP client does.
const PATIENCE: i64 = 30_000;

/// One kiosk's way to the server.
#[derive(Debug, Clone, Copy, Default)]
pub struct Link {
    /// Milliseconds a message takes, at least.
    pub base: i64,
    /// Up to so much more.
    pub jitter: i64,
    /// Of a hundred messages so many are lost, each way.
    pub loss: u8,
    /// Of a hundred requests so many arrive twice.
    pub doubles: u8,
    /// Nothing arrives at the server.
    pub up_cut: bool,
    /// Nothing arrives at the kiosk.
    pub down_cut: bool,
    /// The next answer is lost.
    pub lose_answer: bool,
}

/// A pull that waits for news.
pub struct Parked {
    kiosk: usize,
    life: u64,
    id: u64,
    ask: Ask,
}

const fn call(ask: &Ask) -> Call {
    match ask {
        Ask::Hello(_) => Call::Hello,
        Ask::Push(_) => Call::Push,
        Ask::Pull(_) => Call::Pull,
    }
}

fn words(ask: &Ask) -> String {
    match ask {
        Ask::Hello(hello) => format!("hello head {}", hello.head.seq),
        Ask::Push(push) => format!("push from {} of {}", push.from, push.entries.len()),
        Ask::Pull(pull) => format!("pull after {}", pull.after),
    }
}

impl World {
    fn takes(&mut self, kiosk: usize) -> i64 {
        let link = self.links[kiosk];
        link.base + 1 + if link.jitter > 0 { self.rng.i64(0..link.jitter) } else { 0 }
    }

    fn lost(&mut self, kiosk: usize) -> bool {
        let loss = self.links[kiosk].loss;
        loss > 0 && self.rng.u8(0..100) < loss
    }

    /// A kiosk sends a request.
    pub fn put_on_wire(&mut self, kiosk: usize, id: u64, ask: Ask) {
        let life = self.kiosks[kiosk].life;
        let wait = if let Ask::Pull(pull) = &ask { i64::from(pull.wait) * 1000 } else { 0 };
        let ask = Box::new(ask);
        let refused = self.links[kiosk].up_cut && self.rng.bool();
        // A cut cable is found out at once, or only by waiting.
        let patience = if refused { 20 } else { PATIENCE + wait };
        self.later(patience, Happening::GivenUp { kiosk, life, id, ask: ask.clone() });
        if self.links[kiosk].up_cut || self.lost(kiosk) {
            self.tally.fault("a request lost");
            return;
        }
        let takes = self.takes(kiosk);
        if self.links[kiosk].doubles > 0 && self.rng.u8(0..100) < self.links[kiosk].doubles {
            self.tally.fault("a request doubled");
            let again = takes + self.rng.i64(0..40_000);
            self.later(again, Happening::Arrives { kiosk, life, id, ask: ask.clone(), ghost: true });
        }
        self.later(takes, Happening::Arrives { kiosk, life, id, ask, ghost: false });
    }

    fn asks(&mut self, kiosk: usize, ask: &Ask) -> Answer {
        let token = &self.kiosks[kiosk].token;
        let answer = self.server.ask(token, ask);
        if let Some(tape) = &mut self.tape {
            tape.push(super::recorded::step(self.now, token, ask, &answer));
        }
        answer
    }

    /// A request reaches the server.
    pub fn arrives(&mut self, kiosk: usize, life: u64, id: u64, ask: Ask, ghost: bool) {
        if !self.server.is_up() {
            if !ghost {
                self.later(5, Happening::GivenUp { kiosk, life, id, ask: Box::new(ask) });
            }
            return;
        }
        let is_push = matches!(ask, Ask::Push(_));
        if is_push && self.server_armed == Some(false) {
            self.server_armed = None;
            self.say(format_args!("k{kiosk} {} meets a dying server", words(&ask)));
            return self.kill_server(false);
        }
        self.tally.exchanges += 1;
        let answer = self.asks(kiosk, &ask);
        if self.server.disk.is_dark() {
            self.say(format_args!("k{kiosk} {} and the server's power goes", words(&ask)));
            return self.kill_server(true);
        }
        self.say(format_args!(
            "k{kiosk} {}{} -> {}",
            words(&ask),
            if ghost { " again" } else { "" },
            said(&ask, &answer)
        ));
        if is_push && self.server_armed == Some(true) {
            self.server_armed = None;
            return self.kill_server(false);
        }
        if !ghost && let Ask::Pull(pull) = &ask {
            let nothing = is_nothing(&answer);
            if nothing && pull.wait > 0 {
                self.parks += 1;
                let park = self.parks;
                self.parked.insert(park, Parked { kiosk, life, id, ask });
                // A proxy may hold a pull longer than the server would; nothing may hang on how long.
                let waits = match (self.night(), self.calm) {
                    (true, _) => 30_000..30_000_000,
                    (false, true) => 30_000..900_000,
                    (false, false) => 60_000..2_400_000,
                };
                let wait = self.rng.i64(waits);
                self.later(wait, Happening::Unparks(park));
                return self.news();
            }
        }
        if !ghost {
            self.answer(kiosk, life, id, ask, answer);
        }
        self.news();
    }

    /// A pull has waited long enough.
    pub fn unpark(&mut self, park: u64) {
        let Some(Parked { kiosk, life, id, ask }) = self.parked.remove(&park) else { return };
        if self.server.is_up() && self.kiosks[kiosk].life == life {
            let answer = self.asks(kiosk, &ask);
            self.tally.exchanges += 1;
            self.answer(kiosk, life, id, ask, answer);
        }
    }

    /// Wakes the pulls that wait, if the server has something new.
    pub fn news(&mut self) {
        if !self.server.is_up() || self.seen_changes == self.server.changes() {
            return;
        }
        self.seen_changes = self.server.changes();
        let waiting: Vec<u64> = self.parked.keys().copied().collect();
        for park in waiting {
            let Some(parked) = self.parked.get(&park) else { continue };
            if self.kiosks[parked.kiosk].life != parked.life {
                self.parked.remove(&park);
                continue;
            }
            let (kiosk, ask) = (parked.kiosk, parked.ask.clone());
            let answer = self.asks(kiosk, &ask);
            self.tally.exchanges += 1;
            if is_nothing(&answer) {
                continue;
            }
            if let Some(Parked { kiosk, life, id, ask }) = self.parked.remove(&park) {
                self.say(format_args!("k{kiosk} waiting pull -> {}", said(&ask, &answer)));
                self.answer(kiosk, life, id, ask, answer);
            }
        }
    }

    fn answer(&mut self, kiosk: usize, life: u64, id: u64, ask: Ask, answer: Answer) {
        let lose = std::mem::take(&mut self.links[kiosk].lose_answer);
        if lose || self.links[kiosk].down_cut || self.lost(kiosk) {
            self.tally.fault("an answer lost");
            return;
        }
        let takes = self.takes(kiosk);
        self.later(takes, Happening::Answered { kiosk, life, id, ask: Box::new(ask), answer });
    }

    /// A kiosk begins to say what it keeps to a server that was restored.
    pub fn says_what_it_keeps(&mut self, kiosk: usize) {
        let link = self.links[kiosk];
        if link.up_cut || link.down_cut || self.lost(kiosk) {
            return; // the next hello asks again
        }
        let (takes, life) = (self.takes(kiosk), self.kiosks[kiosk].life);
        self.later(takes, Happening::Witnesses { kiosk, life });
    }

    /// It says it, in as many requests as it takes.
    pub fn witnesses(&mut self, kiosk: usize, life: u64) {
        if !self.server.is_up() || self.kiosks[kiosk].life != life {
            return;
        }
        for part in 0.. {
            let Some(on) = &mut self.kiosks[kiosk].on else { return };
            let said = match on.store(move |tx| school::witness(tx, part)) {
                Ok(Some(said)) => said,
                Ok(None) => return,
                Err(_) if self.kiosks[kiosk].disk.is_dark() => return self.crash(kiosk, true),
                Err(error) => return self.fail(format!("kiosk {kiosk} cannot say what it keeps: {error}")),
            };
            let (status, body) = self.server.witness(&self.kiosks[kiosk].token, &said);
            if self.server.disk.is_dark() {
                return self.kill_server(true);
            }
            let (marks, parts) = (said.marks.len(), said.tail.len());
            self.say(format_args!("k{kiosk} witness: {marks} marks, {parts} sealed parts -> {}", status.as_u16()));
            self.tally.exchanges += 1;
            let taken = match serde_json::from_slice::<Witnessed>(&body) {
                Ok(answer) if status == StatusCode::OK => answer.taken,
                _ => break, // the next hello asks again
            };
            if said.done || !taken {
                let id = said.id;
                let noted = self.kiosks[kiosk].on.as_mut().map(|on| on.store(move |tx| school::answered(tx, &id)));
                if noted.is_some_and(|noted| noted.is_err()) && self.kiosks[kiosk].disk.is_dark() {
                    return self.crash(kiosk, true);
                }
                break;
            }
        }
        self.find_the_revoked();
        self.news();
    }

    /// An answer reaches a kiosk.
    pub fn answered(&mut self, kiosk: usize, life: u64, id: u64, ask: &Ask, answer: Answer) {
        if self.kiosks[kiosk].life != life {
            return;
        }
        let t3 = Mono(self.kiosks[kiosk].mono());
        let happened = event(ask, answer, t3);
        let Some(on) = &mut self.kiosks[kiosk].on else { return };
        if on.wires().is_some_and(|wires| wires.ended(id)) {
            self.event(kiosk, happened);
            self.no_false_word(kiosk);
        }
    }

    /// What a kiosk believes to be with the server is.
    pub fn no_false_word(&mut self, n: usize) {
        if !self.server.is_up() || self.restored {
            return;
        }
        let Some((log, acked)) = self.kiosks[n].on.as_ref().and_then(kiosk::hub::by_hand::ByHand::confirmed) else {
            return;
        };
        let head = self.server.school().read_now(|tx| {
            let head = tx.query_row("SELECT ifnull(max(head_seq), 0) FROM log WHERE log = ?1", [log.as_bytes()], |r| {
                r.get::<_, i64>(0)
            });
            Ok(head?)
        });
        match head {
            Ok(head) if head.unsigned_abs() >= acked => {}
            Ok(head) => self.fail(format!("kiosk {n} was told that the server has {acked} entries, and it has {head}")),
            Err(_) if self.server.disk.is_dark() => {} // its power is gone: it is asked again when it is back
            Err(error) => self.fail(format!("the server's logs cannot be read: {error}")),
        }
    }

    /// A kiosk gives a request up.
    pub fn given_up(&mut self, kiosk: usize, life: u64, id: u64, ask: &Ask) {
        if self.kiosks[kiosk].life != life {
            return;
        }
        if self.parked.values().any(|p| p.kiosk == kiosk && p.life == life && p.id == id) {
            // The connection stands: a server would have answered an empty page by now, and been asked again.
            let ask = Box::new(ask.clone());
            return self.later(300_000, Happening::GivenUp { kiosk, life, id, ask });
        }
        let Some(on) = &mut self.kiosks[kiosk].on else { return };
        if on.wires().is_some_and(|wires| wires.ended(id)) {
            self.say(format_args!("k{kiosk} {} came to nothing", words(ask)));
            self.event(kiosk, Event::Failed { call: call(ask), failure: Failure::Unreachable });
        }
    }
}

/// Whether a pull has brought nothing: then the server would have let it wait.
fn is_nothing(answer: &Answer) -> bool {
    matches!(serde_json::from_slice(&answer.1), Ok(Pulled::Page { rows, tail: None, .. }) if rows.is_empty())
}

fn said(ask: &Ask, (status, body): &Answer) -> String {
    if *status != StatusCode::OK {
        return format!("{} {}", status.as_u16(), String::from_utf8_lossy(body));
    }
    match ask {
        Ask::Pull(_) => match serde_json::from_slice(body) {
            Ok(Pulled::Page { rows, next, more, .. }) => format!("{} rows, next {next}, more {more}", rows.len()),
            Ok(Pulled::Resnapshot { .. }) => "resnapshot".to_owned(),
            Err(error) => error.to_string(),
        },
        Ask::Push(_) => match serde_json::from_slice(body) {
            Ok(shared::wire::v1::Pushed::Accepted { head }) => format!("accepted {}", head.seq),
            Ok(shared::wire::v1::Pushed::Gap { head }) => format!("gap {}", head.seq),
            Ok(other) => format!("{other:?}"),
            Err(error) => error.to_string(),
        },
        Ask::Hello(_) => match serde_json::from_slice::<shared::wire::v1::HelloAnswer>(body) {
            Ok(answer) => format!("{:?}, head {}, feed head {}", answer.log, answer.server_head.seq, answer.feed_head),
            Err(error) => error.to_string(),
        },
    }
}
