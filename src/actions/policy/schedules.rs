//! A million random schedules of a backup box, and no disc wiped wrongly.
//!
//! The model counts days as numbers and knows what is where: which version of a day is staged, and which each disc shows. It goes its own way to
//! weeks and to copies, and asks [`decide`] as *store* does. A wiped disc was *wrongly* wiped if `--full` was not given and
//!
//! * it could not be read, or not be written over; or,
//! * under `week` and `strict`, it showed a day of the week of the oldest day to be stored, or of a later one; or,
//! * under `strict`, it showed a version of a day that was not staged, or something that is no day.
//!
//! A day that *rebuild* writes again does not count. What needs a disc of its own must not be appended, and all else is wrong, too.
//!
//! A version that a later one had replaced on its disc is not shown any more, and nobody's copy.

use std::collections::BTreeMap;
use std::thread;

use jiff::civil::date;

use super::*;

/// Nights of the longest schedule with the furthest clock, and some.
const DAYS: usize = 256;
/// The day with the number 0.
const FIRST: Date = date(2026, 11, 2);
const SCHEDULES: u64 = 1_000_000;
const DISC_BYTES: u64 = 1000;

/// Numbers that only look random (splitmix64, by Steele, Lea and Flood).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % limit
    }

    /// Once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// What a disc is in truth.
#[derive(Debug, Clone, Default)]
struct ModelDisc {
    /// Days by number, each with the version of it.
    shows: Vec<(usize, u32)>,
    shows_others: bool,
    used: u64,
    rewritable: bool,
    closed: bool,
    /// Nothing of it can be read tonight.
    dirty: bool,
}

/// A backup box.
struct World<'a> {
    dates: &'a [Date],
    dice: Dice,
    today: usize,
    /// The version of each day that is staged, and whether it is marked as stored.
    staging: Vec<Option<(u32, bool)>>,
    versions: u32,
    discs: Vec<ModelDisc>,
    in_drive: usize,
    wanted: Wanted,
    starting_day: usize,
    /// How often which end was met.
    met: BTreeMap<&'static str, u64>,
}

impl<'a> World<'a> {
    fn new(seed: u64, dates: &'a [Date]) -> World<'a> {
        let mut dice = Dice(seed);
        let starting_day = dice.below(7);
        let mode = [None, None, Some(BlankMode::Weekly), Some(BlankMode::Daily)][dice.below(4)];
        let factor = [0.0, 1.0, 5.0, f64::INFINITY][dice.below(4)];
        let discs = dice.below(3) + 1;
        let mut disc =
            |_| ModelDisc { rewritable: !dice.once_in(6), shows_others: dice.once_in(12), ..ModelDisc::default() };
        let discs = (0..discs).map(&mut disc).collect();
        World {
            dates,
            today: 100 + dice.below(14),
            staging: vec![None; dates.len()],
            versions: 0,
            in_drive: 0,
            wanted: Wanted {
                purpose: Purpose::Store,
                days: vec![FIRST],
                full: false,
                replaces: false,
                // FIRST is a Monday.
                starting_day: dates[starting_day].weekday(),
                blank_behavior: mode.map(|mode| BlankBehavior { mode, factor, factor_text: String::new() }),
                required_bytes: 0,
                protect: [Protect::Week, Protect::Strict, Protect::Off][dice.below(5) / 2],
            },
            starting_day,
            met: BTreeMap::new(),
            discs,
            dice,
        }
    }

    /// The number of a day's week.
    fn week(&self, day: usize) -> usize {
        (day + 7 - self.starting_day) / 7
    }

    fn stage(&mut self, day: usize) {
        self.versions += 1;
        self.staging[day] = Some((self.versions, false));
    }

    /// The day that `store` would choose.
    fn choose(&self, full: bool) -> Option<usize> {
        if full {
            return self.staging[self.today].map(|_| self.today);
        }
        let candidates = [self.today, self.today - 1, self.today + 1];
        candidates.into_iter().find(|&day| self.staging[day].is_some_and(|(_, marked)| !marked))
    }

    fn is_staged(&self, (day, version): (usize, u32)) -> bool {
        self.staging[day].is_some_and(|(staged, _)| staged == version)
    }

    /// The disc as it is looked at.
    fn observed(&self) -> OnDisc {
        let disc = &self.discs[self.in_drive];
        let shows: &[(usize, u32)] = if disc.dirty { &[] } else { &disc.shows };
        OnDisc {
            state: match disc {
                _ if disc.dirty => DiscState::Unreadable,
                _ if disc.closed => DiscState::Closed,
                _ if disc.shows.is_empty() && !disc.shows_others => DiscState::Empty,
                _ => DiscState::Appendable,
            },
            rewritable: disc.rewritable,
            days: shows.iter().map(|&(day, _)| self.dates[day]).collect(),
            only_here: shows.iter().filter(|&&shown| !self.is_staged(shown)).map(|&(day, _)| self.dates[day]).collect(),
            has_others: disc.shows_others,
            available_bytes: DISC_BYTES - disc.used,
        }
    }

    /// The days that an action is about, and whether it is one that the box runs on its own.
    fn days_for(&mut self, full: bool) -> (Purpose, Vec<usize>) {
        let today = self.today;
        let staged = |day: &usize| self.staging[*day].is_some();
        let unmarked = |day: &usize| self.staging[*day].is_some_and(|(_, marked)| !marked);
        match self.dice.below(16) {
            0 => (Purpose::Rebuild, (today - (today + 7 - self.starting_day) % 7..=today).filter(staged).collect()),
            1 => (Purpose::Span, (0..=today + 1).filter(unmarked).collect()),
            2 if self.dice.once_in(2) => (Purpose::Initialize, vec![today]),
            3 | 4 => (Purpose::Store, (0..=today + 1).filter(unmarked).collect()),
            _ => (Purpose::Store, self.choose(full).into_iter().collect()),
        }
    }

    /// What is wrong about wiping the disc for these days.
    fn wrong(&self, purpose: Purpose, days: &[usize]) -> Option<&'static str> {
        let disc = &self.discs[self.in_drive];
        let goes: Vec<(usize, u32)> = match purpose {
            Purpose::Rebuild => disc.shows.iter().copied().filter(|(day, _)| !days.contains(day)).collect(),
            _ => disc.shows.clone(),
        };
        let week = days.iter().map(|&day| self.week(day)).min()?;
        let protect = self.wanted.protect;
        if !disc.rewritable {
            return Some("it can't be written over");
        }
        if self.wanted.full {
            return None;
        }
        if disc.dirty {
            return Some("it can't be read");
        }
        if protect != Protect::Off && goes.iter().any(|&(shown, _)| self.week(shown) >= week) {
            return Some("it holds this week");
        }
        if protect == Protect::Strict && (disc.shows_others || !goes.iter().all(|&shown| self.is_staged(shown))) {
            return Some("it holds what is nowhere else");
        }
        None
    }

