//! A disk that forgets: a file system in memory, under SQLite's own interface for one (a VFS), which loses at a power cut
//! what was not made durable by fsync, and tears what was being written. One seed decides what is lost.
//!
//! A [`Disk`] is mounted on a real folder. SQLite files inside it live in memory, with an empty file of the same name
//! standing for each, so that code which asks whether a file exists, or renames it, needs no change: identity is the
//! inode. A real file with content that is copied in is taken over at its first opening. Every other path goes to the
//! operating system as always, so that this file system can be SQLite's default in a process that tests.
//!
//! The model is harsher than ext4 on a card: of what was not synced, each 512-byte sector survives or not by itself, in
//! any version that it had since, also out of order; a file's size likewise; what a grown file shows where nothing
//! arrived is zeros or junk; names (made, deleted) survive one by one until their folder was synced, and the sync of a
//! file says nothing of its name, except where SQLite on Unix syncs the folder too (a new journal's first sync).
//!
//! Not here: files that are not SQLite's (keys, a configuration), folders, and renames by others, which count as synced.
//!
//! Must never: be needed by the server or a kiosk, or lose what was synced, unless it was told to lie.

mod content;
mod disk;
mod file;
mod locks;
mod vfs;

pub use disk::{Counts, Disk, Image, Lost};
