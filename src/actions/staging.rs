//! The staging tree: which daily directory is stored, and the mark that it was.
//!
//! `<root>/YYYY/MM/DD`, written by `cback3 stage`. `cback.stage` in it says that staging finished, `cback.store` that the day
//! is on a disc. *store* looks at today, yesterday and tomorrow, in this order: a run may begin before midnight and end after it. With
//! `--catch-up` it looks at every day of the tree, *rebuild* at those of this week.
//!
//! `cback.stage` is only looked at, so whatever bears the name counts, a directory too, and a link if it leads to something: that is Cedar's
//! rule, and a day less than Cedar stores would be a day lost. `cback.store` is written, by root mostly: nothing but a regular file counts, and
//! anything else in its place is an error.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Span;
use jiff::civil::{Date, Weekday};

use super::ON_SCREEN;
use super::owner::Owner;
use super::policy::week_of;
use crate::holder::Holder;
use crate::iso::tree::TreePath;

/// Staging finished.
pub const STAGE_INDICATOR: &str = "cback.stage";
/// The day is on a disc.
pub const STORE_INDICATOR: &str = "cback.store";

/// A daily directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Its date.
    pub date: Date,
    /// Where it stands.
    pub path: PathBuf,
}

impl Day {
    /// The directory of a date below the staging root, whether it is there or not.
    #[must_use]
    pub fn new(root: &Path, date: Date) -> Day {
        Day { date, path: root.join(date.strftime("%Y/%m/%d").to_string()) }
    }

    /// Its place on the disc.
    #[must_use]
    pub fn on_disc(&self) -> TreePath {
        disc_path(self.date)
    }

    /// The place on the disc of the mark that the day is stored, where that was burned with it.
    #[must_use]
    pub fn mark_on_disc(&self) -> TreePath {
        let mut path = self.on_disc();
        path.push(STORE_INDICATOR.as_bytes());
        path
    }

    /// Marks the day as stored. The owner is changed only where that is possible at all, as root.
    ///
    /// # Errors
    /// When the mark can't be written. A failing change of its owner is told in the result, and the mark stands.
    pub fn mark_stored(&self, owner: Option<Owner>) -> Result<Result<(), io::Error>, StagingError> {
        let path = self.path.join(STORE_INDICATOR);
        let failed = |source| StagingError::Mark { path: path.clone(), source };
        // Whoever may write to the directory must not have root truncate, make or give away another file by a link in the mark's place.
        let mark = OpenOptions::new()
            .write(true)
            .create(true)
            .mode(0o666)
            .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
            .open(&path)
            .map_err(failed)?;
        if !mark.metadata().map_err(failed)?.is_file() {
            return Err(StagingError::NotAMark { path });
        }
        mark.set_len(0).map_err(failed)?;
        Ok(owner.map_or(Ok(()), |owner| owner.give(&mark)))
    }

    /// The day is not stored any more, as far as anybody knows.
    ///
    /// # Errors
    /// When the mark can't be removed.
    pub fn take_mark_away(&self) -> Result<(), StagingError> {
        let path = self.path.join(STORE_INDICATOR);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(StagingError::MarkStays { path, source }),
            _ => Ok(()),
        }
    }

    /// Whether staging has finished. That nobody can tell is no answer: the day might be one to store.
    fn is_staged(&self) -> Result<bool, StagingError> {
        is_there(&self.path.join(STAGE_INDICATOR))
            .map_err(|source| StagingError::Root { path: self.path.clone(), source })
    }

    fn refuse_link(self) -> Result<Day, StagingError> {
        if self.path.is_symlink() { Err(StagingError::Symlink { path: self.path }) } else { Ok(self) }
    }

    /// Whether the day is marked as stored.
    ///
    /// # Errors
    /// When something else stands in the mark's place, or nobody can tell.
    pub fn is_stored(&self) -> Result<bool, StagingError> {
        let path = self.path.join(STORE_INDICATOR);
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_file() => Ok(true),
            Ok(_) => Err(StagingError::NotAMark { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(StagingError::Root { path: self.path.clone(), source }),
        }
    }
}

