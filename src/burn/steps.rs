//! Steps that several recipes share, each with what is done when it fails.
//!
//! * What only makes a burn better (speed, power calibration) is a warning when it fails. But a drive that says that its disc may be another
//!   one says so once, to whichever command comes next: that is never passed over.
//! * A failed WRITE is never skipped, and nothing is closed after it. An open session hides nothing; a closed one would be what every reader
//!   mounts. The same holds for a burn that the user breaks off: what the drive has in its buffer goes to the medium, and the session
//!   stays open. CLOSE TRACK and CLOSE SESSION end it on every medium that is written session by session, right before the next
//!   session supersedes it ([`prepare::close_interrupted`]). A disc written at once has no such way back: a rewritable one is blanked, the
//!   others are lost.

use super::medium::{self, Medium};
use super::progress::{Phase, Progress, working};
use super::{BurnError, Burned, Job, prepare};
use crate::scsi::drive::{OnProgress, deadline};
use crate::scsi::mmc::{
    Append, CloseFunction, DiscInformation, DiscStatus, Profile, ReadDiscInformation, ReadTrackInformation,
    SendOpcInformation, SetCdSpeed, SetStreaming, TrackAddress, TrackInformation,
};
use crate::scsi::sbc::SynchronizeCache10;
use crate::scsi::{Drive, During, Reaction, ScsiError, SenseKey};
use crate::sector::Lba;

/// SET CD SPEED: the fastest there is.
const FASTEST: u16 = u16::MAX;
const WITHOUT_LIMIT: SetCdSpeed = SetCdSpeed { read_kb_per_s: FASTEST, write_kb_per_s: FASTEST };

/// What was done about the speed, and has to be undone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Speed {
    /// Nothing.
    #[default]
    Untouched,
    /// SET STREAMING.
    Streaming,
    /// SET CD SPEED.
    Cd,
}

/// The multi-session field of mode page 05h for a job.
pub(super) fn append(job: &Job<'_>) -> Append {
    if job.finalize { Append::Final } else { Append::Allowed }
}

