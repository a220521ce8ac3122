//! The medium's label, as Cedar writes and checks it.

use jiff::civil::Date;

/// What every label of Cedar Backup begins with.
pub const PREFIX: &str = "CEDAR BACKUP";

/// `CEDAR BACKUP DD-MON-YYYY`, English in any locale.
#[must_use]
pub fn label(today: Date) -> String {
    const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let month = MONTHS[usize::from(today.month().unsigned_abs()).clamp(1, 12) - 1];
    format!("{PREFIX} {:02}-{month}-{:04}", today.day(), today.year())
}

/// `CEDAR YYYY-MM-DD`: what Windows shows of the label, where there is room for 16 characters. Cut there, Cedar's would lose the month.
#[must_use]
pub fn short(today: Date) -> String {
    format!("CEDAR {today}")
}

/// What `check_media` found wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongLabel {
    /// A rewritable medium has to be initialised before it is used.
    #[error("the disc has no label, check_media demands one on rewritable media")]
    NotInitialised,
    /// Somebody else's disc.
    #[error("the disc is labelled {0:?}, check_media demands {PREFIX:?} at the beginning")]
    Unrecognised(String),
}

/// The media check: `label` of the disc, `None` where it has none at all; `rewritable` by configuration. True when the medium passes as
/// new: write-once and without a label.
///
/// # Errors
/// When the label is not ours.
pub fn check(label: Option<&str>, rewritable: bool) -> Result<bool, WrongLabel> {
    match label {
        None if rewritable => Err(WrongLabel::NotInitialised),
        None => Ok(true),
        Some(label) if label.starts_with(PREFIX) => Ok(false),
        Some(label) => Err(WrongLabel::Unrecognised(label.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_label_is_cedars() {
        assert_eq!(label(date(2026, 3, 5)), "CEDAR BACKUP 05-MAR-2026");
        assert_eq!(label(date(2026, 12, 31)).len(), 24);
        assert_eq!(short(date(2026, 3, 5)), "CEDAR 2026-03-05");
    }

    #[test]
    fn only_cedars_prefix_passes_and_only_write_once_media_may_have_none() {
        assert_eq!(check(None, false), Ok(true));
        assert_eq!(check(None, true), Err(WrongLabel::NotInitialised));
        for rewritable in [true, false] {
            assert_eq!(check(Some("CEDAR BACKUP 05-MAR-2026"), rewritable), Ok(false));
            assert_eq!(check(Some("CEDAR BACKUPS"), rewritable), Ok(false));
            for other in ["", "cedar backup 05-MAR-2026", "DEBIAN 12", " CEDAR BACKUP"] {
                assert_eq!(check(Some(other), rewritable), Err(WrongLabel::Unrecognised(other.to_owned())));
            }
        }
    }
}
