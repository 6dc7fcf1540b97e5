//! The figures of docs/PERFORMANCE.md, measured on the real programs from the outside.
//!
//! Must never: count what a program says of itself where it can be seen from outside, or leave out a run that went badly.

mod browser;
mod disk;
mod figures;
mod office;
mod pages;
mod proc;
pub mod run;
mod school;
mod screen;
mod server;
pub mod terminal;
mod tile;
mod week;
mod window;
