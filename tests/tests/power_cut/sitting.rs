//! One register, taken while the power goes at moments that the dice choose; and what was done and heard there.
//!
//! Must never: kill at moments that a person chose.

use fastrand::Rng;
use rollbook_tests::demo::plan::Room;
use rollbook_tests::process::Kiosk;
use rollbook_tests::small::{World, screen, sign_on, tiles};
use serde_json::{Value, json};
use shared::id::PupilId;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// When the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// A tap is on its way in, and nobody has heard of it again.
    BeforeTheAnswer,
    /// After "saved", before the next tap.
    BetweenTaps,
    /// The network has just come back and what was kept is being sent.
    Pushing,
    /// The kiosk is starting.
    Starting,
    /// "Mark the rest present" is being written.
    Filling,
    /// "Submit" was touched.
    Submitting,
    /// The register has just been submitted.
    Submitted,
}

/// A word of the kiosk: this is on my disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    pub log: String,
    pub seq: u64,
    /// Who, and what: a mark, or `came_late`. Nobody: `submitted`.
    pub about: (String, String),
}

/// What has become of a tap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Made, and nothing was heard of it yet.
    Open,
    /// The kiosk said "saved".
    Saved,
    /// The power went first. It may be on the disk or not.
    Unknown,
}

/// One register, its kiosk, and what was done and heard there.
pub struct Sitting<'a> {
    pub world: &'a mut World,
    pub room: Room,
    pub data: PathBuf,
    pub kiosk: Kiosk,
    pub dice: Rng,
    /// Each tap that was made, in order, as [`Confirmed::about`].
    pub made: Vec<((String, String), Fate)>,
    /// What the teacher wants of the pupils so far.
    pub wanted: BTreeMap<PupilId, &'static str>,
    pub confirmed: Vec<Confirmed>,
    /// What the kiosk last said of what it has not sent.
    pub waiting: u64,
    pub kills: BTreeMap<Moment, usize>,
    /// Kills after which something stood on the kiosk that the server did not have.
    pub with_unsent: usize,
    pub server_kills: usize,
}

