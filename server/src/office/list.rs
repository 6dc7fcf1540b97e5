//! A list of the office as people want it: sifted and sorted by its address, and as a file with the rows that the page shows.
//!
//! Must never: hand out a cell that a spreadsheet would run, or a row that the page would not show.

use crate::error::{Answer, Error};
use crate::look::Shown;
use crate::office::html_of;
use askama::Template;
use axum::http::header;
use axum::response::IntoResponse as _;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use shared::id::PupilId;

/// Characters of a filter that count.
const LETTERS: usize = 80;

/// What may stand in the address of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
pub struct View {
    /// Rows that hold all of these words.
    #[serde(default)]
    pub filter: String,
    /// By what it is sorted: one of the words that the page offers.
    #[serde(default)]
    pub sort: String,
    /// As a file.
    #[serde(default, rename = "as")]
    pub file: Option<Kind>,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Values parted by commas.
    Csv,
    /// A spreadsheet.
    Xlsx,
}

/// What stands above a list: how it is sifted and sorted, and where its files are.
#[derive(Debug, Clone, Default)]
pub struct Bar {
    /// The page.
    pub action: &'static str,
    /// Other parts of the address, carried along.
    pub also: Vec<(&'static str, String)>,
    /// The filter.
    pub filter: String,
    /// Ways to sort it: word, name, whether it is so now.
    pub sorts: Vec<(&'static str, &'static str, bool)>,
    /// The list as CSV.
    pub csv: String,
    /// And as a spreadsheet.
    pub xlsx: String,
    /// Where all of it is, when it is sifted.
    pub all: Option<String>,
}

impl View {
    /// Whether a row with these texts is shown.
    #[must_use]
    pub fn keeps(&self, texts: &[&str]) -> bool {
        let all = texts.join(" ").to_lowercase();
        let wanted: String = self.filter.chars().take(LETTERS).collect();
        wanted.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }

    /// The bar above the list. `sorts` are word and name of each way to sort; the first is the usual one.
    #[must_use]
    pub fn bar(
        &self,
        action: &'static str,
        also: &[(&'static str, &str)],
        sorts: &[(&'static str, &'static str)],
    ) -> Bar {
        let also: Vec<(&'static str, String)> = also
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        let link = |more: &[(&str, &str)]| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(also.iter().map(|(name, value)| (*name, value.as_str())));
            query.extend_pairs(more.iter().filter(|(_, value)| !value.is_empty()));
            match query.finish() {
                none if none.is_empty() => action.to_owned(),
                some => format!("{action}?{some}"),
            }
        };
        let (filter, sort) = (self.filter.trim(), self.sort.as_str());
        let chosen = |word: &str, first: bool| if sorts.iter().any(|(w, _)| *w == sort) { word == sort } else { first };
        Bar {
            action,
            filter: filter.to_owned(),
            sorts: sorts.iter().enumerate().map(|(n, (word, name))| (*word, *name, chosen(word, n == 0))).collect(),
            csv: link(&[("filter", filter), ("sort", sort), ("as", "csv")]),
            xlsx: link(&[("filter", filter), ("sort", sort), ("as", "xlsx")]),
            all: (!filter.is_empty()).then(|| link(&[("sort", sort)])),
            also,
        }
    }
}

/// A list as a file.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// What the file is called, without its ending.
    pub name: String,
    /// The names of the columns.
    pub head: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Sheet {
    /// The file. It shows `pupils`, and whoever fetched it looked at them.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn answer(&self, kind: Kind, pupils: Vec<PupilId>) -> Answer {
        let (ending, mime, bytes) = match kind {
            Kind::Csv => ("csv", "text/csv; charset=utf-8", self.csv()?),
            Kind::Xlsx => ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", self.xlsx()?),
        };
        let name = format!("attachment; filename=\"{}.{ending}\"", self.name);
        let head = [(header::CONTENT_TYPE, mime.to_owned()), (header::CONTENT_DISPOSITION, name)];
        let mut answer = (head, bytes).into_response();
        answer.extensions_mut().insert(Shown(pupils));
        Ok(answer)
    }

    fn csv(&self) -> Result<Vec<u8>, Error> {
        let accident = |e: csv::Error| Error::Unexpected(format!("a list as CSV: {e}"));
        // Without this mark Excel takes the file for an older alphabet, and Zoë for ZoÃ«.
        let mut csv = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
        csv.write_record(&self.head).map_err(accident)?;
        for row in &self.rows {
            csv.write_record(row.iter().map(|cell| harmless(cell))).map_err(accident)?;
        }
        csv.into_inner().map_err(|e| Error::Unexpected(format!("a list as CSV: {e}")))
    }

    fn xlsx(&self) -> Result<Vec<u8>, Error> {
        self.workbook().map_err(|e| Error::Unexpected(format!("a list as a spreadsheet: {e}")))
    }

    fn workbook(&self) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let page = book.add_worksheet();
        let bold = Format::new().set_bold();
        for (column, name) in (0_u16..).zip(&self.head) {
            page.write_string_with_format(0, column, *name, &bold)?;
        }
        for (line, row) in (1_u32..).zip(&self.rows) {
            for (column, cell) in (0_u16..).zip(row) {
                page.write_string(line, column, cell.as_str())?; // a text, whatever it begins with
            }
        }
        page.set_freeze_panes(1, 0)?;
        page.autofit();
        book.save_to_buffer()
    }
}

/// The page; or, where its address asks for that, the file of its rows. Whoever fetched either looked at `pupils`.
///
/// # Errors
/// When it cannot be written.
pub fn answer<P: Template>(
    page: &P,
    file: Option<Kind>,
    sheet: impl FnOnce(&P) -> Sheet,
    pupils: Vec<PupilId>,
) -> Answer {
    match file {
        Some(kind) => sheet(page).answer(kind, pupils),
        None => html_of(page, pupils),
    }
}

/// A cell of a CSV that no spreadsheet takes for a formula: what would begin one is told to be text.
fn harmless(cell: &str) -> String {
    let begins = cell.trim_start().starts_with(['=', '+', '-', '@']) || cell.starts_with(['\t', '\r', '\n']);
    if begins { format!("'{cell}") } else { cell.to_owned() }
}

/// Letters that a search for a person needs, so that it is no list of the school.
const FEWEST: usize = 2;

/// Whether a search for a person has too few letters to be answered; one that says nothing has.
#[must_use]
pub fn too_short(find: &str) -> bool {
    find.chars().filter(|c| c.is_alphanumeric()).count() < FEWEST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let cells = ["=1+1", "+44 7700 900142", "-2", "@sum", "\t=1", " =1", "Zoë", "a,\"b\"", "5 - 3"];
        let rows = cells.into_iter().map(|cell| vec!["Noah".to_owned(), cell.to_owned()]).collect();
        Sheet { name: "calls".into(), head: vec!["Pupil", "Said"], rows }
    }

