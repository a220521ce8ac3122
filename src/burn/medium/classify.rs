//! From what a drive answers to what its medium is.
//!
//! [`inspect`] asks, [`classify`] decides: a pure function of what was answered, so that every state a disc can be in is a test with the
//! drive's bytes. No address is ever computed: where the next WRITE goes is what READ TRACK INFORMATION says (MMC-6 6.26), asked of the
//! track that the family of media calls by its own name:
//!
//! | media | track that is asked for |
//! |---|---|
//! | CD-R, CD-RW, DVD+R | the invisible one, FFh; where a drive does not know it, the last one |
//! | DVD-R, DVD-RW sequential, BD-R | the last one of READ DISC INFORMATION |
//! | DVD-RW in restricted overwrite | 1 |
//! | other overwritable media | none: sectors are written in any order |
//!
//! What the drive says is not taken at its word where drives are known to lie:
//!
//! * A BD-R that was formatted and never written claims to be appendable. It has one session, and nothing on it can be read: it is blank.
//! * A DVD-RW whose blanking broke off claims to be blank. Its track is damaged: it has to be blanked again.
//! * A DVD-RW that was blanked the fast way is blank, and takes one session only: the feature Incremental Streaming Writable (0021h) is not
//!   current. [`Medium::can_append`] tells the two apart.
//! * A session that was begun and not closed is [`State::Interrupted`], whether the drive could go on with its track or not: what it holds is
//!   the beginning of an image that nobody has any more. It is closed, and the next session supersedes it.

use super::{Medium, Session, State, Track, is_overwritable};
use crate::burn::format::{self, FormatWish};
use crate::scsi::mmc::{
    CapacityKind, CurrentFeatures, DiscInformation, DiscStatus, Feature, FormatCapacities, FormatState, Profile,
    ReadAtip, ReadDiscInformation, ReadFormatCapacities, ReadToc, ReadTrackInformation, SessionState, TocTrack,
    TrackAddress, TrackInformation,
};
use crate::scsi::sbc::ReadCapacity10;
use crate::scsi::{Command, Drive, During, Reaction, ScsiError, Trays};
use crate::sector::{Lba, Sectors};

/// Tracks that a CD has at most (Red Book).
const MOST_CD_TRACKS: u16 = 99;
/// Sessions that a DVD+R has at most.
const MOST_DVD_PLUS_R_SESSIONS: u16 = 153;
/// Sessions that a BD-R is given at most: with more than these, drives are known to fail.
const MOST_BD_R_SESSIONS: u16 = 300;
/// Tracks a drive is asked for: more than any medium has, so that a wild number costs no hour.
const MOST_TRACKS: u16 = 512;
/// How often a medium is looked at that the drive calls another one every time.
const MOST_LOOKS: usize = 3;
/// The most sectors a READ or WRITE moves on a CD: 32 KiB, what burners have been using on CD drives all along.
const CD_TRANSFER: u16 = 16;

/// How a family of media is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Cd,
    Sequential,
    Overwritable,
    Other,
}

fn family(profile: Profile) -> Family {
    match profile {
        Profile::CdR | Profile::CdRw => Family::Cd,
        Profile::DvdRSequential
        | Profile::DvdRwSequential
        | Profile::DvdRDualLayerSequential
        | Profile::DvdRDualLayerJump
        | Profile::DvdPlusR
        | Profile::DvdPlusRDualLayer
        | Profile::BdRSequential => Family::Sequential,
        _ if is_overwritable(profile) => Family::Overwritable,
        _ => Family::Other,
    }
}

/// What was answered.
#[derive(Debug, Clone)]
struct Replies {
    features: CurrentFeatures,
    disc: Option<DiscInformation>,
    /// The track that is written next.
    next: Option<TrackInformation>,
    /// The tracks by their numbers.
    tracks: Vec<TrackInformation>,
    formats: Option<FormatCapacities>,
    /// READ CAPACITY.
    readable: Option<Sectors>,
    /// What is pressed into a CD's groove.
    atip: Option<Sectors>,
    toc: Vec<TocTrack>,
}

