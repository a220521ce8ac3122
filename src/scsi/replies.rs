//! Replies as drives send them, byte by byte, and what nobody should send: every beginning of them, and every byte of them changed.

use super::command::Command;
use super::mmc::{
    Capabilities, CapacityKind, DiscStatus, GetConfiguration, GetWriteSpeeds, Profile, ReadAtip, ReadBufferCapacity,
    ReadDiscInformation, ReadFormatCapacities, ReadLastSession, ReadMediumId, ReadToc, ReadTrackInformation,
    SessionState, TrackAddress, WriteParameters,
};
use super::sbc::ReadCapacity10;
use super::spc::{Inquiry, ModeSense10, RequestSense};
use super::{Sense, SenseKey};
use crate::sector::{Lba, Sectors};

/// Bytes from hexadecimal digits; blanks and line ends are for the eye.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    assert!(digits.len().is_multiple_of(2));
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// A blank CD-R of 80 minutes.
const BLANK_CD_R: &str = "0020 00 01 01 01 01 00 FF 00 00 00  00000000 00610F05 004F3B4A 0000000000000000 0000";
/// The same after a session of 1150 sectors.
const APPENDABLE_CD_R: &str = "0020 01 01 02 02 02 00 00 00 00 00  00000000 00027A00 004F3B4A 0000000000000000 0000";
/// A DVD+RW whose format is running, with one power calibration.
const FORMATTING_DVD_PLUS_RW: &str =
    "0028 1D 01 01 01 01 02 00 00 00 00  00000000 00000000 00000000 0000000000000000 0001  2A30 112233445566";
/// Its next track.
const NEXT_TRACK: &str = "0022 02 02 00 04 4F 01  00003108 00003108 00054CA1 00000000 00054CA1 00000000 00000000";
/// An incremental track of a DVD-R, 48 bytes, last recorded address 1000h.
const DVD_R_TRACK: &str = "002E 01 01 00 05 21 03  00000000 00001001 00230000 00000010 00231001 00001000 0000 0000 00000000 00000000 00000000";
const CD_CAPACITY: &str = "0000047F 00000800";
const TWO_SESSIONS: &str = "000A 01 02  00 14 02 00 00003108";
const TOC: &str = "001A 01 02  00140100 00000000  00140200 00003108  0014AA00 00003600";
const ATIP: &str = "001A 0000 D4 00 88 00  61 0F 05 00  4F 3B 4A 00  000000 00  000000 00  000000 00";
const BD_RE_FORMATS: &str = "00000020 00BA7400 01000800  00B47400 00000800  00B87400 C0000000  00BA7400 C4000800";
const BD_RE_FEATURES: &str = "0000003C 0000 0043  0000 03 04 00430100  0020 05 0C 00B473FF 00000800 0020 01 00  \
    0024 05 04 80000000  0041 05 04 00000000  0107 0D 04 0B000000";
const WRITE_SPEEDS: &str =
    "00000024 02 000000  02000000 00B473FF 0000231F 0000231F  00000000 00B473FF 00001190 00001190";
const BUFFER: &str = "000A 00 00 00200000 00100000";
const INQUIRY: &str =
    "05 80 05 32 1F 000000 48 4C 2D 44 54 2D 53 54 44 56 44 52 41 4D 20 47 48 32 34 4E 53 44 31 20 4C 47 30 30";
const WRITE_PAGE: &str = "003A 00 00 00 00 0000  05 32 41 C4 08 00 00 00 00 00 00 00 00 00 00 96 \
    0000000000000000 0000000000000000 0000000000000000 0000000000000000 00000000";
const CAPABILITY_PAGE: &str = "0028 00 00 00 00 0000  2A 1E 3F 37 71 77 29 23 1B90 0100 0800 1B90 0000 1B90 1B90 0001 0000 0000 \
    0000 0000 0000 0001 00 00 1B90";
const ADIP: &str = "0104 0000 A1 0F 02 00 00030000 0026053F 00000000 00 00 00 5249434F484A504E 573131 02";
const PRE_RECORDED: &str = "0022 0000 0140C1FD9ED85000 0200000000000000 034D434320303300 0452473230202000";

/// Sense data, fixed and descriptor format.
const SENSES: [&str; 7] = [
    "70 00 02 00 00 00 00 0A 00 00 00 00 04 04 00 80 6E 14",
    "70 00 02 00 00 00 00 0A 00 00 00 00 04 08 00 00 00 00",
    "F0 00 03 00 00 31 08 0A 00 00 00 00 0C 00 00 00 00 00",
    "70 00 06 00 00 00 00 0A 00 00 00 00 28 00 00 00 00 00",
    "70 00 05 00 00 00 00 0A 00 00 00 00 24 00 00 C9 00 01",
    "71 00 03 00 00 00 00 0A 00 00 00 00 0C 00 00 00 00 00",
    "72 03 0C 00 00 00 00 14  00 0A 80 00 00000000 00003108  02 06 00 00 80 00 03 00",
];

