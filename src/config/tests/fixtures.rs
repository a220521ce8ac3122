//! The files in `fixtures/config`, and what has to come of each.

use super::*;
use std::collections::BTreeSet;
use std::fs;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config").join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn good(name: &str) -> Loaded {
    Config::load(&folder("good").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_minimal_configuration_has_all_defaults() {
    let Loaded { config, warnings } = good("minimal.conf");
    let store = config.require_store().unwrap();
    assert_eq!(store.media_type, MediumWord::CdRw80);
    assert_eq!((store.device_type, store.drive_speed, store.check_data), (None, None, None));
    assert_eq!((store.check_media, store.warn_midnite, store.no_eject), (false, false, false));
    assert_eq!((store.refresh_media_delay, store.eject_delay, &store.blank_behavior), (None, None, &None));
    assert!(store.verifies());
    assert_eq!(config.staging_root_for_store().unwrap(), Path::new("/stage"));
    assert_eq!(config.cedarburn, Settings::default());
    assert_eq!((config.peers.len(), config.stage, config.reference, config.capacity), (0, None, None, None));
    assert_eq!(warnings, []);
}

#[test]
fn the_full_configuration_is_read_without_a_warning() {
    let Loaded { config, warnings } = good("full.conf");
    assert_eq!(warnings, []);
    let all = [
        config.stage.is_some(),
        config.store.is_some(),
        config.purge.is_some(),
        config.collect.is_some(),
        config.extensions.is_some(),
        config.reference.is_some(),
        config.capacity.is_some(),
    ];
    assert_eq!(all, [true; 7]);
}

#[test]
fn dress_does_not_change_what_a_file_says() {
    let minimal = good("minimal.conf");
    for name in ["crlf.conf", "bom.conf", "comments.conf", "namespace.conf", "unknown-sections.conf"] {
        assert_eq!(good(name).config, minimal.config, "{name}");
    }
    for name in ["crlf.conf", "bom.conf", "namespace.conf", "unknown-sections.conf"] {
        assert_eq!(good(name).warnings, [], "{name}");
    }
}

#[test]
fn a_declared_encoding_is_passed_over() {
    assert_eq!(good("latin1-declared.conf").config.options.backup_user, "bäckup");
}

#[test]
fn entities_of_the_file_itself_are_expanded() {
    let config = good("entities.conf").config;
    assert_eq!(config.options.rcp_command, "scp -B & -q");
    let store = config.store.unwrap();
    assert_eq!(store.source_dir, Path::new("/srv/disk1/stage"));
    assert_eq!(store.target_device.as_str(), "/dev/sr1");
}

#[test]
fn every_bad_file_is_refused_for_its_own_reason() {
    let table = [
        ("billion-laughs.conf", "line 22, column 17: entities expand to more than 1048576 bytes"),
        ("blank-in-value.conf", "store/source_dir: \" /stage\" is not an absolute path (line 10)"),
        ("blank-line-first.conf", "line 2, column 1: the XML declaration is not at the very start of the file"),
        ("cdata.conf", "store/source_dir is missing or empty, it has to be an absolute path (section in line 9)"),
        ("entity-loop.conf", "line 11, column 17: entity a contains itself"),
        ("external-entity.conf", "line 11, column 17: entity dir is external, such are not read"),
        (
            "half-blanking.conf",
            "store/blank_behavior/mode is missing or empty, it has to be one of daily, weekly (section in line 13)",
        ),
        ("latin1.conf", "line 6, column 19: byte 0xe4 is not UTF-8"),
        (
            "misspelled-setting.conf",
            "cedarburn/protekt is not a setting, settings are attributes, joliet, protect, defect_management, \
             fifo_mb, receipts_dir (line 15)",
        ),
        ("unclosed.conf", "line 13, column 3: expected `</store>`, but `</cb_config>` was found"),
        ("utf16.conf", "line 1, column 1: byte 0xff is not UTF-8"),
        ("wrong-purge.conf", "purge/dir[2]/retain_days: \"a week\" is not a whole number from 0 up (line 21)"),
        ("wrong-root.conf", "root element is \"cback_config\", not \"cb_config\" (line 1)"),
    ];
    for (name, message) in table {
        let error = Config::load(&folder("bad").join(name)).unwrap_err();
        assert_eq!(error.to_string(), message, "{name}");
    }
    let tested: BTreeSet<String> = table.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&folder("bad")), tested);
}

#[test]
fn every_fixture_is_described() {
    let readme = fs::read_to_string(folder("README.md")).unwrap();
    for kind in ["good", "bad"] {
        for name in names(&folder(kind)) {
            assert!(readme.contains(&format!("`{kind}/{name}`")), "{kind}/{name}");
        }
    }
}
