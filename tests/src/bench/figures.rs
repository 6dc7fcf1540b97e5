//! What was measured, against what was hoped for: one line each.
//!
//! Must never: round a miss into a hit.

use std::fmt::Write as _;
use std::time::Duration;

/// A sample of one thing, in one unit.
#[derive(Debug, Clone, Default)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// One more.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }
    /// One more, in milliseconds.
    pub fn push_ms(&mut self, took: Duration) {
        self.0.push(took.as_secs_f64() * 1e3);
    }
    /// All of another.
    pub fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }
    /// In the order in which they came.
    #[must_use]
    pub fn each(&self) -> &[f64] {
        &self.0
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }
    /// The value that this share of the sample does not exceed (nearest rank); NaN of nothing.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // a rank
        let rank = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1));
        sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
    }
    /// The middle one.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }
    /// The 99th of a hundred.
    #[must_use]
    pub fn p99(&self) -> f64 {
        self.quantile(0.99)
    }
}

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Line {
    /// What was measured.
    pub what: String,
    /// What came out, in words with units.
    pub got: String,
    /// What was hoped for, in words; empty where nothing was.
    pub goal: String,
    /// Whether the goal was met.
    pub met: Option<bool>,
}

/// All lines, under headings.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    parts: Vec<(String, Vec<Line>)>,
}

impl Figures {
    /// Begins a part.
    pub fn part(&mut self, heading: &str) {
        self.parts.push((heading.to_owned(), Vec::new()));
    }
    fn line(&mut self, line: Line) {
        if self.parts.is_empty() {
            self.part("");
        }
        if let Some((_, lines)) = self.parts.last_mut() {
            lines.push(line);
        }
    }
    /// A figure without a goal.
    pub fn note(&mut self, what: &str, got: String) {
        self.line(Line { what: what.to_owned(), got, goal: String::new(), met: None });
    }
    /// A figure that must not be above its goal.
    pub fn at_most(&mut self, what: &str, got: String, value: f64, most: f64, goal: &str) {
        self.line(Line { what: what.to_owned(), got, goal: goal.to_owned(), met: Some(value <= most) });
    }
    /// Lines that missed their goal.
    #[must_use]
    pub fn missed(&self) -> usize {
        self.parts.iter().flat_map(|(_, lines)| lines).filter(|l| l.met == Some(false)).count()
    }

    /// As text for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let width = self.parts.iter().flat_map(|(_, l)| l).map(|l| l.what.chars().count()).max().unwrap_or(0);
        let mut out = String::new();
        for (heading, lines) in &self.parts {
            let _ = writeln!(out, "\n{heading}");
            for line in lines {
                let verdict = match line.met {
                    Some(true) => format!("   goal {}: met", line.goal),
                    Some(false) => format!("   goal {}: MISSED", line.goal),
                    None => String::new(),
                };
                let _ = writeln!(out, "  {:<width$}  {}{verdict}", line.what, line.got);
            }
        }
        out
    }

    /// As tables of Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        for (heading, lines) in &self.parts {
            let _ = writeln!(out, "### {heading}\n\n| | measured | goal | |\n|---|---|---|---|");
            for line in lines {
                let verdict = match line.met {
                    Some(true) => "met",
                    Some(false) => "**missed**",
                    None => "",
                };
                let _ = writeln!(out, "| {} | {} | {} | {verdict} |", line.what, line.got, line.goal);
            }
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let mut sample = Sample::default();
        (1..=200).rev().for_each(|n| sample.push(f64::from(n)));
        assert_eq!((sample.median(), sample.p99(), sample.quantile(1.0)), (100.0, 198.0, 200.0));
        assert!(Sample::default().median().is_nan());
    }

    #[test]
    fn a_miss_is_called_one() {
        let mut figures = Figures::default();
        figures.part("Part");
        figures.at_most("a", "1.0".into(), 1.0, 1.0, "1");
        figures.at_most("b", "1.1".into(), 1.1, 1.0, "1");
        figures.at_most("c", "no figure".into(), f64::NAN, 1.0, "1");
        assert_eq!(figures.missed(), 2);
        assert!(figures.text().contains("MISSED") && figures.markdown().contains("**missed**"));
    }
}
