//! Every error says what, where, the value, and what is legal; none holds its source.

use super::*;
use std::error::Error;

#[test]
fn every_error_has_its_message() {
    let path = || "store/x".to_owned();
    let cases = [
        (ConfigError::TooLarge { limit_bytes: 16 }, "the file has more than 16 bytes"),
        (ConfigError::NotUtf8 { line: 3, column: 9, byte: 0xe4 }, "line 3, column 9: byte 0xe4 is not UTF-8"),
        (
            ConfigError::Syntax { line: 3, column: 9, reason: "no element in the file".to_owned() },
            "line 3, column 9: no element in the file",
        ),
        (
            ConfigError::WrongRoot { found: "html".to_owned(), line: 1 },
            "root element is \"html\", not \"cb_config\" (line 1)",
        ),
        (
            ConfigError::MissingSection { section: "store", needed_by: "everything that writes a disc" },
            "section store is missing, everything that writes a disc needs it",
        ),
        (ConfigError::NoAction, "sections collect, stage, store and purge are all missing, at least one is required"),
        (
            ConfigError::MissingElement { path: path(), line: 7, legal: "an absolute path".to_owned() },
            "store/x is missing or empty, it has to be an absolute path (section in line 7)",
        ),
        (
            ConfigError::BadValue { path: path(), line: 7, value: "a\n\"b".to_owned(), legal: "Y or N".to_owned() },
            "store/x: \"a\\n\\\"b\" is not Y or N (line 7)",
        ),
        (
            ConfigError::Duplicate { path: path(), line: 7, value: "box".to_owned(), first_line: 5 },
            "store/x: \"box\" is taken already in line 5 (line 7)",
        ),
        (
            ConfigError::Conflict { path: path(), line: 7, reason: "there is no action x".to_owned() },
            "store/x: there is no action x (line 7)",
        ),
        (
            ConfigError::UnknownSetting { path: path(), line: 7, known: "a, b".to_owned() },
            "store/x is not a setting, settings are a, b (line 7)",
        ),
    ];
    for (error, message) in cases {
        assert_eq!(error.to_string(), message);
        assert!(error.source().is_none());
        let names_a_path = !matches!(
            error,
            ConfigError::TooLarge { .. }
                | ConfigError::NotUtf8 { .. }
                | ConfigError::Syntax { .. }
                | ConfigError::NoAction
        );
        assert_eq!(error.element_path().is_some(), names_a_path, "{message}");
    }
}

#[test]
fn a_file_that_can_not_be_read_is_named_and_the_cause_is_beside_it() {
    let error = Config::load(Path::new("/nonexistent/cback3.conf")).unwrap_err();
    assert_eq!(error.to_string(), "/nonexistent/cback3.conf can't be read");
    assert!(error.source().unwrap().to_string().contains("No such file"));
    assert_eq!(error.element_path(), None);
    let directory = Config::load(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_err();
    assert!(matches!(directory, ConfigError::Unreadable { .. }));
}

#[test]
fn a_file_without_end_is_not_read_to_its_end() {
    let error = Config::load(Path::new("/dev/zero")).unwrap_err();
    assert_eq!(error.to_string(), "the file has more than 16777216 bytes");
}

#[test]
fn a_long_value_is_cut_in_the_message() {
    let error = Doc::full().set("store/drive_speed", &"ä".repeat(1000)).error();
    assert_eq!(
        error,
        format!("store/drive_speed: \"{}\"... is not a whole number from 1 up (line 95)", "ä".repeat(80))
    );
}

#[test]
fn every_error_begins_small_and_ends_without_a_stop() {
    for path in ["options/starting_day", "store/media_type", "purge/dir[1]/retain_days", "collect/collect_dir"] {
        for doc in [Doc::full().drop(path), Doc::full().set(path, "?")] {
            let error = doc.error();
            assert!(error.starts_with(char::is_lowercase) && !error.ends_with('.'), "{error}");
        }
    }
}

#[test]
fn require_store_says_which_section_is_missing() {
    let config = Doc::full().drop("cb_config/store").config();
    let error = config.require_store().unwrap_err();
    assert_eq!(error.to_string(), "section store is missing, everything that writes a disc needs it");
    assert_eq!(Doc::full().config().require_store().unwrap().media_type, MediumWord::DvdPlusRw);
}
