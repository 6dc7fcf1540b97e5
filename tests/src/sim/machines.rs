//! The machines of the world at work: a kiosk that starts, goes on and ends at an armed point; the server that closes registers,
//! starts and ends.
//!
//! Must never: end anything at another point than the one that was armed.

use super::kiosk::{Kiosk, identity};
use super::recorded::Step;
use super::world::{Happening, Point, World};
use kiosk::core::Msg;
use kiosk::hub::Heard;
use shared::id::BootId;

impl World {
    /// The machine is switched on.
    pub fn power_on(&mut self, n: usize) {
        if self.kiosks[n].on.is_some() {
            return;
        }
        let boot = BootId::from_bytes(self.rng.u128(..).to_le_bytes());
        self.boots.insert(boot, (self.now, self.kiosks[n].ppm));
        self.say(format_args!("k{n} power on"));
        if let Err(error) = self.kiosks[n].power_on(self.now, boot) {
            if self.kiosks[n].disk.is_dark() {
                return self.crash(n, true);
            }
            return self.fail(format!("kiosk {n} does not start: {error}"));
        }
        self.started(n);
    }

    /// The program starts.
    pub fn restart(&mut self, n: usize) {
        if self.kiosks[n].on.is_some() {
            return;
        }
        self.say(format_args!("k{n} program starts"));
        if let Err(error) = self.kiosks[n].start(self.now) {
            if self.kiosks[n].disk.is_dark() {
                return self.crash(n, true);
            }
            return self.fail(format!("kiosk {n} does not start: {error}"));
        }
        self.started(n);
    }

    fn started(&mut self, n: usize) {
        self.go_on(n);
        self.later(60_000, Happening::Tick(n));
    }

    /// A person did something at a kiosk.
    pub fn touch(&mut self, n: usize, msg: Msg) {
        let Some(on) = &mut self.kiosks[n].on else { return };
        on.message(msg);
        if let Some((Point::BeforeCommit, machine)) = self.armed[n] {
            return self.crash(n, machine);
        }
        self.go_on(n);
    }

    /// Something happened on a kiosk's wires.
    pub fn event(&mut self, n: usize, event: shared::sync::Event) {
        let Some(on) = &mut self.kiosks[n].on else { return };
        on.happened(event);
        self.go_on(n);
    }

    /// A kiosk does what is due, until there is only waiting left.
    pub fn go_on(&mut self, n: usize) {
        loop {
            let armed = self.armed[n];
            let Kiosk { on, disk, .. } = &mut self.kiosks[n];
            let Some(on) = on else { return };
            let mut moved = on.commit();
            if disk.is_dark() {
                return self.crash(n, true);
            }
            if moved && let Some((Point::BeforeScreen, machine)) = armed {
                return self.crash(n, machine);
            }
            let committed = moved;
            while on.hear() {
                moved = true;
            }
            if committed && let Some((Point::AfterScreen, machine)) = armed {
                return self.crash(n, machine);
            }
            let mut left = match armed {
                Some((Point::InExchange(after), _)) => i32::from(after),
                _ => i32::MAX,
            };
            let ended = on.exchange(|| {
                left -= 1;
                left < 0 || disk.is_dark()
            });
            if disk.is_dark() {
                return self.crash(n, true);
            }
            if ended.is_err() {
                return self.crash(n, armed.is_some_and(|(_, machine)| machine));
            }
            if let Some((Point::InExchange(_), machine)) = armed {
                self.armed[n] = Some((Point::InExchange(u8::try_from(left.max(0)).unwrap_or(0)), machine));
            }
            let (sent, wake, asked) = match on.wires() {
                Some(wires) => (std::mem::take(&mut wires.sent), wires.wake.take(), std::mem::take(&mut wires.asked)),
                None => (Vec::new(), None, false),
            };
            self.listen(n);
            if asked {
                self.says_what_it_keeps(n);
            }
            if let Some(ms) = wake {
                self.timers[n] += 1;
                let (life, timer) = (self.kiosks[n].life, self.timers[n]);
                let ms = i64::try_from(ms).unwrap_or(i64::MAX / 4);
                self.later(ms, Happening::Woke { kiosk: n, life, timer });
            }
            moved |= !sent.is_empty();
            for (id, ask) in sent {
                self.put_on_wire(n, id, ask);
            }
            if !moved {
                return;
            }
        }
    }

    /// What the screen has confirmed since anybody looked.
    pub(super) fn listen(&mut self, n: usize) {
        for heard in self.kiosks[n].heard() {
            match heard {
                Heard::Saved(facts) => {
                    for (_, fact) in facts {
                        self.tally.confirmed += 1;
                        self.judge.confirmed.insert(identity(&fact), n);
                    }
                }
                Heard::NotSaved(_) => self.tally.not_saved += 1,
                Heard::Sync(_) | Heard::Revoked | Heard::Damaged | Heard::Beep(_) => {}
            }
        }
    }

    /// The program ends without a word; `machine`: the power goes.
    pub fn crash(&mut self, n: usize, machine: bool) {
        let point = self.armed[n].take();
        self.listen(n);
        self.kiosks[n].kill(machine);
        self.say(format_args!("k{n} {} at {point:?}", if machine { "power cut" } else { "killed" }));
        let off = if machine { self.rng.i64(5_000..1_500_000) } else { self.rng.i64(500..20_000) };
        let off = if self.calm { 1_000 } else { off };
        self.later(off, if machine { Happening::PowerOn(n) } else { Happening::Restart(n) });
    }

    /// The server does what is due.
    pub fn jobs(&mut self) {
        if !self.server.is_up() {
            return;
        }
        if let Some(operations) = self.cut_at_close.take() {
            self.server.disk.cut_in(operations);
        }
        let done = self.server.jobs();
        if self.server.disk.is_dark() {
            return self.kill_server(true);
        }
        match done {
            Ok((closed, next)) => {
                if let Some(tape) = &mut self.tape {
                    tape.push(Step::Jobs { at: self.now, closed });
                }
                if closed > 0 {
                    self.tally.closed += closed as u64;
                    self.say(format_args!("server closes {closed} registers"));
                }
                let wait = next.0 - self.server.now().at.0;
                self.later(wait.max(1), Happening::Jobs);
                self.news();
            }
            Err(error) => self.fail(format!("the server's jobs: {error}")),
        }
    }

    /// The server starts again.
    pub fn server_on(&mut self, machine: bool) {
        if self.server.is_up() {
            return;
        }
        self.say(format_args!("server starts"));
        if let Err(error) = self.server.start(self.now, machine) {
            if self.server.disk.is_dark() {
                return self.kill_server(true);
            }
            return self.fail(format!("the server does not start: {error}"));
        }
        self.seen_changes = 0;
        self.judge.anew();
        for n in 0..self.kiosks.len() {
            self.no_false_word(n);
        }
        self.later(0, Happening::Jobs);
    }

    /// The server ends without a word.
    pub fn kill_server(&mut self, machine: bool) {
        self.server.kill(machine);
        self.parked.clear();
        self.say(format_args!("server {}", if machine { "power cut" } else { "killed" }));
        let off = self.rng.i64(2_000..400_000);
        let off = if self.calm { 1_000 } else { off };
        self.later(off, Happening::ServerOn(machine));
    }
}
