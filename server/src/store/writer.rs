//! The one writer of a file: a thread that takes what waits, runs the jobs in one transaction (each but the first in a
//! savepoint, so that one that fails rolls back alone), commits once, and answers after the commit (group commit).
//!
//! Must never: answer "saved" before COMMIT returned.

use super::error::StoreError;
use super::tx::{Cache, WriteTx};
use rusqlite::Connection;
use shared::id::SchoolId;
use shared::sim::Mutant;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::watch;

/// Jobs taken into one transaction at most: bounds how long the first caller waits.
const GROUP: usize = 64;

type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Runs in the transaction, or hears why there is none.
type Job = Box<dyn FnOnce(Result<&WriteTx<'_>, StoreError>) -> (bool, Answer) + Send>;

/// The way in to a writer's thread.
pub(super) struct Writer {
    jobs: Mutex<Option<Sender<Job>>>,
    /// Without a thread: whoever hands a job in does it.
    inline: Option<Mutex<Option<Thread>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Commits so far, for tests of group commit.
    commits: Arc<std::sync::atomic::AtomicU64>,
}

impl Writer {
    pub(super) fn start(
        conn: Connection,
        path: PathBuf,
        school: SchoolId,
        cache: Arc<Cache>,
        changes: watch::Sender<u64>,
        inline: bool,
    ) -> Result<Self, StoreError> {
        let (send, jobs) = channel::<Job>();
        let commits = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let counted = Arc::clone(&commits);
        let touched = Arc::new(AtomicBool::new(false));
        let hooked = Arc::clone(&touched);
        conn.update_hook(Some(move |_action, _db: &str, table: &str, _row: i64| {
            if matches!(table, "feed" | "entry" | "question") {
                hooked.store(true, Ordering::Relaxed);
            }
        }))?;
        let worker = Thread { conn, school, cache, changes, touched, commits: counted };
        if inline {
            let inline = Some(Mutex::new(Some(worker)));
            return Ok(Self { jobs: Mutex::new(None), inline, thread: Mutex::new(None), commits });
        }
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || worker.run(&jobs))
            .map_err(StoreError::file(path))?;
        Ok(Self { jobs: Mutex::new(Some(send)), inline: None, thread: Mutex::new(Some(thread)), commits })
    }

    /// Hands a job to the thread; `tell` is called after COMMIT, or dropped when the writer has stopped.
    pub(super) fn hand<T, F, G>(&self, work: F, tell: G)
    where
        T: Send + 'static,
        F: FnOnce(&WriteTx<'_>) -> Result<T, StoreError> + Send + 'static,
        G: FnOnce(Result<T, StoreError>) + Send + 'static,
    {
        let job: Job = Box::new(move |tx| {
            let made = catch_unwind(AssertUnwindSafe(|| work(tx?))).unwrap_or(Err(StoreError::Panicked));
            let good = made.is_ok();
            let answer: Answer = Box::new(move |committed| {
                tell(match (made, committed) {
                    (Ok(value), Ok(())) => Ok(value),
                    (Err(error), _) | (Ok(_), Err(error)) => Err(error),
                });
            });
            (good, answer)
        });
        if let Some(inline) = &self.inline {
            let worker = inline.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(worker) = worker.as_ref() {
                worker.group(job, &channel().1);
            }
            return;
        }
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(send) = jobs.as_ref() {
            let _ = send.send(job); // a dropped job drops `tell`: the caller hears that the writer has stopped
        }
    }

    /// Commits so far.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Takes no more jobs, finishes those that wait, and closes the file.
    pub(super) fn stop(&self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(inline) = &self.inline {
            inline.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("a writer's thread ended with a panic");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Thread {
    conn: Connection,
    school: SchoolId,
    cache: Arc<Cache>,
    changes: watch::Sender<u64>,
    touched: Arc<AtomicBool>,
    commits: Arc<std::sync::atomic::AtomicU64>,
}

impl Thread {
    fn run(&self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            self.group(first, jobs);
        }
        // Leave a file without a WAL beside it, so that a plain copy of it is whole.
        if let Err(error) = self.conn.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);") {
            tracing::warn!(%error, "the last checkpoint failed; nothing is lost");
        }
    }

    fn group(&self, first: Job, jobs: &Receiver<Job>) {
        self.touched.store(false, Ordering::Relaxed);
        if Mutant::AckBeforeCommit.lives() && !self.conn.is_autocommit() {
            // What was answered before is committed only now.
            let _ = self.conn.execute_batch("COMMIT");
        }
        if let Err(error) = self.conn.execute_batch("BEGIN IMMEDIATE") {
            // A full disk or a lock held too long: this job fails alone, without having run.
            tracing::error!(%error, "a write could not begin");
            let (_, answer) = first(Err(StoreError::Commit(error.to_string())));
            return answer(Ok(()));
        }
        let tx = self.tx();
        let mut answers = Vec::new();
        // The first needs no savepoint (SQLite copies pages into its journal at every statement): when it fails, the
        // transaction holds nothing else.
        let (good, answer) = first(Ok(&tx));
        if !good {
            self.abandon();
            return answer(Ok(()));
        }
        answers.push(answer);
        let mut next = jobs.try_recv().ok();
        while let Some(job) = next.take() {
            match self.one(&tx, job) {
                Ok(answer) => answers.push(answer),
                Err(error) => {
                    self.abandon();
                    return fail_all(answers, &error);
                }
            }
            if answers.len() < GROUP {
                next = jobs.try_recv().ok();
            }
        }
        let commit = if Mutant::AckBeforeCommit.lives() { "" } else { "COMMIT" };
        if let Err(error) = self.conn.execute_batch(commit) {
            self.abandon();
            return fail_all(answers, &error);
        }
        self.commits.fetch_add(1, Ordering::Relaxed);
        if tx.touched.get() || self.touched.load(Ordering::Relaxed) {
            self.changes.send_modify(|n| *n += 1);
        }
        for answer in answers {
            answer(Ok(()));
        }
    }

    fn tx(&self) -> WriteTx<'_> {
        WriteTx { conn: &self.conn, school: self.school, cache: &self.cache, touched: Cell::new(false) }
    }

    /// One job in its savepoint. An error here is one of the transaction as a whole.
    fn one(&self, tx: &WriteTx<'_>, job: Job) -> Result<Answer, rusqlite::Error> {
        self.conn.prepare_cached("SAVEPOINT job")?.execute([])?;
        let (good, answer) = job(Ok(tx));
        let undone = if good {
            Ok(())
        } else {
            self.conn.prepare_cached("ROLLBACK TO job").and_then(|mut s| s.execute([]).map(|_| ()))
        };
        let done = undone.and_then(|()| self.conn.prepare_cached("RELEASE job")?.execute([]).map(|_| ()));
        match done {
            Ok(()) => Ok(answer),
            Err(error) => {
                answer(Err(StoreError::Commit(error.to_string())));
                Err(error)
            }
        }
    }

    fn abandon(&self) {
        if !self.conn.is_autocommit()
            && let Err(error) = self.conn.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a failed transaction could not be rolled back");
        }
    }
}

fn fail_all(answers: Vec<Answer>, error: &rusqlite::Error) {
    tracing::error!(%error, jobs = answers.len(), "a commit failed: nothing of it is on disk");
    for answer in answers {
        answer(Err(StoreError::Commit(error.to_string())));
    }
}
