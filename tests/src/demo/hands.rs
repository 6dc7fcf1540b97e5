//! The hands of the demo's clock: every program looks at them. They move as fast as asked and no faster than the people of
//! the day: while anybody is in the middle of something, they stand.
//!
//! Must never: pass by a moment that somebody waits for.

use crate::process::Trouble;
use shared::time::{Hands as Spec, Millis};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The clock. Cheap to clone; it stops with its last clone.
#[derive(Clone)]
pub struct Hands(Arc<Clockwork>);

struct Clockwork {
    speed: u32,
    path: String,
    moving: Arc<Mutex<Moving>>,
    /// Its end stops the thread that moves the hands.
    _run: std::sync::mpsc::Sender<()>,
}

struct Moving {
    at: Millis,
    face: File,
    /// People who are in the middle of something.
    busy: usize,
    /// People who wait for a moment, by moment and by who came first.
    waiting: BTreeMap<(Millis, u64), oneshot::Sender<Busy>>,
    next: u64,
}

fn locked(moving: &Mutex<Moving>) -> MutexGuard<'_, Moving> {
    moving.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Somebody is in the middle of something, until this is dropped.
struct Busy(Arc<Mutex<Moving>>);

impl Busy {
    fn of(moving: &Arc<Mutex<Moving>>) -> Self {
        locked(moving).busy += 1;
        Self(Arc::clone(moving))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        locked(&self.0).busy -= 1;
    }
}

/// Somebody who acts by this clock. While they do not wait for a moment, the hands stand.
pub struct Person {
    moving: Arc<Mutex<Moving>>,
    busy: Option<Busy>,
}

impl Person {
    /// Waits until the clock shows this moment.
    pub async fn until(&mut self, at: Millis) {
        let woken = {
            let mut moving = locked(&self.moving);
            if moving.at >= at {
                return;
            }
            let (wake, woken) = oneshot::channel();
            let who = moving.next;
            moving.next += 1;
            moving.waiting.insert((at, who), wake);
            woken
        };
        self.busy = None;
        // Whoever moves the hands makes this person busy again before anybody else can move on.
        self.busy = woken.await.ok();
    }
}

impl Hands {
    /// Puts the clock up in this file, at this moment.
    ///
    /// # Errors
    /// When the file cannot be written or the system refuses a thread.
    pub fn starting(file: &Path, at: Millis, speed: u32) -> Result<Self, Trouble> {
        let path = file.to_str().ok_or("the folder's name is not UTF-8")?.to_owned();
        std::fs::write(file, Spec::face(at))?;
        let face = std::fs::OpenOptions::new().write(true).open(file)?;
        let moving = Arc::new(Mutex::new(Moving { at, face, busy: 0, waiting: BTreeMap::new(), next: 0 }));
        let (run, stop) = std::sync::mpsc::channel();
        let mine = Arc::clone(&moving);
        std::thread::Builder::new().name("hands".into()).spawn(move || run_at(&mine, speed, &stop))?;
        Ok(Self(Arc::new(Clockwork { speed, path, moving, _run: run })))
    }

    /// The school's time now.
    #[must_use]
    pub fn now(&self) -> Millis {
        locked(&self.0.moving).at
    }

    /// Somebody who acts by this clock, and is busy from now on.
    #[must_use]
    pub fn person(&self) -> Person {
        Person { moving: Arc::clone(&self.0.moving), busy: Some(Busy::of(&self.0.moving)) }
    }

    /// For `ROLLBOOK_CLOCK`. With `wall`, the wall clock is ahead by so much.
    #[must_use]
    pub fn spec(&self, wall: Option<i64>) -> String {
        Spec::new(self.0.speed, wall.unwrap_or(0), &self.0.path).to_string()
    }
}

/// Shortest and longest pause between two moves.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