/// [`inspect_with`] a tray that stays as it is: the first look at a disc was somebody else's.
///
/// # Errors
/// When the drive does not answer, or there is no medium.
pub fn inspect(drive: &mut Drive) -> Result<Medium, ScsiError> {
    inspect_with(drive, Trays::Stay)
}

/// Asks the drive for everything about its medium. Where the drive says meanwhile that the medium may be another one, from the beginning, a few
/// times; one that can't make out what the medium is gets it out and in again, once, where `trays` allows it, whether it says so or is ready
/// with no profile.
///
/// # Errors
/// When the drive does not answer, there is no medium, or the tray was opened and did not close.
pub fn inspect_with(drive: &mut Drive, trays: Trays) -> Result<Medium, ScsiError> {
    let mut looks = 1;
    // Once.
    let mut reload = Some(trays);
    let mut out_and_in = |drive: &mut Drive| reload.take().map_or(Ok(false), |trays| drive.reload(trays));
    loop {
        let error = match look(drive, trays) {
            Ok(medium) if medium.profile == Profile::None => {
                tracing::warn!("the drive is ready and does not know its disc");
                if out_and_in(drive)? {
                    continue;
                }
                return Ok(medium);
            }
            Ok(medium) => return Ok(medium),
            Err(error) => error,
        };
        match error.reaction(During::Inspect) {
            Reaction::Inspect | Reaction::Resend if looks < MOST_LOOKS => {
                tracing::debug!(%error, "the medium is looked at anew");
                looks += 1;
            }
            Reaction::Reload if out_and_in(drive)? => tracing::warn!(%error, "the disc went out and in again"),
            _ => return Err(error),
        }
    }
}

fn look(drive: &mut Drive, trays: Trays) -> Result<Medium, ScsiError> {
    drive.make_ready(trays)?;
    let features = drive.features()?;
    let profile = features.profile;
    let mut replies = Replies {
        features,
        disc: None,
        next: None,
        tracks: Vec::new(),
        formats: None,
        readable: None,
        atip: None,
        toc: Vec::new(),
    };
    drive.limit_transfers(if family(profile) == Family::Cd { CD_TRANSFER } else { u16::MAX });
    match family(profile) {
        Family::Cd | Family::Sequential => {
            ask_sequential(drive, profile, &mut replies)?;
        }
        Family::Overwritable => {
            replies.disc = Some(drive.run(&ReadDiscInformation)?);
            // Drives that only read need not know it.
            replies.formats = optional(drive, &ReadFormatCapacities)?;
            if profile == Profile::DvdRwRestrictedOverwrite {
                replies.next = optional(drive, &ReadTrackInformation(TrackAddress::Number(1)))?;
            }
            if replies.formats.as_ref().is_none_or(|formats| formats.kind == CapacityKind::Unknown) {
                replies.readable = optional(drive, &ReadCapacity10)?;
            }
        }
        Family::Other => {
            replies.readable = optional(drive, &ReadCapacity10)?;
            replies.toc = optional(drive, &ReadToc)?.unwrap_or_default();
        }
    }
    Ok(classify(replies))
}