/// Goes on after a failure of something that may fail, but not when the disc may be another one or the drive is gone.
pub(super) fn tolerate(result: Result<(), ScsiError>, what: &str) -> Result<(), ScsiError> {
    match result {
        Err(error) if error.is_attention() || error.is_drive_lost() => Err(error),
        Err(error) => {
            tracing::debug!(%error, "{what}");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// kB/s (1,000 bytes) at 1x.
fn kb_per_s_at_1x(profile: Profile) -> u32 {
    match profile {
        // 176.4 (MMC-6 6.37), rounded up.
        Profile::CdR | Profile::CdRw => 177,
        Profile::BdRSequential | Profile::BdRe => 4496,
        _ => 1385,
    }
}

/// Sets the writing speed that was wished for: the fastest the drive lists that is not above it. Speeds are SET STREAMING's on DVD and BD,
/// SET CD SPEED's on CD and where a drive does not know the other.
pub(super) fn set_speed(drive: &mut Drive, medium: &Medium, job: &Job<'_>) -> Result<Speed, ScsiError> {
    let is_cd = matches!(medium.profile, Profile::CdR | Profile::CdRw);
    let Some(times) = job.speed else {
        // What an earlier program set stays set in CD drives.
        if is_cd {
            warn_of_speed(drive.run(&WITHOUT_LIMIT))?;
        }
        return Ok(Speed::Untouched);
    };
    let wish = times.saturating_mul(kb_per_s_at_1x(medium.profile));
    let listed: Vec<u32> = drive.write_speeds()?.iter().map(|speed| speed.write_kb_per_s).collect();
    let chosen = choose_speed(wish, &listed);
    // An end behind the medium's own is refused by some.
    let last = medium.capacity.0.checked_sub(1).filter(|_| !is_cd).map(Lba);
    let write_kb_per_s = u16::try_from(chosen).unwrap_or(FASTEST);
    ask_for_speed(
        drive,
        last.map(|last| SetStreaming::at(last, chosen)),
        &SetCdSpeed { write_kb_per_s, ..WITHOUT_LIMIT },
    )
}

/// Halves the speed at which the sectors up to `last` are read, for a bad spot: half of the fastest that the drive lists. One that lists none is
/// left as it is.
pub(super) fn halve_reading_speed(drive: &mut Drive, last: Lba) -> Result<Speed, ScsiError> {
    let is_cd = matches!(drive.features()?.profile, Profile::CdRom | Profile::CdR | Profile::CdRw);
    let half = drive.write_speeds()?.iter().map(|speed| speed.read_kb_per_s / 2).max().unwrap_or(0);
    if half == 0 {
        return Ok(Speed::Untouched);
    }
    let read_kb_per_s = u16::try_from(half).unwrap_or(FASTEST);
    let streaming = (!is_cd).then(|| SetStreaming::at(last, half));
    ask_for_speed(drive, streaming, &SetCdSpeed { read_kb_per_s, ..WITHOUT_LIMIT })
}

fn ask_for_speed(drive: &mut Drive, streaming: Option<SetStreaming>, or_else: &SetCdSpeed) -> Result<Speed, ScsiError> {
    if let Some(streaming) = streaming {
        match drive.run(&streaming) {
            Ok(()) => return Ok(Speed::Streaming),
            Err(error) if error.is_attention() || error.is_drive_lost() => return Err(error),
            Err(error) => tracing::debug!(%error, "SET STREAMING does not set the speed, SET CD SPEED may"),
        }
    }
    warn_of_speed(drive.run(or_else))?;
    Ok(Speed::Cd)
}

fn warn_of_speed(result: Result<(), ScsiError>) -> Result<(), ScsiError> {
    match result {
        Err(error) if !error.is_attention() && !error.is_drive_lost() => {
            tracing::warn!(%error, "the speed can't be set");
            Ok(())
        }
        other => other,
    }
}

/// The fastest of the listed speeds that is not above the wish; the slowest where all are; the wish itself where none is listed.
fn choose_speed(wish: u32, listed: &[u32]) -> u32 {
    let not_above = listed.iter().copied().filter(|&speed| speed <= wish).max();
    not_above.or_else(|| listed.iter().copied().min()).unwrap_or(wish)
}

/// Leaves the drive with its own speed: it keeps what was set, even for other discs.
pub(super) fn restore_speed(drive: &mut Drive, speed: Speed) {
    let restored = match speed {
        Speed::Untouched => return,
        Speed::Streaming => drive.part_with(&SetStreaming::restore()),
        Speed::Cd => drive.part_with(&WITHOUT_LIMIT),
    };
    if let Err(error) = restored {
        drive.tell_again(&error);
        tracing::debug!(%error, "speed not restored");
    }
}

/// Power calibration at our bidding, best effort: a drive that refuses does it by itself before the first WRITE. Not where the drive has
/// calibrated itself on this disc already: there is room for few tries on it.
fn calibrate(drive: &mut Drive, disc: &DiscInformation) -> Result<(), ScsiError> {
    if disc.calibrations > 0 {
        return Ok(());
    }
    tolerate(drive.run(&SendOpcInformation), "no power calibration")
}

/// READ DISC INFORMATION, as it is right before the burn.
fn disc_information(drive: &mut Drive) -> Result<DiscInformation, BurnError> {
    drive.run(&ReadDiscInformation).map_err(|source| BurnError::SetUp { source })
}

/// The track that is written next, as the drive says right before the first WRITE. It has to be where the image was planned for.
pub(super) fn next_track(
    drive: &mut Drive,
    medium: &Medium,
    disc: &DiscInformation,
    planned: Lba,
) -> Result<TrackInformation, BurnError> {
    let address = medium::next_track_address(medium.profile, disc.last_track);
    let mut answer = drive.run(&ReadTrackInformation(address));
    if answer.as_ref().is_err_and(ScsiError::is_unsupported) {
        answer = drive.run(&ReadTrackInformation(TrackAddress::Number(disc.last_track)));
    }
    let next = answer.map_err(|source| BurnError::SetUp { source })?;
    let found = next.next_writable.filter(|_| !next.damaged);
    if found == Some(planned) { Ok(next) } else { Err(BurnError::NextWritableMoved { planned, found }) }
}

/// A drive that is set up.
#[derive(Debug)]
pub(super) struct Ready {
    /// What was done about the speed.
    pub(super) speed: Speed,
    /// The disc right before the burn.
    pub(super) disc: DiscInformation,
    /// The track that is written.
    pub(super) next: TrackInformation,
}

/// What follows mode page 05h on every sequential medium: speed, power calibration where the family has it, and the address once more.
pub(super) fn set_up(drive: &mut Drive, medium: &Medium, job: &Job<'_>) -> Result<Ready, BurnError> {
    let speed = set_speed(drive, medium, job).map_err(|source| BurnError::SetUp { source })?;
    let ready = (|| {
        let disc = disc_information(drive)?;
        if has_power_calibration(medium.profile) {
            calibrate(drive, &disc).map_err(|source| BurnError::SetUp { source })?;
        }
        let next = next_track(drive, medium, &disc, job.start)?;
        let free = next.free;
        let needed = medium.takes(job.sectors);
        if needed > free {
            return Err(BurnError::NoRoom { needed, free });
        }
        drive.begin_writing(Some(medium::next_track_address(medium.profile, disc.last_track)));
        Ok(Ready { speed, disc, next })
    })();
    if ready.is_err() {
        restore_speed(drive, speed);
    }
    ready
}

/// Media on which SEND OPC INFORMATION is of use.
fn has_power_calibration(profile: Profile) -> bool {
    matches!(
        profile,
        Profile::CdR
            | Profile::CdRw
            | Profile::DvdRSequential
            | Profile::DvdRwSequential
            | Profile::DvdRDualLayerSequential
            | Profile::DvdRDualLayerJump
    )
}

/// What follows the run of writes on every sequential medium. The session is ended only if all of it was written.
pub(super) fn end(
    drive: &mut Drive,
    job: &mut Job<'_>,
    written: Result<Burned, BurnError>,
    ready: &Ready,
    ending: Ending,
) -> Result<Burned, BurnError> {
    let finished = match &written {
        Ok(_) => finish(drive, job.progress, &ready.next, ending),
        Err(error) => {
            break_off(drive, job.progress, error, ending);
            Ok(())
        }
    };
    restore_speed(drive, ready.speed);
    finished?;
    Ok(Burned { appendable: ending.appendable && stayed_open(drive), ..written? })
}

/// Whether the drive left the disc open, as it was told to: some close it for ever all the same, and whoever counts on the next session has to
/// know today. A drive that does not say is taken at its word.
fn stayed_open(drive: &mut Drive) -> bool {
    match drive.run(&ReadDiscInformation) {
        Ok(disc) if disc.status == DiscStatus::Finalised => {
            tracing::warn!("the drive closed the disc, although it was told that more sessions follow");
            false
        }
        Ok(_) => true,
        Err(error) => {
            drive.tell_again(&error);
            tracing::debug!(%error, "not told whether the disc is open");
            true
        }
    }
}

/// SYNCHRONIZE CACHE and its end.
pub(super) fn synchronize(drive: &mut Drive, on_progress: OnProgress<'_>) -> Result<(), ScsiError> {
    drive.run_long(|immediate| SynchronizeCache10 { immediate }, deadline::SYNCHRONIZE, on_progress)
}

/// After an operation whose end the drive announced as a change of the medium: whether the medium is the one that was written, by its track. On
/// another nothing must be closed. What was announced is the error then.
pub(super) fn unless_changed(
    drive: &mut Drive,
    result: Result<(), ScsiError>,
    track: u16,
    start: Lba,
) -> Result<(), ScsiError> {
    let Err(change) = result else { return Ok(()) };
    if change.reaction(During::Poll) != Reaction::Inspect {
        return Err(change);
    }
    tracing::debug!(error = %change, "the medium is looked at again");
    match drive.run(&ReadTrackInformation(TrackAddress::Number(track))) {
        Ok(found) if found.track == track && found.start == start && !found.blank => Ok(()),
        Ok(_) => Err(change),
        Err(news) if news.is_attention() || news.is_drive_lost() => Err(news),
        Err(_) => Err(change),
    }
}

/// What follows a run of writes that was broken off by the user: nothing is lost of what the drive has, and nothing is closed. What is written
/// at once is left alone: SYNCHRONIZE CACHE would close a disc that holds a torn session and nothing else.
fn break_off(drive: &mut Drive, progress: &mut dyn Progress, error: &BurnError, ending: Ending) {
    if !matches!(error, BurnError::Interrupted { .. }) || ending == Ending::AT_ONCE {
        return;
    }
    if let Err(error) = working(progress, Phase::Close, |on_progress| synchronize(drive, on_progress)) {
        tracing::debug!(%error, "ending what was broken off");
    }
}

/// How a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    /// CLOSE TRACK first.
    pub(super) track: bool,
    /// Then this; nothing where SYNCHRONIZE CACHE closes what was written.
    pub(super) close: Option<CloseFunction>,
    /// Another session can follow, if the drive did what it was told.
    pub(super) appendable: bool,
}

impl Ending {
    /// SYNCHRONIZE CACHE closes the disc.
    pub(super) const AT_ONCE: Ending = Ending { track: false, close: None, appendable: false };
}

/// SYNCHRONIZE CACHE, then what closes the session. A session that the drive calls incomplete although everything was written (5/72/03 and
/// 5/72/04) gets its track closed, once, and then itself.
fn finish(
    drive: &mut Drive,
    progress: &mut dyn Progress,
    written: &TrackInformation,
    ending: Ending,
) -> Result<(), BurnError> {
    let close = |drive: &mut Drive, function, on_progress: OnProgress<'_>| {
        let closed = prepare::close(drive, function, on_progress);
        unless_changed(drive, closed, written.track, written.start).map_err(|source| BurnError::Close { source })
    };
    let track = CloseFunction::Track(written.track);
    working(progress, Phase::Close, |on_progress| {
        let synchronized = synchronize(drive, on_progress);
        match unless_changed(drive, synchronized, written.track, written.start) {
            Err(error) if is_incomplete_track(&error) && ending.close.is_some() => {
                tracing::debug!(%error, "the session can't be closed yet");
            }
            other => other.map_err(|source| BurnError::Synchronize { source })?,
        }
        if ending.track {
            match close(drive, track, on_progress) {
                Err(BurnError::Close { source }) => {
                    unless_closed_already(drive, source, written.track)
                        .map_err(|source| BurnError::Close { source })?;
                }
                other => other?,
            }
        }
        let Some(function) = ending.close else { return Ok(()) };
        match close(drive, function, on_progress) {
            Err(BurnError::Close { source: error }) if is_incomplete_track(&error) => {
                tracing::warn!(%error, "the track is closed first");
                close(drive, track, on_progress)?;
                close(drive, function, on_progress)
            }
            other => other,
        }
    })
}

/// Some drives have closed the track when they were told to synchronise, and refuse CLOSE TRACK: then the track is asked, and only one that
/// is still open is a failure.
fn unless_closed_already(drive: &mut Drive, error: ScsiError, track: u16) -> Result<(), ScsiError> {
    if !is_refusal(&error) {
        return Err(error);
    }
    match drive.run(&ReadTrackInformation(TrackAddress::Number(track))) {
        Ok(track) if track.next_writable.is_none() && !track.damaged => {
            tracing::debug!(%error, "the track is closed already");
            Ok(())
        }
        Err(news) if news.is_attention() || news.is_drive_lost() => Err(news),
        _ => Err(error),
    }
}

/// The drive does not do it, or there is nothing to do: whatever it has taken, it did not fail at.
pub(super) fn is_refusal(error: &ScsiError) -> bool {
    error.sense().is_some_and(|sense| sense.key == SenseKey::IllegalRequest && !sense.deferred)
}

pub(super) fn is_incomplete_track(error: &ScsiError) -> bool {
    error.reaction(During::Close) == Reaction::CloseTrackFirst
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_is_the_fastest_listed_that_is_not_above_the_wish() {
        let listed = [22_160, 11_080, 5_540, 2_770];
        assert_eq!(choose_speed(11_080, &listed), 11_080);
        assert_eq!(choose_speed(12_000, &listed), 11_080);
        assert_eq!(choose_speed(99_999, &listed), 22_160);
        assert_eq!(choose_speed(1_385, &listed), 2_770, "slower than the slowest");
        assert_eq!(choose_speed(1_385, &[]), 1_385, "a drive that lists none");
    }
}
