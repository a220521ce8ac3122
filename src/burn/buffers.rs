//! What is told of the buffers between source and laser: ours, and the drive's.
//!
//! The drive's is asked with READ BUFFER CAPACITY, for the display only: that it is full the drive says by itself, and then the WRITE waits.
//! Some drives slow down when they are asked often, and one writes badly when it is asked before its buffer has been full once. So it is
//! asked first `FIRST` after the first WRITE, by when a source that is faster than the laser has filled it; then after `WRITES` WRITEs
//! and `PERIOD`, whichever takes longer; and never again in a job after it refused.

use std::time::Duration;

use crate::scsi::Drive;
use crate::scsi::mmc::{BufferCapacity, ReadBufferCapacity};

/// From the first WRITE of a job to the first question.
const FIRST: Duration = Duration::from_secs(2);
/// Between two questions, on the drive's clock.
const PERIOD: Duration = Duration::from_millis(500);
/// WRITEs between two questions.
const WRITES: u32 = 64;

/// How full the buffers were while a session was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffers {
    /// Size of the buffer in front of the drive.
    pub fifo_bytes: u64,
    /// How full it was at least, in percent, between the first WRITE and the end of the image; 100 when the whole image was in it.
    pub fifo_least_percent: u8,
    /// How often it ran empty, so that the drive had to wait.
    pub fifo_ran_empty: u32,
    /// How full the drive's own buffer was at least when it was asked, in percent; `None` if it was not, or does not tell.
    pub drive_least_percent: Option<u8>,
    /// Size of the drive's own buffer, if it tells.
    pub drive_bytes: Option<u32>,
}

/// Asks for the drive's buffer, now and then.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    /// WRITEs since the last question.
    writes: u32,
    /// When the next question may come, from the first WRITE on.
    next: Option<Duration>,
    is_refused: bool,
    bytes: Option<u32>,
    percent: Option<u8>,
    least_percent: Option<u8>,
}

impl Gauge {
    /// So many WRITEs were taken; asks the drive if it is time.
    pub(super) fn written(&mut self, drive: &mut Drive, writes: u32) {
        self.writes = self.writes.saturating_add(writes);
        let now = drive.now();
        let next = *self.next.get_or_insert(now.saturating_add(FIRST));
        if self.is_refused || self.writes < WRITES || now < next {
            return;
        }
        (self.writes, self.next) = (0, Some(now.saturating_add(PERIOD)));
        match drive.run(&ReadBufferCapacity) {
            Ok(BufferCapacity { total_bytes: 0, .. }) => self.is_refused = true,
            Ok(capacity) => self.note(capacity),
            Err(error) => {
                tracing::debug!(%error, "the drive's buffer stays unknown");
                self.is_refused = true;
                drive.tell_again(&error);
            }
        }
    }

    fn note(&mut self, BufferCapacity { total_bytes, free_bytes }: BufferCapacity) {
        let used = u64::from(total_bytes.saturating_sub(free_bytes));
        let percent = u8::try_from(used * 100 / u64::from(total_bytes.max(1))).unwrap_or(100);
        self.bytes = Some(total_bytes);
        self.percent = Some(percent);
        self.least_percent = Some(self.least_percent.map_or(percent, |least| least.min(percent)));
    }

    /// How full it was when it was last asked, in percent.
    pub(super) fn percent(&self) -> Option<u8> {
        self.percent
    }

    /// How full it was at least, in percent.
    pub(super) fn least_percent(&self) -> Option<u8> {
        self.least_percent
    }

    /// Its size.
    pub(super) fn bytes(&self) -> Option<u32> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::scsi::{Completion, Data, Transport, TransportError};

    const MS: Duration = Duration::from_millis(1);
    /// Invalid command operation code.
    const REFUSAL: [u8; 14] = [0x70, 0, 5, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0x20, 0];
    /// Not ready to ready change, medium may have changed.
    const CHANGE: [u8; 14] = [0x70, 0, 6, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0x28, 0];

    /// A drive that only knows the one command: answers, and the times at which it was asked.
    #[derive(Clone, Default)]
    struct Asked {
        times: Arc<Mutex<Vec<Duration>>>,
        free: Vec<u32>,
        sense: Option<[u8; 14]>,
        now: Duration,
    }

    impl Transport for Asked {
        fn execute(&mut self, _: &[u8], data: Data<'_>, _: Duration) -> Result<Completion, TransportError> {
            let mut times = self.times.lock().unwrap();
            times.push(self.now);
            if let Some(sense) = self.sense {
                return Ok(Completion::check(sense));
            }
            let Data::In(reply) = data else { panic!("a reply is wanted") };
            let free = self.free[(times.len() - 1).min(self.free.len() - 1)];
            reply.copy_from_slice(&[&[0, 10, 0, 0][..], &2_097_152_u32.to_be_bytes(), &free.to_be_bytes()].concat());
            Ok(Completion::good(12))
        }
        fn max_transfer(&self) -> usize {
            65536
        }
        fn wait(&mut self, duration: Duration) {
            self.now += duration;
        }
        fn now(&self) -> Duration {
            self.now
        }
    }

    fn times(asked: &Asked, rounds: u32, writes: u32, each: Duration) -> (Gauge, Vec<Duration>) {
        let mut drive = Drive::new(Box::new(asked.clone()), "drive");
        let mut gauge = Gauge::default();
        for _ in 0..rounds {
            gauge.written(&mut drive, writes);
            drive.wait(each);
        }
        let times = asked.times.lock().unwrap().clone();
        (gauge, times)
    }

    #[test]
    fn a_drive_is_asked_after_two_seconds_and_then_twice_a_second() {
        let asked = Asked { free: vec![0, 1_048_576, 524_288], ..Asked::default() };
        let (gauge, times) = times(&asked, 4000, 1, MS);
        assert_eq!(times, [2000 * MS, 2500 * MS, 3000 * MS, 3500 * MS]);
        assert_eq!((gauge.bytes(), gauge.percent(), gauge.least_percent()), (Some(2_097_152), Some(75), Some(50)));
    }

    #[test]
    fn sixty_four_writes_lie_between_two_questions() {
        let asked = Asked { free: vec![0], ..Asked::default() };
        let (_, times) = times(&asked, 200, 1, 100 * MS);
        assert_eq!(times, [6300 * MS, 12_700 * MS, 19_100 * MS]);
    }

    #[test]
    fn a_drive_that_refuses_is_not_asked_again() {
        let asked = Asked { sense: Some(REFUSAL), ..Asked::default() };
        let (gauge, times) = times(&asked, 1000, 32, 100 * MS);
        assert_eq!(times.len(), 1);
        assert_eq!((gauge.bytes(), gauge.percent(), gauge.least_percent()), (None, None, None));
    }

    #[test]
    fn that_the_disc_may_be_another_one_is_not_lost_in_a_question_that_does_not_matter() {
        let mut drive = Drive::new(Box::new(Asked { sense: Some(CHANGE), ..Asked::default() }), "drive");
        let mut gauge = Gauge::default();
        gauge.written(&mut drive, 64);
        drive.wait(FIRST);
        gauge.written(&mut drive, 1);
        let error = drive.write(crate::sector::Lba(0), &[0; 2048]).unwrap_err();
        assert!(error.is_attention(), "{error}");
    }
}