/// Reads a reply in every way a command of this program does.
fn read_every_way(reply: &[u8]) {
    let _ = ReadDiscInformation.parse(reply).map(|info| info.cd_capacity());
    for address in [TrackAddress::Invisible, TrackAddress::Number(1)] {
        let _ = ReadTrackInformation(address).parse(reply);
    }
    let _ = ReadToc.parse(reply);
    let _ = ReadAtip.parse(reply);
    let _ = ReadLastSession.parse(reply);
    let _ = ReadFormatCapacities.parse(reply);
    let _ = GetConfiguration.parse(reply);
    let _ = GetWriteSpeeds.parse(reply);
    let _ = ReadBufferCapacity.parse(reply);
    let _ = ReadCapacity10.parse(reply);
    let _ = Inquiry.parse(reply);
    let _ = RequestSense.parse(reply).map(|sense| sense.to_string());
    let _ = Sense::parse(reply).to_string();
    if let Ok(page) = (ModeSense10 { page: 5 }).parse(reply) {
        let _ =
            WriteParameters::new(page.clone()).dvd_incremental(super::mmc::Append::Allowed).select().parameters().len();
        let _ = Capabilities::parse(&page);
    }
    for structure in [ReadMediumId::DvdMinus, ReadMediumId::DvdPlus, ReadMediumId::Bd] {
        let _ = structure.parse(reply);
    }
    // What the length at the beginning makes of it.
    for variable in [
        ReadDiscInformation.variable(),
        ReadToc.variable(),
        ReadFormatCapacities.variable(),
        GetConfiguration.variable(),
        GetWriteSpeeds.variable(),
        ModeSense10 { page: 5 }.variable(),
        ReadMediumId::Bd.variable(),
    ] {
        let _ = (variable.unwrap().available)(reply);
    }
}

fn all() -> Vec<Vec<u8>> {
    let mut disc_information = vec![0; 116];
    disc_information[..8].copy_from_slice(&[0x10, 0x02, 0, 0, b'D', b'I', 1, 0]);
    let replies = [
        BLANK_CD_R,
        APPENDABLE_CD_R,
        FORMATTING_DVD_PLUS_RW,
        NEXT_TRACK,
        DVD_R_TRACK,
        CD_CAPACITY,
        TWO_SESSIONS,
        TOC,
        ATIP,
        BD_RE_FORMATS,
        BD_RE_FEATURES,
        WRITE_SPEEDS,
        BUFFER,
        INQUIRY,
        WRITE_PAGE,
        CAPABILITY_PAGE,
        ADIP,
        PRE_RECORDED,
    ];
    let texts = replies.into_iter().chain(SENSES).map(bytes);
    texts.chain([disc_information]).collect()
}

#[test]
fn no_beginning_of_any_reply_and_no_changed_byte_makes_any_command_stumble() {
    for reply in all() {
        for len in 0..=reply.len() {
            read_every_way(&reply[..len]);
        }
        for at in 0..reply.len() {
            for value in [0x00, 0x01, 0x7f, 0x80, 0xff] {
                let mut changed = reply.clone();
                changed[at] = value;
                read_every_way(&changed);
                read_every_way(&changed[..at + 1]);
                // A length that promises more, and more of it.
                changed.resize(reply.len() + 300, value);
                read_every_way(&changed);
            }
        }
    }
}

#[test]
fn a_blank_and_an_appendable_cd_r_are_told_apart() {
    let blank = ReadDiscInformation.parse(&bytes(BLANK_CD_R)).unwrap();
    assert_eq!((blank.status, blank.last_session), (DiscStatus::Empty, SessionState::Empty));
    assert_eq!(blank.cd_capacity(), Some(Sectors(359_849)));
    let used = ReadDiscInformation.parse(&bytes(APPENDABLE_CD_R)).unwrap();
    assert_eq!((used.status, used.last_session), (DiscStatus::Incomplete, SessionState::Empty));
    assert_eq!((used.sessions, used.first_track_of_last_session, used.last_track), (2, 2, 2));
}

#[test]
fn power_calibrations_are_counted() {
    assert_eq!(ReadDiscInformation.parse(&bytes(FORMATTING_DVD_PLUS_RW)).unwrap().calibrations, 1);
    assert_eq!(ReadDiscInformation.parse(&bytes(BLANK_CD_R)).unwrap().calibrations, 0);
}

