//! Zip, folder, and what nobody meant: tricks, bombs, arbitrary bytes.

use super::*;
use proptest::prelude::*;
use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        out.start_file(*name, SimpleFileOptions::default()).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[test]
fn a_zip_and_a_folder_are_the_same() {
    let files = clean();
    let flat: Vec<(String, &[u8])> = files.iter().map(|f| (f.name.clone(), f.bytes.as_slice())).collect();
    let deep: Vec<(String, &[u8])> = files.iter().map(|f| (format!("export/{}", f.name), f.bytes.as_slice())).collect();
    let folder = testing::folder();
    for f in &files {
        std::fs::write(folder.path().join(&f.name), &f.bytes).unwrap();
    }
    std::fs::write(folder.path().join("notes.txt"), "not ours").unwrap();
    let from_folder = read::path(folder.path()).unwrap();
    for listing in [flat, deep] {
        let listing: Vec<(&str, &[u8])> = listing.iter().map(|(n, b)| (n.as_str(), *b)).collect();
        assert_eq!(read::named("roster.zip", zipped(&listing)).unwrap(), from_folder);
    }
    assert_eq!(from_folder.len(), files.len());
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in ["../users.csv", "/etc/users.csv", "a/../../users.csv", "C:\\users.csv", "..\\users.csv"] {
        let read = read::named("x.zip", zipped(&[("classes.csv", b"x"), (name, b"x")]));
        assert!(matches!(read, Err(read::ReadError::Trick)), "{name}: {read:?}");
    }
    let folder = testing::folder();
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("users.csv")).unwrap();
    assert!(matches!(read::path(folder.path()), Err(read::ReadError::Link(_))));
}

#[test]
fn a_zip_bomb_is_refused_before_it_fills_the_memory() {
    let zeros = vec![0_u8; usize::try_from(read::FILE_BYTES).unwrap() + 1];
    let bomb = zipped(&[("users.csv", &zeros)]);
    assert!(bomb.len() < 200_000);
    assert!(matches!(read::zip(&bomb), Err(read::ReadError::TooLarge { .. })));
    let names: Vec<String> = (0..=read::FILES).map(|n| format!("{n}.csv")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), b"".as_slice())).collect();
    assert!(matches!(read::zip(&zipped(&many)), Err(read::ReadError::TooLarge { .. })));
}

#[test]
fn what_is_no_roster_is_said_to_be_none() {
    assert!(matches!(read::named("roster.xlsx", b"hello".to_vec()), Err(read::ReadError::Kind(_))));
    assert!(matches!(read::named("x.zip", zipped(&[("readme.txt", b"x")])), Err(read::ReadError::Nothing)));
    assert!(matches!(read::zip(b"PK\x03\x04 and then nothing"), Err(read::ReadError::Zip(_))));
    let error = Bed::new().try_import("2026-11-23", &[file("a.csv", "x"), file("b.csv", "y")], &Request::default());
    assert!(matches!(error, Err(ImportError::NoRoster)));
}

fn parse_any(files: &[NamedFile]) {
    let mut rejects = Vec::new();
    let choice = Choice { classes: Classes::All, ..Choice::default() };
    if let Ok(roster) = parse(files, &choice, &mut rejects) {
        let mut n = 0_u64;
        let mut ids = || {
            n += 1;
            let mut id = [0; 16];
            id[8..].copy_from_slice(&n.to_be_bytes());
            id
        };
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let plan = plan::plan(&roster, &Held::default(), today, &mut ids, &mut rejects);
        let _ = Report::new(&roster, &plan, &rejects, Vec::new()).words();
    }
}

/// A clean export with some bytes of one file replaced by others.
fn spoilt() -> impl Strategy<Value = Vec<NamedFile>> {
    let bytes = prop_oneof![
        Just(b"\"".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b",".to_vec()),
        Just(b"p1".to_vec()),
        Just(b"tobedeleted".to_vec()),
        Just(b"2026-09-02".to_vec()),
        prop::collection::vec(any::<u8>(), 0..6)
    ];
    prop::collection::vec((0..8_usize, any::<prop::sample::Index>(), 0..12_usize, bytes), 0..8).prop_map(|spoils| {
        let mut files = clean();
        for (which, at, cut, put) in spoils {
            let bytes = &mut files[which].bytes;
            let from = at.index(bytes.len() + 1);
            let until = (from + cut).min(bytes.len());
            bytes.splice(from..until, put);
        }
        files
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn arbitrary_bytes_never_panic(
        users in prop::collection::vec(any::<u8>(), 0..400),
        classes in prop::collection::vec(any::<u8>(), 0..200),
        zip in prop::collection::vec(any::<u8>(), 0..400),
        sheet in "(Class|First name|Surname|UPN|Joined|[\",\r\n]|[a-z0-9/]){0,60}",
    ) {
        parse_any(&[file("users.csv", users), file("classes.csv", classes), file("enrollments.csv", "classSourcedId,userSourcedId,role\n")]);
        parse_any(&[file("pupils.csv", sheet)]);
        let _ = read::zip(&zip);
        let _ = read::zip(&[b"PK\x03\x04".as_slice(), &zip].concat());
    }

    #[test]
    fn a_spoilt_export_never_panics(files in spoilt()) {
        parse_any(&files);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever happened to the file: imported twice is imported once, and a good file afterwards mends it.
    #[test]
    fn a_spoilt_export_twice_is_once(files in spoilt()) {
        let bed = Bed::new();
        bed.import("2026-11-20", &clean());
        let request = Request { classes: Some(Classes::Homerooms), ..Request::default() };
        let _ = bed.try_import("2026-11-23", &files, &request);
        let before = bed.dump();
        let _ = bed.try_import("2026-11-24", &files, &request);
        prop_assert_eq!(bed.dump(), before);
        let pupils: u32 = bed.rows("SELECT count(*) FROM pupil")[0].parse().unwrap();
        prop_assert!(pupils >= 3, "nobody is ever deleted");
    }
}
