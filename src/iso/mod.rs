//! ISO 9660 (ECMA-119) with Rock Ridge, and Joliet on request.

mod ahead;
pub mod chain;
pub mod compare;
mod continuation;
mod directory;
mod field;
mod hierarchy;
mod layout;
pub mod manifest;
mod names;
mod path_table;
mod piece;
pub mod plan;
pub mod reader;
mod record;
mod rock_ridge;
pub mod scan;
pub mod source;
mod staged;
pub mod stream;
#[cfg(test)]
mod testing;
pub mod tree;
mod volume;
