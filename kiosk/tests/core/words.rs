//! The catalogue is whole: no screen says a word that does not stand in `kiosk/src/core/words`.

use std::path::{Path, PathBuf};

/// What looks like words and is none: how names of years and fields of a debugger are written, a font, the program's name.
const NOT_WORDS: [&str; 7] =
    ["nursery", "reception", "Pin", "CardNumber", "Atkinson Hyperlegible Next", "Rollbook", "snake_case"];

/// Files in which words are compared, not shown: those that choose a picture, and the names of picks.
const COMPARED: [&str; 2] = ["src/core/picture.rs", "src/ui/wire.rs"];

fn files(folder: &Path, end: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, end, found);
        } else if path.extension().is_some_and(|e| e == end) {
            found.push(path);
        }
    }
}

/// The text literals of a file with their lines, up to its own tests; comments, attributes and imports left out.
fn literals(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let shown = text.split("#[cfg(test)]").next().unwrap();
    for (n, line) in shown.lines().enumerate() {
        let start = line.trim_start();
        if start.starts_with("//")
            || start.starts_with("#[")
            || start.starts_with("import ")
            || line.contains("} from \"")
        {
            continue;
        }
        let mut inside = None::<String>;
        let mut letters = line.chars().peekable();
        while let Some(c) = letters.next() {
            match (c, &mut inside) {
                ('/', None) if letters.peek() == Some(&'/') => break,
                ('"', None) => inside = Some(String::new()),
                ('"', Some(_)) => found.push((n + 1, inside.take().unwrap())),
                ('\\', Some(_)) => drop(letters.next()),
                (c, Some(said)) => said.push(c),
                _ => {}
            }
        }
    }
    found
}

/// Two letters beside each other, outside of what is filled in: a drawing's path has none.
fn is_a_word(literal: &str) -> bool {
    let mut depth = 0_u32;
    let mut before = ' ';
    for c in literal.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            c if depth == 0 && c.is_alphabetic() && before.is_alphabetic() => return true,
            _ => {}
        }
        before = if depth == 0 { c } else { ' ' };
    }
    false
}

#[test]
fn every_word_of_a_screen_stands_in_the_catalogue() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    files(&here.join("ui"), "slint", &mut all);
    all.retain(|path| !path.starts_with(here.join("ui/preview")));
    assert!(all.len() > 20, "the window's files");
    let windows = all.len();
    files(&here.join("src/core"), "rs", &mut all);
    files(&here.join("src/ui"), "rs", &mut all);
    all.retain(|path| !path.starts_with(here.join("src/core/words")));
    assert!(all.len() > windows + 20, "the core's files");
    let mut wrong = Vec::new();
    for path in all {
        let name = path.strip_prefix(here).unwrap().display().to_string();
        if COMPARED.contains(&name.as_str()) {
            continue;
        }
        for (line, literal) in literals(&std::fs::read_to_string(&path).unwrap()) {
            if is_a_word(&literal) && !NOT_WORDS.contains(&literal.as_str()) {
                wrong.push(format!("{name}:{line}: {literal:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "these belong into kiosk/src/core/words:\n{}", wrong.join("\n"));
}

#[test]
fn the_catalogue_is_calm() {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core/words"), "rs", &mut all);
    assert_eq!(all.len(), 6);
    let said: Vec<String> =
        all.iter().flat_map(|p| literals(&std::fs::read_to_string(p).unwrap())).map(|(_, literal)| literal).collect();
    assert!(said.len() > 150, "{}", said.len());
    for literal in &said {
        assert!(!literal.contains('!'), "no exclamation marks: {literal:?}");
        for jargon in ["sync", "pending", "error", "invalid", "failed", "device"] {
            assert!(!literal.to_lowercase().contains(jargon), "{jargon} is nobody's word: {literal:?}");
        }
    }
}

#[test]
fn the_search_finds_what_it_should() {
    let rust =
        "let a = \"Back\"; // \"not this\"\n#[serde(rename = \"nor this\")]\nlet b = format!(\"{name}, {state}\");\n";
    let found: Vec<String> = literals(rust).into_iter().map(|(_, l)| l).filter(|l| is_a_word(l)).collect();
    assert_eq!(found, ["Back"]);
    let slint = "import { Words } from \"../words.slint\";\ntext: on ? Words.back : \"Go \" + x + \" on\";\ncommands: \"M 4 13 L 10 19\";\n";
    let found: Vec<String> = literals(slint).into_iter().map(|(_, l)| l).filter(|l| is_a_word(l)).collect();
    assert_eq!(found, ["Go ", " on"]);
}
