//! Compiles the window (features `window` and `linuxkms`) and puts its font into the program.
//!
//! Must never: fetch anything. A build without the font says how to get it and uses the system's sans.

fn main() {
    println!("cargo:rustc-check-cfg=cfg(bundled_font)");
    #[cfg(any(feature = "window", feature = "linuxkms"))]
    window::compile();
}

#[cfg(any(feature = "window", feature = "linuxkms"))]
mod window {
    use std::fmt::Write;
    use std::path::{Path, PathBuf};

    const FACES: [&str; 3] = [
        "400Regular/AtkinsonHyperlegibleNext_400Regular.ttf",
        "600SemiBold/AtkinsonHyperlegibleNext_600SemiBold.ttf",
        "700Bold/AtkinsonHyperlegibleNext_700Bold.ttf",
    ];

    pub fn compile() {
        let here = PathBuf::from(var("CARGO_MANIFEST_DIR"));
        let fonts = here.join("../assets/node_modules/@expo-google-fonts/atkinson-hyperlegible-next");
        println!("cargo:rerun-if-changed={}", fonts.display());
        let mut main = String::new();
        let faces: Vec<PathBuf> = FACES.iter().map(|f| fonts.join(f)).collect();
        if faces.iter().all(|f| f.exists()) {
            println!("cargo:rustc-cfg=bundled_font");
            println!("cargo:rustc-env=ROLLBOOK_FACE={}", faces[0].display());
            for face in &faces {
                let _ = writeln!(main, "import {};", quoted(face));
            }
        } else {
            println!(
                "cargo:warning=The font is missing, the window will use the system's sans. \
                 To get it: cd assets && npm ci --omit=dev"
            );
        }
        let _ = writeln!(main, "export * from {};", quoted(&here.join("ui/app.slint")));
        let entry = PathBuf::from(var("OUT_DIR")).join("rollbook_window.slint");
        if let Err(e) = std::fs::write(&entry, main) {
            panic!("cannot write {}: {e}", entry.display());
        }
        let config = slint_build::CompilerConfiguration::new()
            .with_style("fluent-light".into())
            .with_debug_info(std::env::var_os("CARGO_FEATURE_UI_TESTS").is_some())
            .embed_resources(slint_build::EmbedResourcesKind::EmbedFiles);
        if std::env::var_os("CARGO_FEATURE_UI_TESTS").is_some() {
            // Only to see that they still fit; the program has none of them.
            let previews = PathBuf::from(var("OUT_DIR")).join("previews.rs");
            if let Err(e) =
                slint_build::compile_with_output_path(here.join("ui/preview/all.slint"), &previews, config.clone())
            {
                panic!("a preview does not compile: {e}");
            }
        }
        if let Err(e) = slint_build::compile_with_config(&entry, config) {
            panic!("the window does not compile: {e}");
        }
    }

    fn var(name: &str) -> String {
        std::env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
    }

    fn quoted(path: &Path) -> String {
        format!("\"{}\"", path.display().to_string().replace('\\', "/"))
    }
}
