use std::io;

use super::During::*;
use super::SenseKey::*;
use super::*;

const WRITES: &[During] = &[FirstWrite, Write];
const READS: &[During] = &[Read];
const QUESTIONS: &[During] = &[Read, Inspect];
const OPC: &[During] = &[Calibrate];
/// The work on the medium has begun.
const WORK: &[During] = &[FirstWrite, Write, Synchronize, Close, Blank, Format, Poll];

/// Conditions: key, code, qualifiers; what they ask for at certain times; what at all others.
type Row = (SenseKey, u8, &'static [u8], &'static [(&'static [During], Reaction)], Reaction);

const TABLE: &[Row] = &[
    // CHECK CONDITION without a reason.
    (NoSense, 0x00, &[0x00], &[(QUESTIONS, Reaction::Repeat), (&[Poll], Reaction::Wait)], Reaction::Fail),
    (NoSense, 0x00, &[0x16], &[], Reaction::Wait),
    // The command worked.
    (RecoveredError, 0x17, &[0x01], &[], Reaction::Ignore),
    (RecoveredError, 0x0c, &[0x01, 0x02], &[], Reaction::Ignore),
    (RecoveredError, 0x73, &[0x01], &[], Reaction::Ignore),
    // Not ready.
    (NotReady, 0x04, &[0x00], &[(WRITES, Reaction::WaitAtMost(CLUELESS))], Reaction::WaitThenInspect(CLUELESS)),
    (NotReady, 0x04, &[0x01], &[], Reaction::Wait),
    (NotReady, 0x04, &[0x02], &[], Reaction::Start),
    (NotReady, 0x04, &[0x03], &[], Reaction::Fail),
    (NotReady, 0x04, &[0x04, 0x07, 0x08, 0x09], &[], Reaction::Wait),
    (NotReady, 0x30, &[0x00, 0x01, 0x02, 0x05], &[], Reaction::Fail),
    (NotReady, 0x3a, &[0x00, 0x01, 0x03], &[(WORK, Reaction::Fail)], Reaction::NoMedium),
    (NotReady, 0x3a, &[0x02], &[(WORK, Reaction::Fail)], Reaction::TrayOpen),
    (NotReady, 0x3e, &[0x00], &[], Reaction::WaitAtMost(SELF_CONFIGURATION)),
    (NotReady, 0x53, &[0x02], &[(&[Eject], Reaction::AllowRemoval)], Reaction::Fail),
    // Medium errors.
    (MediumError, 0x02, &[0x00], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    (MediumError, 0x03, &[0x00], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    (MediumError, 0x09, &[0x00, 0x01, 0x02], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    (MediumError, 0x15, &[0x00, 0x01, 0x02], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    (
        MediumError,
        0x0c,
        &[0x00],
        &[(&[FirstWrite], Reaction::RepeatIfUnmoved(HEAL)), (READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
    (
        MediumError,
        0x0c,
        &[0x01, 0x02, 0x08, 0x09, 0x0a, 0x0f],
        &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
    (MediumError, 0x0c, &[0x07], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    (MediumError, 0x10, &[0x00], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    (
        MediumError,
        0x11,
        &[0x00, 0x01, 0x02, 0x05, 0x06],
        &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
    (MediumError, 0x31, &[0x00, 0x01], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    (
        MediumError,
        0x51,
        &[0x00, 0x01],
        &[(&[Blank], Reaction::BlankFully), (READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
    (
        MediumError,
        0x57,
        &[0x00],
        &[(&[Inspect], Reaction::Reload), (READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
    (
        MediumError,
        0x73,
        &[0x00, 0x01, 0x02, 0x03, 0x04, 0x05],
        &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
    // The drive is broken, or says so.
    (HardwareError, 0x08, &[0x00, 0x01], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    (HardwareError, 0x09, &[0x00], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    (HardwareError, 0x15, &[0x01], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    (HardwareError, 0x1b, &[0x00], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    (HardwareError, 0x3e, &[0x01, 0x02], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    (HardwareError, 0x40, &[0x80], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    (HardwareError, 0x44, &[0x00], &[(READS, Reaction::ReadAgain), (OPC, Reaction::Ignore)], Reaction::Fail),
    // Illegal requests.
    (IllegalRequest, 0x1a, &[0x00], &[(OPC, Reaction::Ignore)], Reaction::Unsupported),
    (IllegalRequest, 0x20, &[0x00], &[(OPC, Reaction::Ignore)], Reaction::Unsupported),
    (IllegalRequest, 0x21, &[0x00], &[(READS, Reaction::BehindTheEnd), (OPC, Reaction::Ignore)], Reaction::Fail),
    (
        IllegalRequest,
        0x21,
        &[0x02],
        &[(WRITES, Reaction::RepeatIfUnmoved(Duration::ZERO)), (OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
    (IllegalRequest, 0x21, &[0x01, 0x03], &[(OPC, Reaction::Ignore)], Reaction::Fail),
    (IllegalRequest, 0x24, &[0x00], &[(OPC, Reaction::Ignore)], Reaction::Unsupported),
    (IllegalRequest, 0x25, &[0x00], &[(OPC, Reaction::Ignore)], Reaction::Fail),
    (IllegalRequest, 0x26, &[0x00, 0x01, 0x02], &[(OPC, Reaction::Ignore)], Reaction::Unsupported),
    (IllegalRequest, 0x27, &[0x00], &[(OPC, Reaction::Ignore)], Reaction::Fail),
    (
        IllegalRequest,
        0x2c,
        &[0x00],
        &[(&[FirstWrite, Close], Reaction::SynchronizeThenRepeat), (OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
    (IllegalRequest, 0x2c, &[0x03, 0x04], &[(OPC, Reaction::Ignore)], Reaction::Fail),
    (
        IllegalRequest,
        0x30,
        &[0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x08, 0x09, 0x10],
        &[(OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
    (IllegalRequest, 0x32, &[0x00], &[(OPC, Reaction::Ignore)], Reaction::Fail),
    (IllegalRequest, 0x39, &[0x00], &[(OPC, Reaction::Ignore)], Reaction::Fail),
    (IllegalRequest, 0x53, &[0x02], &[(&[Eject], Reaction::AllowRemoval), (OPC, Reaction::Ignore)], Reaction::Fail),
    (IllegalRequest, 0x55, &[0x00], &[(OPC, Reaction::Ignore)], Reaction::RepeatWhenReady),
    (IllegalRequest, 0x63, &[0x00, 0x01], &[(OPC, Reaction::Ignore)], Reaction::Fail),
    (IllegalRequest, 0x64, &[0x00], &[(&[FirstWrite], Reaction::DiscAtOnce), (OPC, Reaction::Ignore)], Reaction::Fail),
    (IllegalRequest, 0x64, &[0x01], &[(OPC, Reaction::Ignore)], Reaction::Fail),
    (IllegalRequest, 0x6f, &[0x00, 0x01, 0x02, 0x03, 0x04, 0x05], &[(OPC, Reaction::Ignore)], Reaction::Fail),
    (
        IllegalRequest,
        0x72,
        &[0x03, 0x04],
        &[(&[Close], Reaction::CloseTrackFirst), (OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
    (IllegalRequest, 0x72, &[0x00, 0x01, 0x02, 0x05], &[(OPC, Reaction::Ignore)], Reaction::Fail),
    // Unit attentions.
    (UnitAttention, 0x28, &[0x00, 0x02], &[(&[Poll], Reaction::Inspect), (WORK, Reaction::Fail)], Reaction::Inspect),
    (UnitAttention, 0x29, &[0x00, 0x01, 0x02, 0x03, 0x04], &[(WORK, Reaction::Fail)], Reaction::Inspect),
    (UnitAttention, 0x2a, &[0x00, 0x01], &[], Reaction::Resend),
    (UnitAttention, 0x2e, &[0x00], &[], Reaction::Wait),
    (UnitAttention, 0x2f, &[0x00], &[(WORK, Reaction::Fail)], Reaction::Inspect),
    (UnitAttention, 0x3f, &[0x00, 0x01, 0x03], &[(WORK, Reaction::Fail)], Reaction::Inspect),
    // Write protected.
    (DataProtect, 0x27, &[0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06], &[(OPC, Reaction::Ignore)], Reaction::Fail),
    // Never written.
    (BlankCheck, 0x00, &[0x00], &[(QUESTIONS, Reaction::Blank), (OPC, Reaction::Ignore)], Reaction::Fail),
    (BlankCheck, 0x64, &[0x00], &[(QUESTIONS, Reaction::Blank), (OPC, Reaction::Ignore)], Reaction::Fail),
    // Broken off on the way.
    (
        AbortedCommand,
        0x00,
        &[0x06],
        &[(QUESTIONS, Reaction::Repeat), (&[Poll], Reaction::Wait), (OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
    (
        AbortedCommand,
        0x08,
        &[0x00, 0x01],
        &[(QUESTIONS, Reaction::Repeat), (&[Poll], Reaction::Wait), (OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
    (
        AbortedCommand,
        0x47,
        &[0x00],
        &[(QUESTIONS, Reaction::Repeat), (&[Poll], Reaction::Wait), (OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
    (
        AbortedCommand,
        0x4e,
        &[0x00],
        &[(QUESTIONS, Reaction::Repeat), (&[Poll], Reaction::Wait), (OPC, Reaction::Ignore)],
        Reaction::Fail,
    ),
];

#[test]
fn every_condition_has_its_reaction_at_every_time() {
    for (key, asc, qualifiers, special, otherwise) in TABLE {
        for ascq in *qualifiers {
            for during in During::ALL {
                let expected =
                    special.iter().find(|(when, _)| when.contains(&during)).map_or(otherwise, |(_, then)| then);
                let sense = Sense::of(*key, *asc, *ascq);
                assert_eq!(sense.reaction(during), *expected, "{sense} during {during:?}");
            }
        }
    }
}

#[test]
fn no_condition_of_a_write_ever_skips_it() {
    for key in 0..=0xf {
        for asc in 0..=0xff {
            for ascq in 0..=0x20 {
                let sense = Sense::of(SenseKey::from_code(key), asc, ascq);
                for during in [FirstWrite, Write] {
                    assert_eq!(sense.reaction(during) == Reaction::Ignore, sense.key == RecoveredError, "{sense}");
                }
            }
        }
    }
}

#[test]
fn an_error_of_an_earlier_command_is_no_error_of_this_one_but_fails_a_write() {
    let deferred = |key, asc| Sense { deferred: true, ..Sense::of(key, asc, 0) };
    for during in During::ALL {
        assert_eq!(deferred(RecoveredError, 0x17).reaction(during), Reaction::Wait);
        let expected = match during {
            Inspect | SetUp | Calibrate | Eject => Reaction::Repeat,
            _ => Reaction::Fail,
        };
        assert_eq!(deferred(MediumError, 0x0c).reaction(during), expected, "{during:?}");
        assert_eq!(deferred(HardwareError, 0x44).reaction(during), expected, "{during:?}");
        let changed = Sense::of(UnitAttention, 0x28, 0).reaction(during);
        assert_eq!(deferred(UnitAttention, 0x28).reaction(during), changed);
    }
}

#[test]
fn a_busy_drive_is_waited_for_and_a_reserved_one_is_not() {
    assert_eq!(Status::Busy.reaction(), Reaction::Wait);
    assert_eq!(Status::TaskSetFull.reaction(), Reaction::Wait);
    assert_eq!(Status::ReservationConflict.reaction(), Reaction::Fail);
    assert_eq!(Status::Other(0x30).reaction(), Reaction::Fail);
}

#[test]
fn a_lost_connection_is_told_from_one_that_stumbled() {
    let host = |host| TransportError::Host { host, driver: 0, name: "" };
    for lost in [0x01, 0x04, 0x07, 0x08, 0x0e, 0x0f, 0x55].map(host).into_iter().chain([TransportError::Gone]) {
        for during in During::ALL {
            assert_eq!(lost.reaction(during), Reaction::Lost, "{lost} {during:?}");
        }
    }
    for stumbled in [0x02, 0x03, 0x05, 0x06, 0x0b, 0x0c, 0x0d]
        .map(host)
        .into_iter()
        .chain([TransportError::TimedOut(Duration::from_secs(60))])
    {
        assert_eq!(stumbled.reaction(Read), Reaction::Repeat);
        assert_eq!(stumbled.reaction(Inspect), Reaction::Repeat);
        for during in WRITES {
            assert_eq!(stumbled.reaction(*during), Reaction::Fail, "{stumbled} {during:?}");
        }
    }
    let refused = TransportError::NotPermitted(io::Error::from(io::ErrorKind::PermissionDenied));
    assert_eq!(refused.reaction(Inspect), Reaction::Unsupported);
}
