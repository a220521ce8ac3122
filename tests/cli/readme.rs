//! README.md. Promised: the smallest configuration in it is one, with nothing in it that could be left out, and the first steps beside it
//! lead where they say.

use std::fs;

use cedarburn::config::Config;

use crate::support::{Run, cedarburn};

const README: &str = include_str!("../../README.md");

/// The first block of this language below a heading.
fn block<'a>(heading: &str, language: &str) -> &'a str {
    let (_, section) = README.split_once(heading).expect("the heading is there");
    let (_, block) = section.split_once(&format!("```{language}\n")).expect("the block is there");
    block.split_once("```").unwrap().0
}

fn smallest_configuration() -> &'static str {
    block("## Without Cedar Backup", "xml")
}

#[test]
fn the_smallest_configuration_is_one_and_every_element_of_it_is_needed() {
    let text = smallest_configuration();
    let loaded = Config::parse(text.as_bytes()).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    loaded.config.require_store().unwrap();
    let elements: Vec<&str> = text.lines().filter(|line| line.contains("</") && line.starts_with("    <")).collect();
    assert_eq!(elements.len(), 8, "{text}");
    for element in elements {
        assert!(Config::parse(text.replace(element, "").as_bytes()).is_err(), "without {element}");
    }
}

#[test]
fn the_first_steps_store_a_day_on_a_virtual_disc() {
    let folder = tempfile::tempdir().unwrap();
    let staging = folder.path().join("staging").display().to_string();
    let text = smallest_configuration().replace("/srv/staging", &staging);
    fs::write(folder.path().join("cback3.conf"), text).unwrap();
    for line in block("## Without Cedar Backup", "sh").lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["mkdir", "-p", path] => fs::create_dir_all(folder.path().join(path)).unwrap(),
            ["cp", from, to] => {
                fs::copy(from, folder.path().join(to).join("copy")).unwrap();
            }
            ["touch", path] => fs::write(folder.path().join(path), "").unwrap(),
            ["cedarburn", ref arguments @ ..] => {
                let run = Run::of(cedarburn().current_dir(folder.path()).args(arguments)).expect_code(0);
                match arguments[0] {
                    "disc" | "store" => run.expect_silence(),
                    "list" => run.expect_words(&["2026/11/23/copy"]),
                    _ => run.expect_words(&["as one manifest says: 4 files"]),
                }
            }
            _ => panic!("nobody knows {line:?}"),
        }
    }
    assert!(folder.path().join("staging/2026/11/23/cback.store").exists());
}