#[test]
fn tracks_are_read_field_by_field() {
    let next = ReadTrackInformation(TrackAddress::Invisible).parse(&bytes(NEXT_TRACK)).unwrap();
    assert_eq!((next.track, next.session, next.start, next.next_writable), (2, 2, Lba(12_552), Some(Lba(12_552))));
    assert_eq!((next.free, next.last_recorded, next.blank, next.damaged), (Sectors(347_297), None, true, false));
    let open = ReadTrackInformation(TrackAddress::Number(1)).parse(&bytes(DVD_R_TRACK)).unwrap();
    assert_eq!((open.next_writable, open.last_recorded), (Some(Lba(0x1001)), Some(Lba(0x1000))));
    assert_eq!((open.blocking, open.packet, open.reserved, open.blank), (Sectors(16), true, false, false));
}

#[test]
fn capacities_and_tables_of_contents_are_read() {
    assert_eq!(ReadCapacity10.parse(&bytes(CD_CAPACITY)).unwrap(), Sectors(1152));
    assert_eq!(ReadLastSession.parse(&bytes(TWO_SESSIONS)).unwrap(), Some(Lba(12_552)));
    let starts =
        ReadToc.parse(&bytes(TOC)).unwrap().iter().map(|track| (track.number, track.start.0)).collect::<Vec<_>>();
    assert_eq!(starts, [(1, 0), (2, 12_552), (0xaa, 13_824)]);
    assert_eq!(ReadAtip.parse(&bytes(ATIP)).unwrap(), Some(Sectors(359_849)));
    let formats = ReadFormatCapacities.parse(&bytes(BD_RE_FORMATS)).unwrap();
    assert_eq!((formats.sectors, formats.kind), (Sectors(12_219_392), CapacityKind::Unformatted));
    let listed = formats.formats.iter().map(|format| (format.kind, format.sectors.0)).collect::<Vec<_>>();
    assert_eq!(listed, [(0x00, 11_826_176), (0x30, 12_088_320), (0x31, 12_219_392)]);
}

#[test]
fn features_carry_their_data() {
    use super::mmc::Feature;
    let features = GetConfiguration.parse(&bytes(BD_RE_FEATURES)).unwrap();
    assert_eq!(features.profile, Profile::BdRe);
    assert_eq!(features.data(Feature::RANDOM_WRITABLE).unwrap()[..4], [0x00, 0xb4, 0x73, 0xff]);
    assert!(features.bit(Feature::REAL_TIME_STREAMING, 0, 3) && !features.bit(Feature::REAL_TIME_STREAMING, 0, 2));
    assert!(!features.bit(Feature::CD_MASTERING, 0, 5));
    assert!(features.has(Feature::DEFECT_MANAGEMENT) && !features.has(Feature::INCREMENTAL_STREAMING));
}

#[test]
fn the_makers_of_media_and_drives_are_read() {
    assert_eq!(Inquiry.parse(&bytes(INQUIRY)).unwrap().product, "DVDRAM GH24NSD1");
    assert_eq!(ReadMediumId::DvdPlus.parse(&bytes(ADIP)).unwrap().as_deref(), Some("RICOHJPN W11"));
    assert_eq!(ReadMediumId::DvdMinus.parse(&bytes(PRE_RECORDED)).unwrap().as_deref(), Some("MCC 03RG20"));
}

#[test]
fn speeds_and_buffers_are_read() {
    let speeds = GetWriteSpeeds.parse(&bytes(WRITE_SPEEDS)).unwrap();
    assert_eq!(speeds.iter().map(|speed| speed.write_kb_per_s).collect::<Vec<_>>(), [8991, 4496]);
    let page = ModeSense10 { page: 0x2a }.parse(&bytes(CAPABILITY_PAGE)).unwrap();
    assert_eq!(Capabilities::parse(&page).write_speeds[0].write_kb_per_s, 7056);
    let buffer = ReadBufferCapacity.parse(&bytes(BUFFER)).unwrap();
    assert_eq!((buffer.total_bytes, buffer.free_bytes), (2 << 20, 1 << 20));
    let page = ModeSense10 { page: 5 }.parse(&bytes(WRITE_PAGE)).unwrap();
    assert_eq!(page.len(), 52);
}

#[test]
fn sense_data_says_what_happened() {
    let words: Vec<String> = SENSES.iter().map(|hex| Sense::parse(&bytes(hex)).to_string()).collect();
    assert_eq!(
        words,
        [
            "not ready, format in progress (2/04/04)",
            "not ready, long write in progress (2/04/08)",
            "medium error, write error at sector 12552 (3/0c/00)",
            "unit attention, the medium may have changed (6/28/00)",
            "illegal request, invalid field in the command in byte 1 bit 1 of the command (5/24/00)",
            "medium error, write error, left over from an earlier command (3/0c/00)",
            "medium error, write error at sector 12552 after 3 retries (3/0c/00)",
        ]
    );
    assert_eq!(Sense::parse(&bytes(SENSES[0])).progress(), Some(0x6e14));
    assert_eq!(Sense::parse(&bytes(SENSES[1])).progress(), None);
    assert_eq!(Sense::parse(&bytes("70 00")).key, SenseKey::NoSense);
}
