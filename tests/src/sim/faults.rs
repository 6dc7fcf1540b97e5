//! What goes wrong, and when.
//!
//! Must never: break what the promise does not cover (two copies of one card may lose what only one of them held).

use super::day::MINUTE;
use super::net::Link;
use super::school::School;
use super::world::{Happening, Point, World};
use chrono::NaiveDate;
use fastrand::Rng;
use std::fmt;

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing gets from this kiosk to the server, back, or either way, for so long.
    Cut { kiosk: usize, up: bool, down: bool, ms: i64 },
    /// The next answer to this kiosk is lost, after the server has committed.
    AnswerLost(usize),
    /// A kiosk's program or machine ends at the next such point.
    Crash { kiosk: usize, point: Point, machine: bool },
    /// The server is killed before it takes the next push, or right after it has committed it.
    ServerCrash { committed: bool },
    /// The server is killed while nothing happens; `machine`: and boots anew, with a clock nobody has checked.
    ServerKilled { machine: bool },
    /// The power of a kiosk goes in the middle of the work of its disk, so many operations from now.
    PowerCut { kiosk: usize, operations: u64 },
    /// The same at the server: while it takes a push, closes registers, or is looked after.
    ServerPowerCut { operations: u64 },
    /// The same as it closes registers next, or begins a day.
    CutAtClose { operations: u64 },
    /// A second kiosk runs with a copy of this one's card.
    Cloned(usize),
    /// A kiosk's wall clock jumps.
    WallStep { kiosk: usize, by: i64 },
    /// A kiosk boots in 1970, without a network for so long.
    Boot1970 { kiosk: usize, ms: i64 },
    /// The server's clock jumps, and is put right after so long.
    ServerStep { by: i64, ms: i64 },
    /// The server's files are copied.
    Backup,
    /// The server's files are put back as they were copied.
    Restore,
    /// The card of this kiosk is copied.
    CardCopied(usize),
    /// The copy is put into the kiosk in place of its card.
    CardRestored(usize),
    /// The card is put back and the server restored, at once.
    Both(usize),
    /// The office revokes this kiosk.
    Revoke(usize),
    /// A byte of this kiosk's file turns over while it is off.
    Spoilt(usize),
    /// A byte of the school's file turns over.
    SchoolSpoilt,
    /// The kiosk's disk has room for so few more pages, for so long.
    Full { kiosk: usize, pages: u32, ms: i64 },
}

impl Fault {
    /// Whether it strikes the server's program, files or clock.
    pub const fn is_the_servers(&self) -> bool {
        matches!(
            self,
            Self::ServerCrash { .. }
                | Self::ServerKilled { .. }
                | Self::ServerPowerCut { .. }
                | Self::CutAtClose { .. }
                | Self::ServerStep { .. }
                | Self::Backup
                | Self::Restore
                | Self::Both(_)
                | Self::Revoke(_)
                | Self::SchoolSpoilt
        )
    }

    /// Its kind, for the count.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Cut { up: true, down: true, .. } => "partition, both ways",
            Self::Cut { up: true, .. } => "partition, to the server",
            Self::Cut { .. } => "partition, from the server",
            Self::AnswerLost(_) => "the answer lost after commit",
            Self::Crash { point: Point::BeforeCommit, .. } => "kiosk ends between tap and commit",
            Self::Crash { point: Point::BeforeScreen, .. } => "kiosk ends between commit and screen",
            Self::Crash { point: Point::AfterScreen, .. } => "kiosk ends as the screen has confirmed",
            Self::Crash { point: Point::InExchange(_), .. } => "kiosk ends in an exchange",
            Self::ServerCrash { committed: false } => "server ends between push and commit",
            Self::ServerCrash { committed: true } => "server ends between commit and answer",
            Self::ServerKilled { machine: false } => "server killed",
            Self::ServerKilled { machine: true } => "server's machine boots anew, its time unchecked",
            Self::PowerCut { .. } => "kiosk's power cut in a write",
            Self::ServerPowerCut { .. } => "server's power cut in a write",
            Self::CutAtClose { .. } => "server's power cut as it closes registers",
            Self::Cloned(_) => "a second kiosk with a copy of the card",
            Self::WallStep { .. } => "kiosk's wall clock steps",
            Self::Boot1970 { .. } => "kiosk boots in 1970 without a network",
            Self::ServerStep { .. } => "server's clock steps",
            Self::Backup => "server backed up",
            Self::Restore => "server restored from a backup",
            Self::CardCopied(_) => "card copied",
            Self::CardRestored(_) => "card restored from an old image",
            Self::Both(_) => "card and server restored at once",
            Self::Revoke(_) => "kiosk revoked",
            Self::Full { .. } => "kiosk's disk full",
            Self::Spoilt(_) => "a byte of a kiosk's file turned",
            Self::SchoolSpoilt => "a byte of the school's file turned",
        }
    }
}

