//! A PIN against its argon2 hash, on a thread of its own: it takes a noticeable part of a second by design.
//!
//! Must never: run on the hub's thread or the window's, or let a PIN out of here.

use crate::core::Pin;
use argon2::{Argon2, PasswordVerifier, password_hash::phc::PasswordHash};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

/// Whether `pin` is the one that `hash` (PHC form) was made of. A hash that cannot be read matches nothing.
#[must_use]
pub fn matches(pin: &Pin, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(pin.0.as_bytes(), &hash).is_ok())
}

type Job = Box<dyn FnOnce() + Send>;

/// The thread that checks PINs, one after another: nobody gains by typing on two screens at once.
pub struct PinChecker {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl PinChecker {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start() -> std::io::Result<Self> {
        let (jobs, work) = channel::<Job>();
        let thread = std::thread::Builder::new().name("pin".into()).spawn(move || {
            for job in work {
                job();
            }
        })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Checks, then tells `then`, on the checker's thread.
    pub fn check(&self, pin: Pin, hash: String, then: impl FnOnce(bool) + Send + 'static) {
        if let Some(jobs) = &self.jobs {
            // The receiver lives as long as this struct.
            let _ = jobs.send(Box::new(move || then(matches(&pin, &hash))));
        }
    }
}

impl Drop for PinChecker {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::PasswordHasher;

    #[test]
    fn right_wrong_and_unreadable() {
        let hash = Argon2::default().hash_password(b"4711").unwrap().to_string();
        let checker = PinChecker::start().unwrap();
        let (tell, told) = channel();
        for (pin, hash) in [("4711", hash.clone()), ("4712", hash), ("4711", "not a hash".into())] {
            let tell = tell.clone();
            checker.check(Pin(pin.to_owned()), hash, move |ok| tell.send(ok).unwrap());
        }
        let answers: Vec<bool> = told.iter().take(3).collect();
        assert_eq!(answers, [true, false, false]);
    }
}
