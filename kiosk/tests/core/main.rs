//! The kiosk's core, message by message, in a small school. One program: each test of its own would be linked anew.

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

mod any;
mod arrival;
mod classroom;
mod door;
#[path = "../fixture/mod.rs"]
mod fixture;
mod locks;
mod nudge;
mod register;
mod rest;
mod roll_call;
mod words;
