//! Drawings that depend on data: the last days' strokes, and a dashed border.
//!
//! Must never: know a colour.

use crate::core::screen::{DayStrokes, Stroke};
use std::fmt::Write;

/// The strokes of the last days in a box of 66 by 10, as three paths: here, late, absent.
pub struct Strip {
    pub strokes: String,
    pub lates: String,
    pub rings: String,
}

/// Width of one day in the strip.
const DAY: f32 = 13.2;

/// Draws the last days, oldest first: `/` and `\` make a small roof, a ring stands for an absence.
pub fn strip(days: &[DayStrokes]) -> Strip {
    let mut strip = Strip { strokes: String::new(), lates: String::new(), rings: String::new() };
    let mut x = 0.6;
    for day in days {
        half(&mut strip, day.am, (x, 9.2), (x + 4.6, 0.8));
        half(&mut strip, day.pm, (x + 4.9, 0.8), (x + 9.5, 9.2));
        x += DAY;
    }
    strip
}

fn half(strip: &mut Strip, stroke: Stroke, (x1, y1): (f32, f32), (x2, y2): (f32, f32)) {
    let into = match stroke {
        Stroke::None => return,
        Stroke::Present => &mut strip.strokes,
        Stroke::Late => &mut strip.lates,
        Stroke::Absent => {
            let (x, y, r) = (f32::midpoint(x1, x2) + if x1 < x2 && y1 > y2 { -0.7 } else { 0.7 }, 7.0, 2.1);
            let (left, right) = (x - r, x + r);
            let _ =
                write!(strip.rings, "M {left:.1} {y} A {r} {r} 0 1 1 {right:.1} {y} A {r} {r} 0 1 1 {left:.1} {y} Z ");
            return;
        }
    };
    let _ = write!(into, "M {x1:.1} {y1} L {x2:.1} {y2} ");
}

/// A dashed border inside a box, with whole arcs at its corners.
pub fn dashes(width: f32, height: f32, radius: f32) -> String {
    let mut path = String::new();
    let (w, h, r) = (width - 0.6, height - 0.6, radius.min(width / 2.0).min(height / 2.0));
    let o = 0.6;
    let mut line = |x1: f32, y1: f32, x2: f32, y2: f32| {
        let length = (x2 - x1).abs().max((y2 - y1).abs());
        // Dashes of about four, gaps of about three, so that both ends are a dash.
        let count = ((length + 3.0) / 7.0).floor().max(1.0);
        let (dash, step) = (4.0_f32.min(length), (length - 4.0).max(0.0) / (count - 1.0).max(1.0));
        let (dx, dy) = ((x2 - x1) / length.max(0.1), (y2 - y1) / length.max(0.1));
        let mut at = 0.0;
        while at + dash <= length + 0.1 {
            let (sx, sy) = (x1 + dx * at, y1 + dy * at);
            let (ex, ey) = (sx + dx * dash, sy + dy * dash);
            let _ = write!(path, "M {sx:.1} {sy:.1} L {ex:.1} {ey:.1} ");
            at += step.max(5.0);
        }
    };
    line(r, o, w - r, o);
    line(w, r, w, h - r);
    line(w - r, h, r, h);
    line(o, h - r, o, r);
    let a = r - o;
    let _ = write!(path, "M {o} {r} A {a} {a} 0 0 1 {r} {o} M {:.1} {o} A {a} {a} 0 0 1 {w:.1} {r} ", w - a);
    let _ = write!(path, "M {w:.1} {:.1} A {a} {a} 0 0 1 {:.1} {h:.1} ", h - a, w - a);
    let _ = write!(path, "M {r} {h:.1} A {a} {a} 0 0 1 {o} {:.1} ", h - a);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_each_kind() {
        let day = |am, pm| DayStrokes { am, pm };
        let strip = strip(&[
            day(Stroke::Present, Stroke::Present),
            day(Stroke::Absent, Stroke::None),
            day(Stroke::Late, Stroke::Absent),
        ]);
        assert_eq!(strip.strokes.matches('M').count(), 2);
        assert_eq!(strip.lates.matches('M').count(), 1);
        assert_eq!(strip.rings.matches('Z').count(), 2);
    }

    #[test]
    fn dashes_stay_inside_and_end_even_on_the_smallest_box() {
        for (w, h) in [(126.0, 56.0), (1.0, 1.0), (0.0, 0.0)] {
            assert!(dashes(w, h, 10.0).len() < 4000);
        }
    }
}
