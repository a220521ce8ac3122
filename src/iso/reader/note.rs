//! What was odd about a disc that could be read all the same.

use crate::iso::tree::TreePath;
use crate::sector::{Lba, Sectors};

/// An oddity and where it was met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct Note {
    /// The directory or file.
    pub path: TreePath,
    /// What is odd about it.
    pub what: Oddity,
}

/// Something on the disc that no standard allows, or that was recorded and can't be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Oddity {
    /// A volume descriptor that couldn't be read: where it led to a Joliet tree, that tree was not looked at.
    #[error("volume descriptor in sector {at} can't be read: {cause}; names may be better in a tree that it leads to")]
    DescriptorUnreadable {
        /// Its sector, the first of several.
        at: Lba,
        /// What the source said.
        cause: Box<str>,
    },
    /// The two byte orders of a number differ; the little-endian one was taken.
    #[error("little- and big-endian {0} differ")]
    ByteOrders(&'static str),
    /// A directory record that is too short, too long or crosses its sector; the rest of the sector is lost.
    #[error("broken directory record at byte {offset} of the directory")]
    BrokenRecord {
        /// Position in the directory.
        offset: usize,
    },
    /// A system use entry whose length can't be; the rest of its area is lost.
    #[error("broken system use entry {}", signature.escape_ascii())]
    BrokenEntry {
        /// Its first two bytes.
        signature: [u8; 2],
    },
    /// A continuation area that can't be followed; what stands in it is lost.
    #[error("continuation area of {bytes} bytes at byte {offset} of sector {at} {why}")]
    Continuation {
        /// Sector.
        at: Lba,
        /// Offset in the sector.
        offset: u32,
        /// Length.
        bytes: u32,
        /// The reason.
        why: ContinuationFault,
    },
    /// A continuation area behind the volume space size: current Linux kernels don't list such a name.
    #[error("continuation area in sector {at} lies outside of the volume of {space} sectors (noted once)")]
    ContinuationOutside {
        /// Sector.
        at: Lba,
        /// Volume space size.
        space: Sectors,
    },
    /// A name that no directory may hold: empty, `.`, `..`, longer than 255 bytes, with `/` or a zero byte.
    #[error("name \"{}\" is refused", name.escape_ascii())]
    BadName {
        /// The name, its first 255 bytes.
        name: Box<[u8]>,
    },
    /// A name in pieces whose last piece is missing.
    #[error("the name is incomplete")]
    NameUnfinished,
    /// The second record of a name.
    #[error("the name is there twice, the first is kept")]
    Duplicate,
    /// A directory below too many others.
    #[error("more than {limit} directories deep")]
    TooDeep {
        /// The limit.
        limit: u32,
    },
    /// A directory that shares sectors with one that was seen before: a loop, or an overlap.
    #[error("directory at sector {at} overlaps another directory")]
    DirectoryTwice {
        /// First sector.
        at: Lba,
    },
    /// A directory larger than any honest one.
    #[error("directory of {bytes} bytes")]
    DirectoryTooLarge {
        /// Its recorded length.
        bytes: u32,
    },
    /// An extent that ends behind the volume.
    #[error("extent at sector {at} of {bytes} bytes ends outside of the volume")]
    OutsideVolume {
        /// First sector.
        at: Lba,
        /// Its length.
        bytes: u64,
    },
    /// What should be a directory doesn't begin with the record of itself.
    #[error("no directory at sector {at}")]
    NoDirectory {
        /// First sector.
        at: Lba,
    },
    /// A directory's record of itself names other sectors.
    #[error("directory at sector {at} says it is at sector {says}")]
    SelfElsewhere {
        /// Where it was read.
        at: Lba,
        /// What it says.
        says: Lba,
    },
    /// A directory's record of itself and the record in its parent differ in length.
    #[error("directory of {here} bytes is {parent} bytes long in its parent")]
    SelfLength {
        /// In the directory itself.
        here: u32,
        /// In its parent.
        parent: u32,
    },
    /// A directory's own record and the record in its parent name different modes or owners; the own one was taken.
    #[error("mode or owner in the directory and in its parent differ")]
    SelfDiffers,
    /// A record without PX in a Rock Ridge tree.
    #[error("no mode and owner recorded")]
    NoPosix,
    /// A Rock Ridge tree without a known ER entry: other readers may ignore its Rock Ridge.
    #[error("no Rock Ridge extension reference")]
    NoExtensionReference,
    /// The type in PX is not that of the directory record.
    #[error("mode {mode:o} doesn't fit the directory record")]
    TypeDiffers {
        /// The whole mode.
        mode: u32,
    },
    /// A symbolic link without a target, with one longer than 4095 bytes, or with a zero byte in it.
    #[error("symbolic link with a bad target")]
    BadTarget,
    /// A device without a number.
    #[error("device without a number")]
    NoDevice,
    /// A date that is none.
    #[error("bad date")]
    BadDate,
    /// An interleaved file (ECMA-119 6.4.3), which nobody reads.
    #[error("interleaved file")]
    Interleaved,
    /// An associated file (ECMA-119 6.5.4), a resource fork on old Apple discs.
    #[error("associated file")]
    Associated,
    /// A file in several sections whose last one is missing.
    #[error("the file's last section is missing")]
    SectionMissing,
    /// A zisofs file (ZF), shown compressed as it is recorded: `mkzftree -u` or xorriso unpack it.
    #[error("compressed with zisofs ({}), shown as recorded; unpacked it has {bytes} bytes", algorithm.escape_ascii())]
    Compressed {
        /// `pz` is zlib; zisofs2 knows others.
        algorithm: [u8; 2],
        /// The size of what was compressed.
        bytes: u64,
    },
    /// A file in Rock Ridge's sparse form (SF), shown as it is recorded: tables and pieces, as nobody writes it.
    #[error("sparse, shown as recorded; filled up it has {bytes} bytes")]
    Sparse {
        /// The size with the gaps.
        bytes: u64,
    },
    /// A relocated directory that no placeholder names; shown where it was relocated to.
    #[error("relocated directory without its place")]
    Displaced,
    /// Sectors that couldn't be read, when the rest was to be salvaged or they lie outside of the volume.
    #[error("sectors {at} to {} can't be read: {cause}", at.0.saturating_add(count.0).saturating_sub(1))]
    Unreadable {
        /// First sector.
        at: Lba,
        /// How many.
        count: Sectors,
        /// What the source said.
        cause: String,
    },
}

