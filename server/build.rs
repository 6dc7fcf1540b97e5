//! Embeds the style sheet, the scripts and, where `make assets` has fetched them, htmx and the font.
//!
//! Must never: fail because something was not fetched. A build without it says how to get it, and the pages work.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Where npm puts what `make assets` fetches.
const FETCHED: &str = "../assets/node_modules";
const FONT: &str = "@fontsource-variable/atkinson-hyperlegible-next";
const SCRIPTS: [(&str, &str); 2] =
    [("htmx", "htmx.org/dist/htmx.min.js"), ("hx-sse", "htmx.org/dist/ext/hx-sse.min.js")];

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=assets");
    // A file that is not there would make every build run this again: watch the folder that it will appear in.
    let lock = format!("{FETCHED}/.package-lock.json");
    let watched = if Path::new(&lock).exists() { lock.as_str() } else { "../assets" };
    println!("cargo:rerun-if-changed={watched}");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?);
    let fetched = Path::new(FETCHED);
    let mut rows = Vec::new();
    let mut missing = Vec::new();

    let mut css = fs::read_to_string("assets/rollbook.css")?;
    match font(&fetched.join(FONT), &out, &mut rows) {
        Ok(faces) => css.insert_str(0, &faces),
        Err(_) => missing.push("the font"),
    }
    rows.push(add(&out, "style", "rollbook", "css", css.as_bytes())?);
    rows.push(add(&out, "script", "rollbook", "js", &fs::read("assets/rollbook.js")?)?);
    rows.push(add(&out, "icon", "rollbook", "svg", &fs::read("assets/rollbook.svg")?)?);
    for (role, path) in SCRIPTS {
        match fs::read(fetched.join(path)) {
            Ok(bytes) => rows.push(add(&out, role, role, "js", &bytes)?),
            Err(_) => missing.push(role),
        }
    }
    if !missing.is_empty() {
        println!(
            "cargo:warning=built without {}: `make assets` fetches them; until then the office pages use the \
             system's own font and refresh by themselves only every minute",
            missing.join(", ")
        );
    }

    let mut code = String::from("pub static EMBEDDED: &[Asset] = &[\n");
    for row in rows {
        let _ = writeln!(code, "    {row},");
    }
    code.push_str("];\n");
    fs::write(out.join("embedded.rs"), code)
}

/// Copies the font's files and answers its @font-face rules, with addresses that change with the content.
fn font(dir: &Path, out: &Path, rows: &mut Vec<String>) -> io::Result<String> {
    let mut faces = fs::read_to_string(dir.join("index.css"))?;
    let mut found = Vec::new();
    for part in ["latin", "latin-ext"] {
        let file = format!("atkinson-hyperlegible-next-{part}-wght-normal.woff2");
        let bytes = fs::read(dir.join("files").join(&file))?;
        let row = add(out, "font", &format!("atkinson-{part}"), "woff2", &bytes)?;
        let name = name_of(&format!("atkinson-{part}"), "woff2", &bytes);
        faces = faces.replace(&format!("./files/{file}"), &format!("/assets/{name}"));
        found.push(row);
    }
    rows.append(&mut found);
    Ok(faces + "\n")
}

/// One file of the table: kept in the build's own folder, named by its content.
fn add(out: &Path, role: &str, stem: &str, ext: &str, bytes: &[u8]) -> io::Result<String> {
    let name = name_of(stem, ext, bytes);
    let path = out.join(&name);
    fs::write(&path, bytes)?;
    Ok(format!("Asset {{ role: {role:?}, name: {name:?}, bytes: include_bytes!({:?}) }}", path.display().to_string()))
}

/// FNV-1a: enough to change an address when its content changes.
fn name_of(stem: &str, ext: &str, bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    format!("{stem}.{hash:016x}.{ext}")
}
