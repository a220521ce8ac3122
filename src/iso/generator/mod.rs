//! From a tree to the sectors of a session.
//!
//! ```text
//! tree ─ plan ─ layout ─┬─ hierarchy (names, path_table)     all sizes, then all addresses
//!                       └─ volume
//!        stream ─┬─ directory (record, rock_ridge, continuation, field)   the same again, with addresses
//!                └─ ahead ─ piece ─ staged                                files, read by several threads
//! ```
//!
//! Nothing here reads a disc: what came from one stands in the tree as recorded extents. The
//! [reader](super::reader) shares no code with this module, so that one misreading of the standards can't hide in both.

mod ahead;
mod continuation;
mod directory;
mod field;
mod hierarchy;
mod layout;
mod names;
mod path_table;
mod piece;
pub mod plan;
mod record;
mod rock_ridge;
mod staged;
pub mod stream;
mod volume;

pub use self::volume::VOLUME_ID_LENGTH;
