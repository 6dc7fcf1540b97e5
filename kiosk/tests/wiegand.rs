//! Wiegand frames as a reader sends them, replayed edge by edge: the traces beside this file, with their jitter and noise.
//!
//! A line is `<microseconds> <D0|D1> <level>`; `# expect` says what must be heard, in order: the digits of a card, `key` or
//! `noise`. Where `# noise may come`, noise is not counted.

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

use kiosk::reader::format::Format;
use kiosk::reader::wiegand::{Decoder, Edge, Heard, Line, Timing};
use std::path::Path;

struct Trace {
    format: Format,
    expected: Vec<String>,
    noisy: bool,
    edges: Vec<Edge>,
}

fn read(text: &str) -> Trace {
    let mut trace = Trace { format: Format::W26, expected: Vec::new(), noisy: false, edges: Vec::new() };
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["#", "format", "34"] => trace.format = Format::W34,
            ["#", "expect", what] => trace.expected.push((*what).to_owned()),
            ["#", "noise", "may", "come"] => trace.noisy = true,
            ["#", ..] => {}
            [at, which, level] => trace.edges.push(Edge {
                line: if *which == "D0" { Line::D0 } else { Line::D1 },
                falls: *level == "0",
                at_us: at.parse().unwrap(),
            }),
            other => panic!("not a line of a trace: {other:?}"),
        }
    }
    trace
}

fn hear(trace: &Trace) -> Vec<String> {
    let mut decoder = Decoder::new(trace.format, Timing::default());
    let mut heard: Vec<Heard> = trace.edges.iter().filter_map(|edge| decoder.edge(*edge)).collect();
    heard.extend(decoder.silence(u64::MAX));
    let words = heard.into_iter().map(|h| match h {
        Heard::Card(number) => number.0.to_string(),
        Heard::Key => "key".to_owned(),
        Heard::Noise(_) => "noise".to_owned(),
    });
    words.filter(|word| !(trace.noisy && word == "noise")).collect()
}

#[test]
fn every_trace_is_heard_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let trace = read(&std::fs::read_to_string(&path).unwrap());
        assert!(!trace.expected.is_empty(), "{} expects nothing", path.display());
        assert_eq!(hear(&trace), trace.expected, "{}", path.display());
        count += 1;
    }
    assert!(count >= 8, "only {count} traces were found");
}