    #[test]
    fn no_cell_of_a_csv_begins_as_a_formula_does() {
        let text = String::from_utf8(sheet().csv().unwrap()).unwrap();
        assert!(text.starts_with("\u{feff}Pupil,Said"));
        let mut csv = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let cells: Vec<String> = csv.records().map(|row| row.unwrap()[1].to_owned()).collect();
        assert_eq!(cells, ["'=1+1", "'+44 7700 900142", "'-2", "'@sum", "'\t=1", "' =1", "Zoë", "a,\"b\"", "5 - 3"]);
    }

    #[test]
    fn a_spreadsheet_holds_every_cell_as_text() {
        use std::io::Read as _;
        let bytes = sheet().xlsx().unwrap();
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut part = |name: &str| {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let (page, texts) = (part("xl/worksheets/sheet1.xml"), part("xl/sharedStrings.xml"));
        assert!(!page.contains("<f>") && page.matches("t=\"s\"").count() == 2 + 9 * 2, "{page}");
        assert!(texts.contains("=1+1") && texts.contains("Zoë"));
    }

    #[test]
    fn a_list_is_sifted_by_words_and_its_address_says_so() {
        let view = View { filter: " noah  CLASS 2".into(), sort: "class".into(), file: None };
        assert!(view.keeps(&["Noah Varley", "Class 2"]) && !view.keeps(&["Noah Varley", "Class 3"]));
        let bar = view.bar("/plans", &[("date", "2026-11-23"), ("half", "")], &[("name", "name"), ("class", "class")]);
        assert_eq!(bar.csv, "/plans?date=2026-11-23&filter=noah++CLASS+2&sort=class&as=csv");
        assert_eq!(bar.all.as_deref(), Some("/plans?date=2026-11-23&sort=class"));
        assert_eq!(bar.sorts, [("name", "name", false), ("class", "class", true)]);
        let plain = View::default().bar("/plans", &[], &[("name", "name")]);
        assert_eq!((plain.xlsx.as_str(), plain.all, plain.sorts[0].2), ("/plans?as=xlsx", None, true));
    }
}
