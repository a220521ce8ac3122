//! What each command does.

use std::time::Duration;

use super::buffer::BUFFER_BLOCKS;
use super::decode::{self, Fields};
use super::drive::{Inserted, SimDrive, Stop};
use super::family::{Effect, Job, TocRequest, TrackAddress};
use super::features::{self, Loaded};
use super::formatting;
use super::identity;
use super::kinds::Nature;
use super::mode::{AT_ONCE, Speeds};
use super::replies;
use super::sense::Sense;
use super::structures;
use crate::scsi::{Data, Opcode, TransportError};

/// What READ BUFFER CAPACITY costs a drive that does not like it.
const BUFFER_PENALTY: Duration = Duration::from_millis(200);

impl SimDrive {
    /// Runs a command and says how many bytes moved.
    pub(super) fn command(&mut self, cdb: &[u8], data: Data<'_>, timeout: Duration) -> Result<usize, Stop> {
        let fields = Fields(cdb);
        let code = fields.u8(0);
        self.fails_late = None;
        self.endless = false;
        self.cut_short = false;
        // A READ or WRITE meets its fault further on: one that is turned away does not count.
        if !touches_sectors(code) {
            let met = self.meet_fault(code, None);
            if met.is_err() {
                self.watch.page_refused |= code == Opcode::ModeSelect10.code();
                self.watch.lock_refused |= code == Opcode::PreventAllowMediumRemoval.code() && fields.bit(4, 0);
            }
            met?;
        }
        let opcode = Opcode::from_code(code).ok_or(Sense::INVALID_OPCODE)?;
        if !leaves_attention(opcode) {
            self.counted = (self.counted + 1) % 5;
            if self.quirks.attention_storm && self.counted == 0 {
                self.attention = Some(Sense::MEDIUM_CHANGED);
            }
            if let Some(sense) = self.attention.take().or_else(|| self.deferred.take()) {
                return Err(sense.into());
            }
        }
        if decode::cdb_length(code) != Some(cdb.len()) {
            self.watch.record("a CDB had not the length of its group", cdb);
            return Err(Sense::cdb_field(cdb.len(), None).into());
        }
        if let Err(sense) = decode::check_reserved(opcode, cdb) {
            self.watch.record("a CDB had reserved bits set", cdb);
            return Err(sense.into());
        }
        self.check_ready(opcode, cdb)?;
        if moves_the_address(opcode) {
            self.watch.address_asked = false;
        }
        match opcode {
            Opcode::Blank => self.expect_lock("BLANK while the tray was not locked", cdb),
            Opcode::FormatUnit => self.expect_lock("FORMAT UNIT while the tray was not locked", cdb),
            Opcode::CloseTrackSession => self.expect_lock("CLOSE while the tray was not locked", cdb),
            _ => {}
        }
        let out = match (&data, decode::data_out_bytes(opcode, fields)) {
            (Data::Out(bytes), Some(expected)) if bytes.len() == expected => *bytes,
            (Data::Out([]) | Data::None, None | Some(0)) | (Data::In(_), None) => &[],
            _ => return Err(self.wrong_length(cdb)),
        };
        self.dispatch(opcode, cdb, out, data, timeout)
    }

