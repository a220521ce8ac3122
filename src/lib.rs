//! Puts a backup box's staging directory on CD, DVD or BD, natively, and proves that it is there.
//!
//! ```text
//! cback3.conf ─ config ─┐
//!                       ├─ actions: which day, new disc or append, may we?
//! staging directory ────┘
//!    scan ─ iso::tree ─┐
//!    disc ─ reader ────┴─ generator: plan (all addresses known) ─ stream ─ burn ─ scsi::Drive ─ Transport
//!                                                                  │ SHA-256 per file, CRC per chunk
//!    proof: Drive READ ─ chunk sums, independent reader, SHA-256 ──┘ compared with what was sent
//!    then, and only then: cback.store
//! ```
//!
//! Dependencies run one way: [`cli`] → [`actions`] → {[`config`], [`iso`], [`burn`]} → [`scsi`] → [`scsi::transport`]. [`iso`] knows nothing of
//! SCSI: it reads through its own [`SectorSource`](iso::source::SectorSource). Nothing below [`cli`] prints. The
//! [simulated drive](scsi::sim) is one more transport.

pub mod actions;
pub mod at_once;
pub mod burn;
pub mod cli;
pub mod config;
pub mod holder;
pub mod iso;
pub mod scsi;
pub mod sector;
