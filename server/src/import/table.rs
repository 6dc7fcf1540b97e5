//! A CSV file as rows with the line each begins on, whatever line ends, quotes and spare columns it came with.
//!
//! Must never: lose a row without a reject, or count lines otherwise than an editor does.

use super::reject::{Reason, Rejects};
use super::value;
use csv::{ByteRecord, StringRecord};

/// A quoted value may hold this many line breaks; more is a quotation mark that was never closed.
const BREAKS: usize = 12;
/// How often reading begins anew after an open quotation mark.
const RESTARTS: usize = 100;
/// Values in a row, at most.
const CELLS: usize = 400;

/// A header as it was found, and the column that it was taken for.
pub type Respelt = (String, &'static str);

/// A file's rows under columns that are known.
#[derive(Debug, Default)]
pub struct Table {
    columns: Vec<(&'static str, usize)>,
    /// The rows that could be read, blank ones left out.
    pub rows: Vec<Row>,
    /// Headers that were taken for a known one though they are spelt otherwise.
    pub respelt: Vec<Respelt>,
    /// The first column's value of rows that could not be read, as far as it can be made out.
    pub lost: Vec<String>,
    /// True when a row was lost whose id cannot be made out.
    pub blind: bool,
}

/// One row.
#[derive(Debug)]
pub struct Row {
    /// Where it begins.
    pub line: u32,
    cells: StringRecord,
}

impl Table {
    /// Whether the file has this column.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|(name, _)| *name == column)
    }
    /// A value, trimmed; empty where the row or the header lacks it.
    #[must_use]
    pub fn get<'r>(&self, row: &'r Row, column: &str) -> &'r str {
        self.columns
            .iter()
            .find(|(name, _)| *name == column)
            .and_then(|(_, at)| row.cells.get(*at))
            .unwrap_or("")
            .trim()
    }
}

/// Reads a file. The first of `known` is the id by which a lost row may still be told. `None` when nothing can be read:
/// a reject says why.
pub fn read(
    bytes: &[u8],
    known: &'static [&'static str],
    required: &[&'static str],
    out: &mut Rejects<'_>,
) -> Option<Table> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        out.add(1, Reason::NotUtf8);
        return None;
    }
    let mut scan = Scan::new(text);
    let header = loop {
        match scan.next(usize::MAX) {
            Next::Row(_, cells) if cells.iter().all(|c| c.trim_ascii().is_empty()) => {}
            Next::Row(line, cells) => break (line, cells),
            Next::End | Next::Open(..) | Next::Stop(_) => {
                out.add(1, Reason::NoHeader);
                return None;
            }
        }
    };
    let (line, cells) = header;
    let titles: Vec<String> = cells.iter().map(|c| String::from_utf8_lossy(c).trim().to_owned()).collect();
    let (columns, respelt) = match_headers(&titles, known);
    if titles.len() == 1 && titles[0].contains([';', '\t']) {
        out.add(line, Reason::NotCommas);
        return None;
    }
    if let Some(missing) = required.iter().find(|r| !columns.iter().any(|(c, _)| c == *r)) {
        out.add(line, Reason::NoColumn(missing));
        return None;
    }
    let mut table = Table { columns, rows: Vec::new(), respelt, lost: Vec::new(), blind: false };
    let id_at = known.first().and_then(|id| table.columns.iter().find(|(c, _)| c == id)).map(|(_, at)| *at);
    loop {
        match scan.next(titles.len()) {
            Next::End => return Some(table),
            Next::Stop(line) => {
                out.add(line, Reason::QuotesBroken);
                table.blind = true;
                return Some(table);
            }
            Next::Open(line, raw) => {
                out.add(line, Reason::QuoteOpen);
                let raw = String::from_utf8_lossy(raw).into_owned();
                table.lose(id_at.and_then(|at| raw.split(',').nth(at)).map(|s| s.trim_matches(['"', ' ', '\r'])));
            }
            Next::Row(_, cells) if cells.iter().all(|c| c.trim_ascii().is_empty()) => {}
            Next::Row(line, cells) => {
                let id = id_at.and_then(|at| cells.get(at)).map(String::from_utf8_lossy);
                if cells.iter().skip(titles.len()).any(|c| !c.trim_ascii().is_empty()) || cells.len() > CELLS {
                    out.add(line, Reason::TooManyFields);
                    table.lose(id.as_deref());
                    continue;
                }
                match StringRecord::from_byte_record(cells.clone()) {
                    Ok(cells) => table.rows.push(Row { line, cells }),
                    Err(_) => {
                        out.add(line, Reason::NotUtf8);
                        table.lose(id.as_deref());
                    }
                }
            }
        }
    }
}

