//! Where a kiosk stands in its feed, and whether a page follows from there.
//!
//! The feed is compacted: a change takes the old row away and adds a new one at the end, so numbers have holes. What a
//! page promises is that rows ascend, that all lie after the cursor, and that the cursor never goes back.
//!
//! Must never: accept half a page.

use crate::id::FeedId;
use crate::limits::{PAGE_ROWS, ROW_BYTES};
use crate::wire::v1::Row;
use serde::{Deserialize, Serialize};

/// A feed and the last row of it that is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// Which feed; `None` before the first hello.
    pub feed: Option<FeedId>,
    /// The last row applied; 0 for none.
    pub cursor: u64,
}

/// Why a page does not follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPage {
    /// A row is not after the one before it, or not after the cursor.
    #[error("row {seq} does not ascend")]
    NotAscending {
        /// The row.
        seq: u64,
    },
    /// The page's own cursor lies before its last row, or before ours.
    #[error("the page ends at {next}, before what it holds or what is applied")]
    Regressed {
        /// The page's cursor.
        next: u64,
    },
    /// More is promised, and the cursor stands still.
    #[error("more is promised at {next}, without progress")]
    NoProgress {
        /// The page's cursor.
        next: u64,
    },
    /// More rows, or larger ones, than a page may hold.
    #[error("beyond the limits of a page")]
    TooLarge,
}

impl Feed {
    /// Before anything.
    pub const NONE: Self = Self { feed: None, cursor: 0 };

    /// The beginning of a feed.
    #[must_use]
    pub const fn beginning(feed: FeedId) -> Self {
        Self { feed: Some(feed), cursor: 0 }
    }

    /// Whether a page follows from here.
    ///
    /// # Errors
    /// [`BadPage`]: nothing of it may be applied.
    pub fn check(&self, rows: &[Row], next: u64, more: bool) -> Result<(), BadPage> {
        let long =
            |row: &Row| row.body.as_ref().is_some_and(|b| serde_json::to_vec(b).is_ok_and(|v| v.len() > ROW_BYTES));
        if rows.len() > PAGE_ROWS || rows.iter().any(long) {
            return Err(BadPage::TooLarge);
        }
        let mut at = self.cursor;
        for row in rows {
            if row.seq <= at {
                return Err(BadPage::NotAscending { seq: row.seq });
            }
            at = row.seq;
        }
        if next < at {
            return Err(BadPage::Regressed { next });
        }
        if more && next == self.cursor {
            return Err(BadPage::NoProgress { next });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    fn rows(seqs: &[u64]) -> Vec<Row> {
        seqs.iter().map(|seq| Row { seq: *seq, key: Text::new("k").expect("short"), body: None }).collect()
    }

    #[test]
    fn takes_what_follows_and_nothing_else() {
        let feed = Feed { feed: Some(FeedId::from_bytes([1; 16])), cursor: 10 };
        assert_eq!(feed.check(&rows(&[11, 15, 16]), 16, true), Ok(()));
        assert_eq!(feed.check(&rows(&[11]), 30, false), Ok(()), "rows of other audiences lie between");
        assert_eq!(feed.check(&[], 10, false), Ok(()));
        assert_eq!(feed.check(&rows(&[10]), 10, false), Err(BadPage::NotAscending { seq: 10 }));
        assert_eq!(feed.check(&rows(&[12, 12]), 12, false), Err(BadPage::NotAscending { seq: 12 }));
        assert_eq!(feed.check(&rows(&[12]), 11, false), Err(BadPage::Regressed { next: 11 }));
        assert_eq!(feed.check(&[], 9, false), Err(BadPage::Regressed { next: 9 }));
        assert_eq!(feed.check(&[], 10, true), Err(BadPage::NoProgress { next: 10 }));
        let many: Vec<u64> = (11..12 + PAGE_ROWS as u64).collect();
        assert_eq!(feed.check(&rows(&many), 2_000, false), Err(BadPage::TooLarge));
        assert_eq!(feed.check(&rows(&many[1..]), 2_000, false), Ok(()), "a thousand");
    }

    #[test]
    fn a_row_has_its_bound_too() {
        use crate::id::{ClassId, StaffId};
        use crate::wire::v1::{RowBody, StaffRow};
        let feed = Feed { feed: Some(FeedId::from_bytes([1; 16])), cursor: 10 };
        let row = |classes: usize, name: usize| {
            let body = RowBody::Staff(StaffRow {
                staff: StaffId::from_bytes([1; 16]),
                name: Text::new(&"n".repeat(name)).expect("a name"),
                pin: None,
                cards: Vec::new(),
                classes: vec![ClassId::from_bytes([2; 16]); classes],
            });
            (
                serde_json::to_vec(&body).expect("json").len(),
                Row { seq: 11, key: Text::new("k").expect("short"), body: Some(body) },
            )
        };
        let (bare, _) = row(0, 1);
        let classes = (ROW_BYTES - bare) / 35 - 1; // each takes 32 digits, two quotes and a comma
        let name = (1..=80).find(|name| row(classes, *name).0 == ROW_BYTES).expect("a name that fills it");
        assert_eq!(feed.check(&[row(classes, name).1], 11, false), Ok(()));
        assert_eq!(feed.check(&[row(classes, name + 1).1], 11, false), Err(BadPage::TooLarge));
    }
}
