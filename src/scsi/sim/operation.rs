//! What the drive is busy with.

use std::time::Duration;

use super::family::Effect;
use super::options::Quirks;
use super::sense::Sense;

/// An operation that has begun and not ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation {
    pub(super) effect: Effect,
    pub(super) sense: Sense,
    pub(super) since: Duration,
    pub(super) until: Duration,
    /// It will fail with this.
    pub(super) fails: Option<Sense>,
    /// Quirk `earlyready`: TEST UNIT READY has been told that it is over.
    pub(super) told_ready: bool,
}

impl Operation {
    /// Whether TEST UNIT READY is now told, once, that it is over although it is not.
    pub(super) fn tells_ready(&mut self, now: Duration) -> bool {
        let early = !self.told_ready && now.saturating_sub(self.since) >= self.left(now);
        self.told_ready |= early;
        early
    }

    pub(super) fn left(&self, now: Duration) -> Duration {
        self.until.saturating_sub(now)
    }

    /// What the drive answers while it lasts.
    pub(super) fn sense(&self, now: Duration, quirks: Quirks) -> Sense {
        if self.effect == Effect::Nothing || quirks.no_progress {
            return self.sense;
        }
        if quirks.stuck_progress {
            return self.sense.with_progress(655);
        }
        let total = self.until.saturating_sub(self.since).as_millis().max(1);
        let done = now.saturating_sub(self.since).as_millis();
        self.sense.with_progress(u16::try_from(done.saturating_mul(0x1_0000) / total).unwrap_or(u16::MAX))
    }
}
