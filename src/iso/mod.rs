//! ISO 9660 (ECMA-119) with Rock Ridge, and Joliet on request.

pub mod chain;
pub mod compare;
pub mod generator;
pub mod manifest;
pub mod reader;
pub mod scan;
pub mod source;
#[cfg(test)]
mod testing;
pub mod tree;
