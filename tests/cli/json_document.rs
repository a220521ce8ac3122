//! docs/json.md. Promised: whatever an action answers with `--json` stands in the document, field, type and word; and each field that stands
//! there is one that an action answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt;

use serde_json::{Value, json};

use crate::support::{BackupBox, MON, NEXT_MON, Run, TUE, WED, cedarburn, noise};

const DOCUMENT: &str = include_str!("../../docs/json.md");

/// A row of a table: what a field may be.
#[derive(Debug, Clone)]
struct Row {
    types: BTreeSet<&'static str>,
    words: BTreeSet<&'static str>,
}

/// The tables by the headings above them.
type Tables = BTreeMap<&'static str, BTreeMap<String, Row>>;

/// Fields of a plan that are none of the session's own.
const NOT_PLANNED: [&str; 8] = [
    "type",
    "action",
    "exit_code",
    "buffer_bytes",
    "buffer_least_percent",
    "buffer_ran_empty",
    "drive_buffer_bytes",
    "drive_buffer_least_percent",
];

fn quoted(text: &'static str) -> BTreeSet<&'static str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn tables() -> Tables {
    let mut tables = Tables::new();
    let mut heading = "";
    for line in DOCUMENT.lines() {
        if let Some(found) = line.strip_prefix("## ") {
            heading = found;
        }
        let Some((name, rest)) = line.strip_prefix("| `").and_then(|row| row.split_once("` | ")) else { continue };
        let (types, text) = rest.split_once('|').unwrap();
        let types = types.trim().split(" or ").filter(|word| !word.is_empty()).collect();
        let row = Row { types, words: quoted(text) };
        let before = tables.entry(heading).or_default().insert(name.to_owned(), row);
        assert!(before.is_none(), "{name} stands twice under {heading}");
    }
    let planned: Vec<_> = tables["store"].clone().into_iter().collect();
    let info = tables.get_mut("info").unwrap();
    info.remove("next_store.…").expect("the plan is spoken of");
    for (name, row) in planned.into_iter().filter(|(name, _)| !NOT_PLANNED.contains(&name.as_str())) {
        info.insert(format!("next_store.{name}"), row);
    }
    tables
}

/// The document, and what of it was seen.
struct Held {
    tables: Tables,
    seen: BTreeSet<(&'static str, String)>,
}

impl Held {
    fn new() -> Held {
        Held { tables: tables(), seen: BTreeSet::new() }
    }

    /// Every object of a run is as the document says; returns its result.
    fn hold(&mut self, run: &Run) -> Value {
        for object in run.objects() {
            let heading = match (object["type"].as_str().unwrap(), object["action"].as_str()) {
                ("progress", _) => "progress",
                ("warning", _) => "warning",
                ("file", _) => "list",
                (_, Some(_)) if object["exit_code"] != 0 => "error",
                (_, Some("list")) => "list result",
                (_, Some("disc create" | "disc show")) => "disc create, disc show",
                (_, action) => action.unwrap(),
            };
            let (&heading, table) = self.tables.get_key_value(heading).unwrap_or_else(|| panic!("no {heading}"));
            let mut seen = BTreeSet::new();
            compare(table, "", &object, &mut seen);
            self.seen.extend(seen.into_iter().map(|name| (heading, name)));
        }
        run.result()
    }

    fn run(&mut self, arguments: &[&str]) -> Value {
        self.hold(&Run::of(cedarburn().args(arguments).arg("--json")))
    }

    fn read(&mut self, nas: &BackupBox, arguments: &[&str]) -> Value {
        self.hold(&nas.read(&[arguments, &["--json"]].concat()))
    }

    fn store(&mut self, nas: &BackupBox, today: &str, habit: &str, more: &[&str]) -> Value {
        let device = format!("{}{habit}", nas.device());
        self.hold(&Run::of(nas.store_command(today, &device).arg("--json").args(more)))
    }

    /// Every field of these tables was seen.
    fn expect_all(&self, headings: &[&str]) {
        for heading in headings {
            let missing: Vec<_> = self.tables[heading]
                .keys()
                .filter(|name| !name.starts_with("next_store.") || !self.tables["store"].contains_key(&name[11..]))
                .filter(|name| !self.seen.iter().any(|(at, seen)| at == heading && seen == *name))
                .collect();
            assert!(missing.is_empty(), "{heading}: never seen: {missing:?}");
        }
    }
}

fn compare(table: &BTreeMap<String, Row>, at: &str, value: &Value, seen: &mut BTreeSet<String>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Object(_) => "object",
        Value::Array(_) => "array",
    };
    let row = table.get(at);
    if row.is_some() {
        seen.insert(at.to_owned());
    }
    match value {
        Value::Object(fields) => {
            let inside = if at.is_empty() { String::new() } else { format!("{at}.") };
            assert!(table.keys().any(|name| name.starts_with(&inside)), "{at} is not in the document");
            for (name, field) in fields {
                compare(table, &format!("{inside}{name}"), field, seen);
            }
        }
        Value::Array(items) => {
            let inside = format!("{at}[]");
            assert!(table.keys().any(|name| name.starts_with(&inside)), "{inside} is not in the document");
            items.iter().for_each(|item| compare(table, &inside, item, seen));
        }
        _ => {
            let row = row.unwrap_or_else(|| panic!("{at} = {value} is not in the document"));
            let is_word = kind == "string" && row.types.contains("word");
            assert!(is_word || row.types.contains(kind), "{at} = {value}, but {:?} in the document", row.types);
            let word = value.as_str().filter(|_| is_word);
            assert!(word.is_none_or(|word| row.words.contains(word)), "{at}: {word:?} is not among {:?}", row.words);
        }
    }
}

/// A day that is written for some seconds of the drive's clock: long enough for its buffer to be asked for.
fn long_burn() -> BackupBox {
    let nas = BackupBox::new("cdr-80");
    nas.stage_large(MON, 60_000_000);
    nas.stage(MON);
    nas
}

/// A mount shows the session, and why not.
fn show(held: &mut Held) {
    let nas = BackupBox::new("dvd+rw");
    nas.stage(MON);
    let mut shown = |nas: &BackupBox, habit: &str| {
        let result = held.store(nas, MON, habit, &[]);
        nas.remove_mark(MON);
        (result["shown"].clone(), result["showing"].clone())
    };
    assert_eq!(shown(&nas, ",unseen"), (json!(true), json!("reloaded")));
    assert_eq!(shown(&nas, ",unseen,fault=startstop:5/53/02"), (json!(false), json!("failed")));
    assert_eq!(shown(&nas, ""), (Value::Null, Value::Null));
    nas.configure_store("<no_eject>Y</no_eject>");
    assert_eq!(shown(&nas, ",unseen"), (json!(false), json!("no_eject")));
}

#[test]
fn names_every_field_of_store_info_list_verify_and_of_their_errors() {
    let mut held = Held::new();
    for media in ["cdr-80", "cdrw-80", "dvd+rw", "dvd-r", "bd-r", "dvd-r-dl"] {
        let nas = BackupBox::new(media);
        held.read(&nas, &["info", "--today", MON]);
        held.read(&nas, &["list"]);
        let day = nas.stage(MON);
        std::os::unix::fs::symlink("home.tar", day.join("alpha/link")).unwrap();
        held.store(&nas, MON, "", &["--dry-run", "--defect-management", "on"]);
        held.read(&nas, &["info", "--today", MON]);
        held.store(&nas, MON, "", &[]);
        held.store(&nas, MON, "", &[]);
        nas.remove_mark(MON);
        held.store(&nas, MON, "", &[]);
        nas.stage(TUE);
        held.read(&nas, &["info", "--today", TUE]);
        held.store(&nas, TUE, ",fault=write10#3:power-cut", &[]);
        held.read(&nas, &["info", "--today", TUE]);
        held.store(&nas, TUE, "", &["--dry-run"]);
        held.store(&nas, TUE, "", &["--finalize"]);
        nas.stage(WED);
        held.store(&nas, WED, "", &[]);
        held.read(&nas, &["info", "--today", WED]);
        nas.stage(NEXT_MON);
        held.store(&nas, NEXT_MON, "", &["--dry-run"]);
        held.read(&nas, &["info", "--today", NEXT_MON]);
        held.read(&nas, &["list", "-R"]);
        held.read(&nas, &["verify", "--session", "all"]);
        held.hold(&Run::of(nas.command().args(["status", "--max-age", "9d", "--json"])));
        let file = nas.sectors().display().to_string();
        for action in ["info", "list", "verify", "eject"] {
            held.hold(&nas.read_device(&file, &[action, "--json"]));
        }
        let bad = noise(MON, 300_000)[7] ^ 1;
        nas.patch_sectors(nas.sector_of(&noise(MON, 300_000)) * 2048 + 7, &[bad]);
        held.read(&nas, &["verify"]);
    }
    show(&mut held);
    let nas = long_burn();
    held.store(&nas, MON, "", &[]);
    held.run(&["info", "--device", &nas.device(), "-c", "/nonexistent"]);
    held.hold(&Run::of(nas.command().args(["status", "--json"])));
    let spanned = BackupBox::new("cdr-80");
    spanned.stage(MON);
    held.hold(&spanned.act("span", MON, &["--json", "--dry-run"]));
    held.hold(&spanned.act("span", MON, &["--json"]));
    held.hold(&spanned.act("span", MON, &["--json"]));
    held.hold(&nas.act("validate", MON, &["--json"]));
    nas.edit_config("<peers>", "<reference/><peers>");
    nas.edit_config("<collect_dir>/nonexistent</collect_dir>", "<collect_dir>/</collect_dir>");
    held.hold(&nas.act("validate", MON, &["--json"]));
    let worn_out = BackupBox::new("cdr-80");
    worn_out.stage(MON);
    held.store(&worn_out, MON, ",fault=write10#3:3/0c/00", &[]);
    held.run(&["collect"]);
    held.run(&["store", "-l", "/nonexistent/log"]);
    let worth_a_warning = BackupBox::new("cdr-80");
    worth_a_warning.stage(MON);
    worth_a_warning.configure_store("<warn_midnite>Y</warn_midnite>");
    held.store(&worth_a_warning, TUE, "", &[]);
    held.expect_all(&["store", "info", "status", "span", "validate", "list", "list result", "verify"]);
    held.expect_all(&["error", "warning"]);
}

#[test]
fn names_a_file_as_it_is_named() {
    let nas = BackupBox::new("cdr-80");
    nas.stage_files(MON, &[("host/Grüße", b"1"), ("host/back\\slash", b"2")]);
    fs::write(nas.day(MON).join(std::ffi::OsStr::from_bytes(b"host/latin\xfc")), b"3").unwrap();
    nas.store(MON).expect_silence();
    let listed = nas.read(&["list", "-R", "--json"]).objects();
    let paths: BTreeSet<&str> = listed.iter().filter_map(|object| object["path"].as_str()).collect();
    for name in ["Grüße", "back\\slash", "latin\u{fffd}"] {
        assert!(paths.contains(&*format!("/2026/11/16/host/{name}")), "{name}: {paths:?}");
    }
}

#[test]
fn names_every_field_of_the_disc_by_hand_and_of_progress() {
    let mut held = Held::new();
    for media in ["cdrw-80", "dvd+rw", "dvd-rw", "bd-re"] {
        let nas = BackupBox::new(media);
        held.read(&nas, &["format"]);
        held.read(&nas, &["format"]);
        held.read(&nas, &["blank", "--dry-run"]);
        nas.stage(MON);
        held.store(&nas, MON, "", &[]);
        held.read(&nas, &["format", "--dry-run"]);
        held.read(&nas, &["blank", "--full"]);
        held.read(&nas, &["eject"]);
        held.read(&nas, &["load"]);
        held.read(&nas, &["load", "--dry-run"]);
    }
    held.store(&long_burn(), MON, "", &[]);
    held.expect_all(&["blank", "format", "eject", "load", "progress"]);
}

#[test]
fn names_every_field_of_virtual_discs_images_and_the_demo() {
    let mut held = Held::new();
    let folder = tempfile::tempdir().unwrap();
    let words = held.tables["disc create, disc show"]["disc.medium"].words.clone();
    for word in words {
        held.run(&["disc", "create", folder.path().join(word).to_str().unwrap(), "--media", word]);
    }
    for media in ["cdrw-80", "dvd+rw", "bd-re"] {
        let nas = BackupBox::new(media);
        nas.stage(MON);
        let disc = nas.disc().display().to_string();
        for fault in [",fault=write10#3:3/0c/00,fault=write12#3:3/0c/00", ""] {
            Run::of(&mut nas.store_command(MON, &format!("{}{fault}", nas.device())));
            held.run(&["disc", "show", &disc]);
        }
    }
    held.run(&["disc", "show", "/nonexistent"]);
    let source = folder.path().join("source");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("n".repeat(255)), "x").unwrap();
    let output = folder.path().join("image").display().to_string();
    held.run(&["image", source.to_str().unwrap(), "--joliet", "--output", &output]);
    held.run(&["demo", folder.path().join("demo").to_str().unwrap()]);
    held.expect_all(&["disc create, disc show", "image", "demo"]);
}

#[test]
fn names_every_field_of_explain() {
    let mut held = Held::new();
    for topic in [&["explain"][..], &["explain", "8"], &["explain", "no-disc"], &["explain", "3/0c/00"]] {
        held.run(topic);
    }
    held.expect_all(&["explain"]);
}

#[test]
fn names_every_field_of_drives() {
    let mut held = Held::new();
    let sysfs = tempfile::tempdir().unwrap();
    for (number, generic) in [(990, true), (991, false)] {
        crate::drives::show_drive(sysfs.path(), number, generic);
    }
    held.run(&["drives", "--sysfs", sysfs.path().to_str().unwrap()]);
    held.run(&["drives", "--sysfs", "/nonexistent"]);
    // A drive that can be asked is in the guest only, where tests/vm.rs looks at it.
    held.seen.insert(("drives", "drives[].writes[]".to_owned()));
    held.expect_all(&["drives"]);
}