impl Table {
    fn lose(&mut self, id: Option<&str>) {
        match id.map(str::trim).filter(|s| !s.is_empty()) {
            Some(id) => self.lost.push(id.to_owned()),
            None => self.blind = true,
        }
    }
}

/// Headers by letter and digit, then by a slip of the pen (two letters of eight or more).
fn match_headers(titles: &[String], known: &'static [&'static str]) -> (Vec<(&'static str, usize)>, Vec<Respelt>) {
    let mut columns: Vec<(&'static str, usize)> = Vec::new();
    let keys: Vec<String> = titles.iter().map(|t| value::key(t)).collect();
    for name in known {
        let wanted = value::key(name);
        if let Some(at) = keys.iter().position(|k| *k == wanted) {
            columns.push((name, at));
        }
    }
    let mut respelt = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        if key.len() < 8 || columns.iter().any(|(_, taken)| *taken == at) || known.iter().any(|k| value::key(k) == *key)
        {
            continue;
        }
        let mut near =
            known.iter().filter(|k| !columns.iter().any(|(c, _)| c == *k)).filter(|k| slips(key, &value::key(k)) <= 2);
        if let (Some(name), None) = (near.next(), near.next()) {
            columns.push((name, at));
            respelt.push((titles[at].chars().take(40).collect(), *name));
        }
    }
    (columns, respelt)
}

/// Edit distance of two short ASCII words.
fn slips(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 2 {
        return 3;
    }
    let b = b.as_bytes();
    let mut before: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut now = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let change = before[j] + usize::from(x != *y);
            now.push(change.min(before[j + 1] + 1).min(now[j] + 1));
        }
        before = now;
    }
    before[b.len()]
}

enum Next<'a> {
    Row(u32, ByteRecord),
    Open(u32, &'a [u8]),
    Stop(u32),
    End,
}

/// The csv crate over the file, begun anew after a quotation mark that swallows what follows.
struct Scan<'a> {
    text: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    base: usize,
    counted: usize,
    line: u32,
    restarts: usize,
}

impl<'a> Scan<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, reader: reader(text), base: 0, counted: 0, line: 1, restarts: 0 }
    }

    fn here(&self) -> usize {
        self.base
            + usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX).min(self.text.len() - self.base)
    }

    fn next(&mut self, columns: usize) -> Next<'a> {
        let mut cells = ByteRecord::new();
        let mut begin = self.here();
        while matches!(self.text.get(begin), Some(b'\r' | b'\n')) {
            begin += 1;
        }
        // A slice cannot fail to be read, and flexible rows cannot differ in length: an error is the end.
        if begin >= self.text.len() || !self.reader.read_byte_record(&mut cells).unwrap_or(false) {
            return Next::End;
        }
        let end = self.here();
        self.line += breaks(&self.text[self.counted..begin]);
        self.counted = begin;
        let line = self.line;
        let raw = self.text[begin..end].trim_ascii_end();
        let inside = usize::try_from(breaks(raw)).unwrap_or(usize::MAX);
        let open = end >= self.text.len() && ends_in_quotes(raw);
        let many = cells.iter().skip(columns).any(|c| !c.trim_ascii().is_empty());
        if open || (inside > 0 && (inside > BREAKS || many)) {
            self.restarts += 1;
            if self.restarts > RESTARTS {
                return Next::Stop(line);
            }
            let length = raw.iter().position(|b| *b == b'\n' || *b == b'\r').unwrap_or(raw.len());
            self.base = begin + length;
            self.reader = reader(&self.text[self.base..]);
            return Next::Open(line, &raw[..length]);
        }
        Next::Row(line, cells)
    }
}

fn reader(text: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(1 << 16).from_reader(text)
}

/// Line breaks as an editor counts them: CRLF is one, so is either alone.
fn breaks(text: &[u8]) -> u32 {
    let mut count = 0_u32;
    let mut before = 0;
    for &b in text {
        if b == b'\r' || (b == b'\n' && before != b'\r') {
            count = count.saturating_add(1);
        }
        before = b;
    }
    count
}

