//! Commands of CD, DVD and BD drives (MMC-6).

mod disc;
mod features;
mod format;
mod toc;
mod write;
mod write_page;

pub use disc::{
    DiscInformation, DiscStatus, FormatState, ReadDiscInformation, ReadTrackInformation, SessionState, TrackAddress,
    TrackInformation,
};
pub use features::{CurrentFeatures, Feature, GetConfiguration, Profile};
pub use format::{CapacityKind, FormatCapacities, FormatUnit, ReadFormatCapacities};
pub use toc::{ReadAtip, ReadLastSession, ReadToc, TocTrack};
pub use write::{
    Blank, BlankExtent, BufferCapacity, CloseFunction, CloseTrackSession, ReadBufferCapacity, SendOpcInformation,
    SetCdSpeed, SetStreaming,
};
pub use write_page::{Append, WriteParameters};
