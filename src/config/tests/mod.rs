//! The whole of `config`: section by section in the order of Cedar's schema, every message, the fixtures, mutations.

mod fixtures;
mod messages;
mod mutations;
mod options_and_peers;
mod others;
mod rules;
mod store;

use super::*;

const FULL: &str = include_str!("../../../fixtures/config/good/full.conf");

/// `good/full.conf` with changes. Elements are named by their path, as in messages.
#[derive(Clone)]
struct Doc(String);

impl Doc {
    fn full() -> Doc {
        Doc(FULL.to_owned())
    }

    /// Bytes of the element with its tags, and of what is between them.
    fn find(&self, path: &str) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let mut range = 0..self.0.len();
        let mut whole = range.clone();
        for part in path.split('/') {
            let (name, number) = match part.strip_suffix(']') {
                Some(part) => part.split_once('[').unwrap(),
                None => (part, "1"),
            };
            let tag = format!("<{name}>");
            let nth = number.parse::<usize>().unwrap() - 1;
            let inside = &self.0[range.clone()];
            let (at, _) = inside.match_indices(&tag).nth(nth).unwrap_or_else(|| panic!("no {part} for {path}"));
            let begin = range.start + at;
            let content = begin + tag.len();
            let end = content + self.0[content..].find(&format!("</{name}>")).unwrap();
            whole = begin..end + tag.len() + 1;
            range = content..end;
        }
        (whole, range)
    }

    fn set(mut self, path: &str, content: &str) -> Doc {
        let (_, inside) = self.find(path);
        self.0.replace_range(inside, content);
        self
    }

    fn drop(mut self, path: &str) -> Doc {
        let (whole, _) = self.find(path);
        self.0.replace_range(whole, "");
        self
    }

    /// Adds to the end of an element.
    fn add(mut self, path: &str, xml: &str) -> Doc {
        let (_, inside) = self.find(path);
        self.0.insert_str(inside.end, xml);
        self
    }

    fn line_of(&self, path: &str) -> u32 {
        let (whole, _) = self.find(path);
        u32::try_from(self.0[..whole.start].matches('\n').count() + 1).unwrap()
    }

    fn parse(&self) -> Result<Loaded, ConfigError> {
        Config::parse(self.0.as_bytes())
    }

    #[track_caller]
    fn config(&self) -> Config {
        self.parse().unwrap_or_else(|error| panic!("{error}")).config
    }

    #[track_caller]
    fn warnings(&self) -> Vec<String> {
        self.parse().unwrap_or_else(|error| panic!("{error}")).warnings.iter().map(ToString::to_string).collect()
    }

    #[track_caller]
    fn error(&self) -> String {
        match self.parse() {
            Ok(_) => panic!("accepted"),
            Err(error) => error.to_string(),
        }
    }
}

/// Each of the values is refused at `path`, with the words `legal`.
#[track_caller]
fn refuses(path: &str, legal: &str, values: &[&str]) {
    for value in values {
        let doc = Doc::full().set(path, value);
        let expected = format!("{path}: {value:?} is not {legal} (line {})", doc.line_of(path));
        assert_eq!(doc.error(), expected);
    }
}

/// Without the element, or with an empty one, the configuration is refused.
#[track_caller]
fn requires(path: &str, legal: &str) {
    let (section, _) = path.rsplit_once('/').unwrap();
    for doc in [Doc::full().drop(path), Doc::full().set(path, ""), Doc::full().set(path, "<![CDATA[/x]]>")] {
        let line = doc.line_of(section);
        let expected = format!("{path} is missing or empty, it has to be {legal} (section in line {line})");
        assert_eq!(doc.error(), expected);
    }
}

/// Paths that are none, by Cedar's rule.
const BAD_PATHS: &[&str] = &["relative", " /blank", "~/home", "C:/", " "];

/// Booleans that are none, by Cedar's rule.
const BAD_BOOLEANS: &[&str] = &[" Y", "Y ", "Yes", "No", "1", "0", "true", "on", " "];

#[test]
fn a_section_every_action_needs_is_named_when_it_is_missing() {
    assert_eq!(Doc::full().drop("options").error(), "section options is missing, every action needs it");
    let no_action = Doc::full().drop("cb_config/store").drop("cb_config/stage").drop("cb_config/purge");
    assert!(no_action.config().require_store().is_err());
    assert_eq!(
        no_action.drop("cb_config/collect").error(),
        "sections collect, stage, store and purge are all missing, at least one is required"
    );
}

