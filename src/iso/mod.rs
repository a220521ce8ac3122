//! ISO 9660 (ECMA-119) with Rock Ridge.

pub mod chain;
pub mod compare;
pub mod reader;
pub mod scan;
pub mod source;
pub mod tree;