impl Sitting<'_> {
    pub fn heard(&mut self, event: &Value) {
        match event["event"].as_str() {
            Some("saved") => {
                let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
                let what = if event["kind"] == "marked" { text("mark") } else { text("kind") };
                if what == "submitted" || event["pupil"].is_string() {
                    let seq = event["seq"].as_u64().unwrap();
                    let about = (text("pupil"), what);
                    let tap = self.made.iter_mut().find(|(made, fate)| *made == about && *fate == Fate::Open);
                    tap.unwrap_or_else(|| panic!("saved without a tap: {event}")).1 = Fate::Saved;
                    self.confirmed.push(Confirmed { log: text("log"), seq, about });
                }
            }
            Some("sync") => self.waiting = event["waiting"].as_u64().unwrap(),
            Some("not_saved") => panic!("the disk of this machine does not answer: {event}"),
            _ => {}
        }
    }

    pub fn listen(&mut self) {
        while let Ok(event) = self.kiosk.events.try_recv() {
            self.heard(&event);
        }
    }

    pub async fn ask(&mut self, command: Value) -> Value {
        let answer = self.kiosk.ask(command).await.unwrap();
        self.listen();
        answer
    }

    /// A random part of this many microseconds goes by. This is no wait for anything: it is the moment of the kill.
    pub fn moment(&mut self, up_to_us: u64) {
        let us = self.dice.u64(0..=up_to_us);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_micros(us) {
            std::thread::yield_now();
        }
    }

    /// The power goes. What the kiosk had printed is heard to the end.
    pub async fn cut(&mut self, moment: Moment) {
        self.kiosk.kill().await.unwrap();
        while let Some(event) = self.kiosk.events.recv().await {
            self.heard(&event);
        }
        self.made.iter_mut().filter(|tap| tap.1 == Fate::Open).for_each(|tap| tap.1 = Fate::Unknown);
        *self.kills.entry(moment).or_default() += 1;
        self.with_unsent += usize::from(self.waiting > 0);
    }

    pub async fn power_back(&mut self) {
        self.kiosk = self.world.switch_on(&self.data).unwrap();
        let shown = sign_on(&mut self.kiosk, &self.room).await.unwrap();
        self.listen();
        // A page of the feed that was on its way may be older than the last push: the next one follows at once.
        let begun = Instant::now();
        let mut shown = shown;
        while shown["screen"] == "register" {
            match self.looks_as_said(&shown) {
                Ok(()) => break,
                Err(odd) => assert!(begun.elapsed() < Duration::from_secs(10), "{odd}"),
            }
            shown = screen(&mut self.kiosk).await.unwrap();
        }
    }

    /// After a restart the screen shows what it had called saved, or what was tapped after that, and nothing else.
    pub fn looks_as_said(&self, shown: &Value) -> Result<(), String> {
        let tiles = tiles(shown);
        assert!(tiles.len() > 20, "the roster is on the kiosk's own disk");
        for (pupil, state, saved) in tiles {
            let pupil = pupil.to_string();
            let made: Vec<_> = self.made.iter().filter(|tap| tap.0.0 == pupil).collect();
            // Taps before the last confirmed one are overtaken; later ones may or may not have reached the disk.
            let last = made.iter().rposition(|tap| tap.1 == Fate::Saved);
            let mut may_stand: Vec<&str> = made[last.unwrap_or(0)..].iter().map(|tap| tap.0.1.as_str()).collect();
            if last.is_none() {
                may_stand.extend(["blank", "expected_absent", "expected_elsewhere"]);
            }
            if !may_stand.contains(&state.as_str()) {
                return Err(format!("{pupil} shows {state}: {made:?}"));
            }
            assert!(saved || !matches!(state.as_str(), "present" | "absent"), "{pupil}: {state} came from the disk");
        }
        Ok(())
    }

    pub async fn tiles(&mut self) -> Vec<(PupilId, String, bool)> {
        let shown = screen(&mut self.kiosk).await.unwrap();
        let shown = if shown["screen"] == "register" {
            shown
        } else {
            sign_on(&mut self.kiosk, &self.room).await.unwrap() // the screen went back by itself
        };
        tiles(&shown)
    }

    /// The next tap that this pupil's tile needs.
    pub async fn next(&mut self, pupil: PupilId, wanted: &str) -> Option<&'static str> {
        let state = self.tiles().await.into_iter().find(|t| t.0 == pupil).unwrap().1;
        match (state.as_str(), wanted) {
            ("blank", _) => Some("present"),
            ("present", "absent") => Some("absent"),
            _ => None,
        }
    }

    pub fn tapped(&mut self, pupil: String, what: &str) {
        self.made.push(((pupil, what.to_owned()), Fate::Open));
    }

    pub async fn bring_to(&mut self, pupil: PupilId, wanted: &str) {
        while let Some(tap) = self.next(pupil, wanted).await {
            self.tapped(pupil.to_string(), tap);
            self.ask(json!({ "do": "tap", "pupil": pupil })).await;
            // Now faster than the disk, now slower.
            if self.dice.u8(0..10) < 7 {
                self.ask(json!({ "do": "wait", "for": "idle" })).await;
            }
        }
    }

    /// Marks a pupil and loses power at that moment.
    pub async fn interrupted(&mut self, pupil: PupilId, wanted: &str, moment: Moment) {
        match moment {
            Moment::BeforeTheAnswer => {
                if let Some(tap) = self.next(pupil, wanted).await {
                    self.tapped(pupil.to_string(), tap);
                    let _never = self.kiosk.send(json!({ "do": "tap", "pupil": pupil })).await.unwrap();
                    self.moment(6_000);
                }
            }
            Moment::BetweenTaps => {
                self.bring_to(pupil, wanted).await;
                self.ask(json!({ "do": "wait", "for": "idle" })).await;
                self.moment(4_000);
            }
            Moment::Pushing => {
                self.ask(json!({ "do": "network", "up": false })).await;
                self.bring_to(pupil, wanted).await;
                self.ask(json!({ "do": "network", "up": true })).await;
                self.moment(60_000);
            }
            Moment::Starting => {
                self.bring_to(pupil, wanted).await;
                self.cut(Moment::BetweenTaps).await;
                self.kiosk = self.world.switch_on(&self.data).unwrap();
                self.moment(50_000);
            }
            _ => unreachable!("not a moment between pupils"),
        }
        self.cut(moment).await;
        self.power_back().await;
        self.look_again().await;
    }

    /// The teacher looks at the tiles that were marked: what did not reach the disk is blank again, and is tapped again.
    pub async fn look_again(&mut self) {
        let states: BTreeMap<PupilId, String> = self.tiles().await.into_iter().map(|t| (t.0, t.1)).collect();
        for (pupil, wanted) in self.wanted.clone() {
            if states[&pupil] != wanted {
                self.bring_to(pupil, wanted).await;
            }
        }
    }

    pub async fn server_goes(&mut self) {
        self.world.kill_server().await.unwrap();
        self.server_kills += 1;
    }

    /// The rest at one touch: again where the power went before it was on the disk.
    pub async fn fill(&mut self) {
        let blank: Vec<PupilId> = self.tiles().await.into_iter().filter(|t| t.1 == "blank").map(|t| t.0).collect();
        blank.iter().for_each(|pupil| self.tapped(pupil.to_string(), "present"));
        if !blank.is_empty() {
            self.ask(json!({ "do": "rest_present" })).await;
        }
    }

    /// Touches submit until the register is in. The first touches end in the dark.
    pub async fn submit(&mut self) {
        for moment in [Some(Moment::Submitting), Some(Moment::Submitted), None] {
            let shown = screen(&mut self.kiosk).await.unwrap();
            if shown["screen"] == "submitted" {
                if moment.is_none() {
                    return;
                }
                self.ask(json!({ "do": "change_marks" })).await;
            }
            self.fill().await;
            self.tapped(String::new(), "submitted");
            match moment {
                Some(Moment::Submitting) => {
                    let _never = self.kiosk.send(json!({ "do": "submit" })).await.unwrap();
                    self.moment(8_000);
                }
                _ => drop(self.ask(json!({ "do": "submit" })).await),
            }
            let Some(moment) = moment else { return };
            if moment == Moment::Submitted {
                self.ask(json!({ "do": "wait", "for": "idle" })).await;
                self.moment(4_000);
            }
            self.cut(moment).await;
            self.power_back().await;
        }
    }
}