/// Why a continuation area wasn't followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContinuationFault {
    /// Longer than the rest of its sector, which Linux, FreeBSD and libarchive refuse.
    #[error("crosses its sector")]
    Crosses,
    /// In a chain that comes back to itself.
    #[error("is its own continuation")]
    Loop,
    /// Too far down a chain.
    #[error("is one of too many")]
    TooMany,
    /// Its sector couldn't be read.
    #[error("can't be read")]
    Unreadable,
    /// Zeros, where entries were to stand.
    #[error("is empty")]
    Empty,
}

impl Oddity {
    /// The sector that is the cause if it was never written: a drive fills the track of a burn that broke off with zeros.
    /// The other losses take a writer that meant what it wrote.
    #[must_use]
    pub fn may_be_unwritten(&self) -> Option<Lba> {
        match *self {
            Oddity::NoDirectory { at }
            | Oddity::Continuation { at, why: ContinuationFault::Empty | ContinuationFault::Unreadable, .. }
            | Oddity::Unreadable { at, .. } => Some(at),
            _ => None,
        }
    }

    /// Whether it concerns every name on the disc, and not only those below the path where it was met.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        matches!(self, Oddity::DescriptorUnreadable { .. })
    }

    /// Whether something recorded on the disc may be missing from the tree, or stand there with another name
    /// or content. What remains is cosmetic.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        match self {
            Oddity::DescriptorUnreadable { .. }
            | Oddity::BrokenRecord { .. }
            | Oddity::BrokenEntry { .. }
            | Oddity::Continuation { .. }
            | Oddity::BadName { .. }
            | Oddity::NameUnfinished
            | Oddity::Duplicate
            | Oddity::TooDeep { .. }
            | Oddity::DirectoryTwice { .. }
            | Oddity::DirectoryTooLarge { .. }
            | Oddity::OutsideVolume { .. }
            | Oddity::NoDirectory { .. }
            | Oddity::TypeDiffers { .. }
            | Oddity::BadTarget
            | Oddity::NoDevice
            | Oddity::Interleaved
            | Oddity::Associated
            | Oddity::SectionMissing
            | Oddity::Compressed { .. }
            | Oddity::Sparse { .. }
            | Oddity::Unreadable { .. } => true,
            Oddity::ByteOrders(_)
            | Oddity::ContinuationOutside { .. }
            | Oddity::SelfElsewhere { .. }
            | Oddity::SelfLength { .. }
            | Oddity::SelfDiffers
            | Oddity::NoPosix
            | Oddity::NoExtensionReference
            | Oddity::BadDate
            | Oddity::Displaced => false,
        }
    }
}

/// Adds an oddity that isn't there yet: a record says the same thing once, however many entries it has.
pub(super) fn once(oddities: &mut Vec<Oddity>, oddity: Oddity) {
    if !oddities.contains(&oddity) {
        oddities.push(oddity);
    }
}