/// Whether a quoted value is still open at the end.
fn ends_in_quotes(raw: &[u8]) -> bool {
    let mut quoted = false;
    let mut fresh = true;
    let mut at = 0;
    while let Some(&b) = raw.get(at) {
        if quoted {
            if b == b'"' {
                if raw.get(at + 1) == Some(&b'"') {
                    at += 1;
                } else {
                    quoted = false;
                }
            }
        } else if b == b'"' && fresh {
            quoted = true;
        }
        fresh = !quoted && matches!(b, b',' | b'\n' | b'\r');
        at += 1;
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::reject::Reject;

    fn table(bytes: &[u8]) -> (Option<Table>, Vec<Reject>) {
        let mut all = Vec::new();
        let t = read(
            bytes,
            &["sourcedId", "givenName", "preferredGivenName"],
            &["sourcedId"],
            &mut Rejects { file: "users.csv", all: &mut all },
        );
        (t, all)
    }
    fn ids(t: &Table) -> Vec<(u32, String)> {
        t.rows.iter().map(|r| (r.line, t.get(r, "sourcedId").to_owned())).collect()
    }

    #[test]
    fn lines_are_an_editors_lines_whatever_ends_them() {
        let (t, rejects) =
            table(b"\xef\xbb\xbfsourcedId,givenName\r\na,1\nb,\"x\r\ny\nz\"\r\n\r\n\nc,3\rd,4\r\n,,\r\ne,5");
        let t = t.unwrap();
        assert!(rejects.is_empty());
        let want = [(2, "a"), (3, "b"), (8, "c"), (9, "d"), (11, "e")].map(|(n, s)| (n, s.to_owned()));
        assert_eq!(ids(&t), want);
    }

    #[test]
    fn an_open_quote_costs_its_own_row_only() {
        let (t, rejects) = table(b"sourcedId,givenName\na,\"open\nb,2\nc,3\n");
        assert_eq!(ids(&t.unwrap()), [(3, "b".to_owned()), (4, "c".to_owned())]);
        assert_eq!(rejects, [Reject { file: "users.csv".into(), line: 2, reason: Reason::QuoteOpen }]);
    }

    #[test]
    fn an_open_quote_that_a_later_one_closes_does_not_swallow_rows() {
        let mut text = String::from("sourcedId,givenName\na,\"open\n");
        for n in 0..40 {
            text.push_str(&format!("r{n},x\n"));
        }
        text.push_str("z,\"closed, properly\"\n");
        let (t, rejects) = table(text.as_bytes());
        let t = t.unwrap();
        assert_eq!(t.rows.len(), 41);
        assert_eq!(t.lost, ["a"]);
        assert_eq!((rejects.len(), rejects[0].line), (1, 2));
    }

    #[test]
    fn misspelt_headers_and_spare_columns() {
        let (t, _) = table(b"prefferedGivenName,,SOURCEDID ,\nSam,,a,\nZoe,,b\n");
        let t = t.unwrap();
        assert_eq!(t.get(&t.rows[0], "preferredGivenName"), "Sam");
        assert_eq!(ids(&t), [(2, "a".to_owned()), (3, "b".to_owned())]);
        assert_eq!(t.respelt, [("prefferedGivenName".to_owned(), "preferredGivenName")]);
        assert!(!t.has("givenName"));
    }

    #[test]
    fn too_many_values_and_bytes_that_are_not_text() {
        let (t, rejects) = table(b"sourcedId,givenName\na,Jones, Mary\nb,Zo\xeb\nc,1,,\n");
        let t = t.unwrap();
        assert_eq!(ids(&t), [(4, "c".to_owned())]);
        assert_eq!(
            rejects.iter().map(|r| (r.line, r.reason.kind())).collect::<Vec<_>>(),
            [(2, "too_many_fields"), (3, "not_utf8")]
        );
        assert_eq!((t.lost, t.blind), (vec!["a".into(), "b".into()], false));
    }

    #[test]
    fn semicolons_are_told() {
        let (t, rejects) = table(b"sourcedId;givenName\na;b\n");
        assert!(t.is_none());
        assert_eq!(rejects[0].reason, Reason::NotCommas);
    }
}