#[test]
fn one_action_section_is_enough_whichever_it_is() {
    for kept in ["collect", "stage", "store", "purge"] {
        let others = ["collect", "stage", "store", "purge"].into_iter().filter(|name| *name != kept);
        let doc = others.fold(Doc::full(), |doc, name| doc.drop(&format!("cb_config/{name}")));
        let config = doc.config();
        let found = [config.collect.is_some(), config.stage.is_some(), config.store.is_some(), config.purge.is_some()];
        assert_eq!(found, ["collect", "stage", "store", "purge"].map(|name| name == kept), "{kept}");
    }
}

#[test]
fn of_a_repeated_section_the_first_counts_and_the_second_is_reported() {
    let second = "<store><source_dir>not even a path</source_dir></store>";
    let doc = Doc::full().add("cb_config", second);
    assert_eq!(doc.config().store, Doc::full().config().store);
    assert_eq!(doc.warnings(), ["store is given more than once (line 137)"]);
}

#[test]
fn of_a_repeated_value_the_first_with_text_counts() {
    let doc = Doc::full()
        .set("store/drive_speed", "")
        .add("store", "<drive_speed>8</drive_speed><drive_speed>fast</drive_speed>");
    assert_eq!(doc.config().store.unwrap().drive_speed, Some(8));
    assert_eq!(doc.warnings().len(), 1);
}

#[test]
fn elements_may_stand_in_any_order() {
    let (options, _) = Doc::full().find("options");
    let moved = Doc::full().drop("options").add("cb_config", &FULL[options]);
    assert_eq!(moved.config(), Doc::full().config());
}

#[test]
fn store_takes_the_stage_sections_root_and_says_when_the_other_one_differs() {
    let same = Doc::full().config();
    assert_eq!(same.staging_root_for_store().unwrap(), Path::new("/var/backup/stage"));
    assert_eq!(same.differing_roots(), None);

    let slash = Doc::full().set("store/source_dir", "/var/backup/stage/").config();
    assert_eq!(slash.differing_roots(), None);

    let differing = Doc::full().set("store/source_dir", "/elsewhere").config();
    assert_eq!(differing.staging_root_for_store().unwrap(), Path::new("/var/backup/stage"));
    assert_eq!(differing.differing_roots(), Some((Path::new("/var/backup/stage"), Path::new("/elsewhere"))));

    let no_stage = Doc::full().set("store/source_dir", "/elsewhere").drop("cb_config/stage").config();
    assert_eq!(no_stage.staging_root_for_store().unwrap(), Path::new("/elsewhere"));
    assert_eq!(no_stage.differing_roots(), None);

    let no_store = Doc::full().drop("cb_config/store").config();
    assert_eq!(no_store.staging_root_for_store().unwrap(), Path::new("/var/backup/stage"));
    assert_eq!(no_store.differing_roots(), None);

    let neither = Doc::full().drop("cb_config/store").drop("cb_config/stage").config();
    assert!(neither.staging_root_for_store().is_err());
}

#[test]
fn an_unknown_element_is_reported_in_every_section() {
    let holders = [
        "reference",
        "options",
        "options/override[1]",
        "options/pre_action_hook[2]",
        "options/post_action_hook[1]",
        "peers",
        "peers/peer[1]",
        "peers/peer[2]",
        "collect",
        "collect/exclude",
        "collect/file[1]",
        "collect/dir[2]",
        "collect/dir[2]/exclude",
        "stage",
        "store",
        "store/blank_behavior",
        "purge",
        "purge/dir[2]",
        "extensions",
        "extensions/action[1]",
        "capacity",
    ];
    for holder in holders {
        let doc = Doc::full().add(holder, "<colour>red</colour>");
        let (_, inside) = Doc::full().find(holder);
        let line = FULL[..inside.end].matches('\n').count() + 1;
        let warning = format!("{holder}/colour is not an element of the configuration and has no effect (line {line})");
        assert_eq!(doc.warnings(), [warning]);
        assert_eq!(doc.config(), Doc::full().config());
    }
}

#[test]
fn an_unknown_section_is_reported_unless_an_extension_may_read_it() {
    let stranger = "<stoer><check_data>Y</check_data></stoer>";
    let line = FULL.lines().count();
    assert_eq!(
        Doc::full().add("cb_config", stranger).warnings(),
        [format!("nobody reads the section \"stoer\" (line {line})")]
    );
    for cedars in ["amazons3", "encrypt", "mbox", "mysql", "postgresql", "split", "subversion"] {
        assert_eq!(Doc::full().add("cb_config", &format!("<{cedars}/>")).warnings(), [""; 0]);
    }
    let extended = Doc::full().set("extensions/action/module", "our.own").add("cb_config", stranger);
    assert_eq!(extended.warnings(), [""; 0]);
}
