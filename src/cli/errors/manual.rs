//! The long form of every error: what it means, what state data and disc are in, what to do. One text, `docs/errors.md`, which the program
//! carries, so that it can be read beside a drive that has no network.

use super::ErrorId;

const DOCUMENT: &str = include_str!("../../../docs/errors.md");

/// What there is to read about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Section {
    /// What it means, in one sentence.
    pub(crate) summary: &'static str,
    /// The rest.
    pub(crate) text: &'static str,
}

/// The section of an error: its heading is the name, its first line the exit code and the sentence.
pub(crate) fn section(id: ErrorId) -> Section {
    let section = sections().find(|(word, _)| *word == id.word()).map_or("", |(_, section)| section);
    let (first, text) = section.split_once("\n\n").unwrap_or((section, ""));
    let summary = first.split_once(". ").map_or(first, |(_code, summary)| summary);
    Section { summary: summary.trim(), text: text.trim() }
}

/// Names and what stands below them.
fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    DOCUMENT.split("\n## ").skip(1).filter_map(|section| section.split_once("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_section_and_every_section_its_error_in_the_same_order() {
        let headings: Vec<_> = sections().map(|(word, _)| word).collect();
        let words: Vec<_> = ErrorId::ALL.iter().map(|id| id.word()).collect();
        assert_eq!(headings, words);
    }

    #[test]
    fn a_section_tells_the_exit_code_what_it_means_the_state_and_what_to_do() {
        for (id, (word, section)) in ErrorId::ALL.iter().zip(sections()) {
            let first = format!("Exit code {}. ", id.code());
            assert!(section.starts_with(&first), "{word}: {section}");
            let Section { summary, text } = super::section(*id);
            assert!(summary.ends_with('.') && summary.lines().count() == 1, "{word}: {summary}");
            for part in ["**State.** ", "**What to do.** "] {
                assert_eq!(text.matches(part).count(), 1, "{word}: {part}{text}");
            }
            assert!(text.len() > 200, "{word}: that is no long form: {text}");
        }
    }

    #[test]
    fn what_a_text_refers_to_exists() {
        for (word, section) in sections() {
            for other in section.split("explain ").skip(1) {
                let other = other.split(|c: char| !c.is_ascii_lowercase() && c != '-').next().unwrap_or_default();
                assert!(ErrorId::ALL.iter().any(|id| id.word() == other), "{word} refers to {other:?}");
            }
        }
    }
}