    fn dispatch(
        &mut self,
        opcode: Opcode,
        cdb: &[u8],
        out: &[u8],
        data: Data<'_>,
        timeout: Duration,
    ) -> Result<usize, Stop> {
        let fields = Fields(cdb);
        match opcode {
            Opcode::TestUnitReady => Ok(0),
            Opcode::Read10 => self.read(cdb, fields.u16(7).into(), data),
            Opcode::Read12 => self.read(cdb, fields.u32(6), data),
            Opcode::ReadCd => self.read_cd(cdb, data),
            Opcode::Write10 => self.write(cdb, fields.u16(7).into(), out),
            Opcode::Write12 => {
                if fields.bit(10, 7) && !self.inserted()?.family.can_stream() {
                    return Err(Sense::cdb_field(10, Some(7)).into());
                }
                self.write(cdb, fields.u32(6), out)
            }
            Opcode::ReserveTrack => {
                let page = self.page.clone();
                let Inserted { disc, family, .. } = self.inserted()?;
                family.reserve(disc, &page, fields.u32(5))?;
                disc.save()?;
                Ok(0)
            }
            Opcode::SendCueSheet => {
                let page = self.page.clone();
                let Inserted { disc, family, .. } = self.inserted()?;
                family.cue_sheet(disc, &page, out)?;
                Ok(out.len())
            }
            Opcode::SynchronizeCache10 => self.synchronize(fields.bit(1, 1), timeout),
            Opcode::CloseTrackSession => self.close(cdb, timeout),
            Opcode::Blank => self.blank(fields, timeout),
            Opcode::FormatUnit => self.format(fields, out, timeout),
            Opcode::StartStopUnit => self.start_stop(fields, timeout),
            Opcode::ModeSelect10 => self.mode_select(fields, out),
            Opcode::SetStreaming => {
                let done = self.set_streaming(fields, out);
                if done.is_err() {
                    self.watch.record("SET STREAMING asked for something that this disc does not have", cdb);
                }
                done
            }
            Opcode::SetCdSpeed => self.set_cd_speed(fields.u16(4).into()),
            Opcode::SendOpcInformation => self.calibrate(fields, timeout),
            Opcode::PreventAllowMediumRemoval => {
                if fields.bit(4, 1) {
                    return Err(Sense::cdb_field(4, Some(1)).into());
                }
                self.prevented = fields.bit(4, 0);
                self.watch.lock_refused = false;
                Ok(0)
            }
            Opcode::RequestSense => self.give(fields.u8(4).into(), &self.requested_sense().bytes(), data, cdb),
            Opcode::Inquiry => {
                let reply = identity::inquiry(fields.bit(1, 0), fields.u8(2))?;
                self.give(fields.length(3), &reply, data, cdb)
            }
            Opcode::ReportLuns => {
                let reply = identity::logical_units(fields.u8(2))?;
                self.give(usize::try_from(fields.u32(6)).unwrap_or(usize::MAX), &reply, data, cdb)
            }
            Opcode::GetPerformance => {
                let (speed, one) = (self.write_kb_per_s, self.quirks.one_descriptor);
                let disc = &self.inserted()?.disc;
                let medium = (disc.medium(), disc.state.usable());
                let most = replies::Most { descriptors: fields.u16(8), announces_one: one };
                let reply = replies::performance(fields.u8(10), fields.u8(1), most, medium, speed)?;
                self.give(reply.len(), &reply, data, cdb)
            }
            Opcode::ReadDiscStructure => {
                if fields.u8(10) != 0 {
                    return Err(Sense::cdb_field(10, Some(7)).into());
                }
                let quirks = self.quirks;
                let disc = &self.inserted()?.disc;
                let reply = structures::structure(&disc.state, fields.u8(1), fields.u8(6), fields.u8(7), quirks)?;
                self.give(fields.length(8), &reply, data, cdb)
            }
            Opcode::ReadBufferCapacity => {
                let hammered = self.watch.buffer_asked(self.now, cdb);
                if hammered && self.quirks.buffer_penalty {
                    self.advance(BUFFER_PENALTY)?;
                }
                let reply = replies::buffer_capacity(self.slot.as_ref().map(|m| &m.buffer), fields.bit(1, 0));
                self.give(fields.length(7), &reply, data, cdb)
            }
            _ => {
                let reply = self.tell(opcode, fields)?;
                self.give(fields.length(7), &reply, data, cdb)
            }
        }
    }

