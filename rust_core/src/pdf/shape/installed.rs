//! Fonts of the machine, for tests.

use std::path::PathBuf;
use std::process::Command;

use super::super::fonts::Fonts;
use super::super::plate::PlateFont;

/// The font that fontconfig has for `family`.
pub fn installed(family: &str, features: &[(&str, u32)]) -> PlateFont {
    let out = Command::new("fc-match")
        .args(["-f", "%{file}", family])
        .output()
        .expect("fc-match runs");
    PlateFont {
        path: PathBuf::from(String::from_utf8(out.stdout).expect("a path")),
        index: 0,
        features: features
            .iter()
            .map(|(tag, value)| ((*tag).to_owned(), *value))
            .collect(),
        fallbacks: Vec::new(),
    }
}

/// DejaVu Sans, and Noto Sans for what it lacks.
pub fn with_fallback() -> Fonts {
    let mut first = installed("DejaVu Sans", &[]);
    first.fallbacks = vec![1];
    Fonts::load(&[first, installed("Noto Sans", &[])]).expect("fonts that are installed")
}
