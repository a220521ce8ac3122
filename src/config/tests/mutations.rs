//! Whatever is done to a good configuration, the answer is a configuration or an error that names an element.

use super::*;

/// Every element of `good/full.conf`: bytes of the whole, of what is between the tags.
fn elements() -> Vec<(std::ops::Range<usize>, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    for (begin, _) in FULL.match_indices('<') {
        let tag = &FULL[begin + 1..];
        if !tag.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let name = &tag[..tag.find('>').unwrap()];
        let content = begin + name.len() + 2;
        // An element may hold one of its own name (a hook's action has none of these; a peer's neither).
        let end = content + FULL[content..].find(&format!("</{name}>")).unwrap();
        found.push((begin..end + name.len() + 3, content..end));
    }
    found
}

/// What stands in for the content of an element.
const GARBLED: [&str; 12] = [
    "",
    " ",
    "?",
    "-1",
    "999999999999999999999999999999999999999999999",
    "/",
    "<![CDATA[/x]]>",
    "<x/>",
    "<!--c-->",
    "&#228;",
    "nan",
    "Y",
];

fn variants() -> Vec<String> {
    let mut variants = Vec::new();
    let mut put = |range: &std::ops::Range<usize>, text: &str| {
        let mut variant = FULL.to_owned();
        variant.replace_range(range.clone(), text);
        variants.push(variant);
    };
    for (whole, inside) in elements() {
        let element = &FULL[whole.clone()];
        let name_end = inside.start - whole.start - 1;
        let name = &element[1..name_end];
        put(&whole, "");
        put(&whole, &format!("{element}{element}"));
        put(&whole, &format!("<x>{element}</x>"));
        put(&whole, &element.replace(&format!("{name}>"), &format!("{}>", name.to_uppercase())));
        for garbled in GARBLED {
            put(&inside, garbled);
        }
    }
    variants
}

#[test]
fn no_change_of_an_element_panics_and_every_refusal_names_an_element() {
    let variants = variants();
    assert!(variants.len() >= 300, "{}", variants.len());
    let (mut accepted, mut refused) = (0, 0);
    for variant in &variants {
        match Config::parse(variant.as_bytes()) {
            Ok(_) => accepted += 1,
            Err(ConfigError::Syntax { .. }) if variant.starts_with("<?xml") && is_broken(variant) => refused += 1,
            Err(error) => {
                refused += 1;
                let path = error.element_path().unwrap_or_else(|| panic!("{error}"));
                assert!(error.to_string().contains(path), "{error}");
            }
        }
    }
    assert!(accepted > 300 && refused > 300, "{accepted} accepted, {refused} refused");
}

/// Without its root, or with two, a variant is no document at all.
fn is_broken(variant: &str) -> bool {
    variant.matches("<cb_config>").count() != 1
}

#[test]
fn no_lost_byte_panics() {
    for at in (0..FULL.len()).filter(|&at| FULL.is_char_boundary(at)) {
        let mut variant = FULL.as_bytes().to_vec();
        variant.remove(at);
        if let Err(error) = Config::parse(&variant) {
            assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn no_foreign_byte_panics() {
    for (at, foreign) in (0..FULL.len()).step_by(7).zip([b'<', b'&', b'>', b'"', b']', 0, 0xff].into_iter().cycle()) {
        let mut variant = FULL.as_bytes().to_vec();
        variant[at] = foreign;
        if let Err(error) = Config::parse(&variant) {
            assert!(!error.to_string().is_empty());
        }
    }
}