    /// Replies whose allocation length stands in bytes 7 and 8.
    fn tell(&mut self, opcode: Opcode, cdb: Fields<'_>) -> Result<Vec<u8>, Sense> {
        match opcode {
            Opcode::GetConfiguration => {
                let medium = self.slot.as_ref().filter(|_| !self.tray_open);
                let loaded = medium.map_or(Loaded::default(), |m| Loaded::of(&*m.family, &m.disc.state));
                features::configuration(cdb.u8(1) & 3, cdb.u16(2), &loaded)
            }
            Opcode::GetEventStatusNotification => {
                if !cdb.bit(1, 0) {
                    return Err(Sense::cdb_field(1, Some(0)));
                }
                let present = self.slot.is_some() && !self.tray_open;
                let (reply, told) = replies::event_status(cdb.u8(4), self.media_event, self.tray_open, present);
                if told {
                    self.media_event = 0;
                }
                Ok(reply)
            }
            Opcode::ModeSense10 => {
                let control = cdb.u8(2) >> 6;
                if control == 3 {
                    return Err(Sense::SAVING_NOT_SUPPORTED);
                }
                let medium = self.slot.as_ref().map(|m| m.disc.medium());
                let speeds = Speeds {
                    read: medium.map_or(0, |m| m.read_kb_per_s()),
                    write: self.write_kb_per_s,
                    writes: medium.map_or(&[], |m| m.write_kb_per_s()),
                    prevented: self.prevented,
                    buffer_kib: BUFFER_BLOCKS * 2,
                    long_write_page: self.quirks.long_write_page,
                };
                let mut reply = self.page.sense(control, cdb.u8(2) & 0x3f, &speeds)?;
                if let Some([high, low]) = reply.get_mut(..2).filter(|_| self.quirks.short_mode_length) {
                    let length = u16::from_be_bytes([*high, *low]).saturating_sub(4);
                    [*high, *low] = length.to_be_bytes();
                }
                Ok(reply)
            }
            Opcode::ReadFormatCapacities => {
                // Without a medium: the largest capacity there is, type 3.
                let none = super::family::capacity_descriptor(2_295_104, 3, 2048).to_vec();
                let medium = self.slot.as_ref().filter(|_| !self.tray_open);
                let list = medium.map_or(none, |m| m.family.format_capacities(&m.disc.state));
                Ok(replies::format_capacities(&list))
            }
            Opcode::ReadCapacity10 => {
                let refused = self.quirks.blank_capacity;
                let Inserted { disc, family, .. } = self.inserted()?;
                if let Some(sense) = refused.filter(|_| family.is_blank(&disc.state)) {
                    return Err(sense);
                }
                let mut reply = family.last_block(&disc.state).to_be_bytes().to_vec();
                reply.extend_from_slice(&[0, 0, 8, 0]);
                Ok(reply)
            }
            Opcode::ReadDiscInformation => {
                if cdb.u8(1) != 0 {
                    return Err(Sense::cdb_field(1, Some(2)));
                }
                let Inserted { disc, family, .. } = self.inserted()?;
                Ok(family.disc_information(&disc.state))
            }
            Opcode::ReadTrackInformation => self.track_information(cdb),
            Opcode::ReadTocPmaAtip if self.quirks.toc_refused => Err(Sense::cdb_field(2, Some(3))),
            Opcode::ReadTocPmaAtip => {
                let Inserted { disc, family, .. } = self.inserted()?;
                let format = if cdb.u8(2) & 0x0f == 0 { cdb.u8(9) >> 6 } else { cdb.u8(2) & 0x0f };
                let request = TocRequest { format, msf: cdb.bit(1, 1), from: cdb.u8(6) };
                family.toc(&disc.state, request)
            }
            _ => Err(Sense::INVALID_OPCODE),
        }
    }

    /// Hands out a reply, no more of it than was asked for.
    fn give(&mut self, allocation: usize, reply: &[u8], data: Data<'_>, cdb: &[u8]) -> Result<usize, Stop> {
        // READ CAPACITY and GET PERFORMANCE have no allocation length.
        let code = Fields(cdb).u8(0);
        let capacity = code == Opcode::ReadCapacity10.code();
        let counts = capacity || code == Opcode::GetPerformance.code();
        if self.quirks.odd_allocation_refused && !counts && allocation % 2 == 1 {
            return Err(Sense::cdb_field(8, None).into());
        }
        let moved = if capacity { reply.len() } else { reply.len().min(allocation) };
        let moved = if self.cut_short { moved / 2 } else { moved };
        let buffer = match data {
            Data::In(buffer) => buffer,
            _ => &mut [],
        };
        let room = buffer.len();
        if room < moved {
            self.watch.record("the host's buffer was shorter than the reply it asked for", cdb);
        }
        let moved = moved.min(room);
        for (to, from) in buffer.iter_mut().zip(&reply[..moved]) {
            *to = *from;
        }
        Ok(moved)
    }

    /// The lengths in CDB and data differ: on a cable that is a phase error.
    pub(super) fn wrong_length(&mut self, cdb: &[u8]) -> Stop {
        self.watch.record("the data had not the length the CDB gave", cdb);
        Stop::Transport(TransportError::Host { host: 0x07, driver: 0, name: "DID_ERROR" })
    }