/// The answer to a command that a drive may refuse for this medium. What else goes wrong is an error, above all that the disc may be
/// another one.
fn optional<C: Command>(drive: &mut Drive, command: &C) -> Result<Option<C::Reply>, ScsiError> {
    match drive.run(command) {
        Ok(reply) => Ok(Some(reply)),
        Err(error) if error.sense().is_some() && !error.is_attention() && !error.is_no_medium() => {
            tracing::debug!(%error, "not told");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn ask_sequential(drive: &mut Drive, profile: Profile, replies: &mut Replies) -> Result<(), ScsiError> {
    let disc = drive.run(&ReadDiscInformation)?;
    if disc.status != DiscStatus::Finalised {
        replies.next = next_track(drive, profile, &disc)?;
    }
    if disc.status != DiscStatus::Empty {
        for number in disc.first_track.max(1)..=disc.last_track.min(MOST_TRACKS) {
            match &replies.next {
                // Asked already, by this number.
                Some(next) if next.track == number && asked_by_number(profile) => replies.tracks.push(next.clone()),
                _ => match drive.run(&ReadTrackInformation(TrackAddress::Number(number))) {
                    Ok(track) => replies.tracks.push(track),
                    // The invisible track at the end is not answered by its number everywhere.
                    Err(error) if error.is_unsupported() && number == disc.last_track => break,
                    // Drives that only read need not know the command.
                    Err(error) if error.is_unsupported() && !can_be_written(&replies.features) => break,
                    Err(error) => return Err(error),
                },
            }
        }
    }
    if disc.status != DiscStatus::Empty && replies.tracks.is_empty() && !can_be_written(&replies.features) {
        replies.toc = optional(drive, &ReadToc)?.unwrap_or_default();
    }
    match profile {
        Profile::CdR | Profile::CdRw => replies.atip = atip(drive)?,
        Profile::DvdRwSequential => replies.formats = optional(drive, &ReadFormatCapacities)?,
        Profile::BdRSequential if disc.status == DiscStatus::Empty => {
            replies.formats = optional(drive, &ReadFormatCapacities)?;
        }
        Profile::BdRSequential if disc.status == DiscStatus::Incomplete && disc.sessions <= 1 => {
            replies.readable = optional(drive, &ReadCapacity10)?;
        }
        _ => {}
    }
    replies.disc = Some(disc);
    Ok(())
}

/// What is pressed into a CD's groove. Nothing depends on it but the capacity: a reply that can't be used is none.
fn atip(drive: &mut Drive) -> Result<Option<Sectors>, ScsiError> {
    match drive.run(&ReadAtip) {
        Err(error) if error.is_attention() || error.is_no_medium() || error.is_drive_lost() => Err(error),
        other => Ok(other.ok().flatten()),
    }
}

/// Whether the track that is written next is asked for by its number, and not as the invisible one.
fn asked_by_number(profile: Profile) -> bool {
    !matches!(profile, Profile::CdR | Profile::CdRw | Profile::DvdPlusR | Profile::DvdPlusRDualLayer)
}

/// The number that the track written next is called by.
pub(in crate::burn) fn next_track_address(profile: Profile, last_track: u16) -> TrackAddress {
    if asked_by_number(profile) { TrackAddress::Number(last_track) } else { TrackAddress::Invisible }
}

/// The track that is written next. A disc that is full to its last sector has none, and one whose burn broke off may not tell of it.
fn next_track(
    drive: &mut Drive,
    profile: Profile,
    disc: &DiscInformation,
) -> Result<Option<TrackInformation>, ScsiError> {
    let address = next_track_address(profile, disc.last_track);
    let mut answer = drive.run(&ReadTrackInformation(address));
    if address == TrackAddress::Invisible && answer.as_ref().is_err_and(ScsiError::is_unsupported) {
        answer = drive.run(&ReadTrackInformation(TrackAddress::Number(disc.last_track)));
    }
    match answer {
        Err(error)
            if error.sense().is_some()
                && !error.is_attention()
                && disc.status != DiscStatus::Empty
                && (error.is_unsupported() || disc.last_session != SessionState::Empty) =>
        {
            Ok(None)
        }
        answer => answer.map(Some),
    }
}

/// What the medium is, from what the drive answered.
fn classify(replies: Replies) -> Medium {
    match family(replies.features.profile) {
        Family::Cd | Family::Sequential => classify_sequential(replies),
        Family::Overwritable => classify_overwritable(replies),
        Family::Other => classify_other(replies),
    }
}

fn classify_sequential(replies: Replies) -> Medium {
    let Replies { features, disc, next, tracks, formats, readable, atip, toc } = replies;
    let profile = features.profile;
    let Some(disc) = disc else { return nothing_known(features) };
    let state = sequential_state(&features, &disc, next.as_ref(), &tracks, readable);
    let blanking_broke_off = blanking_broke_off(&disc, next.as_ref(), &tracks);
    let sessions = match state {
        State::Blank => Vec::new(),
        _ if tracks.is_empty() => sessions_in(&toc, Lba(0)),
        _ => recorded_sessions(&tracks),
    };
    let tracks = tracks
        .iter()
        .map(|track| Track {
            number: track.track,
            session: track.session,
            start: track.start,
            sectors: track.size,
            data: track.data,
            damaged: track.damaged,
            blank: track.blank,
            next_writable: track.next_writable,
        })
        .collect();
    let writable = next.filter(|next| !next.damaged);
    let next_writable = writable.as_ref().and_then(|next| next.next_writable);
    let free = if next_writable.is_some() { writable.map_or(Sectors(0), |next| next.free) } else { Sectors(0) };
    let can_append = match profile {
        Profile::DvdRSequential | Profile::DvdRwSequential => features.has(Feature::INCREMENTAL_STREAMING),
        Profile::DvdRDualLayerSequential | Profile::DvdRDualLayerJump => false,
        _ => true,
    };
    let writable_end = next_writable.map_or(0, |at| at.0).saturating_add(free.0);
    let on_the_disc = match profile {
        Profile::CdR | Profile::CdRw => atip.or_else(|| disc.cd_capacity()),
        Profile::DvdRwSequential => formats.as_ref().and_then(largest_format),
        _ => None,
    };
    // A limit that the drive gives is not the disc's end where more can be written behind it.
    let capacity = on_the_disc.unwrap_or_default().max(Sectors(writable_end));
    Medium {
        profile,
        state,
        rewritable: disc.erasable,
        sessions,
        tracks,
        next_writable,
        free,
        capacity,
        formats: formats.map(|formats| formats.formats).unwrap_or_default(),
        features,
        can_append,
        blanking_broke_off,
    }
}

fn sequential_state(
    features: &CurrentFeatures,
    disc: &DiscInformation,
    next: Option<&TrackInformation>,
    tracks: &[TrackInformation],
    readable: Option<Sectors>,
) -> State {
    let profile = features.profile;
    if profile == Profile::BdRSequential && features.has(Feature::BD_R_PSEUDO_OVERWRITE) {
        return State::Unsupported;
    }
    let next_writable = next.filter(|next| !next.damaged).and_then(|next| next.next_writable);
    let interrupted = || State::Interrupted {
        session: disc.sessions,
        track: open_track(disc, tracks),
        damaged: next_writable.is_none(),
    };
    match (disc.status, disc.last_session) {
        (DiscStatus::Finalised, _) => State::Closed,
        _ if !can_be_written(features) => State::ReadOnly,
        (DiscStatus::Empty, _) if next.is_some_and(|next| next.damaged) => interrupted(),
        (DiscStatus::Empty, _) => State::Blank,
        // Formatted and never written: nothing can be read, and the drive would write at the very beginning.
        (DiscStatus::Incomplete, SessionState::Empty | SessionState::Incomplete)
            if profile == Profile::BdRSequential
                && disc.sessions <= 1
                && readable.unwrap_or_default() == Sectors(0)
                && next_writable == Some(Lba(0)) =>
        {
            State::Blank
        }
        (DiscStatus::Incomplete, SessionState::Empty) if next_writable.is_some() && takes_more(features, disc) => {
            State::Appendable
        }
        (DiscStatus::Incomplete, SessionState::Incomplete | SessionState::Damaged) => interrupted(),
        _ => State::Closed,
    }
}

/// Whether blanking the disc broke off. Only what the drive tells of the only track proves it: that it tells of none does not.
fn blanking_broke_off(disc: &DiscInformation, next: Option<&TrackInformation>, tracks: &[TrackInformation]) -> bool {
    if !disc.erasable || disc.sessions > 1 {
        return false;
    }
    // Some drives tell of it as the invisible one only.
    let only = match tracks {
        [] => next,
        [only] => Some(only),
        _ => None,
    };
    let Some(only) = only.filter(|only| only.damaged) else { return false };
    match (disc.status, disc.last_session) {
        (DiscStatus::Empty, _) => true,
        (DiscStatus::Incomplete, SessionState::Incomplete | SessionState::Damaged) => {
            only.size == Sectors(0) && only.next_writable.is_none()
        }
        _ => false,
    }
}

/// The track that was being written: the last one of the open session that has something in it.
fn open_track(disc: &DiscInformation, tracks: &[TrackInformation]) -> u16 {
    let in_session = tracks.iter().filter(|track| track.session == disc.sessions);
    in_session.rev().find(|track| !track.blank || track.damaged).map_or(disc.last_track, |track| track.track)
}

/// Whether a session can follow on a disc that is open, as far as the family's limits go.
fn takes_more(features: &CurrentFeatures, disc: &DiscInformation) -> bool {
    match features.profile {
        Profile::CdR | Profile::CdRw => disc.last_track <= MOST_CD_TRACKS,
        Profile::DvdRSequential | Profile::DvdRwSequential => features.has(Feature::INCREMENTAL_STREAMING),
        Profile::DvdRDualLayerSequential | Profile::DvdRDualLayerJump => false,
        Profile::DvdPlusR | Profile::DvdPlusRDualLayer => disc.sessions <= MOST_DVD_PLUS_R_SESSIONS,
        Profile::BdRSequential => disc.sessions <= MOST_BD_R_SESSIONS,
        _ => true,
    }
}

/// Whether the drive writes media of this family at all: what is current, and not the profile, tells (MMC-6 5.3).
fn can_be_written(features: &CurrentFeatures) -> bool {
    let writes: &[Feature] = match features.profile {
        Profile::CdR | Profile::CdRw => {
            &[Feature::INCREMENTAL_STREAMING, Feature::CD_TRACK_AT_ONCE, Feature::CD_MASTERING]
        }
        Profile::DvdRSequential
        | Profile::DvdRwSequential
        | Profile::DvdRDualLayerSequential
        | Profile::DvdRDualLayerJump => &[Feature::INCREMENTAL_STREAMING, Feature::DVD_R_RW],
        Profile::DvdPlusR | Profile::DvdPlusRDualLayer => {
            &[Feature::INCREMENTAL_STREAMING, Feature::DVD_PLUS_R, Feature::DVD_PLUS_R_DUAL_LAYER]
        }
        Profile::BdRSequential => &[Feature::INCREMENTAL_STREAMING, Feature::BD_WRITE],
        _ => return true,
    };
    writes.iter().any(|&feature| writes_with(features, feature))
}

/// Whether a feature says that the drive writes: those of the DVD+ media are current in drives that only read them, too, and their first bit
/// decides (MMC-6 5.3.20 to 5.3.25, Write).
fn writes_with(features: &CurrentFeatures, feature: Feature) -> bool {
    let has_write_bit = matches!(
        feature,
        Feature::DVD_PLUS_RW | Feature::DVD_PLUS_R | Feature::DVD_PLUS_RW_DUAL_LAYER | Feature::DVD_PLUS_R_DUAL_LAYER
    );
    match features.data(feature) {
        Some([first, ..]) if has_write_bit => first & 1 != 0,
        told => told.is_some(),
    }
}

/// Whether the drive overwrites the medium, or can make it overwritable.
fn can_be_overwritten(features: &CurrentFeatures) -> bool {
    const WRITES: [Feature; 6] = [
        Feature::RANDOM_WRITABLE,
        Feature::FORMATTABLE,
        Feature::RESTRICTED_OVERWRITE,
        Feature::RIGID_RESTRICTED_OVERWRITE,
        Feature::DVD_PLUS_RW,
        Feature::BD_WRITE,
    ];
    WRITES.iter().any(|&feature| writes_with(features, feature))
}

/// Groups the recorded tracks by their sessions.
fn recorded_sessions(tracks: &[TrackInformation]) -> Vec<Session> {
    let mut sessions: Vec<Session> = Vec::new();
    for track in tracks.iter().filter(|track| !track.blank && track.size > Sectors(0)) {
        let end = track.start.checked_add(track.size).unwrap_or(Lba(u32::MAX));
        match sessions.last_mut() {
            Some(session) if session.number == track.session => session.end = end,
            _ => sessions.push(Session { number: track.session, start: track.start, end, data: track.data }),
        }
    }
    sessions
}

fn classify_overwritable(replies: Replies) -> Medium {
    let Replies { features, disc, formats, readable, .. } = replies;
    let profile = features.profile;
    let (Some(disc), Some(formats)) = (disc, formats) else {
        let capacity = readable.unwrap_or_default();
        return Medium { state: State::ReadOnly, rewritable: true, capacity, ..nothing_known(features) };
    };
    let state = match (profile, disc.format, formats.kind) {
        _ if !can_be_overwritten(&features) => State::ReadOnly,
        (Profile::DvdPlusRw, FormatState::None, _) => State::NeedsFormat { begun: false },
        (Profile::DvdPlusRw, FormatState::Suspended, _) => State::NeedsFormat { begun: true },
        (Profile::BdRe | Profile::DvdRam, _, CapacityKind::Unformatted) => State::NeedsFormat { begun: false },
        _ => State::Overwritable,
    };
    let current = match formats.kind {
        CapacityKind::Unformatted | CapacityKind::Formatted => formats.sectors,
        CapacityKind::Unknown => readable.unwrap_or_default(),
    };
    // Restricted overwrite grows into the rest of the disc.
    let capacity = match profile {
        Profile::DvdRwRestrictedOverwrite => current.max(largest_format(&formats).unwrap_or_default()),
        _ => current,
    };
    let mut medium = Medium {
        profile,
        state,
        rewritable: true,
        sessions: Vec::new(),
        tracks: Vec::new(),
        next_writable: None,
        free: capacity,
        capacity,
        formats: formats.formats,
        features,
        can_append: true,
        blanking_broke_off: false,
    };
    // What the format takes away is gone before the first session is planned.
    if let State::NeedsFormat { begun: false } = medium.state
        && let Ok(Some(format)) = format::choose(&medium, FormatWish::Needed)
        && format.sectors() > Sectors(0)
    {
        medium.capacity = format.sectors();
        medium.free = format.sectors();
    }
    medium
}

/// The most sectors that a DVD-RW can be formatted to: all of it.
fn largest_format(formats: &FormatCapacities) -> Option<Sectors> {
    let whole = formats.formats.iter().filter(|format| matches!(format.kind, 0x00 | 0x10)).map(|format| format.sectors);
    whole.chain((formats.kind == CapacityKind::Unformatted).then_some(formats.sectors)).max()
}

/// Media that are only read here. The table of contents shows where their last session is.
fn classify_other(replies: Replies) -> Medium {
    let capacity = replies.readable.unwrap_or_default();
    let sessions = sessions_in(&replies.toc, Lba(capacity.0));
    let state = match replies.features.profile {
        Profile::CdRom | Profile::DvdRom | Profile::BdRom => State::ReadOnly,
        _ => State::Unsupported,
    };
    Medium { state, sessions, capacity, ..nothing_known(replies.features) }
}

/// The data tracks of a table of contents, each a session: where drives tell of several, they do so because there are sessions. `end` is the
/// last one's where the table has no lead-out behind it.
fn sessions_in(toc: &[TocTrack], end: Lba) -> Vec<Session> {
    let lead_out = toc.iter().find(|track| track.number == TocTrack::LEAD_OUT).map(|track| track.start);
    let end = if end > Lba(0) { end } else { lead_out.unwrap_or(end) };
    let starts: Vec<Lba> =
        toc.iter().filter(|track| track.data && track.number != TocTrack::LEAD_OUT).map(|track| track.start).collect();
    let ends = starts.iter().skip(1).copied().chain([end]);
    let sessions = starts.iter().zip(ends).zip(1..);
    sessions.map(|((&start, end), number)| Session { number, start, end, data: true }).collect()
}

fn nothing_known(features: CurrentFeatures) -> Medium {
    Medium {
        profile: features.profile,
        state: State::Unsupported,
        rewritable: false,
        sessions: Vec::new(),
        tracks: Vec::new(),
        next_writable: None,
        free: Sectors(0),
        capacity: Sectors(0),
        formats: Vec::new(),
        features,
        can_append: false,
        blanking_broke_off: false,
    }
}
