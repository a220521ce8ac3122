use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use super::*;
use crate::scsi::mmc::{Blank, BlankExtent};
use crate::scsi::{Completion, Data, During, Reaction, TransportError};
use crate::sector::Lba;

/// Answers from a list, then GOOD for ever; its clock is the sum of the waits.
struct Script {
    answers: VecDeque<Result<Completion, TransportError>>,
    clock: Duration,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
    /// What GOOD answers to an operation code carry.
    replies: HashMap<u8, Vec<u8>>,
}

impl Transport for Script {
    fn execute(&mut self, cdb: &[u8], data: Data<'_>, _: Duration) -> Result<Completion, TransportError> {
        self.sent.lock().unwrap().push(cdb.to_vec());
        let moved = data.len();
        if let (Data::In(buffer), Some(reply)) = (data, self.replies.get(&cdb[0])) {
            let length = buffer.len().min(reply.len());
            buffer[..length].copy_from_slice(&reply[..length]);
        }
        self.answers.pop_front().unwrap_or_else(|| Ok(Completion::good(moved)))
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
    drive_with(answers, [])
}

fn drive_with<const N: usize>(
    answers: Vec<Result<Completion, TransportError>>,
    replies: [(u8, Vec<u8>); N],
) -> (Drive, Arc<Mutex<Vec<Vec<u8>>>>) {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let script = Script { answers: answers.into(), clock: Duration::ZERO, sent: sent.clone(), replies: replies.into() };
    (Drive::new(Box::new(script), "script"), sent)
}

/// A drive that says that it pulls its tray in, and then answers like this.
fn with_tray(answers: Vec<Result<Completion, TransportError>>) -> (Drive, Arc<Mutex<Vec<Vec<u8>>>>) {
    let features = vec![0, 0, 0, 12, 0, 0, 0, 0, 0, 3, 0x0b, 4, 0x39, 0, 0, 0];
    // The length is asked first.
    let asked = [8, 16].map(|moved| Ok(Completion::good(moved)));
    drive_with(asked.into_iter().chain(answers).collect(), [(0x46, features)])
}

fn good() -> Result<Completion, TransportError> {
    Ok(Completion::good(0))
}

/// READ TRACK INFORMATION of a track that goes on at `next`.
fn track_at(next: u32) -> (u8, Vec<u8>) {
    let mut reply = vec![0; 36];
    reply[..2].copy_from_slice(&[0, 34]);
    reply[7] = 1;
    reply[12..16].copy_from_slice(&next.to_be_bytes());
    (0x52, reply)
}

fn full(next: (u8, Vec<u8>)) -> Result<Completion, TransportError> {
    Ok(Completion::good(next.1.len()))
}

fn opcodes(sent: &Arc<Mutex<Vec<Vec<u8>>>>) -> Vec<u8> {
    sent.lock().unwrap().iter().map(|cdb| cdb[0]).collect()
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
    assert_eq!(error.to_string(), "the drive was not done with BLANK after 60 s and is still busy");
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
fn an_open_tray_is_closed_once_where_it_may_be() {
    let (mut with_disc, sent) = drive(vec![check(2, 0x3a, 2), Ok(Completion::good(0)), check(2, 4, 1)]);
    with_disc.make_ready(Trays::PullIn).unwrap();
    assert_eq!(sent.lock().unwrap()[1][..], [0x1b, 0, 0, 0, 3, 0]);
    let (mut without, _) = drive(vec![check(2, 0x3a, 2), Ok(Completion::good(0)), check(2, 0x3a, 2)]);
    assert!(without.make_ready(Trays::PullIn).unwrap_err().is_no_medium());
    let (mut left_alone, sent) = drive(vec![check(2, 0x3a, 2)]);
    assert!(left_alone.wait_until_ready().unwrap_err().is_no_medium());
    assert_eq!(opcodes(&sent), [0x00]);
}

/// The movements of the tray: byte 4 of START STOP UNIT.
fn movements(sent: &Arc<Mutex<Vec<Vec<u8>>>>) -> Vec<u8> {
    sent.lock().unwrap().iter().filter(|cdb| cdb[0] == 0x1b).map(|cdb| cdb[4]).collect()
}

#[test]
fn a_disc_goes_out_and_in_again_only_where_that_is_allowed_and_a_change_that_is_announced_does_not_keep_the_tray_open()
{
    for trays in [Trays::Stay, Trays::PullIn] {
        let (mut drive, sent) = drive(Vec::new());
        assert!(!drive.reload(trays).unwrap());
        assert_eq!(movements(&sent), [0u8; 0]);
    }
    let (mut silent, sent) = drive(vec![Ok(Completion::good(8))]);
    assert!(!silent.reload(Trays::OutAndIn).unwrap(), "one that tells of no tray");
    assert_eq!(movements(&sent), [0u8; 0]);
    let (mut drive, sent) = with_tray(vec![check(6, 0x29, 0), good(), check(6, 0x28, 0), good()]);
    assert!(drive.reload(Trays::OutAndIn).unwrap());
    assert_eq!(movements(&sent), [2, 2, 3, 3]);
}

#[test]
fn a_tray_that_opened_and_does_not_close_is_told_of() {
    // The command is refused, or taken and without effect.
    let open = || check(2, 0x3a, 2);
    for answers in [vec![good(), check(5, 0x24, 0)], vec![good(), good(), open(), good(), open()]] {
        let (mut drive, _) = with_tray(answers);
        let error = drive.reload(Trays::OutAndIn).unwrap_err();
        assert!(matches!(error, ScsiError::TrayLeftOpen { .. }), "{error}");
    }
    let (mut shut, sent) = with_tray(vec![check(5, 0x24, 0)]);
    assert!(!shut.reload(Trays::OutAndIn).unwrap(), "one that does not open either is as it was");
    assert_eq!(movements(&sent), [2]);
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

/// The trays that are locked and freed again: PREVENT ALLOW MEDIUM REMOVAL with bit 0 of byte 4.
fn locks(sent: &Arc<Mutex<Vec<Vec<u8>>>>) -> Vec<u8> {
    sent.lock().unwrap().iter().filter(|cdb| cdb[0] == 0x1e).map(|cdb| cdb[4]).collect()
}

#[test]
fn the_tray_of_a_busy_drive_is_freed_when_it_is_done_or_given_up_after_ten_seconds() {
    let busy = |count| std::iter::repeat_with(|| check(2, 4, 7)).take(count);
    let (mut soon, sent) = drive(std::iter::once(good()).chain(busy(5)).collect());
    soon.lock_tray();
    soon.unlock_tray();
    assert_eq!(locks(&sent), [1, 0, 0, 0, 0, 0, 0]);
    let (mut never, _) = drive(std::iter::once(good()).chain(busy(1000)).collect());
    never.lock_tray();
    never.unlock_tray();
    assert_eq!(never.now(), Duration::from_secs(10));
}

#[test]
fn a_user_who_will_not_wait_gets_the_tray_of_a_drive_that_goes_on() {
    let answers = [good(), good(), half_done(), half_done(), half_done()];
    let (mut drive, sent) = drive(answers.into());
    let impatient: &'static AtomicBool = Box::leak(Box::default());
    drive.impatient = impatient;
    drive.lock_tray();
    let blank = |immediate| Blank { extent: BlankExtent::Full, immediate };
    // The signal comes while the second poll is made.
    let mut polls = 0;
    let mut second = |_| {
        polls += 1;
        impatient.store(polls == 2, Ordering::Relaxed);
    };
    let error = drive.run_long(blank, deadline::BLANK_FULL, &mut second).unwrap_err();
    assert!(error.is_given_up());
    assert_eq!(error.to_string(), "the drive was not done with BLANK and may still be busy: it was not waited for");
    drop(drive);
    assert_eq!(opcodes(&sent), [0x1e, 0xa1, 0x00, 0x00, 0x1e, 0x1e]);
    assert_eq!(locks(&sent), [1, 0, 0]);
}

#[test]
fn a_lock_that_did_not_come_back_is_undone() {
    let (mut stumbled, sent) =
        drive(std::iter::repeat_with(|| Err(TransportError::TimedOut(Duration::from_secs(15)))).take(3).collect());
    stumbled.lock_tray();
    stumbled.unlock_tray();
    assert_eq!(locks(&sent), [1, 1, 1, 0]);
    let (mut refused, sent) = drive(vec![check(5, 0x24, 0)]);
    refused.lock_tray();
    refused.unlock_tray();
    assert_eq!(locks(&sent), [1]);
}

#[test]
fn a_lock_that_a_reset_took_is_taken_again_before_the_next_work_and_given_free_at_the_end() {
    for (asc, expected) in [(0x29, [1, 1, 0].as_slice()), (0x28, &[1, 0])] {
        let (mut drive, sent) = drive(vec![good(), check(6, asc, 0)]);
        drive.lock_tray();
        // A proof goes on after this.
        drive.read(Lba(0), &mut [0; SECTOR_BYTES], false).unwrap_err();
        drive.lock_tray();
        drive.lock_tray();
        drop(drive);
        assert_eq!(locks(&sent), expected, "{asc:x}");
    }
    let (mut never_again, sent) = drive(vec![good(), check(6, 0x29, 0)]);
    never_again.lock_tray();
    never_again.read(Lba(0), &mut [0; SECTOR_BYTES], false).unwrap_err();
    drop(never_again);
    assert_eq!(locks(&sent), [1, 0]);
}

#[test]
fn a_reply_that_is_too_short_is_an_error() {
    let (mut drive, _) = drive(vec![Ok(Completion::good(4))]);
    assert_eq!(
        std::error::Error::source(&drive.identity().unwrap_err()).map(ToString::to_string).as_deref(),
        Some("INQUIRY answered 4 bytes, 36 are needed")
    );
}

#[test]
fn a_first_write_that_failed_is_sent_once_more_where_the_drive_still_expects_it() {
    let failed = || check(3, 0x0c, 0);
    let (mut healed, sent) = drive_with(vec![failed(), full(track_at(100)), good()], [track_at(100)]);
    healed.begin_writing(Some(TrackAddress::Invisible));
    healed.write(Lba(100), &[0; SECTOR_BYTES]).unwrap();
    assert_eq!(opcodes(&sent), [0x2a, 0x52, 0x2a]);
    assert_eq!(healed.now(), Duration::from_secs(10));

    let (mut moved, sent) = drive_with(vec![failed(), full(track_at(116)), good()], [track_at(116)]);
    moved.begin_writing(Some(TrackAddress::Invisible));
    moved.write(Lba(100), &[0; SECTOR_BYTES]).unwrap_err();
    assert_eq!(opcodes(&sent), [0x2a, 0x52]);

    let (number, mut track) = track_at(100);
    track[5] |= 0x20;
    let (mut damaged, sent) = drive_with(vec![failed(), full((number, track.clone())), good()], [(number, track)]);
    damaged.begin_writing(Some(TrackAddress::Invisible));
    damaged.write(Lba(100), &[0; SECTOR_BYTES]).unwrap_err();
    assert_eq!(opcodes(&sent), [0x2a, 0x52]);

    let (mut worn, sent) = drive_with(vec![failed(), full(track_at(100)), failed()], [track_at(100)]);
    worn.begin_writing(Some(TrackAddress::Invisible));
    worn.write(Lba(100), &[0; SECTOR_BYTES]).unwrap_err();
    assert_eq!(opcodes(&sent), [0x2a, 0x52, 0x2a]);

    let (mut overwritable, sent) = drive(vec![failed()]);
    overwritable.begin_writing(None);
    overwritable.write(Lba(100), &[0; SECTOR_BYTES]).unwrap_err();
    assert_eq!(opcodes(&sent), [0x2a]);

    let (mut second, sent) = drive_with(vec![good(), failed()], [track_at(100)]);
    second.begin_writing(Some(TrackAddress::Invisible));
    second.write(Lba(99), &[0; SECTOR_BYTES]).unwrap();
    second.write(Lba(100), &[0; SECTOR_BYTES]).unwrap_err();
    assert_eq!(opcodes(&sent), [0x2a, 0x2a]);
}

#[test]
fn a_first_write_out_of_sequence_is_sent_again_after_a_synchronisation_once_and_a_later_one_never() {
    let (mut once, sent) = drive(vec![check(5, 0x2c, 0)]);
    once.begin_writing(None);
    once.write(Lba(100), &[0; SECTOR_BYTES]).unwrap();
    assert_eq!(opcodes(&sent), [0x2a, 0x35, 0x00, 0x00, 0x2a]);
    let (mut twice, sent) = drive(vec![check(5, 0x2c, 0), good(), good(), good(), check(5, 0x2c, 0)]);
    twice.begin_writing(None);
    twice.write(Lba(100), &[0; SECTOR_BYTES]).unwrap_err();
    assert_eq!(opcodes(&sent), [0x2a, 0x35, 0x00, 0x00, 0x2a]);
    let (mut later, sent) = drive(vec![good(), check(5, 0x2c, 0)]);
    later.begin_writing(None);
    later.write(Lba(100), &[0; SECTOR_BYTES]).unwrap();
    later.write(Lba(101), &[0; SECTOR_BYTES]).unwrap_err();
    assert_eq!(opcodes(&sent), [0x2a, 0x2a]);
}

#[test]
fn mode_parameters_that_changed_are_sent_again_before_the_command_that_met_the_change() {
    let (mut drive, sent) = drive(vec![good(), good(), check(6, 0x2a, 1)]);
    drive.write_page = Some(WriteParameters::minimal().cd_track_at_once(crate::scsi::mmc::Append::Allowed).select());
    drive.write(Lba(0), &[0; SECTOR_BYTES]).unwrap();
    drive.write(Lba(1), &[0; SECTOR_BYTES]).unwrap();
    drive.write(Lba(2), &[0; SECTOR_BYTES]).unwrap();
    assert_eq!(opcodes(&sent), [0x2a, 0x2a, 0x2a, 0x55, 0x2a]);
}

#[test]
fn mode_parameters_that_changed_during_an_operation_are_sent_again_at_its_end() {
    let (mut drive, sent) = drive(vec![good(), check(6, 0x2a, 1), good(), good()]);
    drive.write_page = Some(WriteParameters::minimal().cd_track_at_once(crate::scsi::mmc::Append::Allowed).select());
    let synchronize = |immediate| crate::scsi::sbc::SynchronizeCache10 { immediate };
    drive.run_long(synchronize, deadline::SYNCHRONIZE, &mut |_| {}).unwrap();
    assert_eq!(opcodes(&sent), [0x35, 0, 0, 0, 0x55]);
}

#[test]
fn a_drive_that_refuses_its_own_page_gets_the_shortest_one() {
    let answers = vec![full((0, vec![0; 10])), full((0, vec![0; 70])), check(5, 0x26, 0), good()];
    let mut page = vec![0; 70];
    page[..10].copy_from_slice(&[0, 68, 0, 0, 0, 0, 0, 0, 5, 60]);
    let (mut drive, sent) = drive_with(answers, [(0x5a, page)]);
    drive.set_write_parameters(|page| page.dvd_disc_at_once()).unwrap();
    let sent = sent.lock().unwrap();
    let lengths: Vec<(u8, u8)> = sent.iter().map(|cdb| (cdb[0], cdb[8])).collect();
    assert_eq!(lengths, [(0x5a, 10), (0x5a, 70), (0x55, 70), (0x55, 60)]);
}

#[test]
fn a_drive_that_refuses_the_length_of_its_own_page_or_does_not_tell_it_gets_the_shortest_one() {
    let mut page = vec![0; 70];
    page[..10].copy_from_slice(&[0, 68, 0, 0, 0, 0, 0, 0, 5, 60]);
    let answers = vec![full((0, vec![0; 10])), full((0, vec![0; 70])), check(5, 0x1a, 0), good()];
    let (mut length, sent) = drive_with(answers, [(0x5a, page)]);
    length.set_write_parameters(|page| page.dvd_disc_at_once()).unwrap();
    assert_eq!(sent.lock().unwrap().iter().map(|cdb| (cdb[0], cdb[8])).next_back(), Some((0x55, 60)));
    let (mut silent, sent) = drive(vec![check(5, 0x24, 0)]);
    silent.set_write_parameters(|page| page.dvd_disc_at_once()).unwrap();
    assert_eq!(opcodes(&sent), [0x5a, 0x55]);
}

#[test]
fn an_operation_of_a_drive_that_stands_is_waited_for_after_one_start_and_one_without_a_configuration_for_ten_seconds() {
    let synchronize = |immediate| crate::scsi::sbc::SynchronizeCache10 { immediate };
    let standing = || check(2, 4, 2);
    let (mut slow, sent) = drive(vec![good(), standing(), good(), standing(), Ok(Completion::good(18)), standing()]);
    slow.run_long(synchronize, deadline::SYNCHRONIZE, &mut |_| {}).unwrap();
    assert_eq!(opcodes(&sent), [0x35, 0, 0x1b, 0, 0x03, 0, 0, 0]);
    let answers = std::iter::once(good()).chain(std::iter::repeat_with(|| check(2, 0x3e, 0)).take(10_000));
    let (mut broken, _) = drive(answers.collect());
    assert!(broken.run_long(synchronize, deadline::SYNCHRONIZE, &mut |_| {}).unwrap_err().sense().is_some());
    assert_eq!(broken.now(), Duration::from_secs(10));
}

#[test]
fn a_drive_that_answers_nothing_but_changes_is_not_asked_without_a_pause() {
    let (mut storm, sent) = drive(std::iter::repeat_with(|| check(6, 0x28, 0)).take(10_000).collect());
    storm.wait_until_ready().unwrap_err();
    assert_eq!(storm.now(), deadline::READY);
    assert!(sent.lock().unwrap().len() < 300);
}

#[test]
fn a_tray_that_somebody_locked_is_freed_and_opened() {
    let (mut drive, sent) = drive(vec![check(5, 0x53, 2)]);
    drive.eject().unwrap();
    let sent = sent.lock().unwrap();
    assert_eq!(sent.iter().map(|cdb| (cdb[0], cdb[4])).collect::<Vec<_>>(), [(0x1b, 2), (0x1e, 0), (0x1b, 2)]);
}

#[test]
fn a_drive_that_never_says_why_it_is_not_ready_counts_as_ready_after_half_a_minute() {
    let (mut drive, _) = drive(std::iter::repeat_with(|| check(2, 4, 0)).take(10_000).collect());
    drive.wait_until_ready().unwrap();
    // And half a second more, for who asks next.
    assert_eq!(drive.now(), Duration::from_millis(30_500));
    let answers = std::iter::once(good()).chain(std::iter::repeat_with(|| check(2, 4, 0)).take(10_000));
    let (mut closing, _) = self::drive(answers.collect());
    let close = |immediate| crate::scsi::mmc::CloseTrackSession {
        function: crate::scsi::mmc::CloseFunction::Session,
        immediate,
    };
    closing.run_long(close, deadline::CLOSE, &mut |_| {}).unwrap();
    assert_eq!(closing.now(), Duration::from_millis(30_500));
}

#[test]
fn a_drive_that_does_not_configure_itself_is_given_up_after_ten_seconds() {
    let (mut drive, _) = drive(std::iter::repeat_with(|| check(2, 0x3e, 0)).take(10_000).collect());
    assert!(drive.wait_until_ready().unwrap_err().sense().is_some());
    assert_eq!(drive.now(), Duration::from_secs(10));
}

#[test]
fn a_busy_drive_is_asked_again_until_it_answers() {
    let busy = || Ok(Completion { status: crate::scsi::Status::Busy, moved: 0, sense: Vec::new() });
    let (mut drive, sent) = drive(vec![busy(), check(2, 4, 1), check(2, 4, 8)]);
    drive.run(&crate::scsi::sbc::ReadCapacity10).unwrap();
    assert_eq!(opcodes(&sent), [0x25; 4]);
}

#[test]
fn a_question_that_does_not_get_through_is_asked_three_times_and_a_mode_page_sent_once() {
    let lost = || Err(TransportError::TimedOut(Duration::from_secs(15)));
    let (mut asked, sent) = drive(vec![lost(), lost()]);
    asked.run(&crate::scsi::sbc::ReadCapacity10).unwrap();
    assert_eq!(opcodes(&sent), [0x25; 3]);
    let (mut told, sent) = drive(vec![lost()]);
    told.run(&WriteParameters::minimal().select()).unwrap_err();
    assert_eq!(opcodes(&sent), [0x55]);
}

#[test]
fn a_standing_drive_is_started_for_a_write_and_a_change_of_the_medium_by_it_is_heard() {
    let (mut standing, sent) = drive(vec![check(2, 4, 2), good(), check(2, 4, 1), good(), good()]);
    standing.write(Lba(0), &[0; SECTOR_BYTES]).unwrap();
    assert_eq!(opcodes(&sent), [0x2a, 0x1b, 0x00, 0x00, 0x2a]);
    let (mut changed, sent) = drive(vec![check(2, 4, 2), good(), check(6, 0x28, 0)]);
    assert!(changed.write(Lba(0), &[0; SECTOR_BYTES]).unwrap_err().is_attention());
    assert_eq!(opcodes(&sent), [0x2a, 0x1b, 0x00]);
}

#[test]
fn progress_that_the_poll_does_not_tell_is_requested_until_there_is_none() {
    let told = vec![0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 4, 7, 0, 0x80, 0x40, 0];
    let busy = || check(2, 4, 7);
    let answers = vec![good(), busy(), Ok(Completion::good(18)), busy(), Ok(Completion::good(18)), good(), good()];
    let (mut telling, _) = drive_with(answers, [(0x03, told)]);
    let blank = |immediate| Blank { extent: BlankExtent::Minimal, immediate };
    let mut heard = Vec::new();
    telling.run_long(blank, deadline::BLANK_MINIMAL, &mut |progress| heard.push(progress)).unwrap();
    assert_eq!(heard, [Some(0x4000), Some(0x4000)]);

    let (mut silent, sent) = drive(vec![good(), busy(), Ok(Completion::good(18)), busy(), busy(), good(), good()]);
    let mut heard = Vec::new();
    silent.run_long(blank, deadline::BLANK_MINIMAL, &mut |progress| heard.push(progress)).unwrap();
    assert_eq!(heard, [None; 3]);
    assert_eq!(opcodes(&sent).iter().filter(|&&code| code == 0x03).count(), 1);
}

#[test]
fn the_end_of_an_operation_may_be_announced_as_a_change_of_the_medium_but_a_reset_is_none() {
    let blank = |immediate| Blank { extent: BlankExtent::Minimal, immediate };
    let (mut ended, _) = drive(vec![good(), check(6, 0x28, 0)]);
    ended.run_long(blank, deadline::BLANK_MINIMAL, &mut |_| {}).unwrap();
    let (mut reset, _) = drive(vec![good(), check(6, 0x29, 0)]);
    assert!(reset.run_long(blank, deadline::BLANK_MINIMAL, &mut |_| {}).unwrap_err().is_attention());
    // Who synchronizes has to look himself; the operation is waited for first.
    let synchronize = |immediate| crate::scsi::sbc::SynchronizeCache10 { immediate };
    let (mut told, sent) = drive(vec![good(), check(6, 0x28, 0), half_done()]);
    let change = told.run_long(synchronize, deadline::SYNCHRONIZE, &mut |_| {}).unwrap_err();
    assert_eq!(change.reaction(During::Poll), Reaction::Inspect);
    assert_eq!(opcodes(&sent), [0x35, 0, 0, 0, 0]);
}

#[test]
fn a_drive_that_does_not_stream_is_written_without() {
    let (mut drive, sent) = drive(vec![check(5, 0x20, 0)]);
    drive.write_streaming(Lba(0), &[0; SECTOR_BYTES]).unwrap();
    drive.write_streaming(Lba(1), &[0; SECTOR_BYTES]).unwrap();
    assert_eq!(opcodes(&sent), [0xaa, 0x2a, 0x2a]);
}

#[test]
fn only_as_much_of_a_reply_is_asked_for_as_there_is_and_an_even_number() {
    let mut features = vec![0; 21];
    features[..8].copy_from_slice(&[0, 0, 0, 17, 0, 0, 0, 0x43]);
    let (mut drive, sent) = drive_with(Vec::new(), [(0x46, features)]);
    assert_eq!(drive.features().unwrap().profile, Profile::BdRe);
    let asked: Vec<u8> = sent.lock().unwrap().iter().map(|cdb| cdb[8]).collect();
    assert_eq!(asked, [8, 22]);
}

#[test]
fn write_speeds_come_from_the_old_page_where_the_drive_lists_none() {
    let mut page = vec![0; 40];
    page[..10].copy_from_slice(&[0, 38, 0, 0, 0, 0, 0, 0, 0x2a, 30]);
    page[8 + 18..8 + 20].copy_from_slice(&[0x1b, 0x90]);
    let (mut drive, sent) = drive_with(vec![check(5, 0x20, 0)], [(0x5a, page)]);
    assert_eq!(drive.write_speeds().unwrap().iter().map(|speed| speed.write_kb_per_s).collect::<Vec<_>>(), [7056]);
    assert_eq!(opcodes(&sent), [0xac, 0x5a, 0x5a]);
}