    /// Is there a disc, and has the drive time for the command?
    fn check_ready(&mut self, opcode: Opcode, cdb: &[u8]) -> Result<(), Sense> {
        if needs_medium(opcode) {
            self.inserted()?;
        }
        if self.stopped && needs_motor(opcode) {
            if self.quirks.stopped {
                return Err(Sense::NEEDS_START);
            }
            // Who wants something of the disc has it turned; burners rely on that.
            self.stopped = false;
        }
        let Some(operation) = &mut self.operation else {
            let clueless = opcode == Opcode::TestUnitReady && self.now < self.clueless_until;
            if clueless {
                self.watch.polled(self.now, cdb);
            }
            return if clueless { Err(Sense::NOT_READY) } else { Ok(()) };
        };
        let spinning_up = operation.effect == Effect::Nothing;
        let answered = match opcode {
            Opcode::Inquiry
            | Opcode::ReportLuns
            | Opcode::RequestSense
            | Opcode::ModeSense10
            | Opcode::GetConfiguration
            | Opcode::GetEventStatusNotification
            | Opcode::PreventAllowMediumRemoval => true,
            Opcode::ReadDiscInformation | Opcode::ReadBufferCapacity => !spinning_up,
            Opcode::ModeSelect10 | Opcode::StartStopUnit => spinning_up,
            _ => false,
        };
        let early = self.quirks.early_ready
            && !spinning_up
            && opcode == Opcode::TestUnitReady
            && operation.tells_ready(self.now);
        if answered || early {
            return Ok(());
        }
        let operation = *operation;
        match opcode {
            Opcode::Write10 | Opcode::Write12 => self.watch.turned_away(cdb, !self.quirks.early_ready),
            Opcode::TestUnitReady => self.watch.polled(self.now, cdb),
            _ => {}
        }
        Err(operation.sense(self.now, self.quirks))
    }

    fn requested_sense(&self) -> Sense {
        if let Some(operation) = self.operation {
            return operation.sense(self.now, self.quirks);
        }
        match &self.slot {
            _ if self.tray_open => Sense::NO_MEDIUM_TRAY_OPEN,
            None => Sense::NO_MEDIUM_TRAY_CLOSED,
            // Background formatting shows only here: NO SENSE, format in progress (MMC-6 6.5.4.2.6).
            Some(m) => m.family.background_progress(&m.disc.state).map_or(Sense::NONE, |progress| {
                let running = Sense::new(0, 0x04, 0x04);
                if self.quirks.no_progress { running } else { running.with_progress(progress) }
            }),
        }
    }

    fn track_information(&mut self, cdb: Fields<'_>) -> Result<Vec<u8>, Sense> {
        // With a session at once ahead, a CD begins with its pre-gap.
        let (n150, at_once) = (self.quirks.n150, self.page.is_selected() && self.page.write_type() == AT_ONCE);
        let number = cdb.u32(2);
        let address = match cdb.u8(1) {
            0 => TrackAddress::Lba(number),
            1 => TrackAddress::Track(number),
            2 => TrackAddress::Session(number),
            // No drive of this kind counts open tracks.
            other => return Err(Sense::cdb_field(1, Some(if other & 4 != 0 { 2 } else { 1 }))),
        };
        let Inserted { disc, family, .. } = self.inserted()?;
        let mut reply = family.track_information(&disc.state, address)?;
        let untouched = family.is_blank(&disc.state) && disc.medium().nature() == Nature::Cd;
        if let Some(next) = reply.get_mut(12..16).filter(|_| (n150 || at_once) && untouched) {
            next.copy_from_slice(&(-150_i32).to_be_bytes());
        }
        // Only what names an address that can be written counts: NWA_V.
        self.watch.address_asked |= reply.get(7).is_some_and(|byte| byte & 1 == 1);
        Ok(reply)
    }

    fn synchronize(&mut self, immediate: bool, timeout: Duration) -> Result<usize, Stop> {
        self.check_immediate(immediate, Sense::cdb_field(1, Some(1)))?;
        let Inserted { family, buffer, .. } = self.inserted()?;
        if buffer.is_empty() && !family.is_writing() {
            self.watch.unsynced_data = false;
            return Ok(0);
        }
        let short = family.is_short_of_its_end();
        let plain = Job::new(Effect::Synchronize, Sense::LONG_WRITE_IN_PROGRESS, 0);
        let job = family.synchronize().unwrap_or(plain);
        if short {
            self.watch.record("what is written at once was synchronized before its end", &[]);
        }
        self.begin(job, immediate, timeout)?;
        Ok(0)
    }

