use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::*;
use crate::scsi::mmc::{Blank, BlankExtent};

/// Answers from a list, then GOOD for ever; its clock is the sum of the waits.
struct Script {
    answers: VecDeque<Result<Completion, TransportError>>,
    clock: Duration,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Transport for Script {
    fn execute(&mut self, cdb: &[u8], data: Data<'_>, _: Duration) -> Result<Completion, TransportError> {
        self.sent.lock().unwrap().push(cdb.to_vec());
        self.answers.pop_front().unwrap_or_else(|| Ok(Completion::good(data.len())))
    }
    fn max_transfer(&self) -> usize {
        64 * 1024
    }
    fn wait(&mut self, duration: Duration) {
        self.clock += duration;
    }
    fn now(&self) -> Duration {
        self.clock
    }
}

fn drive(answers: Vec<Result<Completion, TransportError>>) -> (Drive, Arc<Mutex<Vec<Vec<u8>>>>) {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let script = Script { answers: answers.into(), clock: Duration::ZERO, sent: sent.clone() };
    (Drive::new(Box::new(script), "script"), sent)
}

fn check(key: u8, asc: u8, ascq: u8) -> Result<Completion, TransportError> {
    let mut sense = [0; 18];
    sense[0] = 0x70;
    sense[2] = key;
    sense[7] = 10;
    sense[12] = asc;
    sense[13] = ascq;
    Ok(Completion::check(sense))
}

/// An operation in progress, half done: a drive that tells its progress is not asked for it with REQUEST SENSE.
fn half_done() -> Result<Completion, TransportError> {
    let mut busy = check(2, 4, 7)?;
    busy.sense[15..18].copy_from_slice(&[0x80, 0x80, 0x00]);
    Ok(busy)
}

#[test]
fn a_write_to_a_full_buffer_is_offered_again_until_it_is_taken() {
    let (mut drive, sent) = drive(vec![check(2, 4, 8), check(2, 4, 8)]);
    drive.write(Lba(100), &[0; SECTOR_BYTES]).unwrap();
    let sent = sent.lock().unwrap();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|cdb| *cdb == sent[0]));
}

#[test]
fn a_failed_write_is_not_sent_again() {
    for answer in [check(3, 0x0c, 0), check(6, 0x29, 0), check(0, 0, 0), check(0xb, 0x47, 0), Err(TransportError::Gone)]
    {
        let (mut drive, sent) = drive(vec![answer]);
        drive.write(Lba(100), &[0; SECTOR_BYTES]).unwrap_err();
        assert_eq!(sent.lock().unwrap().len(), 1);
    }
}

#[test]
fn a_read_is_tried_again_once_after_a_transport_fault() {
    let mut out = [0; SECTOR_BYTES];
    let (mut once, _) = drive(vec![check(0xb, 0x47, 0)]);
    once.read(Lba(0), &mut out, false).unwrap();
    let (mut twice, sent) = drive(vec![check(0xb, 0x47, 0), check(0xb, 0x47, 0)]);
    twice.read(Lba(0), &mut out, false).unwrap_err();
    assert_eq!(sent.lock().unwrap().len(), 2);
}

#[test]
fn a_long_operation_is_over_after_two_good_answers_in_a_row() {
    let (mut drive, sent) = drive(vec![Ok(Completion::good(0)), half_done(), Ok(Completion::good(0)), half_done()]);
    let blank = |immediate| Blank { extent: BlankExtent::Minimal, immediate };
    drive.run_long(blank, deadline::BLANK_MINIMAL, &mut |_| {}).unwrap();
    let polls = sent.lock().unwrap().iter().filter(|cdb| cdb[0] == 0).count();
    assert_eq!(polls, 5);
}

#[test]
fn a_drive_without_the_immed_bit_gets_the_command_without_it() {
    let (mut drive, sent) = drive(vec![check(5, 0x24, 0)]);
    let blank = |immediate| Blank { extent: BlankExtent::Minimal, immediate };
    drive.run_long(blank, deadline::BLANK_MINIMAL, &mut |_| {}).unwrap();
    let sent = sent.lock().unwrap();
    assert_eq!((sent[0][1], sent[1][1]), (0x11, 0x01));
}

#[test]
fn an_operation_that_never_ends_is_given_up_at_its_deadline() {
    let busy = std::iter::repeat_with(|| check(2, 4, 7)).take(100_000);
    let (mut drive, _) = drive(std::iter::once(Ok(Completion::good(0))).chain(busy).collect());
    let blank = |immediate| Blank { extent: BlankExtent::Minimal, immediate };
    let error = drive.run_long(blank, Duration::from_secs(60), &mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "the drive was not done with BLANK after 60 s");
}

#[test]
fn the_failure_of_an_operation_that_comes_with_the_poll_carries_its_name() {
    let (mut drive, _) = drive(vec![Ok(Completion::good(0)), half_done(), check(3, 0x51, 1)]);
    let blank = |immediate| Blank { extent: BlankExtent::Minimal, immediate };
    let error = drive.run_long(blank, deadline::BLANK_MINIMAL, &mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "BLANK failed: medium error, erase failure, the erase was incomplete (3/51/01)");
}

#[test]
fn readiness_takes_unit_attentions_and_spin_up_and_starts_a_drive_that_stands() {
    let (mut drive, sent) = drive(vec![check(6, 0x29, 0), check(6, 0x28, 0), check(2, 4, 1), check(2, 4, 2)]);
    drive.wait_until_ready().unwrap();
    assert!(sent.lock().unwrap().iter().any(|cdb| cdb[0] == 0x1b && cdb[4] == 1));
}

#[test]
fn an_open_tray_is_closed_once() {
    let (mut with_disc, sent) = drive(vec![check(2, 0x3a, 2), Ok(Completion::good(0)), check(2, 4, 1)]);
    with_disc.wait_until_ready().unwrap();
    assert_eq!(sent.lock().unwrap()[1][..], [0x1b, 0, 0, 0, 3, 0]);
    let (mut without, _) = drive(vec![check(2, 0x3a, 2), Ok(Completion::good(0)), check(2, 0x3a, 2)]);
    assert!(without.wait_until_ready().unwrap_err().is_no_medium());
}

#[test]
fn no_medium_is_an_answer_and_not_a_wait() {
    let (mut drive, sent) = drive(vec![check(2, 0x3a, 1)]);
    assert!(drive.wait_until_ready().unwrap_err().is_no_medium());
    assert_eq!(sent.lock().unwrap().len(), 1);
}

#[test]
fn the_tray_is_freed_on_every_way_out() {
    let (drive, sent) = drive(Vec::new());
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut drive = drive;
        drive.lock_tray();
        drive.lock_tray();
        panic!("on purpose");
    }));
    assert!(unwound.is_err());
    let sent = sent.lock().unwrap();
    assert_eq!(sent.iter().map(|cdb| (cdb[0], cdb[4])).collect::<Vec<_>>(), [(0x1e, 1), (0x1e, 0)]);
}

#[test]
fn a_reply_that_is_too_short_is_an_error() {
    let (mut drive, _) = drive(vec![Ok(Completion::good(4))]);
    assert_eq!(
        std::error::Error::source(&drive.identity().unwrap_err()).map(ToString::to_string).as_deref(),
        Some("INQUIRY answered 4 bytes, 36 are needed")
    );
}
