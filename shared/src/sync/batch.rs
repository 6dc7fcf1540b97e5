//! A push that fits: as many entries as the limits of number and of bytes allow, and always at least one.
//!
//! Must never: leave out an entry in the middle.

use crate::id::LogId;
use crate::limits::{BATCH_ENTRIES, REQUEST_BYTES};
use crate::log::{Entry, Head};
use crate::wire::v1::Push;

/// Bytes of entries in one push, as JSON: half a request, which leaves room for everything else.
pub const BATCH_BYTES: usize = REQUEST_BYTES / 2;

/// Builds the push of the entries that follow each other from the first one on, at most `max` of them (and never more
/// than the limits allow). Without entries: the empty batch after `head`, the end of the log.
pub fn batch(log: LogId, head: Head, entries: impl IntoIterator<Item = Entry>, max: usize) -> Push {
    let mut taken: Vec<Entry> = Vec::new();
    let mut bytes = 0;
    for entry in entries.into_iter().take(max.clamp(1, BATCH_ENTRIES)) {
        // A body is JSON inside JSON: every quote and every control character is escaped.
        bytes += 200
            + entry
                .body
                .bytes()
                .map(|b| if b.is_ascii_control() { 6 } else { 1 + usize::from(b == b'"' || b == b'\\') })
                .sum::<usize>();
        if !taken.is_empty() && bytes > BATCH_BYTES {
            break;
        }
        taken.push(entry);
    }
    let (from, prev) = taken.first().map_or((head.seq + 1, head.hash), |first| (first.seq, first.prev));
    Push { log, from, prev, entries: taken }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::BODY_BYTES;
    use crate::log::Salt;

    fn log_of(count: usize, body: &str) -> Vec<Entry> {
        let mut head = Head::EMPTY;
        (0..count)
            .map(|_| {
                let entry = head.append(Salt([7; 16]), body.to_owned());
                head = entry.head();
                entry
            })
            .collect()
    }

    #[test]
    fn keeps_within_number_and_bytes() {
        let log = LogId::from_bytes([1; 16]);
        let end = Head { seq: 9, ..Head::EMPTY };
        assert_eq!((batch(log, end, [], 500).from, batch(log, end, [], 500).entries.len()), (10, 0));
        assert_eq!(batch(log, end, log_of(3, "{}"), 500).entries.len(), 3);
        assert_eq!(batch(log, end, log_of(3, "{}"), 2).entries.len(), 2);
        assert_eq!(batch(log, end, log_of(3, "{}"), 0).entries.len(), 1, "always at least one");
        assert_eq!(batch(log, end, log_of(BATCH_ENTRIES + 5, "{}"), 9_999).entries.len(), BATCH_ENTRIES);
        for body in ["x".repeat(BODY_BYTES), "\"".repeat(BODY_BYTES), "\u{1}".repeat(BODY_BYTES)] {
            let push = batch(log, end, log_of(BATCH_ENTRIES, &body), 500);
            assert!(push.entries.len() > 10);
            assert!(serde_json::to_vec(&push).expect("json").len() < REQUEST_BYTES);
        }
    }
}
