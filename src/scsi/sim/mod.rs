//! A drive in software.
