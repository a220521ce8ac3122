//! What the system shows of a disc, brought up to date after a burn.
//!
//! Linux's `sr` driver asks for the length of a medium and its last session only when the drive tells of another medium, and a burn makes
//! no drive tell that. Until then a mount fails, or shows the session before. So the driver is made to look, the gentlest way first:
//!
//! 1. It is asked to look. Nothing more is done when it shows the session: so it is with overwritable media, which keep their length.
//! 2. The motor is stopped and started. Many drives announce their medium anew after that, to the driver, since we do not ask.
//! 3. The tray opens, the driver sees the drive empty, the tray closes: a medium where there was none is another one, whatever the drive
//!    announces, and to whom. That is what Cedar does after each write. It is not done with `no_eject`, nor where the drive does
//!    not say that it pulls its tray in: one that stays open ends an unattended week, since the next night finds no disc. A drive from
//!    before there was a bit for that is left alone, too, even one that could: then a mount shows the session later, and nothing is lost.
//!    Unless `eject_delay` is set: whoever says how long the tray is to stay open before it closes says that it does.
//!
//! The driver could also be taken from the drive and given back to it, but only by root, and its device would vanish for everybody.
//!
//! The delays are Cedar's, and like its own only between and after the movements of a tray: `eject_delay` while it is open,
//! `refresh_media_delay` when it is closed and the drive ready. A signal ends either at once: a tray that is open is closed, one that is closed
//! stays so. By now the session is proven; that it is not shown is no failure.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::eject::move_tray;
use crate::config::Store;
use crate::scsi::drive::deadline;
use crate::scsi::mmc::TrayMotor;
use crate::scsi::sbc::StartStopUnit;
use crate::scsi::{Drive, Mountable, Presence, ScsiError};
use crate::sector::Lba;

/// How often a delay looks whether a signal came.
const LISTEN: Duration = Duration::from_millis(500);

/// The session that a mount has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited {
    /// Where the last session of the table of contents begins: that of overwritable media has one only, at 0. A driver that has not heard
    /// that a DVD-RW was formatted goes on looking where the last session was before.
    pub start: Lba,
    /// The sector behind its last.
    pub end: Lba,
}

impl Awaited {
    fn is_shown(self, seen: Mountable) -> bool {
        seen.last_session.is_none_or(|last| last == self.start) && seen.sectors.0 >= self.end.0
    }
}

/// What may be done with the tray.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tray {
    /// It may be moved.
    pub moves: bool,
    /// It is pulled in again, for a drive that does not tell.
    pub pulls_in: bool,
    /// How long it stays open.
    pub open_for: Duration,
    /// How long nobody looks at the disc when it is in again.
    pub rest: Duration,
}

impl Tray {
    /// As it is configured.
    #[must_use]
    pub fn configured(store: &Store) -> Tray {
        Tray {
            moves: !store.no_eject,
            pulls_in: store.eject_delay.is_some(),
            open_for: store.eject_delay.unwrap_or_default(),
            rest: store.refresh_media_delay.unwrap_or_default(),
        }
    }
}

/// How it came out.
#[derive(Debug)]
pub enum Refreshed {
    /// There is no system that shows anything.
    Unwatched,
    /// The system showed the session.
    NotNeeded,
    /// It does since the motor was stopped and started.
    Restarted,
    /// It does since the tray was opened and closed.
    Reloaded,
    /// It does not, and the tray was not to be moved.
    LeftAlone,
    /// It does not, and the drive does not say that it can pull a tray in.
    NoTray,
    /// It does not: a signal came, and the tray is closed.
    Interrupted,
    /// It does not, although the tray was opened and closed.
    InVain,
    /// The tray could not be opened, or closed.
    Failed(ScsiError),
}

/// Whether a mount shows the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Showing {
    /// It does.
    pub is_shown: bool,
    /// By what, or why not, in a word that scripts may rely on.
    pub word: &'static str,
}

