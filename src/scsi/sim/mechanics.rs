//! Tray, motor, speeds and settings: commands that leave the disc's content alone.

use std::time::Duration;

use super::decode::Fields;
use super::disc::VirtualDisc;
use super::drive::{SimDrive, Stop};
use super::family::{Effect, Job};
use super::kinds::Nature;
use super::sense::Sense;

const OPC_TIME: Duration = Duration::from_secs(10);

impl SimDrive {
    pub(super) fn start_stop(&mut self, cdb: Fields<'_>, timeout: Duration) -> Result<usize, Stop> {
        // FL asks a changer; a power condition is granted and means nothing.
        if cdb.bit(4, 2) {
            return Err(Sense::cdb_field(4, Some(2)).into());
        }
        if cdb.u8(4) >> 4 != 0 {
            return Ok(0);
        }
        match cdb.u8(4) & 3 {
            0 => self.stopped = true,
            1 => {
                self.inserted()?;
                self.stale_from = None;
                if self.stopped {
                    self.stopped = false;
                    self.spin_up();
                }
            }
            2 => self.eject()?,
            _ if self.tray_open => {
                self.tray_open = false;
                if let Some(inserted) = &mut self.slot {
                    inserted.disc.reload()?;
                }
                self.loaded();
            }
            _ => self.stale_from = None,
        }
        if !cdb.bit(1, 0)
            && let Some(operation) = self.operation
        {
            let left = operation.left(self.now);
            self.advance(left.min(timeout))?;
        }
        Ok(0)
    }

    fn eject(&mut self) -> Result<(), Stop> {
        if self.prevented {
            self.watch.record("eject while the tray was locked", &[]);
        }
        if self.prevented || self.quirks.lock_stolen {
            return Err(Sense::REMOVAL_PREVENTED.into());
        }
        if self.tray_open {
            return Ok(());
        }
        self.operation = None;
        if let Some(inserted) = &mut self.slot {
            inserted.commit_all()?;
            inserted.buffer.forget();
            if inserted.family.is_writing() {
                self.watch.record("the disc was ejected while a track was being written", &[]);
            }
            inserted.family.suspend(&mut inserted.disc)?;
            self.media_event = 3;
        }
        self.tray_open = true;
        Ok(())
    }

    pub(super) fn mode_select(&mut self, cdb: Fields<'_>, list: &[u8]) -> Result<usize, Stop> {
        if !cdb.bit(1, 4) {
            return Err(Sense::cdb_field(1, Some(4)).into());
        }
        if cdb.bit(1, 0) {
            return Err(Sense::SAVING_NOT_SUPPORTED.into());
        }
        let medium = self.slot.as_ref();
        if medium.is_some_and(|m| m.family.is_writing()) {
            return Err(Sense::SEQUENCE.into());
        }
        let obeying = medium.filter(|m| m.family.obeys_write_page()).map(|m| m.disc.medium().nature());
        let done = self.page.select(list, obeying, self.quirks.long_write_page);
        self.watch.page_refused |= done.is_err();
        done?;
        // Who was refused once may ask for less.
        if obeying.is_some() && !self.page.bears_underruns() && !self.watch.page_refused {
            self.watch.record("MODE SELECT did without protection against buffer underruns", cdb.0);
        }
        Ok(list.len())
    }

    pub(super) fn calibrate(&mut self, cdb: Fields<'_>, timeout: Duration) -> Result<usize, Stop> {
        if cdb.length(7) != 0 {
            return Err(Sense::cdb_field(7, None).into());
        }
        // All other media are calibrated by the drive alone, when it sees fit.
        if !matches!(self.inserted()?.disc.medium().nature(), Nature::Cd | Nature::DvdMinus) {
            return Err(Sense::INCOMPATIBLE_MEDIUM.into());
        }
        if self.quirks.opc_refused {
            return Err(Sense::SEQUENCE.into());
        }
        if self.quirks.opc_fails {
            return Err(Sense::CALIBRATION_FAILED.into());
        }
        if cdb.bit(1, 0) {
            self.begin(Job { effect: Effect::Nothing, sense: Sense::BECOMING_READY, takes: OPC_TIME }, false, timeout)?;
        }
        Ok(0)
    }

    pub(super) fn set_cd_speed(&mut self, kb_per_s: u32) -> Result<usize, Stop> {
        let kb_per_s = if kb_per_s == 0xffff { u32::MAX } else { kb_per_s };
        self.write_kb_per_s = nearest_speed(&self.inserted()?.disc, kb_per_s);
        Ok(0)
    }

    /// MMC-6 table 650.
    pub(super) fn set_streaming(&mut self, cdb: Fields<'_>, list: &[u8]) -> Result<usize, Stop> {
        if cdb.u8(8) != 0 {
            return Err(Sense::cdb_field(8, None).into());
        }
        if list.len() != 28 {
            return Err(Sense::cdb_field(9, None).into());
        }
        let list = Fields(list);
        let disc = &self.inserted()?.disc;
        if list.u8(0) & 0xe2 != 0 {
            return Err(Sense::list_field(0, None).into());
        }
        if list.bit(0, 2) {
            self.write_kb_per_s = nearest_speed(disc, u32::MAX);
            self.streaming_set = false;
            return Ok(28);
        }
        let (start, end) = (list.u32(4), list.u32(8));
        if end >= disc.state.usable() || start > end {
            return Err(Sense::OUT_OF_RANGE.into());
        }
        let rate = (u64::from(list.u32(20)) * 1000).checked_div(list.u32(24).into());
        let rate = rate.ok_or(Sense::list_field(24, None))?;
        self.write_kb_per_s = nearest_speed(disc, u32::try_from(rate).unwrap_or(u32::MAX));
        self.streaming_set = true;
        Ok(28)
    }
}

/// The fastest speed that is not above the wanted one; the slowest if all are.
fn nearest_speed(disc: &VirtualDisc, wanted: u32) -> u32 {
    let speeds = disc.medium().write_kb_per_s();
    speeds.iter().find(|speed| **speed <= wanted).or(speeds.last()).copied().unwrap_or(1)
}
