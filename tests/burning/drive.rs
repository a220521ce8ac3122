//! A simulated drive that a test keeps hold of while a burn uses it: it sees every command, may answer in the drive's place, and
//! asks the drive at the end what its client did wrong.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cedarburn::burn::{self, BurnError, Burned, Image, Job, Medium as Found};
use cedarburn::scsi::sim::SimDrive;
use cedarburn::scsi::{Completion, Data, Drive, Transport, TransportError};
use cedarburn::sector::{Lba, SECTOR_BYTES, Sectors};

use super::workshop::Workshop;

/// Answers a command in the drive's place.
type Answer = Box<dyn FnMut(&[u8]) -> Option<Completion> + Send>;

struct Kept {
    drive: SimDrive,
    sent: Vec<Vec<u8>>,
    answer: Answer,
}

/// The test's end.
#[derive(Clone)]
pub(crate) struct Keeper(Arc<Mutex<Kept>>);

/// The client's end.
struct Line(Arc<Mutex<Kept>>);

impl Transport for Line {
    fn execute(&mut self, cdb: &[u8], data: Data<'_>, timeout: Duration) -> Result<Completion, TransportError> {
        let mut kept = self.0.lock().unwrap();
        kept.sent.push(cdb.to_vec());
        match (kept.answer)(cdb) {
            Some(answer) => Ok(answer),
            None => kept.drive.execute(cdb, data, timeout),
        }
    }
    fn max_transfer(&self) -> usize {
        self.0.lock().unwrap().drive.max_transfer()
    }
    fn wait(&mut self, duration: Duration) {
        self.0.lock().unwrap().drive.wait(duration);
    }
    fn now(&self) -> Duration {
        self.0.lock().unwrap().drive.now()
    }
}

impl Keeper {
    /// A drive with the workshop's disc in it.
    pub(crate) fn new(workshop: &Workshop) -> (Keeper, Drive) {
        Keeper::with(workshop, "")
    }

    /// The same in a drive with these options.
    pub(crate) fn with(workshop: &Workshop, options: &str) -> (Keeper, Drive) {
        let drive = SimDrive::open(&format!("{}{options}", workshop.disc().display())).unwrap();
        let kept = Arc::new(Mutex::new(Kept { drive, sent: Vec::new(), answer: Box::new(|_| None) }));
        (Keeper(Arc::clone(&kept)), Drive::new(Box::new(Line(kept)), "a drive in a test"))
    }

    /// Lets `answer` answer in the drive's place where it wants.
    pub(crate) fn answer(&self, answer: impl FnMut(&[u8]) -> Option<Completion> + Send + 'static) {
        self.0.lock().unwrap().answer = Box::new(answer);
    }

    /// The commands since the last time this was asked.
    pub(crate) fn sent(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.0.lock().unwrap().sent)
    }

    pub(crate) fn power_cut(&self) {
        self.0.lock().unwrap().drive.power_cut();
    }

    /// The client thinks it is done: it did nothing a drive takes amiss, and left nothing undone, the tray's lock included.
    pub(crate) fn assert_content(&self) {
        let mut kept = self.0.lock().unwrap();
        assert_eq!(kept.drive.violations(), []);
        assert_eq!(kept.drive.job_over(), []);
    }
}

/// A refusal with this sense.
pub(crate) fn refusal(key: u8, asc: u8, ascq: u8) -> Completion {
    Completion::check([0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0])
}

/// Sectors that each say where they are and in which image.
pub(crate) struct Numbered {
    pub(crate) at: u32,
    pub(crate) end: u32,
    pub(crate) seed: u8,
}

pub(crate) fn numbered(at: u32, seed: u8) -> [u8; SECTOR_BYTES] {
    let mut sector = [seed; SECTOR_BYTES];
    sector[..4].copy_from_slice(&at.to_be_bytes());
    sector
}

impl Image for Numbered {
    fn read(&mut self, out: &mut [u8]) -> usize {
        let mut filled = 0;
        for sector in out.chunks_exact_mut(SECTOR_BYTES) {
            if self.at == self.end {
                break;
            }
            sector.copy_from_slice(&numbered(self.at, self.seed));
            self.at += 1;
            filled += SECTOR_BYTES;
        }
        filled
    }
}

/// Burns `sectors` numbered sectors at `start`.
pub(crate) fn burn_numbered(
    drive: &mut Drive,
    medium: &Found,
    start: Lba,
    sectors: Sectors,
    seed: u8,
) -> Result<Burned, BurnError> {
    let mut image = Numbered { at: start.0, end: start.0 + sectors.0, seed };
    let job = Job {
        start,
        sectors,
        image: &mut image,
        recorded_end: start,
        wipes: start == burn::overwrite::FIRST_SESSION,
        finalize: false,
        defect_management: None,
        speed: Some(4),
        fifo_bytes: 1 << 18,
        stop: &AtomicBool::new(false),
        progress: &mut |_| {},
    };
    let burned = burn::burn(drive, medium, job);
    if burned.is_ok() && medium.is_overwritable() {
        let superblock: Vec<u8> = (0..32).flat_map(|at| numbered(at, seed)).collect();
        burn::show(drive, medium, Some(&superblock), &mut |_| {})?;
    }
    drive.unlock_tray();
    burned
}