impl Refreshed {
    /// Whether a mount shows the session; `None` where nobody mounts anything.
    #[must_use]
    pub fn showing(&self) -> Option<Showing> {
        let (is_shown, word) = match self {
            Refreshed::Unwatched => return None,
            Refreshed::NotNeeded => (true, "at once"),
            Refreshed::Restarted => (true, "restarted"),
            Refreshed::Reloaded => (true, "reloaded"),
            Refreshed::LeftAlone => (false, "no_eject"),
            Refreshed::NoTray => (false, "no tray"),
            Refreshed::Interrupted => (false, "interrupted"),
            Refreshed::InVain => (false, "in vain"),
            Refreshed::Failed(_) => (false, "failed"),
        };
        Some(Showing { is_shown, word })
    }

    /// Tells the user.
    pub fn tell(&self) {
        const NOT_SHOWN: &str = "a mount shows the disc as it was before until its tray was opened and closed";
        match self {
            Refreshed::Unwatched | Refreshed::NotNeeded => {}
            Refreshed::Restarted => tracing::debug!("the drive was stopped and started: a mount shows the session"),
            Refreshed::Reloaded => tracing::info!("the tray was opened and closed: a mount shows the session"),
            Refreshed::LeftAlone => tracing::info!("no_eject is set: {NOT_SHOWN}"),
            Refreshed::NoTray => tracing::info!("the drive does not say that it can pull its tray in: {NOT_SHOWN}"),
            Refreshed::Interrupted => tracing::info!("interrupted: {NOT_SHOWN}"),
            Refreshed::InVain => {
                tracing::warn!("the tray was opened and closed, and the system still does not show the session");
            }
            Refreshed::Failed(error) => tracing::warn!(
                "the tray may be open, the drive did not move it: {error}; for a drive that can't, set store/no_eject"
            ),
        }
    }
}

/// Makes the system show the session that was burned. Whatever comes of it, the session is on the disc. `stop` is set from outside.
pub fn refresh(drive: &mut Drive, awaited: Awaited, tray: Tray, stop: &AtomicBool) -> Refreshed {
    Refreshing { drive, awaited, tray, stop }.run()
}

struct Refreshing<'a> {
    drive: &'a mut Drive,
    awaited: Awaited,
    tray: Tray,
    stop: &'a AtomicBool,
}

