//! Login and text: keys and values (RFC 7143, sections 6 and 13). Nobody has to prove who he is: the target listens on loopback only.

use std::io::{self, Read, Write};

use crate::pdu::{MOST_DATA, Pdu, request, response};
use crate::unit::Units;

/// What both sides have agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// The drive, by its place; `None` in a discovery session.
    pub(crate) target: Option<usize>,
    /// The most data one message to the initiator may carry.
    pub(crate) most_data: usize,
    /// The most data one R2T asks for.
    pub(crate) max_burst: usize,
    /// The number of the next command.
    pub(crate) command: u32,
    /// The number of the next status.
    pub(crate) status: u32,
}

/// Largest burst this target agrees to.
const MAX_BURST: usize = 256 * 1024;

/// Login status, class and detail (11.13.5).
const SUCCESS: [u8; 2] = [0x00, 0x00];
const INITIATOR_ERROR: [u8; 2] = [0x02, 0x00];
const NOT_FOUND: [u8; 2] = [0x02, 0x03];
const MISSING_PARAMETER: [u8; 2] = [0x02, 0x07];

/// `key=value` pairs, each ended by a NUL.
pub(crate) fn pairs(data: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(data);
    text.split('\0').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// Pairs as they go over the wire.
pub(crate) fn encode(pairs: &[(&str, String)]) -> Vec<u8> {
    pairs.iter().flat_map(|(key, value)| format!("{key}={value}\0").into_bytes()).collect()
}

/// What has been said so far.
#[derive(Debug)]
struct Talk<'a> {
    units: &'a Units,
    initiator: bool,
    discovery: bool,
    target: Option<usize>,
    declared: bool,
    most_data: usize,
    max_burst: usize,
}

impl Talk<'_> {
    /// Answers one pair; `Err` is the status that ends the login.
    fn answer(&mut self, key: &str, value: &str) -> Result<Option<(&'static str, String)>, [u8; 2]> {
        let number = |most: usize| value.parse::<usize>().unwrap_or(most).min(most);
        let said = |key: &'static str, value: &str| Ok(Some((key, value.to_owned())));
        match key {
            "InitiatorName" => {
                self.initiator = true;
                Ok(None)
            }
            "InitiatorAlias" => Ok(None),
            "SessionType" => {
                self.discovery = value == "Discovery";
                Ok(None)
            }
            "TargetName" => {
                self.target = Some(self.units.find(value).ok_or(NOT_FOUND)?);
                Ok(None)
            }
            "AuthMethod" if value.split(',').any(|method| method == "None") => said("AuthMethod", "None"),
            "AuthMethod" => Err([0x02, 0x01]),
            "HeaderDigest" => said("HeaderDigest", "None"),
            "DataDigest" => said("DataDigest", "None"),
            "MaxRecvDataSegmentLength" => {
                self.most_data = number((1 << 24) - 1).max(512);
                Ok(None)
            }
            "MaxBurstLength" => {
                self.max_burst = number(MAX_BURST).max(512);
                Ok(Some(("MaxBurstLength", self.max_burst.to_string())))
            }
            "FirstBurstLength" => Ok(Some(("FirstBurstLength", number(MAX_BURST).to_string()))),
            "MaxConnections" => said("MaxConnections", "1"),
            "MaxOutstandingR2T" => said("MaxOutstandingR2T", "1"),
            "ErrorRecoveryLevel" => said("ErrorRecoveryLevel", "0"),
            // Data beyond the immediate is asked for, always.
            "InitialR2T" => said("InitialR2T", "Yes"),
            "ImmediateData" => Ok(Some(("ImmediateData", value.to_owned()))),
            "DataPDUInOrder" => said("DataPDUInOrder", "Yes"),
            "DataSequenceInOrder" => said("DataSequenceInOrder", "Yes"),
            "DefaultTime2Wait" => Ok(Some(("DefaultTime2Wait", value.to_owned()))),
            "DefaultTime2Retain" => said("DefaultTime2Retain", "0"),
            "IFMarker" => said("IFMarker", "No"),
            "OFMarker" => said("OFMarker", "No"),
            _ => Ok(None),
        }
    }

    /// Answers every pair of a message.
    fn answer_all(&mut self, data: &[u8], operational: bool) -> Result<Vec<(String, String)>, [u8; 2]> {
        let mut answers = Vec::new();
        for (key, value) in pairs(data) {
            match self.answer(&key, &value)? {
                Some((key, value)) => answers.push((key.to_owned(), value)),
                None if KNOWN_WITHOUT_ANSWER.contains(&key.as_str()) => {}
                None => answers.push((key, "NotUnderstood".to_owned())),
            }
        }
        if !self.initiator || (!self.discovery && self.target.is_none()) {
            return Err(MISSING_PARAMETER);
        }
        if operational && !self.declared {
            self.declared = true;
            answers.push(("MaxRecvDataSegmentLength".to_owned(), MOST_DATA.to_string()));
        }
        Ok(answers)
    }
}

/// Declarations.
const KNOWN_WITHOUT_ANSWER: [&str; 5] =
    ["InitiatorName", "InitiatorAlias", "SessionType", "TargetName", "MaxRecvDataSegmentLength"];

