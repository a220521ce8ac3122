//! A drive that answers what a test says, byte by byte, and GOOD to everything else; it remembers what it was sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::scsi::{Completion, Data, Drive, Transport, TransportError};

/// Bytes from hexadecimal digits; blanks and line ends are for the eye.
pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    assert!(digits.len().is_multiple_of(2));
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

type Answer = Box<dyn FnMut(&[u8]) -> Option<Completion> + Send>;

/// What a drive says, in hexadecimal digits.
pub(super) struct Says {
    /// GET CONFIGURATION: the current profile.
    pub(super) profile: u16,
    /// The same once the disc was taken out and in again, if it is another.
    pub(super) profile_after_load: Option<u16>,
    /// Its current features, with their data.
    pub(super) features: Vec<(u16, &'static str)>,
    /// READ DISC INFORMATION.
    pub(super) disc: &'static str,
    /// The same after CLOSE SESSION, if it is another.
    pub(super) disc_after_close: &'static str,
    /// READ TRACK INFORMATION by the number that is asked for; other numbers are refused.
    pub(super) tracks: Vec<(u8, &'static str)>,
    /// READ FORMAT CAPACITIES; refused if empty.
    pub(super) formats: &'static str,
    /// READ CAPACITY: the last sector.
    pub(super) last: u32,
    /// READ ATIP; refused if empty.
    pub(super) atip: &'static str,
    /// READ TOC; refused if empty.
    pub(super) toc: &'static str,
    /// Bytes that one command moves.
    pub(super) moves: usize,
    /// Answers before all of this.
    pub(super) answer: Answer,
}

impl Says {
    pub(super) fn new(profile: u16, disc: &'static str) -> Says {
        Says {
            profile,
            profile_after_load: None,
            features: Vec::new(),
            disc,
            disc_after_close: "",
            tracks: Vec::new(),
            formats: "",
            last: 0,
            atip: "",
            toc: "",
            moves: 64 * 1024,
            answer: Box::new(|_| None),
        }
    }

    pub(super) fn features(self, features: &[u16]) -> Says {
        // Those of the DVD+ media say with their first bit that the drive writes.
        let data = |code| if matches!(code, 0x2a | 0x2b | 0x3a | 0x3b) { "01000000" } else { "00000000" };
        Says { features: features.iter().map(|&code| (code, data(code))).collect(), ..self }
    }

    pub(super) fn track(mut self, number: u8, track: &'static str) -> Says {
        self.tracks.push((number, track));
        self
    }

    pub(super) fn formats(self, formats: &'static str) -> Says {
        Says { formats, ..self }
    }

    pub(super) fn answer(self, answer: impl FnMut(&[u8]) -> Option<Completion> + Send + 'static) -> Says {
        Says { answer: Box::new(answer), ..self }
    }

    /// The drive, and what it was sent.
    pub(super) fn drive(self) -> (Drive, Sent) {
        let sent = Sent::default();
        let stand_in = StandIn { says: self, sent: sent.clone(), clock: Duration::ZERO };
        (Drive::new(Box::new(stand_in), "a stand-in"), sent)
    }

    fn reply(&mut self, cdb: &[u8]) -> Result<Vec<u8>, [u8; 3]> {
        let not_known = [5, 0x24, 0];
        let there = |hex: &str| if hex.is_empty() { Err(not_known) } else { Ok(bytes(hex)) };
        match cdb[0] {
            0x46 => {
                let mut list = Vec::new();
                for (code, data) in &self.features {
                    let data = bytes(data);
                    list.extend(code.to_be_bytes());
                    // Current; of the Removable Medium feature the version that tells of a tray that can't be pulled in.
                    let version = if *code == 0x0003 { 2 } else { 0 };
                    list.extend([version << 2 | 0x01, u8::try_from(data.len()).unwrap()]);
                    list.extend(data);
                }
                let mut reply = u32::try_from(list.len() + 4).unwrap().to_be_bytes().to_vec();
                reply.extend([0, 0]);
                reply.extend(self.profile.to_be_bytes());
                reply.extend(list);
                Ok(reply)
            }
            // START STOP UNIT with LoEj and Start.
            0x1b if cdb[4] & 0b11 == 0b11 => {
                self.profile = self.profile_after_load.unwrap_or(self.profile);
                Ok(Vec::new())
            }
            0x51 => there(self.disc),
            0x5b if cdb[2] == 2 && !self.disc_after_close.is_empty() => {
                self.disc = self.disc_after_close;
                Ok(Vec::new())
            }
            0x52 => there(self.tracks.iter().find(|(number, _)| *number == cdb[5]).map_or("", |(_, track)| track)),
            0x23 => there(self.formats),
            0x25 => Ok([self.last.to_be_bytes(), 2048u32.to_be_bytes()].concat()),
            0x43 if cdb[2] == 4 => there(self.atip),
            0x5a => Ok([&[0, 58, 0, 0, 0, 0, 0, 0, 0x05, 0x32], &[0; 50][..]].concat()),
            0xac => {
                Ok(bytes("00000024 02000000 00000000 00B473FF 0000231F 0000231F  00000000 00B473FF 00001190 00001190"))
            }
            0x43 => there(self.toc),
            _ => Ok(Vec::new()),
        }
    }
}

/// A refusal with this sense.
pub(super) fn refusal(key: u8, asc: u8, ascq: u8) -> Completion {
    Completion::check([0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0])
}

/// The commands that reached a drive, with the parameters of those that are short.
#[derive(Clone, Default)]
pub(super) struct Sent(Arc<Mutex<Vec<Packet>>>);

/// A CDB, and the parameters that went with it.
type Packet = (Vec<u8>, Vec<u8>);

impl Sent {
    /// Forgets what was sent so far.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    /// Whether a command with this code was sent.
    pub(super) fn asked(&self, code: u8) -> bool {
        self.0.lock().unwrap().iter().any(|(cdb, _)| cdb[0] == code)
    }

    /// Whether the tray was freed.
    pub(super) fn unlocked(&self) -> bool {
        self.0.lock().unwrap().iter().any(|(cdb, _)| cdb[0] == 0x1e && cdb[4] & 1 == 0)
    }

    /// What changes something, or asks where to write, in hexadecimal digits: polls, lengths and what only describes the disc left out. A run of
    /// WRITEs is one line: code, first address, number of sectors.
    pub(super) fn commands(&self) -> Vec<String> {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let mut lines = Vec::new();
        let mut run: Option<(u8, u32, u32)> = None;
        for (cdb, parameters) in self.0.lock().unwrap().iter() {
            let at = || u32::from_be_bytes([cdb[2], cdb[3], cdb[4], cdb[5]]);
            let more = match cdb[0] {
                0x2a => u32::from(cdb[8]),
                0xaa => u32::from(cdb[9]),
                _ => 0,
            };
            if let Some((code, from, count)) = &mut run {
                if *code == cdb[0] && at() == from.wrapping_add(*count) {
                    *count += more;
                    continue;
                }
                lines.push(format!("{code:02x} {from:08x} +{count}"));
                run = None;
            }
            match cdb[0] {
                0x00 | 0x1e | 0x23 | 0x46 | 0x51 | 0x5a | 0xac => {}
                0x2a | 0xaa => run = Some((cdb[0], at(), more)),
                // The page's bytes that differ from recipe to recipe.
                0x55 => lines.push(format!("55 {}", hex(&parameters[10..14]))),
                0x04 | 0x5d | 0xb6 => lines.push(format!("{} {}", hex(cdb), hex(parameters))),
                _ => lines.push(hex(cdb)),
            }
        }
        lines.extend(run.map(|(code, from, count)| format!("{code:02x} {from:08x} +{count}")));
        lines
    }
}

struct StandIn {
    says: Says,
    sent: Sent,
    clock: Duration,
}

impl Transport for StandIn {
    fn execute(&mut self, cdb: &[u8], data: Data<'_>, _: Duration) -> Result<Completion, TransportError> {
        let parameters = match &data {
            Data::Out(out) => out[..out.len().min(64)].to_vec(),
            _ => Vec::new(),
        };
        self.sent.0.lock().unwrap().push((cdb.to_vec(), parameters));
        if let Some(answer) = (self.says.answer)(cdb) {
            return Ok(answer);
        }
        match (self.says.reply(cdb), data) {
            (Err([key, asc, ascq]), _) => Ok(refusal(key, asc, ascq)),
            (Ok(reply), Data::In(buffer)) => {
                let moved = reply.len().min(buffer.len());
                buffer[..moved].copy_from_slice(&reply[..moved]);
                Ok(Completion::good(moved))
            }
            (Ok(_), data) => Ok(Completion::good(data.len())),
        }
    }
    fn max_transfer(&self) -> usize {
        self.says.moves
    }
    fn wait(&mut self, duration: Duration) {
        self.clock += duration;
    }
    fn now(&self) -> Duration {
        self.clock
    }
}
