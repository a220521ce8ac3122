//! `cback3.conf`.
