//! The operating system beside the drive (option `unseen`): what it takes the disc for, as Linux's `sr` driver does.

use super::drive::SimDrive;
use crate::scsi::Mountable;
use crate::sector::Sectors;

/// A system that knows of another disc only when it found the drive empty in between.
#[derive(Debug, Default)]
pub(super) struct System {
    found_empty: bool,
    knows: bool,
}

impl SimDrive {
    /// The system looks: a disc that it has not seen come in has no sectors.
    pub(super) fn system_looks(&mut self) -> Option<Mountable> {
        if !self.quirks.unseen {
            return None;
        }
        let last = match self.inserted() {
            Ok(inserted) => Some(inserted.family.last_block(&inserted.disc.state)),
            Err(_) => None,
        };
        self.system.knows |= self.system.found_empty && last.is_some();
        self.system.found_empty |= last.is_none();
        let sectors = Sectors(last.filter(|_| self.system.knows).map_or(0, |last| last.saturating_add(1)));
        Some(Mountable { sectors, last_session: None })
    }
}
