//! Commands of CD, DVD and BD drives (MMC-6).

mod disc;
mod features;
mod format;
mod performance;
mod session_at_once;
mod structure;
mod toc;
mod write;
mod write_page;

pub use disc::{
    DiscInformation, DiscStatus, FormatState, ReadDiscInformation, ReadTrackInformation, SessionState, TrackAddress,
    TrackInformation,
};
pub use features::{CurrentFeatures, Feature, GetConfiguration, Profile, TrayMotor};
pub use format::{CapacityKind, Certification, FormatCapacities, FormatDescriptor, FormatUnit, ReadFormatCapacities};
pub use performance::{Capabilities, GetWriteSpeeds, WriteSpeed};
pub use session_at_once::{PRE_GAP, PRE_GAP_START, ReserveTrack, SendCueSheet};
pub use structure::{ReadMediumId, ReadSpareAreas, SpareAreas};
pub use toc::{ReadAtip, ReadLastSession, ReadToc, TocTrack};
pub use write::{
    Blank, BlankExtent, BufferCapacity, CloseFunction, CloseTrackSession, ReadBufferCapacity, SendOpcInformation,
    SetCdSpeed, SetStreaming,
};
pub use write_page::{Append, WriteParameters};