/// Whether a path leads to something: a link into nothing or in a circle does not.
fn is_there(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(error) if error.raw_os_error() == Some(nix::libc::ELOOP) => Ok(false),
        Err(error) => Err(error),
    }
}

/// `YYYY/MM/DD` of a day.
#[must_use]
pub fn disc_path(date: Date) -> TreePath {
    TreePath::new(date.strftime("%Y/%m/%d").to_string())
}

/// No daily directory to store, or something wrong with the one there is.
#[derive(Debug, thiserror::Error)]
pub enum StagingError {
    /// The root of the staging tree isn't there.
    #[error("the staging directory {path} can't be read")]
    Root {
        /// The configured root.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Another process has it for itself.
    #[error("{root} is in use: {} has it locked", holder.as_ref().map_or("another program".to_owned(), Holder::to_string))]
    InUse {
        /// The staging root.
        root: PathBuf,
        /// Who has it, as far as that can be seen.
        holder: Option<Holder>,
    },
    /// Staging has not finished for any day that counts.
    #[error("no finished daily directory below {root}: none of {} has {STAGE_INDICATOR} in it", list(days))]
    NotStaged {
        /// The staging root.
        root: PathBuf,
        /// The days looked at.
        days: Vec<Date>,
    },
    /// Staging has not finished for any day at all.
    #[error("no finished daily directory below {root}: none has {STAGE_INDICATOR} in it")]
    NothingStaged {
        /// The staging root.
        root: PathBuf,
    },
    /// All that is staged is stored.
    #[error("nothing to store below {root}: {} stored already{}", list(days), not_staged(unstaged))]
    AllStored {
        /// The staging root.
        root: PathBuf,
        /// The days that are staged.
        days: Vec<Date>,
        /// The days up to today that are not: a staging that failed may be why there is nothing to store.
        unstaged: Vec<Date>,
    },
    /// A daily directory must be a directory: Cedar refuses links, and what they point to may not be there tomorrow.
    #[error("the daily directory {path} is a symbolic link")]
    Symlink {
        /// The directory.
        path: PathBuf,
    },
    /// Something else stands in the mark's place.
    #[error("{path} is not a regular file")]
    NotAMark {
        /// The mark's place.
        path: PathBuf,
    },
    /// The mark could not be taken away.
    #[error("{path} can't be taken away")]
    MarkStays {
        /// The mark.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The mark could not be written.
    #[error("{path} can't be written")]
    Mark {
        /// The mark.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

fn not_staged(days: &[Date]) -> String {
    if days.is_empty() { String::new() } else { format!("; {} not staged (no {STAGE_INDICATOR})", list(days)) }
}

fn list(days: &[Date]) -> String {
    if days.is_empty() {
        return "all days".to_owned();
    }
    days.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Picks the day to store: the first of today, yesterday, tomorrow that is staged and not stored. With `full` only today counts, and it
/// may be stored already.
///
/// # Errors
/// When there is none, or it is a symbolic link.
pub fn choose_day(root: &Path, today: Date, full: bool) -> Result<Day, StagingError> {
    read_dir(root)?;
    let one = Span::new().days(1);
    let candidates: Vec<Date> = if full {
        vec![today]
    } else {
        [Some(today), today.checked_sub(one).ok(), today.checked_add(one).ok()].into_iter().flatten().collect()
    };
    let mut staged: Vec<Date> = Vec::new();
    // What is wrong with a day behind the one that is stored is told when its turn comes.
    for &date in &candidates {
        let day = Day::new(root, date);
        if !day.is_staged()? {
            continue;
        }
        let is_stored = day.is_stored()?;
        if full || !is_stored {
            return day.refuse_link();
        }
        staged.push(date);
    }
    if staged.is_empty() {
        return Err(StagingError::NotStaged { root: root.to_path_buf(), days: candidates });
    }
    let unstaged = candidates.into_iter().filter(|date| *date <= today && !staged.contains(date)).collect();
    Err(StagingError::AllStored { root: root.to_path_buf(), days: staged, unstaged })
}

/// Tells of staged days later than tomorrow: somebody's clock is wrong, and [`unstored_days`] leaves them alone.
pub fn tell_days_to_come(root: &Path, today: Date) {
    let tomorrow = tomorrow_of(today);
    // That something can't be read, who chooses the days tells.
    let dates = dates_below(root).unwrap_or_default();
    for day in dates.into_iter().filter(|date| *date > tomorrow).map(|date| Day::new(root, date)) {
        let is_marked = matches!(day.is_stored(), Ok(true));
        if day.is_staged().unwrap_or(true) && !is_marked {
            tracing::warn!(target: ON_SCREEN, "{} is of a day to come, and is not stored", day.path.display());
        }
    }
}

fn tomorrow_of(today: Date) -> Date {
    today.saturating_add(Span::new().days(1))
}

/// The days of a tree that are to be stored.
#[derive(Debug)]
pub struct Unstored {
    /// Staged and not stored, oldest first.
    pub days: Vec<Day>,
    /// What nobody can tell about, and what can't be stored as it stands there.
    pub odd: Vec<(Date, StagingError)>,
}

impl Unstored {
    /// The days, if nothing is odd.
    ///
    /// # Errors
    /// What is.
    pub fn if_none_is_odd(self) -> Result<Vec<Day>, StagingError> {
        self.odd.into_iter().next().map_or(Ok(self.days), |(_, error)| Err(error))
    }
}

/// All days up to tomorrow that are staged and not stored.
///
/// # Errors
/// When there is none, or the tree can't be read.
pub fn unstored_days(root: &Path, today: Date) -> Result<Unstored, StagingError> {
    let tomorrow = tomorrow_of(today);
    let mut found = Unstored { days: Vec::new(), odd: Vec::new() };
    let mut staged = Vec::new();
    for date in dates_below(root)?.into_iter().filter(|date| *date <= tomorrow) {
        let day = Day::new(root, date);
        let is_stored = || match day.is_staged()? {
            true => day.is_stored().map(Some),
            false => Ok(None),
        };
        match is_stored() {
            Ok(None) => continue,
            Ok(Some(true)) => {}
            Ok(Some(false)) => match day.refuse_link() {
                Ok(day) => found.days.push(day),
                Err(error) => found.odd.push((date, error)),
            },
            Err(error) => found.odd.push((date, error)),
        }
        staged.push(date);
    }
    if !found.days.is_empty() || !found.odd.is_empty() {
        return Ok(found);
    }
    if staged.is_empty() {
        return Err(StagingError::NothingStaged { root: root.to_path_buf() });
    }
    let recent = [Some(today), today.yesterday().ok()].into_iter().flatten();
    let unstaged = recent.filter(|date| !staged.contains(date)).collect();
    Err(StagingError::AllStored { root: root.to_path_buf(), days: Vec::new(), unstaged })
}

/// The days of today's week up to today that are staged, stored or not, oldest first: what *rebuild* puts on a disc.
///
/// # Errors
/// When there is none, the root can't be read, or a day is a symbolic link.
pub fn days_of_the_week(root: &Path, today: Date, starting_day: Weekday) -> Result<Vec<Day>, StagingError> {
    read_dir(root)?;
    let days: Vec<Date> =
        week_of(today, starting_day).series(Span::new().days(1)).take_while(|&date| date <= today).collect();
    let mut staged = Vec::new();
    for day in days.iter().map(|&date| Day::new(root, date)) {
        if day.is_staged()? {
            staged.push(day.refuse_link()?);
        }
    }
    if staged.is_empty() {
        return Err(StagingError::NotStaged { root: root.to_path_buf(), days });
    }
    Ok(staged)
}

/// The dates that have a directory `YYYY/MM/DD`, oldest first. Whatever else stands there is none of ours.
fn dates_below(root: &Path) -> Result<Vec<Date>, StagingError> {
    let mut dates = Vec::new();
    for (year, in_year) in numbered(root, 4)? {
        for (month, in_month) in numbered(&in_year, 2)? {
            for (day, _) in numbered(&in_month, 2)? {
                let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else { continue };
                dates.extend(Date::new(year, month, day));
            }
        }
    }
    dates.sort_unstable();
    Ok(dates)
}

/// The names of so many digits in a directory, with their numbers and where they lead.
fn numbered(directory: &Path, digits: usize) -> Result<Vec<(i16, PathBuf)>, StagingError> {
    let unreadable = |source| StagingError::Root { path: directory.to_path_buf(), source };
    let mut found = Vec::new();
    for entry in read_dir(directory)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let number = name.to_str().filter(|name| name.len() == digits && name.bytes().all(|b| b.is_ascii_digit()));
        let Some(number) = number.and_then(|name| name.parse().ok()) else { continue };
        let path = entry.path();
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => found.push((number, path)),
            Err(source) if is_there(&path).is_err() => return Err(StagingError::Root { path, source }),
            _ => {}
        }
    }
    Ok(found)
}

fn read_dir(directory: &Path) -> Result<fs::ReadDir, StagingError> {
    fs::read_dir(directory).map_err(|source| StagingError::Root { path: directory.to_path_buf(), source })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 3, 1);
    const YESTERDAY: Date = date(2026, 2, 28);
    const TOMORROW: Date = date(2026, 3, 2);

    fn stage(root: &Path, date: Date, indicators: &[&str]) -> PathBuf {
        let day = Day::new(root, date).path;
        fs::create_dir_all(&day).unwrap();
        for indicator in indicators {
            fs::write(day.join(indicator), "").unwrap();
        }
        day
    }

    #[test]
    fn today_comes_before_yesterday_before_tomorrow() {
        let root = tempfile::tempdir().unwrap();
        for (date, chosen) in [(TOMORROW, TOMORROW), (YESTERDAY, YESTERDAY), (TODAY, TODAY)] {
            stage(root.path(), date, &[STAGE_INDICATOR]);
            assert_eq!(choose_day(root.path(), TODAY, false).unwrap().date, chosen);
        }
    }

    /// All there is of three days, with and without `--full`.
    #[test]
    fn the_day_is_chosen_by_cedars_rule_whatever_the_three_days_are() {
        // What a daily directory has in it; none: it is not there.
        const STATES: [Option<&[&str]>; 5] = [
            None,
            Some(&[]),
            Some(&[STORE_INDICATOR]),
            Some(&[STAGE_INDICATOR]),
            Some(&[STAGE_INDICATOR, STORE_INDICATOR]),
        ];
        let is_ready = |state: usize| state >= 3;
        let is_unused = |state: usize| state == 3;
        for number in 0..125 {
            let states = [(TODAY, number % 5), (YESTERDAY, number / 5 % 5), (TOMORROW, number / 25)];
            let root = tempfile::tempdir().unwrap();
            for (date, state) in states {
                if let Some(indicators) = STATES[state] {
                    stage(root.path(), date, indicators);
                }
            }
            let first_unused = states.into_iter().find(|(_, state)| is_unused(*state)).map(|(date, _)| date);
            let is_any_ready = states.into_iter().any(|(_, state)| is_ready(state));
            match choose_day(root.path(), TODAY, false) {
                Ok(day) => assert_eq!(Some(day.date), first_unused, "{states:?}"),
                Err(StagingError::AllStored { .. }) => assert!(first_unused.is_none() && is_any_ready, "{states:?}"),
                Err(error) => assert!(matches!(error, StagingError::NotStaged { .. }) && !is_any_ready, "{states:?}"),
            }
            let full = choose_day(root.path(), TODAY, true).map(|day| day.date).ok();
            assert_eq!(full, is_ready(states[0].1).then_some(TODAY), "{states:?}");
        }
    }

    #[test]
    fn a_stored_day_is_passed_over_unless_full_asks_for_it() {
        let root = tempfile::tempdir().unwrap();
        stage(root.path(), TODAY, &[STAGE_INDICATOR, STORE_INDICATOR]);
        let error = choose_day(root.path(), TODAY, false).unwrap_err();
        let words = format!("nothing to store below {}: 2026-03-01 stored already", root.path().display());
        assert_eq!(error.to_string(), format!("{words}; 2026-02-28 not staged (no cback.stage)"));
        stage(root.path(), YESTERDAY, &[STAGE_INDICATOR, STORE_INDICATOR]);
        let error = choose_day(root.path(), TODAY, false).unwrap_err();
        assert!(matches!(&error, StagingError::AllStored { unstaged, .. } if unstaged.is_empty()), "{error}");
        assert_eq!(choose_day(root.path(), TODAY, true).unwrap().date, TODAY);
    }

    #[test]
    fn full_looks_at_today_only() {
        let root = tempfile::tempdir().unwrap();
        stage(root.path(), YESTERDAY, &[STAGE_INDICATOR]);
        assert!(matches!(choose_day(root.path(), TODAY, true).unwrap_err(), StagingError::NotStaged { .. }));
    }

    #[test]
    fn a_day_whose_staging_has_not_finished_does_not_count() {
        let root = tempfile::tempdir().unwrap();
        stage(root.path(), TODAY, &[]);
        assert!(matches!(choose_day(root.path(), TODAY, false).unwrap_err(), StagingError::NotStaged { .. }));
    }

    #[test]
    fn whatever_is_called_like_the_mark_of_staging_is_it_as_with_cedar() {
        let root = tempfile::tempdir().unwrap();
        let path = stage(root.path(), TODAY, &[]);
        let mark = path.join(STAGE_INDICATOR);
        std::os::unix::fs::symlink("/nonexistent", &mark).unwrap();
        assert!(choose_day(root.path(), TODAY, false).is_err(), "a link that leads nowhere");
        fs::remove_file(&mark).unwrap();
        std::os::unix::fs::symlink(root.path(), &mark).unwrap();
        assert_eq!(choose_day(root.path(), TODAY, false).unwrap().date, TODAY);
        fs::remove_file(&mark).unwrap();
        fs::create_dir(&mark).unwrap();
        assert_eq!(choose_day(root.path(), TODAY, false).unwrap().date, TODAY);
    }

    #[test]
    fn a_missing_root_and_a_linked_day_are_named() {
        let root = tempfile::tempdir().unwrap();
        let missing = choose_day(&root.path().join("none"), TODAY, false).unwrap_err();
        assert!(matches!(missing, StagingError::Root { .. }));
        let real = stage(root.path(), YESTERDAY, &[STAGE_INDICATOR, STORE_INDICATOR]);
        fs::remove_file(real.join(STORE_INDICATOR)).unwrap();
        let day = Day::new(root.path(), TODAY).path;
        fs::create_dir_all(day.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&real, &day).unwrap();
        assert!(
            matches!(choose_day(root.path(), TODAY, false).unwrap_err(), StagingError::Symlink { path } if path == day)
        );
    }

    #[test]
    fn a_link_or_a_pipe_in_the_marks_place_is_refused_and_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let path = stage(root.path(), TODAY, &[STAGE_INDICATOR]);
        let victim = root.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        for target in [victim.as_path(), Path::new("/nonexistent/victim")] {
            std::os::unix::fs::symlink(target, path.join(STORE_INDICATOR)).unwrap();
            for full in [false, true] {
                assert!(matches!(choose_day(root.path(), TODAY, full), Err(StagingError::NotAMark { .. })));
            }
            let day = Day::new(root.path(), TODAY);
            assert!(day.mark_stored(None).is_err());
            assert_eq!(fs::read(&victim).unwrap(), b"precious");
            fs::remove_file(path.join(STORE_INDICATOR)).unwrap();
        }
        nix::unistd::mkfifo(&path.join(STORE_INDICATOR), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(Day::new(root.path(), TODAY).mark_stored(None).is_err());
    }

    #[test]
    fn every_day_that_was_missed_is_found_whatever_else_stands_there() {
        let root = tempfile::tempdir().unwrap();
        let [old, older] = [date(2025, 12, 31), date(2025, 2, 28)];
        for day in [TODAY, old, older] {
            stage(root.path(), day, &[STAGE_INDICATOR]);
        }
        stage(root.path(), YESTERDAY, &[STAGE_INDICATOR, STORE_INDICATOR]);
        stage(root.path(), date(2026, 1, 9), &[]);
        stage(root.path(), date(2026, 3, 3), &[STAGE_INDICATOR]);
        for odd in ["2026/02/30", "2026/2/1", "lost+found", "20260/01/01", "2026/13/01", "abcd/01/01"] {
            fs::create_dir_all(root.path().join(odd)).unwrap();
            fs::write(root.path().join(odd).join(STAGE_INDICATOR), "").unwrap();
        }
        fs::write(root.path().join("2024"), "").unwrap();
        let days = || {
            let Unstored { days, odd } = unstored_days(root.path(), TODAY).unwrap();
            let dates = |days: Vec<Day>| -> Vec<Date> { days.iter().map(|day| day.date).collect() };
            (dates(days), odd.into_iter().map(|(date, _)| date).collect::<Vec<_>>())
        };
        assert_eq!(days(), (vec![older, old, TODAY], vec![]), "and not the day after tomorrow");
        // What is wrong with one day does not hold up the others.
        fs::rename(Day::new(root.path(), old).path, root.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(root.path().join("elsewhere"), Day::new(root.path(), old).path).unwrap();
        fs::create_dir(Day::new(root.path(), older).path.join(STORE_INDICATOR)).unwrap();
        assert_eq!(days(), (vec![TODAY], vec![older, old]));
        assert!(unstored_days(root.path(), TODAY).unwrap().if_none_is_odd().is_err());
    }

    #[test]
    fn with_nothing_missed_it_is_told_whether_anything_was_staged() {
        let root = tempfile::tempdir().unwrap();
        let none = unstored_days(root.path(), TODAY).unwrap_err();
        assert!(matches!(none, StagingError::NothingStaged { .. }), "{none}");
        stage(root.path(), YESTERDAY, &[STAGE_INDICATOR, STORE_INDICATOR]);
        let all = unstored_days(root.path(), TODAY).unwrap_err();
        assert!(all.to_string().ends_with("all days stored already; 2026-03-01 not staged (no cback.stage)"), "{all}");
        stage(root.path(), TODAY, &[STAGE_INDICATOR, STORE_INDICATOR]);
        let all = unstored_days(root.path(), TODAY).unwrap_err();
        assert!(all.to_string().ends_with("all days stored already"), "{all}");
    }

    /// The days that Cedar's rebuild looks at: from the newest starting day to today.
    #[test]
    fn a_week_is_rebuilt_from_its_starting_day_to_today() {
        let root = tempfile::tempdir().unwrap();
        // Tuesday to Monday.
        let days: Vec<Date> = (24..=30).map(|day| date(2026, 11, day)).collect();
        for &day in &days {
            stage(root.path(), day, &[STAGE_INDICATOR, STORE_INDICATOR]);
        }
        let count = |today, starting_day| days_of_the_week(root.path(), today, starting_day).unwrap().len();
        assert_eq!(count(days[0], Weekday::Tuesday), 1);
        assert_eq!(count(days[6], Weekday::Tuesday), 7);
        assert_eq!(count(days[6], Weekday::Monday), 1);
        assert_eq!(count(days[5], Weekday::Sunday), 1);
        fs::remove_file(Day::new(root.path(), days[2]).path.join(STAGE_INDICATOR)).unwrap();
        assert_eq!(count(days[6], Weekday::Tuesday), 6, "a day that is not staged is passed over");
        let none = days_of_the_week(root.path(), date(2026, 11, 22), Weekday::Sunday).unwrap_err();
        assert!(matches!(&none, StagingError::NotStaged { days, .. } if days.len() == 1), "{none}");
    }

    #[test]
    fn the_mark_is_an_empty_file() {
        let root = tempfile::tempdir().unwrap();
        let path = stage(root.path(), TODAY, &[STAGE_INDICATOR]);
        let day = choose_day(root.path(), TODAY, false).unwrap();
        day.mark_stored(None).unwrap().unwrap();
        assert_eq!(fs::read(path.join(STORE_INDICATOR)).unwrap(), b"");
        assert_eq!(day.on_disc(), TreePath::new("2026/03/01"));
    }
}