/// What a seed's days are like.
pub struct Plan {
    pub dates: Vec<NaiveDate>,
    /// Classrooms with a kiosk.
    pub rooms: u8,
    /// Whether there is one at reception.
    pub desk: bool,
    /// How bad the network is all the time.
    pub link: Link,
    /// How many faults a day.
    pub faults: usize,
    /// Nobody is there between the days.
    pub away: bool,
    why: &'static str,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dates: Vec<String> = self.dates.iter().map(ToString::to_string).collect();
        write!(f, "{} ({}), {} faults a day, loss {}%", dates.join(" "), self.why, self.faults, self.link.loss)
    }
}

impl Plan {
    /// Makes one up.
    pub fn make_up(rng: &mut Rng, school: &School) -> Self {
        let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap_or_default();
        let some = |rng: &mut Rng| {
            let from = date(2026, 9, 2) + chrono::Days::new(rng.u64(0..280));
            super::run::next_day(school, from)
        };
        let (dates, why) = match rng.u8(0..20) {
            0 => (vec![date(2026, 10, 23), date(2026, 10, 26)], "the clocks go back between"),
            1 => (vec![date(2027, 3, 26), date(2027, 3, 29)], "the clocks go forward between"),
            2 if rng.u8(0..3) == 0 => {
                let first = some(rng).min(date(2027, 4, 30));
                let back = super::run::next_day(school, first + chrono::Days::new(399));
                (vec![first, back], "400 days between")
            }
            2..6 => {
                let first = some(rng);
                (vec![first, super::run::next_day(school, first)], "two days")
            }
            _ => (vec![some(rng)], "a day"),
        };
        let link = Link {
            loss: if rng.u8(0..3) == 0 { rng.u8(1..25) } else { 0 },
            doubles: if rng.u8(0..3) == 0 { rng.u8(1..25) } else { 0 },
            ..Link::default()
        };
        let faults = if rng.u8(0..10) == 0 { 0 } else { rng.usize(1..7) };
        Self { dates, away: why.starts_with("400"), rooms: rng.u8(1..=3), desk: rng.u8(0..3) != 0, link, faults, why }
    }

    /// When which faults strike.
    pub fn strikes(&self, rng: &mut Rng, school: &School, running: &[usize]) -> Vec<(i64, Fault)> {
        let mut strikes = Vec::new();
        for date in &self.dates {
            let morning = school.calendar.instant(date.and_hms_opt(8, 20, 0).unwrap_or_default()).0;
            for _ in 0..self.faults {
                // Most where most happens: while registers are taken.
                let at = match rng.u8(0..4) {
                    0 => morning + rng.i64(0..440) * MINUTE,
                    1 => morning + rng.i64(280..330) * MINUTE,
                    _ => morning + rng.i64(20..70) * MINUTE,
                };
                let at = at + rng.i64(0..MINUTE);
                let kiosk = running[rng.usize(0..running.len())];
                strikes.extend(some(rng, kiosk, at));
            }
        }
        strikes
    }
}

fn some(rng: &mut Rng, kiosk: usize, at: i64) -> Vec<(i64, Fault)> {
    let one = |fault| vec![(at, fault)];
    let points = [Point::BeforeCommit, Point::BeforeScreen, Point::AfterScreen, Point::InExchange(rng.u8(0..6))];
    match rng.u8(0..43) {
        0..4 => {
            let (up, down) = [(true, true), (true, false), (false, true)][rng.usize(0..3)];
            one(Fault::Cut { kiosk, up, down, ms: rng.i64(1..150) * MINUTE })
        }
        4..6 => one(Fault::AnswerLost(kiosk)),
        6..13 => one(Fault::Crash { kiosk, point: points[rng.usize(0..4)], machine: rng.bool() }),
        13..15 => one(Fault::ServerCrash { committed: rng.bool() }),
        15..17 => one(Fault::ServerKilled { machine: rng.u8(0..3) == 0 }),
        17..19 => one(Fault::WallStep { kiosk, by: rng.i64(-4_000_000..4_000_000) }),
        19..22 => one(Fault::Boot1970 { kiosk, ms: rng.i64(2..300) * MINUTE }),
        22..24 => {
            let by = rng.i64(3_000..5_400_000) * if rng.bool() { 1 } else { -1 };
            one(Fault::ServerStep { by, ms: rng.i64(1..60) * MINUTE })
        }
        24..26 => vec![(at - rng.i64(1..240) * MINUTE, Fault::Backup), (at, Fault::Restore)],
        26..28 => vec![(at - rng.i64(1..120) * MINUTE, Fault::CardCopied(kiosk)), (at, Fault::CardRestored(kiosk))],
        28 => {
            let before = at - rng.i64(1..120) * MINUTE;
            vec![(before, Fault::CardCopied(kiosk)), (before, Fault::Backup), (at, Fault::Both(kiosk))]
        }
        29 => one(Fault::Revoke(kiosk)),
        30..34 => one(Fault::PowerCut { kiosk, operations: rng.u64(0..40) }),
        34..37 => one(Fault::ServerPowerCut { operations: rng.u64(0..60) }),
        37 => one(Fault::Cloned(kiosk)),
        38 => one(Fault::CutAtClose { operations: rng.u64(0..30) }),
        39..41 => one(Fault::Spoilt(kiosk)),
        41 => one(Fault::SchoolSpoilt),
        _ => one(Fault::Full { kiosk, pages: rng.u32(1..6), ms: rng.i64(1..30) * MINUTE }),
    }
}

