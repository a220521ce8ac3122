//! Operation codes: the one table of names and numbers, and the one thing host and simulated drive share.

use std::fmt;

macro_rules! opcodes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $words:literal;)*) => {
        /// The first byte of a CDB (SPC-4, SBC-3, MMC-6).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Opcode { $($(#[$doc])* #[doc = $words] $name,)* }

        impl Opcode {
            /// Every code known here.
            pub const ALL: &'static [Opcode] = &[$(Opcode::$name,)*];

            /// The number.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self { $(Opcode::$name => $code,)* }
            }

            /// The standard's name of the command.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Opcode::$name => $words,)* }
            }

            /// The name of a number.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Opcode> {
                match code { $($code => Some(Opcode::$name),)* _ => None }
            }
        }
    };
}

opcodes! {
    TestUnitReady = 0x00, "TEST UNIT READY";
    RequestSense = 0x03, "REQUEST SENSE";
    FormatUnit = 0x04, "FORMAT UNIT";
    Inquiry = 0x12, "INQUIRY";
    StartStopUnit = 0x1b, "START STOP UNIT";
    PreventAllowMediumRemoval = 0x1e, "PREVENT ALLOW MEDIUM REMOVAL";
    ReadFormatCapacities = 0x23, "READ FORMAT CAPACITIES";
    ReadCapacity10 = 0x25, "READ CAPACITY(10)";
    Read10 = 0x28, "READ(10)";
    Write10 = 0x2a, "WRITE(10)";
    SynchronizeCache10 = 0x35, "SYNCHRONIZE CACHE(10)";
    ReadTocPmaAtip = 0x43, "READ TOC/PMA/ATIP";
    GetConfiguration = 0x46, "GET CONFIGURATION";
    GetEventStatusNotification = 0x4a, "GET EVENT STATUS NOTIFICATION";
    ReadDiscInformation = 0x51, "READ DISC INFORMATION";
    ReadTrackInformation = 0x52, "READ TRACK INFORMATION";
    ReserveTrack = 0x53, "RESERVE TRACK";
    SendOpcInformation = 0x54, "SEND OPC INFORMATION";
    ModeSelect10 = 0x55, "MODE SELECT(10)";
    ModeSense10 = 0x5a, "MODE SENSE(10)";
    CloseTrackSession = 0x5b, "CLOSE TRACK SESSION";
    ReadBufferCapacity = 0x5c, "READ BUFFER CAPACITY";
    SendCueSheet = 0x5d, "SEND CUE SHEET";
    ReportLuns = 0xa0, "REPORT LUNS";
    Blank = 0xa1, "BLANK";
    Read12 = 0xa8, "READ(12)";
    Write12 = 0xaa, "WRITE(12)";
    GetPerformance = 0xac, "GET PERFORMANCE";
    ReadDiscStructure = 0xad, "READ DISC STRUCTURE";
    SetStreaming = 0xb6, "SET STREAMING";
    SetCdSpeed = 0xbb, "SET CD SPEED";
    ReadCd = 0xbe, "READ CD";
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_find_each_other_and_none_is_there_twice() {
        for &opcode in Opcode::ALL {
            assert_eq!(Opcode::from_code(opcode.code()), Some(opcode));
        }
        assert_eq!(Opcode::from_code(0xff), None);
    }
}
