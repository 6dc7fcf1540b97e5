//! Every screen once, for the pictures and for whoever else wants to see them all.
#![allow(dead_code)] // each test binary uses its own part

pub mod classroom;
pub mod reception;

use crate::fixture::Desk;

/// Every screen: its number, its name, a desk that shows it. The number says in which other look a picture is kept, so
/// new screens go to the end of their list.
pub fn all() -> Vec<(usize, &'static str, Desk)> {
    let count = |from| move |(i, (name, desk))| (from + i, name, desk);
    let classroom = classroom::screens().into_iter().enumerate().map(count(0));
    let reception = reception::screens().into_iter().enumerate().map(count(8));
    let roll_calls = reception::roll_calls().into_iter().enumerate().map(count(3));
    classroom.chain(reception).chain(roll_calls).collect()
}