    /// A run; what was wrong with it.
    fn run(&mut self, full: bool) -> Result<(), String> {
        let (purpose, days) = self.days_for(full);
        if days.is_empty() {
            return Ok(());
        }
        self.wanted = Wanted {
            purpose,
            days: days.iter().map(|&day| self.dates[day]).collect(),
            full,
            required_bytes: 20 + self.dice.next() % 300,
            ..self.wanted.clone()
        };
        let disc = self.observed();
        let decided = decide(&self.wanted, &disc);
        let fail = |what: &str| Err(format!("{what}: {:?} on {disc:?}: {decided:?}", self.wanted));
        let end = match decided {
            Ok(Decision::NewDisc { wipe: true, .. }) => {
                if let Some(wrong) = self.wrong(purpose, &days) {
                    return fail(wrong);
                }
                let rewritable = self.discs[self.in_drive].rewritable;
                self.discs[self.in_drive] = ModelDisc { rewritable, ..ModelDisc::default() };
                if full { "wiped, full" } else { "wiped" }
            }
            Ok(Decision::NewDisc { wipe: false, .. }) if disc.state != DiscState::Empty => {
                return fail("it was taken for empty");
            }
            Ok(Decision::NewDisc { wipe: false, .. }) => "begun",
            Ok(Decision::Append { why }) => match why {
                _ if purpose != Purpose::Store => return fail("it is no disc of its own"),
                _ if disc.state != DiscState::Appendable => return fail("nothing can be appended to it"),
                Why::HoldsThisWeek(_) => "kept for this week",
                Why::OnlyHere { .. } => "kept for what is nowhere else",
                Why::HoldsOthers => "kept for what is no day",
                _ => "appended",
            },
            Err(Refusal::Protected { .. }) if purpose == Purpose::Store => {
                return fail("it could have been appended to");
            }
            Err(Refusal::Protected { .. }) => "refused, protected",
            Err(Refusal::NotBlank { .. }) => "refused, not blank",
            Err(Refusal::Closed { .. }) => "refused, closed",
            Err(Refusal::Unreadable) => "refused, unreadable",
        };
        *self.met.entry(end).or_default() += 1;
        // The burn may fail, and what was wiped before it is gone.
        if decided.is_ok() && !self.dice.once_in(16) {
            self.burn(if purpose == Purpose::Initialize { &[] } else { &days });
        }
        Ok(())
    }