fn run_at(moving: &Arc<Mutex<Moving>>, speed: u32, stop: &std::sync::mpsc::Receiver<()>) {
    // Half a second of school time a move, as far as this machine can.
    let pause = (Duration::from_millis(500) / speed).clamp(PAUSES.0, PAUSES.1);
    let mut last = Instant::now();
    while stop.recv_timeout(pause) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
        let now = Instant::now();
        // A machine that was busy elsewhere has made nobody faster: what it missed is not made up for.
        let passed = (now - last).min(PAUSES.1 * 2);
        last = now;
        let run = i64::try_from(passed.as_micros()).unwrap_or(0) * i64::from(speed) / 1000;
        advance(moving, run);
    }
}

/// Moves the hands by at most so much, not past the next moment that somebody waits for, and wakes who waits for it.
fn advance(moving: &Arc<Mutex<Moving>>, by: i64) {
    let mut woken = Vec::new();
    {
        let mut inner = locked(moving);
        if inner.busy > 0 {
            return;
        }
        let next = inner.waiting.first_key_value().map(|((at, _), _)| *at);
        let to = inner.at.plus(by);
        inner.at = next.map_or(to, |next| next.min(to));
        // A clock that cannot be moved stands, and so does the day: the demo ends with what did not happen.
        let _ = inner.face.write_all_at(&Spec::face(inner.at), 0);
        let at = inner.at;
        while let Some(first) = inner.waiting.first_entry().filter(|first| first.key().0 <= at) {
            woken.push(first.remove());
        }
        inner.busy += woken.len();
    }
    for wake in woken {
        // Whoever waits no longer is busy no longer: the token that comes back is dropped.
        drop(wake.send(Busy(Arc::clone(moving))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(folder: &tempfile::TempDir) -> (Arc<Mutex<Moving>>, std::path::PathBuf) {
        let path = folder.path().join("clock");
        let face = File::create(&path).unwrap();
        (Arc::new(Mutex::new(Moving { at: Millis(0), face, busy: 0, waiting: BTreeMap::new(), next: 0 })), path)
    }

    fn person(moving: &Arc<Mutex<Moving>>) -> Person {
        Person { moving: Arc::clone(moving), busy: Some(Busy::of(moving)) }
    }

    /// Polls once: it waits now.
    async fn waits(waiting: &mut (impl Future<Output = ()> + Unpin)) {
        let once = std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut *waiting).poll(cx)));
        assert!(once.await.is_pending());
    }

    #[tokio::test]
    async fn the_hands_stand_while_anybody_is_busy_and_stop_at_the_next_moment_that_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (moving, path) = standing(&folder);
        let (mut a, mut b) = (person(&moving), person(&moving));
        advance(&moving, 1_000);
        assert_eq!(locked(&moving).at, Millis(0), "both are busy");
        let mut first = Box::pin(a.until(Millis(300)));
        waits(&mut first).await;
        advance(&moving, 1_000);
        assert_eq!(locked(&moving).at, Millis(0), "one is busy");
        let mut second = Box::pin(b.until(Millis(5_000)));
        waits(&mut second).await;
        advance(&moving, 1_000);
        assert_eq!(locked(&moving).at, Millis(300), "not past the first");
        advance(&moving, 1_000);
        assert_eq!(locked(&moving).at, Millis(300), "the first has been woken, and is busy though it has not run yet");
        assert_eq!(std::fs::read(&path).unwrap(), Spec::face(Millis(300)));
        first.await;
        drop(a);
        advance(&moving, 1_000);
        assert_eq!(locked(&moving).at, Millis(1_300));
        drop(second);
        advance(&moving, 9_000);
        advance(&moving, 1_000);
        assert_eq!(locked(&moving).at, Millis(6_000), "who went away holds nobody up");
    }

    #[tokio::test]
    async fn the_thread_moves_them() {
        let folder = tempfile::tempdir().unwrap();
        let hands = Hands::starting(&folder.path().join("clock"), Millis(0), 600).unwrap();
        let mut somebody = hands.person();
        somebody.until(Millis(60_000)).await;
        assert_eq!(hands.now(), Millis(60_000), "it stands while somebody acts");
        assert_eq!(hands.spec(Some(-5)).parse::<Spec>().unwrap().wall_at(Millis(5)), Millis(0));
    }
}