impl Refreshing<'_> {
    fn run(&mut self) -> Refreshed {
        match self.drive.look_again() {
            None => return Refreshed::Unwatched,
            Some(seen) if self.awaited.is_shown(seen) => return Refreshed::NotNeeded,
            Some(_) => {}
        }
        if self.is_stopped() {
            return Refreshed::Interrupted;
        }
        // A drive that refuses has nothing to announce; one that is lost will be so below.
        let restarted = self.drive.run(&StartStopUnit::Stop).and_then(|()| self.drive.run(&StartStopUnit::Start));
        if let Err(error) = restarted {
            tracing::debug!(%error, "the drive was not stopped and started");
        }
        // A system that looked at a drive which is not ready yet would see nothing new, and not look again.
        self.wait_until(Presence::Ready, deadline::READY);
        if self.is_shown() {
            return Refreshed::Restarted;
        }
        if !self.tray.moves {
            return Refreshed::LeftAlone;
        }
        if !self.moves_its_tray() {
            return Refreshed::NoTray;
        }
        if self.is_stopped() {
            return Refreshed::Interrupted;
        }
        match self.reload() {
            Err(error) => Refreshed::Failed(error),
            Ok(()) if self.is_shown() => Refreshed::Reloaded,
            Ok(()) if self.is_stopped() => Refreshed::Interrupted,
            Ok(()) => Refreshed::InVain,
        }
    }

    fn is_shown(&mut self) -> bool {
        self.drive.look_again().is_none_or(|seen| self.awaited.is_shown(seen))
    }

    /// Whether a signal came, the first or the second.
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.drive.is_given_up()
    }

    /// Lets time pass until it is over, or a signal comes.
    fn wait(&mut self, duration: Duration) {
        let mut left = duration;
        while !left.is_zero() && !self.is_stopped() {
            let now = left.min(LISTEN);
            self.drive.wait(now);
            left = left.saturating_sub(now);
        }
    }

    /// Waits until the system hears this of the drive, in vain after `longest` or a signal.
    fn wait_until(&mut self, wanted: Presence, longest: Duration) {
        let mut waited = Duration::ZERO;
        while self.drive.presence().is_some_and(|heard| heard != wanted) && waited < longest && !self.is_stopped() {
            self.drive.wait(LISTEN);
            waited += LISTEN;
        }
    }

    /// Whether the drive can do it by itself, or is said to.
    fn moves_its_tray(&mut self) -> bool {
        match self.drive.tray_motor() {
            TrayMotor::OutAndIn => true,
            TrayMotor::Untold => self.tray.pulls_in,
            TrayMotor::None => false,
        }
    }

    fn reload(&mut self) -> Result<(), ScsiError> {
        self.drive.unlock_tray();
        let opened = move_tray(self.drive, StartStopUnit::Eject);
        if opened.is_ok() {
            // A drive that is not ready is not an empty one.
            self.wait_until(Presence::Empty, deadline::PARTING);
            self.drive.look_again();
            self.wait(self.tray.open_for);
        }
        // Closed again, too, where nobody knows whether it was opened.
        let closed = self.close();
        opened.and(closed)?;
        match self.drive.wait_until_ready() {
            Err(error) if error.is_given_up() => return Ok(()),
            ready => ready?,
        }
        self.wait(self.tray.rest);
        Ok(())
    }

    /// Who won't wait for the drive any more does not leave its tray open either.
    fn close(&mut self) -> Result<(), ScsiError> {
        match move_tray(self.drive, StartStopUnit::Load) {
            Err(error) if error.is_given_up() => match self.drive.part_with(&StartStopUnit::Load) {
                Err(error) if !error.is_attention() => Err(error),
                _ => Ok(()),
            },
            moved => moved,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::scsi::{Completion, Data, Transport, TransportError};
    use crate::sector::Sectors;

    const OLD: Mountable = Mountable { sectors: Sectors(1000), last_session: Some(Lba(0)) };
    const NEW: Mountable = Mountable { sectors: Sectors(3000), last_session: Some(Lba(2000)) };
    const AWAITED: Awaited = Awaited { start: Lba(2000), end: Lba(2900) };
    const TRAY: Tray =
        Tray { moves: true, pulls_in: false, open_for: Duration::from_secs(7), rest: Duration::from_secs(11) };

    /// A drive with a system that looks at its disc only where this one says so.
    struct Watched {
        /// What the system takes the disc for.
        seen: Option<Mountable>,
        /// Whether it hears of a medium after a start.
        announces: bool,
        /// First byte of the Removable Medium feature.
        mechanism: u8,
        /// It is older than features.
        tells_no_features: bool,
        /// The tray, once it is open, stays so.
        sticks: bool,
        /// At this a signal comes, the first or the second.
        signal_at: &'static str,
        signal: &'static AtomicBool,
        /// So many more times it says that it is not ready, after a start and after its tray opened.
        slow: u32,
        busy: u32,
        announced: bool,
        open: bool,
        seen_empty: bool,
        /// What happened, in order.
        log: Arc<Mutex<Vec<String>>>,
    }

    impl Watched {
        fn note(&self, what: impl Into<String>) {
            let what = what.into();
            if what == self.signal_at {
                self.signal.store(true, Ordering::Relaxed);
            }
            self.log.lock().unwrap().push(what);
        }
    }

    impl Transport for Watched {
        fn execute(&mut self, cdb: &[u8], data: Data<'_>, _: Duration) -> Result<Completion, TransportError> {
            match (cdb[0], cdb[4]) {
                (0x46, _) if self.tells_no_features => {
                    return Ok(Completion::check([0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0]));
                }
                (0x46, _) => {
                    let reply = [0, 0, 0, 12, 0, 0, 0, 9, 0, 3, 0x0b, 4, self.mechanism, 0, 0, 0];
                    let Data::In(buffer) = data else { panic!("GET CONFIGURATION without a buffer") };
                    let moved = buffer.len().min(reply.len());
                    buffer[..moved].copy_from_slice(&reply[..moved]);
                    return Ok(Completion::good(moved));
                }
                (0x1b, 0) => self.note("stop"),
                (0x1b, 1) => {
                    self.note("start");
                    (self.announced, self.busy) = (self.announces, self.slow);
                }
                (0x1b, 2) => {
                    self.note("open");
                    (self.open, self.busy) = (true, self.slow);
                }
                (0x1b, 3) if self.sticks => {
                    return Ok(Completion::check([0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0, 0, 0, 0, 0]));
                }
                (0x1b, 3) => {
                    self.note("close");
                    self.open = false;
                }
                _ => {}
            }
            Ok(Completion::good(0))
        }
        fn max_transfer(&self) -> usize {
            65536
        }
        fn look_again(&mut self) -> Option<Mountable> {
            let is_ready = self.busy == 0;
            if self.open {
                self.seen_empty |= is_ready;
            } else if std::mem::take(&mut self.announced) || self.seen_empty {
                // What is new is looked at once, if the drive is ready then.
                self.seen = if is_ready { Some(NEW) } else { self.seen };
            }
            self.seen
        }
        fn presence(&mut self) -> Option<Presence> {
            if self.busy > 0 {
                self.busy -= 1;
                return Some(Presence::NotReady);
            }
            Some(if self.open { Presence::Empty } else { Presence::Ready })
        }
        fn wait(&mut self, duration: Duration) {
            let mut log = self.log.lock().unwrap();
            let before = log.pop_if(|last| last.ends_with(" s")).map(|last| last[..last.len() - 2].parse().unwrap());
            log.push(format!("{} s", before.unwrap_or(0.0) + duration.as_secs_f64()));
        }
        fn now(&self) -> Duration {
            Duration::ZERO
        }
    }

    /// What came of it, and what happened.
    fn refreshed(change: impl Fn(&mut Watched), tray: Tray) -> (Refreshed, String) {
        let never: &'static AtomicBool = Box::leak(Box::default());
        refreshed_unless(never, never, change, tray)
    }

    /// The same; `stop` is set by the first signal, `impatient` by the second.
    fn refreshed_unless(
        stop: &'static AtomicBool,
        impatient: &'static AtomicBool,
        change: impl Fn(&mut Watched),
        tray: Tray,
    ) -> (Refreshed, String) {
        let log = Arc::default();
        let mut drive = Watched {
            seen: Some(OLD),
            announces: false,
            mechanism: 0x39,
            tells_no_features: false,
            sticks: false,
            signal_at: "",
            signal: stop,
            slow: 0,
            busy: 0,
            announced: false,
            open: false,
            seen_empty: false,
            log: Arc::clone(&log),
        };
        change(&mut drive);
        let mut drive = Drive::new(Box::new(drive), "test");
        drive.be_given_up_by(impatient);
        let outcome = refresh(&mut drive, AWAITED, tray, stop);
        let log = log.lock().unwrap().join(", ");
        (outcome, log)
    }

    #[test]
    fn a_signal_before_the_tray_opens_leaves_it_alone_and_one_while_it_is_open_closes_it_at_once() {
        for is_second in [false, true] {
            for (at, expected) in
                [("", ""), ("stop", "stop, start"), ("start", "stop, start"), ("open", "stop, start, open, close")]
            {
                let flag = || -> &'static AtomicBool { Box::leak(Box::default()) };
                let (stop, impatient) = (flag(), flag());
                let signal = if is_second { impatient } else { stop };
                signal.store(at.is_empty(), Ordering::Relaxed);
                let set = |drive: &mut Watched| (drive.signal_at, drive.signal) = (at, signal);
                let (outcome, log) = refreshed_unless(stop, impatient, set, TRAY);
                assert_eq!(log, expected, "{outcome:?}");
                // A tray that was out and in shows what there is.
                let is_right = matches!(outcome, Refreshed::Interrupted) || at == "open";
                assert!(is_right && !matches!(outcome, Refreshed::Failed(_)), "{at}: {outcome:?}");
            }
        }
    }

    #[test]
    fn a_signal_cuts_a_delay_short() {
        let stop: &'static AtomicBool = Box::leak(Box::default());
        let never: &'static AtomicBool = Box::leak(Box::default());
        let (outcome, log) = refreshed_unless(stop, never, |drive| drive.signal_at = "close", TRAY);
        assert!(matches!(outcome, Refreshed::Reloaded), "{outcome:?}");
        assert_eq!(log, "stop, start, open, 7 s, close");
    }

    #[test]
    fn nothing_is_done_where_the_system_shows_the_session_or_knows_no_disc() {
        let at_once = Some(Showing { is_shown: true, word: "at once" });
        for (seen, showing) in
            [(Some(NEW), at_once), (None, None), (Some(Mountable { last_session: None, ..NEW }), at_once)]
        {
            let (outcome, log) = refreshed(|drive| drive.seen = seen, TRAY);
            assert_eq!(outcome.showing(), showing, "{outcome:?}");
            assert_eq!(log, "");
        }
    }

    #[test]
    fn a_disc_that_is_long_enough_and_shows_an_earlier_session_is_not_up_to_date() {
        let (outcome, _) = refreshed(|drive| drive.seen = Some(Mountable { sectors: NEW.sectors, ..OLD }), TRAY);
        assert!(matches!(outcome, Refreshed::Reloaded), "{outcome:?}");
    }

    #[test]
    fn the_tray_stays_closed_where_a_start_is_announced() {
        let (outcome, log) = refreshed(|drive| drive.announces = true, TRAY);
        assert!(matches!(outcome, Refreshed::Restarted), "{outcome:?}");
        assert_eq!(log, "stop, start");
    }

    #[test]
    fn a_drive_that_is_slow_to_be_ready_is_waited_for_before_the_system_looks() {
        let (outcome, log) = refreshed(|drive| (drive.announces, drive.slow) = (true, 4), TRAY);
        assert!(matches!(outcome, Refreshed::Restarted), "{outcome:?}");
        assert_eq!(log, "stop, start, 2 s");
        let (outcome, log) = refreshed(|drive| drive.slow = 4, TRAY);
        assert!(matches!(outcome, Refreshed::Reloaded), "{outcome:?}");
        assert_eq!(log, "stop, start, 2 s, open, 9 s, close, 11 s");
        let (outcome, log) = refreshed(|drive| drive.slow = u32::MAX, Tray { moves: false, ..TRAY });
        assert!(matches!(outcome, Refreshed::LeftAlone), "{outcome:?}");
        assert_eq!(log, "stop, start, 120 s");
    }

    #[test]
    fn the_delays_stand_between_the_movements_of_the_tray_and_behind_them() {
        let (outcome, log) = refreshed(|_| {}, TRAY);
        assert!(matches!(outcome, Refreshed::Reloaded), "{outcome:?}");
        assert_eq!(log, "stop, start, open, 7 s, close, 11 s");
    }

    #[test]
    fn the_tray_is_not_moved_where_it_must_not_be_or_would_stay_open() {
        let (outcome, log) = refreshed(|_| {}, Tray { moves: false, ..TRAY });
        assert!(matches!(outcome, Refreshed::LeftAlone), "{outcome:?}");
        assert_eq!(log, "stop, start");
        for change in
            [|drive: &mut Watched| drive.mechanism = 0x29, |drive: &mut Watched| drive.tells_no_features = true]
        {
            let (outcome, log) = refreshed(change, TRAY);
            assert!(matches!(outcome, Refreshed::NoTray), "{outcome:?}");
            assert_eq!(log, "stop, start");
        }
    }

    #[test]
    fn whoever_set_the_delay_of_an_open_tray_knows_that_it_closes_and_the_drive_knows_better() {
        let trusted = Tray { pulls_in: true, ..TRAY };
        let (outcome, _) = refreshed(|drive| drive.tells_no_features = true, trusted);
        assert!(matches!(outcome, Refreshed::Reloaded), "{outcome:?}");
        // Its descriptor is of version 2, and has the bit.
        let (outcome, log) = refreshed(|drive| drive.mechanism = 0x29, trusted);
        assert!(matches!(outcome, Refreshed::NoTray), "{outcome:?}");
        assert_eq!(log, "stop, start");
    }

    #[test]
    fn a_tray_that_is_not_pulled_in_is_told() {
        let (outcome, _) = refreshed(|drive| drive.sticks = true, TRAY);
        assert!(matches!(outcome, Refreshed::Failed(_)), "{outcome:?}");
    }
}
