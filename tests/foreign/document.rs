//! `docs/readers.md`: what each reader shows, as the checks measured it.
//!
//! A section of the document belongs to the check that measures it. The check fails when it measures something else than
//! the document says; with `UPDATE_TABLE=1` in the environment it writes the section anew instead. What is between the
//! markers of a section is never edited by hand.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A table with a heading for its first column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let mut text = line(&self.columns);
        let _ = writeln!(text, "|{}", "---|".repeat(self.columns.len()));
        for row in &self.rows {
            assert_eq!(row.len(), self.columns.len(), "{row:?}");
            text.push_str(&line(row));
        }
        text
    }
}

fn place() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/readers.md")
}

/// Where a section's text stands in the document.
fn bounds(document: &str, section: &str) -> std::ops::Range<usize> {
    let find = |marker: &str| document.find(marker).unwrap_or_else(|| panic!("docs/readers.md has no line {marker:?}"));
    let begin = format!("<!-- begin {section} -->\n");
    find(&begin) + begin.len()..find(&format!("<!-- end {section} -->"))
}

/// Compares the section with what was measured, or writes it anew.
pub(crate) fn settle(section: &str, measured: &str) -> Result<(), String> {
    static WRITING: Mutex<()> = Mutex::new(());
    let _alone = WRITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut document = std::fs::read_to_string(place()).expect("docs/readers.md");
    let bounds = bounds(&document, section);
    let written = document[bounds.clone()].trim();
    let measured = measured.trim();
    if written == measured {
        return Ok(());
    }
    if std::env::var_os("UPDATE_TABLE").is_some() {
        document.replace_range(bounds, &format!("\n{measured}\n\n"));
        std::fs::write(place(), document).expect("docs/readers.md can be written");
        return Ok(());
    }
    let written: Vec<&str> = written.lines().collect();
    let news: Vec<&str> = measured.lines().filter(|line| !written.contains(line)).collect();
    Err(format!(
        "docs/readers.md, section {section:?}, says something else than was measured. Look at each difference, then write \
         it anew with: UPDATE_TABLE=1 cargo test --test foreign -- --ignored\nmeasured:\n{}",
        news.join("\n")
    ))
}

#[test]
fn a_section_is_what_stands_between_its_markers() {
    let document = "# a\n<!-- begin x -->\n\none\n\n<!-- end x -->\n<!-- begin y -->\ntwo\n<!-- end y -->\n";
    assert_eq!(document[bounds(document, "x")].trim(), "one");
    assert_eq!(document[bounds(document, "y")].trim(), "two");
}