/// Takes a login from its first message to the full feature phase; `None` when it came to nothing, which the initiator was told.
///
/// # Errors
/// When the connection breaks.
pub(crate) fn login(stream: &mut (impl Read + Write), units: &Units, session: u16) -> io::Result<Option<Agreed>> {
    let (most_data, max_burst) = (8192, MAX_BURST);
    let mut talk =
        Talk { units, initiator: false, discovery: false, target: None, declared: false, most_data, max_burst };
    let mut gathered = Vec::new();
    let mut status = 1_u32;
    let mut command = None;
    while let Some(pdu) = Pdu::read(stream)? {
        let mut reply = Pdu::answer(response::LOGIN, pdu.tag());
        // Version 0 is the only one. ISID as it came.
        reply.header[8..14].copy_from_slice(&pdu.header[8..14]);
        // A login is immediate: the number it names is the next command's.
        let number = *command.get_or_insert(pdu.u32(24));
        reply.set_u32(24, status);
        reply.set_u32(28, number);
        reply.set_u32(32, number.wrapping_add(31));
        status = status.wrapping_add(1);

        let (stage, next) = (pdu.header[1] >> 2 & 3, pdu.header[1] & 3);
        let continues = pdu.header[1] & 0x40 != 0;
        reply.header[1] = stage << 2;
        let wrong = pdu.code() != request::LOGIN || stage > 1 || (pdu.is_final() && (next <= stage || next == 2));
        if wrong {
            reply.header[36..38].copy_from_slice(&INITIATOR_ERROR);
            reply.write(stream)?;
            return Ok(None);
        }
        gathered.extend_from_slice(&pdu.data);
        if continues {
            reply.write(stream)?;
            continue;
        }
        match talk.answer_all(&std::mem::take(&mut gathered), stage == 1) {
            Err(class) => {
                reply.header[36..38].copy_from_slice(&class);
                reply.write(stream)?;
                return Ok(None);
            }
            Ok(answers) => {
                let answers: Vec<_> = answers.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
                reply.data = encode(&answers);
                reply.header[36..38].copy_from_slice(&SUCCESS);
            }
        }
        if pdu.is_final() {
            reply.header[1] |= 0x80 | next;
        }
        if pdu.is_final() && next == 3 {
            reply.header[14..16].copy_from_slice(&session.to_be_bytes());
            reply.write(stream)?;
            let Talk { discovery, target, most_data, max_burst, .. } = talk;
            let target = target.filter(|_| !discovery);
            return Ok(Some(Agreed { target, most_data, max_burst, command: number, status }));
        }
        reply.write(stream)?;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_end_with_a_nul_each() {
        let bytes = b"InitiatorName=iqn.a:b\0AuthMethod=CHAP,None\0";
        let read = pairs(bytes);
        assert_eq!(read[1], ("AuthMethod".to_owned(), "CHAP,None".to_owned()));
        assert_eq!(encode(&[("InitiatorName", "iqn.a:b".to_owned()), ("AuthMethod", "CHAP,None".to_owned())]), bytes);
    }

    /// Requests to be read, answers to be kept.
    struct Line {
        requests: io::Cursor<Vec<u8>>,
        answers: Vec<u8>,
    }

    impl Read for Line {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.requests.read(buffer)
        }
    }

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.answers.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn message(flags: u8, text: &[u8]) -> Vec<u8> {
        let mut pdu = Pdu::answer(0x43, 0x99);
        pdu.header[1] = flags;
        pdu.set_u32(24, 17);
        pdu.data = text.to_vec();
        let mut bytes = Vec::new();
        pdu.write(&mut bytes).unwrap();
        bytes
    }

    fn run(messages: &[Vec<u8>]) -> (Option<Agreed>, Vec<Pdu>) {
        let mut line = Line { requests: io::Cursor::new(messages.concat()), answers: Vec::new() };
        let agreed = login(&mut line, &Units::default(), 4).unwrap();
        let mut from = &line.answers[..];
        let answers = std::iter::from_fn(|| Pdu::read(&mut from).unwrap()).collect();
        (agreed, answers)
    }

    #[test]
    fn a_discovery_session_passes_both_stages_and_is_told_what_was_agreed() {
        let security = message(0x81, b"InitiatorName=iqn.a:b\0SessionType=Discovery\0AuthMethod=None\0");
        let operation = message(0x87, b"HeaderDigest=CRC32C,None\0MaxRecvDataSegmentLength=65536\0X-new=1\0");
        let (agreed, answers) = run(&[security, operation]);
        let agreed = agreed.unwrap();
        assert_eq!((agreed.target, agreed.most_data, agreed.command, agreed.status), (None, 65536, 17, 3));
        assert_eq!(answers[0].header[1], 0x81);
        assert_eq!(answers[0].data, b"AuthMethod=None\0");
        assert_eq!(answers[1].header[1], 0x87);
        assert_eq!(answers[1].data, b"HeaderDigest=None\0X-new=NotUnderstood\0MaxRecvDataSegmentLength=262144\0");
        // TSIH, StatSN, ExpCmdSN.
        assert_eq!((answers[1].u16(14), answers[1].u32(24), answers[1].u32(28)), (4, 2, 17));
    }

    #[test]
    fn a_target_that_is_not_there_is_not_found() {
        let (agreed, answers) = run(&[message(0x87, b"InitiatorName=iqn.a:b\0TargetName=iqn.c:d\0")]);
        assert_eq!(agreed, None);
        assert_eq!(answers[0].header[36..38], [0x02, 0x03]);
    }

    #[test]
    fn who_does_not_say_his_name_or_the_targets_is_turned_away() {
        let (agreed, answers) = run(&[message(0x87, b"SessionType=Discovery\0")]);
        assert_eq!((agreed, &answers[0].header[36..38]), (None, &[0x02, 0x07][..]));
        let (agreed, answers) = run(&[message(0x87, b"InitiatorName=iqn.a:b\0")]);
        assert_eq!((agreed, &answers[0].header[36..38]), (None, &[0x02, 0x07][..]));
    }
}