    fn burn(&mut self, days: &[usize]) {
        let disc = &mut self.discs[self.in_drive];
        if disc.used + self.wanted.required_bytes > DISC_BYTES {
            return;
        }
        for &day in days {
            let Some((version, marked)) = &mut self.staging[day] else { continue };
            disc.shows.retain(|&(shown, _)| shown != day);
            disc.shows.push((day, *version));
            *marked = true;
        }
        disc.used += self.wanted.required_bytes;
        disc.closed = self.dice.once_in(32);
    }

    /// A day and its night; what was wrong.
    fn pass(&mut self, keep: usize) -> Result<(), String> {
        self.today = match self.dice.below(16) {
            // The clock is set, the box sleeps, or it runs twice on a day.
            0 => self.today + 7 - self.dice.below(15),
            1 => self.today + 1 + self.dice.below(9),
            2 => self.today,
            _ => self.today + 1,
        };
        self.today = self.today.clamp(8, DAYS - 2);
        if self.dice.once_in(8) {
            self.in_drive = self.dice.below(self.discs.len());
        }
        self.discs[self.in_drive].dirty = self.dice.once_in(24);
        if self.staging[self.today].is_none() && !self.dice.once_in(8) {
            self.stage(self.today);
        }
        // Something of a day is staged once more, goes, or loses its mark.
        if self.dice.once_in(8) {
            let day = self.today - self.dice.below(3);
            self.stage(day);
        }
        let runs = [1, 1, 1, 2, 0, 1, 1, 3][self.dice.below(8)];
        for _ in 0..runs {
            let full = self.dice.once_in(24);
            self.run(full)?;
        }
        if !self.dice.once_in(4) {
            self.staging[..self.today.saturating_sub(keep)].fill(None);
        }
        Ok(())
    }
}

fn dates() -> Vec<Date> {
    (0..DAYS).map(|day| FIRST + jiff::Span::new().days(i64::try_from(day).unwrap())).collect()
}

#[test]
fn in_a_million_random_schedules_no_disc_is_wiped_wrongly() {
    let dates = dates();
    let run = |first: u64| {
        let mut met: BTreeMap<&'static str, u64> = BTreeMap::new();
        for seed in (first..SCHEDULES).step_by(4) {
            let mut world = World::new(seed, &dates);
            let keep = 1 + world.dice.below(20);
            for night in 0..14 + world.dice.below(12) {
                let passed = world.pass(keep);
                assert!(passed.is_ok(), "schedule {seed}, night {night}: {}", passed.unwrap_err());
            }
            for (end, times) in world.met {
                *met.entry(end).or_default() += times;
            }
        }
        met
    };
    let mut met: BTreeMap<&'static str, u64> = BTreeMap::new();
    thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|first| scope.spawn(move || run(first))).collect();
        for one in all {
            for (end, times) in one.join().unwrap() {
                *met.entry(end).or_default() += times;
            }
        }
    });
    // Every way it can end was met often.
    assert_eq!(met.len(), 11, "{met:?}");
    assert!(met.values().all(|&times| times > 10_000), "{met:?}");
}

/// How often a box that stores every day for twelve weeks on rewritable discs that take turns by the week, and keeps its days in staging for
/// so long, starts one anew.
fn wiped_in_twelve_weeks(protect: Protect, starting_day: usize, discs: usize, keep: usize, dates: &[Date]) -> usize {
    let mut world = World::new(0, dates);
    world.wanted =
        Wanted { starting_day: dates[starting_day].weekday(), blank_behavior: None, protect, ..world.wanted };
    world.discs = vec![ModelDisc { rewritable: true, ..ModelDisc::default() }; discs];
    let mut wiped = 0;
    for night in 0..7 * 12 {
        let day = 98 + starting_day + night;
        world.in_drive = night / 7 % discs;
        world.stage(day);
        world.wanted.days = vec![dates[day]];
        if let Decision::NewDisc { wipe: true, .. } = decide(&world.wanted, &world.observed()).unwrap() {
            world.discs[world.in_drive].shows.clear();
            wiped += 1;
        }
        world.discs[world.in_drive].shows.push((day, world.versions));
        world.staging[..=day - keep].fill(None);
    }
    wiped
}

#[test]
fn week_begins_every_week_anew_however_short_staging_is_kept_and_strict_where_it_is_kept_until_a_discs_turn_comes() {
    let dates = dates();
    for starting_day in 0..7 {
        for discs in 1..4 {
            for keep in 1..24 {
                let wiped = |protect| wiped_in_twelve_weeks(protect, starting_day, discs, keep, &dates);
                let all = 12 - discs;
                assert_eq!(wiped(Protect::Week), all, "from {starting_day}, {discs} discs, kept for {keep} days");
                let strict = if keep >= 7 * discs { all } else { 0 };
                assert_eq!(wiped(Protect::Strict), strict, "from {starting_day}, {discs} discs, kept for {keep} days");
            }
        }
    }
}