impl World {
    /// A fault strikes.
    pub fn strike(&mut self, fault: Fault) {
        self.say(format_args!("fault: {} {fault:?}", fault.kind()));
        if self.impossible(&fault) {
            self.tally.skip("a fault that could not strike");
            return;
        }
        self.tally.fault(fault.kind());
        match fault {
            Fault::Cut { kiosk, up, down, ms } => {
                self.links[kiosk].up_cut = up;
                self.links[kiosk].down_cut = down;
                self.later(ms, Happening::Mended(kiosk));
            }
            Fault::AnswerLost(kiosk) => self.links[kiosk].lose_answer = true,
            Fault::Crash { kiosk, point, machine } => self.armed[kiosk] = Some((point, machine)),
            Fault::ServerCrash { committed } => self.server_armed = Some(committed),
            Fault::ServerKilled { machine } => {
                if machine {
                    self.server.synchronised = false;
                    let (from, until) = (self.now, self.now + 30 * MINUTE);
                    self.judge.doubtful.push((from, until));
                    self.later(30 * MINUTE, Happening::ClockRight);
                }
                self.kill_server(machine);
            }
            Fault::PowerCut { kiosk, operations } => self.kiosks[kiosk].disk.cut_in(operations),
            Fault::ServerPowerCut { operations } => self.server.disk.cut_in(operations),
            Fault::CutAtClose { operations } => self.cut_at_close = Some(operations),
            Fault::Cloned(kiosk) => self.clone_kiosk(kiosk),
            Fault::WallStep { kiosk, by } => self.kiosks[kiosk].wall_off += by,
            Fault::Boot1970 { kiosk, ms } => {
                self.links[kiosk].up_cut = true;
                self.links[kiosk].down_cut = true;
                self.later(ms, Happening::Mended(kiosk));
                self.crash(kiosk, true);
                self.kiosks[kiosk].wall_off = -self.now;
            }
            Fault::ServerStep { by, ms } => {
                self.server.off_by = by;
                self.server.synchronised = false;
                self.server.set(self.now);
                self.server.now(); // somebody looks at it, as the jobs do
                self.judge.doubtful.push((self.now - by.abs(), self.now + ms + by.abs()));
                self.later(ms, Happening::ClockRight);
                self.later(0, Happening::Jobs);
            }
            Fault::Backup => self.back_up(),
            Fault::Restore => self.restore_server(),
            Fault::CardCopied(kiosk) => {
                self.old_card = Some((kiosk, self.kiosks[kiosk].disk.snapshot()));
            }
            Fault::CardRestored(kiosk) => self.restore_card(kiosk),
            Fault::Both(kiosk) => {
                self.restore_server();
                self.restore_card(kiosk);
            }
            Fault::Revoke(kiosk) => self.revoke(kiosk),
            Fault::Spoilt(kiosk) => self.spoil_card(kiosk),
            Fault::SchoolSpoilt => self.spoil_school(),
            Fault::Full { kiosk, pages, ms } => {
                self.fill(kiosk, pages);
                self.later(ms, Happening::Room(kiosk));
            }
        }
    }

    fn impossible(&self, fault: &Fault) -> bool {
        let off = |kiosk: usize| self.kiosks[kiosk].on.is_none();
        match *fault {
            Fault::Cloned(kiosk) => off(kiosk) || self.kiosks.len() > 7,
            Fault::PowerCut { kiosk, .. }
            | Fault::Crash { kiosk, .. }
            | Fault::Boot1970 { kiosk, .. }
            | Fault::Spoilt(kiosk)
            | Fault::Full { kiosk, .. } => off(kiosk),
            Fault::ServerPowerCut { .. }
            | Fault::ServerCrash { .. }
            | Fault::ServerKilled { .. }
            | Fault::SchoolSpoilt
            | Fault::Backup => !self.server.is_up(),
            Fault::ServerStep { .. } => !self.server.is_up() || self.server.off_by != 0,
            Fault::Restore => self.backup.is_none() || !self.server.is_up(),
            Fault::CardRestored(kiosk) => self.old_card.as_ref().is_none_or(|(of, _)| *of != kiosk),
            Fault::Both(kiosk) => {
                self.backup.is_none()
                    || !self.server.is_up()
                    || self.old_card.as_ref().is_none_or(|(of, _)| *of != kiosk)
            }
            Fault::Revoke(kiosk) => !self.server.is_up() || self.revoked.contains(&kiosk),
            _ => false,
        }
    }
}
