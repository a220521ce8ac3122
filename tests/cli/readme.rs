//! README.md. Promised: the smallest configuration in it is one, with nothing in it that could be left out, and what is there to be typed can
//! be typed as it stands, in its order, and leads where it says.

use std::fs;
use std::path::Path;
use std::process::Command;

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

/// Types what is below a heading in an empty folder, where `cedarburn` is a command.
fn typed(heading: &str, folder: &Path) -> Run {
    let program = Path::new(env!("CARGO_BIN_EXE_cedarburn"));
    let mut shell = Command::new("/bin/sh");
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let text = block(heading, "sh").replace("/tmp/", &format!("{}/", folder.display()));
    shell.env_clear().env("PATH", path).env("TZ", "UTC").current_dir(folder).args(["-e", "-c", &text]);
    Run::of(&mut shell).expect_code(0)
}

#[test]
fn images_are_made_as_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let run = typed("### Images", folder.path());
    // How many sectors depends on the file.
    let (_, promised) = block("### Images", "sh").rsplit_once(" bytes: ").unwrap();
    run.expect_words(&["as one manifest says", &format!(" bytes: {}", promised.trim())]);
    for name in ["photos.iso", "box.iso"] {
        Run::of(cedarburn().args(["list", "-R", "--device"]).arg(folder.path().join(name))).expect_words(&["passwd"]);
    }
}

#[test]
fn a_medium_is_prepared_by_hand_as_it_says() {
    let folder = tempfile::tempdir().unwrap();
    typed("By hand, without a question and at once:", folder.path()).expect_words(&["blank"]);
}