/// Takes one whole register in the dark, so to speak.
pub async fn take(sitting: &mut Sitting<'_>) {
    let mut pupils: Vec<PupilId> = sitting.tiles().await.into_iter().filter(|t| t.1 == "blank").map(|t| t.0).collect();
    sitting.dice.shuffle(&mut pupils);
    let rest = pupils.split_off(pupils.len() - 6);
    let mut moments = vec![Moment::BeforeTheAnswer; 4];
    moments.extend([Moment::BetweenTaps; 2]);
    moments.extend([Moment::Pushing; 3]);
    moments.push(Moment::Starting);
    sitting.dice.shuffle(&mut moments);
    let at = sitting.dice.choose_multiple(0..pupils.len(), moments.len());
    let mut cuts: BTreeMap<usize, Moment> = at.into_iter().zip(moments).collect();
    // The server goes once early and once late, and comes back some pupils later.
    let goes = [sitting.dice.usize(3..7), sitting.dice.usize(12..15)];
    for (n, pupil) in pupils.into_iter().enumerate() {
        let here = if sitting.dice.u8(0..5) == 0 { "absent" } else { "present" };
        sitting.wanted.insert(pupil, here);
        if goes.contains(&n) {
            sitting.server_goes().await;
        }
        match cuts.remove(&n) {
            Some(moment) => sitting.interrupted(pupil, here, moment).await,
            None => sitting.bring_to(pupil, here).await,
        }
        if goes.contains(&n.wrapping_sub(2)) {
            sitting.world.restart_server().await.unwrap();
        }
    }
    // The rest at one touch; the power goes before anybody knows how much of it was written.
    sitting.ask(json!({ "do": "wait", "for": "idle" })).await;
    rest.iter().for_each(|pupil| sitting.tapped(pupil.to_string(), "present"));
    let _never = sitting.kiosk.send(json!({ "do": "rest_present" })).await.unwrap();
    sitting.moment(10_000);
    sitting.cut(Moment::Filling).await;
    sitting.power_back().await;
    let blank = sitting.tiles().await.into_iter().filter(|t| t.1 == "blank").count();
    assert!(blank == 0 || blank == rest.len(), "all of one touch, or nothing: {blank}");
    sitting.fill().await;
    sitting.wanted.extend(rest.into_iter().map(|pupil| (pupil, "present")));
    sitting.submit().await;
}
