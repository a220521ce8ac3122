//! Watches the client: what a real drive lets pass, yet a careful client does not do.

use std::time::Duration;

/// Something the client should not have done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What, in plain words.
    pub what: String,
    /// The command; empty for what is found when the job is over.
    pub cdb: Vec<u8>,
}

/// Polling faster than 100 Hz wastes the bus.
const SHORTEST_POLL: Duration = Duration::from_millis(10);

/// READ BUFFER CAPACITY is not asked for again before so many WRITEs or so much time.
const BUFFER_WRITES: u32 = 64;
const BUFFER_PAUSE: Duration = Duration::from_millis(500);

/// More than this many tell nothing new.
const MOST_VIOLATIONS: usize = 100;

/// The record of one drive's clients.
#[derive(Debug, Default)]
pub(super) struct Watch {
    violations: Vec<Violation>,
    last_poll: Option<Duration>,
    /// A WRITE the drive turned away because it was busy: it has to be sent again as it was.
    turned_away: Option<Vec<u8>>,
    /// When READ BUFFER CAPACITY was last asked for.
    buffer_asked: Option<Duration>,
    /// WRITEs since then.
    writes: u32,
    /// A MODE SELECT was refused.
    pub(super) page_refused: bool,
    /// A fault kept the tray from being locked.
    pub(super) lock_refused: bool,
    /// The writable address was asked for since the last command that may have moved it.
    pub(super) address_asked: bool,
    /// Overwritable media: data beyond the descriptors was written and not synchronized.
    pub(super) unsynced_data: bool,
}

impl Watch {
    pub(super) fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Records a violation; the same one once.
    pub(super) fn record(&mut self, what: &str, cdb: &[u8]) {
        if self.violations.len() < MOST_VIOLATIONS && !self.violations.iter().any(|old| old.what == what) {
            self.violations.push(Violation { what: what.to_owned(), cdb: cdb.to_vec() });
        }
    }

    /// TEST UNIT READY during an operation.
    pub(super) fn polled(&mut self, now: Duration, cdb: &[u8]) {
        if self.last_poll.is_some_and(|last| now.saturating_sub(last) < SHORTEST_POLL) {
            self.record("the drive was polled faster than 100 times a second", cdb);
        }
        self.last_poll = Some(now);
    }

    /// A WRITE was turned away as the drive was busy; `working` with an operation, not with a full buffer.
    pub(super) fn turned_away(&mut self, cdb: &[u8], working: bool) {
        if working && self.turned_away.is_none() {
            self.record("WRITE while an operation was running", cdb);
        }
        self.write_arrived(cdb);
        self.turned_away = Some(cdb.to_vec());
    }

    /// A WRITE arrived.
    pub(super) fn write_arrived(&mut self, cdb: &[u8]) {
        self.writes = self.writes.saturating_add(1);
        if self.turned_away.take().is_some_and(|old| old != cdb) {
            self.record("a WRITE that was turned away as the drive was busy was not repeated as it was", cdb);
        }
    }

    /// READ BUFFER CAPACITY. True if it was asked for before there was anything new to tell: some drives fall behind then.
    pub(super) fn buffer_asked(&mut self, now: Duration, cdb: &[u8]) -> bool {
        let soon = self.buffer_asked.is_some_and(|last| now.saturating_sub(last) < BUFFER_PAUSE);
        let hammered = soon && self.writes < BUFFER_WRITES;
        if hammered {
            self.record("READ BUFFER CAPACITY came again within 64 WRITEs and half a second", cdb);
        }
        self.buffer_asked = Some(now);
        self.writes = 0;
        hammered
    }
}