    fn close(&mut self, cdb: &[u8], timeout: Duration) -> Result<usize, Stop> {
        let fields = Fields(cdb);
        self.check_immediate(fields.bit(1, 0), Sense::cdb_field(1, Some(0)))?;
        let page = self.page.clone();
        let Inserted { disc, family, .. } = self.inserted()?;
        let job = family.close(&disc.state, fields.u8(2), fields.u16(4), &page);
        let unsynchronized = family.is_unsynchronized() && job.is_ok();
        if job == Err(Sense::SEQUENCE) {
            self.watch.record("CLOSE although there was nothing that could be closed", cdb);
        }
        let job = job?;
        if fields.u8(2) != 1 && fields.u16(4) != 0 {
            self.watch.record("CLOSE of something that is no track named one", cdb);
        }
        let Inserted { family, .. } = self.inserted()?;
        let obeys = family.obeys_write_page();
        if unsynchronized {
            self.watch.record("a track was closed before it was synchronized", cdb);
        }
        if obeys && fields.u8(2) == 2 && !page.is_selected() {
            self.watch.record("a session was closed by the multi-session bits nobody had set", cdb);
        }
        if let Some(job) = job {
            self.begin(job, fields.bit(1, 0), timeout)?;
        }
        Ok(0)
    }

    fn blank(&mut self, cdb: Fields<'_>, timeout: Duration) -> Result<usize, Stop> {
        self.check_immediate(cdb.bit(1, 4), Sense::cdb_field(1, Some(4)))?;
        let Inserted { disc, family, .. } = self.inserted()?;
        let kind = cdb.u8(1) & 7;
        let job = family.blank(&disc.state, kind)?;
        if cdb.u32(2) != 0 {
            self.watch.record("BLANK of a whole disc named an address", cdb.0);
        }
        self.begin(job, cdb.bit(1, 4), timeout)?;
        Ok(0)
    }

    fn format(&mut self, cdb: Fields<'_>, list: &[u8], timeout: Duration) -> Result<usize, Stop> {
        let fields = Fields(list);
        let immediate = fields.bit(1, 1);
        self.check_immediate(immediate, Sense::list_field(1, Some(1)))?;
        let Inserted { disc, family, .. } = self.inserted()?;
        let job = formatting::check(&disc.state, cdb, fields).and_then(|()| {
            if family.is_writing() {
                return Err(Sense::SEQUENCE);
            }
            family.format(&disc.state, fields)
        });
        if job.as_ref().is_err_and(|sense| sense.is_wrong_list()) {
            self.watch.record("the parameter list of FORMAT UNIT was not one that this disc can follow", cdb.0);
        }
        if let Some(job) = job? {
            self.begin(job, immediate, timeout)?;
        }
        Ok(list.len())
    }

    /// Whatever writes wants the tray locked. Who asked for that in vain may do without.
    pub(super) fn expect_lock(&mut self, otherwise: &str, cdb: &[u8]) {
        if !self.prevented && !self.watch.lock_refused {
            self.watch.record(otherwise, cdb);
        }
    }

    /// Quirk `noimmed`.
    fn check_immediate(&self, immediate: bool, sense: Sense) -> Result<(), Sense> {
        if immediate && self.quirks.no_immed { Err(sense) } else { Ok(()) }
    }
}

/// Commands that run while a unit attention is pending, and leave it (SPC-4 5.14).
fn leaves_attention(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::Inquiry
            | Opcode::ReportLuns
            | Opcode::RequestSense
            | Opcode::GetConfiguration
            | Opcode::GetEventStatusNotification
    )
}

fn touches_sectors(code: u8) -> bool {
    [Opcode::Read10, Opcode::Read12, Opcode::ReadCd, Opcode::Write10, Opcode::Write12].map(Opcode::code).contains(&code)
}

/// After these, the next writable address may be another one.
fn moves_the_address(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::ModeSelect10
            | Opcode::SynchronizeCache10
            | Opcode::CloseTrackSession
            | Opcode::Blank
            | Opcode::FormatUnit
            | Opcode::SendCueSheet
    )
}

/// What a drive whose motor stands still knows of its disc it may tell.
fn needs_motor(opcode: Opcode) -> bool {
    needs_medium(opcode) && opcode != Opcode::ReadBufferCapacity
}

fn needs_medium(opcode: Opcode) -> bool {
    !matches!(
        opcode,
        Opcode::Inquiry
            | Opcode::ReportLuns
            | Opcode::RequestSense
            | Opcode::StartStopUnit
            | Opcode::PreventAllowMediumRemoval
            | Opcode::ModeSense10
            | Opcode::ModeSelect10
            | Opcode::GetConfiguration
            | Opcode::GetEventStatusNotification
            | Opcode::ReadFormatCapacities
    )
}
