//! The window wired to the core, by accessible label alone. One program: each test of its own would be linked anew.

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

mod classroom;
mod door;
mod everything;
#[path = "../fixture/mod.rs"]
mod fixture;
mod register;
#[path = "../../../tests/src/bench/tile.rs"]
mod tile;
mod tokens;
#[path = "../window/mod.rs"]
mod window;
