//! The full feature phase of one connection (RFC 7143, sections 4.2 and 11): commands with their data, task management, text, logout.
//!
//! One command at a time, in the order they came: a drive has no queue. Data to the drive comes with the command as far as that was
//! agreed on, the rest is asked for by R2T. What arrives meanwhile waits, but for an abort of the very command.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use cedarburn::scsi::{Completion, Data, Status, TransportError};

use crate::login::{Agreed, encode, pairs};
use crate::pdu::{HEADER, NO_TAG, Pdu, request, response};
use crate::unit::{Unit, Units};

/// How many commands may be under way beside the one that is expected.
const WINDOW: u32 = 31;

/// The most one command may move; more is refused before anything is allocated.
const MOST_BYTES: u32 = 16 * 1024 * 1024;

/// Reasons to reject (11.17.1).
const PROTOCOL_ERROR: u8 = 0x04;
const NOT_SUPPORTED: u8 = 0x05;
const INVALID_FIELD: u8 = 0x09;

/// Responses to task management (11.6.1).
const DONE: u8 = 0;
const NO_SUCH_TASK: u8 = 1;
const NO_SUCH_UNIT: u8 = 2;
const FUNCTION_UNKNOWN: u8 = 5;

/// A connection that has logged in.
#[derive(Debug)]
pub(crate) struct Session<'a, S> {
    stream: S,
    units: &'a Units,
    agreed: Agreed,
    /// Messages that came while another one was dealt with.
    waiting: VecDeque<Pdu>,
    /// How a target is reached, for SendTargets.
    address: String,
    next_transfer: u32,
}

/// What goes back to the initiator when a command has ended.
#[derive(Debug)]
struct Outcome {
    /// 0, or 1 for a failure of the target (11.4.3).
    response: u8,
    status: u8,
    sense: Vec<u8>,
    data: Vec<u8>,
}

impl<'a, S: Read + Write> Session<'a, S> {
    pub(crate) fn new(stream: S, units: &'a Units, agreed: Agreed, address: String) -> Session<'a, S> {
        Session { stream, units, agreed, waiting: VecDeque::new(), address, next_transfer: 1 }
    }

    /// Serves the connection until the initiator logs out or hangs up.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(crate) fn serve(&mut self) -> io::Result<()> {
        while let Some(pdu) = self.next()? {
            if !self.is_in_order(&pdu) {
                self.reject(PROTOCOL_ERROR, &pdu)?;
                return Ok(());
            }
            match pdu.code() {
                request::COMMAND => self.command(&pdu)?,
                request::NOP_OUT => self.nop(&pdu)?,
                request::TASK_MANAGEMENT => self.manage(&pdu)?,
                request::TEXT => self.text(&pdu)?,
                request::LOGOUT => {
                    let reply = Pdu::answer(response::LOGOUT, pdu.tag());
                    return self.answer(reply);
                }
                // Data of a command that is over: aborted, or ended early.
                request::DATA_OUT => {}
                _ => self.reject(NOT_SUPPORTED, &pdu)?,
            }
        }
        Ok(())
    }

    fn next(&mut self) -> io::Result<Option<Pdu>> {
        match self.waiting.pop_front() {
            Some(pdu) => Ok(Some(pdu)),
            None => Pdu::read(&mut self.stream),
        }
    }

    /// Counts a command; on a single connection each has the number that is expected.
    fn is_in_order(&mut self, pdu: &Pdu) -> bool {
        if pdu.is_immediate() || pdu.code() == request::DATA_OUT {
            return true;
        }
        let right = pdu.u32(24) == self.agreed.command;
        self.agreed.command = self.agreed.command.wrapping_add(1);
        right
    }

    /// Fills in what every answer says of the order of commands. StatSN, ExpCmdSN and MaxCmdSN stand in the same place in all of them.
    fn number(&self, pdu: &mut Pdu) {
        pdu.set_u32(24, self.agreed.status);
        pdu.set_u32(28, self.agreed.command);
        pdu.set_u32(32, self.agreed.command.wrapping_add(WINDOW));
    }

    /// Sends an answer that carries a status of its own.
    fn answer(&mut self, mut pdu: Pdu) -> io::Result<()> {
        self.number(&mut pdu);
        self.agreed.status = self.agreed.status.wrapping_add(1);
        pdu.write(&mut self.stream)
    }

    fn reject(&mut self, reason: u8, wrong: &Pdu) -> io::Result<()> {
        let mut reply = Pdu::answer(response::REJECT, NO_TAG);
        reply.header[2] = reason;
        reply.data = wrong.header[..HEADER].to_vec();
        self.answer(reply)
    }

    fn nop(&mut self, pdu: &Pdu) -> io::Result<()> {
        if pdu.tag() == NO_TAG {
            return Ok(());
        }
        let mut reply = Pdu::answer(response::NOP_IN, pdu.tag());
        reply.header[8..16].copy_from_slice(&pdu.header[8..16]);
        reply.set_u32(20, NO_TAG);
        reply.data.clone_from(&pdu.data);
        self.answer(reply)
    }

    fn text(&mut self, pdu: &Pdu) -> io::Result<()> {
        let mut reply = Pdu::answer(response::TEXT, pdu.tag());
        reply.set_u32(20, NO_TAG);
        let mut answers: Vec<(&str, String)> = Vec::new();
        let asked = pairs(&pdu.data);
        if asked.iter().any(|(key, _)| key == "SendTargets") {
            for name in self.units.names() {
                answers.push(("TargetName", name));
                answers.push(("TargetAddress", format!("{},1", self.address)));
            }
        }
        reply.data = encode(&answers);
        self.answer(reply)
    }

    fn unit(&self) -> Option<&'a Unit> {
        self.agreed.target.and_then(|at| self.units.get(at))
    }

    fn manage(&mut self, pdu: &Pdu) -> io::Result<()> {
        let function = pdu.header[1] & 0x7f;
        let outcome = match (function, self.unit()) {
            (_, None) => NO_SUCH_UNIT,
            (1 | 2 | 4 | 5, _) if pdu.lun() != Some(0) => NO_SUCH_UNIT,
            (1, _) => {
                let wanted = pdu.u32(20);
                let is_it = |waiting: &Pdu| waiting.code() == request::COMMAND && waiting.tag() == wanted;
                let found = self.waiting.iter().any(is_it);
                self.drop_waiting(is_it);
                if found { DONE } else { NO_SUCH_TASK }
            }
            (2 | 4, _) => {
                self.drop_waiting(|waiting| waiting.code() == request::COMMAND);
                DONE
            }
            (5..=7, Some(unit)) => {
                self.drop_waiting(|waiting| waiting.code() == request::COMMAND);
                match unit.reset() {
                    Ok(()) => DONE,
                    Err(_) => 0xff,
                }
            }
            _ => FUNCTION_UNKNOWN,
        };
        let mut reply = Pdu::answer(response::TASK_MANAGEMENT, pdu.tag());
        reply.header[2] = outcome;
        self.answer(reply)
    }

    /// Forgets commands that wait. Their numbers are used up all the same.
    fn drop_waiting(&mut self, which: impl Fn(&Pdu) -> bool) {
        let command = &mut self.agreed.command;
        self.waiting.retain(|pdu| {
            let goes = which(pdu);
            if goes && !pdu.is_immediate() {
                *command = command.wrapping_add(1);
            }
            !goes
        });
    }

    fn command(&mut self, pdu: &Pdu) -> io::Result<()> {
        let (reads, writes) = (pdu.header[1] & 0x40 != 0, pdu.header[1] & 0x20 != 0);
        let expected = pdu.u32(20);
        // Both ways at once, or data before it was asked for: neither was agreed on.
        if (reads && writes) || !pdu.is_final() || expected > MOST_BYTES {
            return self.reject(INVALID_FIELD, pdu);
        }
        let room = usize::try_from(expected).map_err(io::Error::other)?;
        let mut outcome = Outcome { response: 0, status: 0, sense: Vec::new(), data: Vec::new() };
        let mut moved = 0;
        if writes {
            let Some(data) = self.gather(pdu, room)? else { return Ok(()) };
            let done = self.run(pdu, Data::Out(&data));
            moved = done.as_ref().map_or(0, |done| done.moved);
            outcome.take(done);
        } else if reads {
            let mut data = vec![0; room];
            let done = self.run(pdu, Data::In(&mut data));
            moved = done.as_ref().map_or(0, |done| done.moved).min(room);
            data.truncate(moved);
            outcome.take(done);
            outcome.data = data;
        } else {
            let done = self.run(pdu, Data::None);
            outcome.take(done);
        }
        self.respond(pdu, &outcome, expected - u32::try_from(moved).unwrap_or(expected).min(expected))
    }

    fn run(&self, pdu: &Pdu, data: Data<'_>) -> Result<Completion, TransportError> {
        let cdb = cdb(pdu);
        match (self.unit(), pdu.lun()) {
            (Some(unit), Some(0)) => unit.execute(cdb, data),
            _ => Ok(no_such_unit(cdb, data)),
        }
    }

    /// The data that goes with a command, `room` bytes of it; `None` if the command is aborted meanwhile.
    fn gather(&mut self, command: &Pdu, room: usize) -> io::Result<Option<Vec<u8>>> {
        let mut data = command.data.clone();
        data.truncate(room);
        let mut asked = 0_u32;
        while data.len() < room {
            let begin = data.len();
            let wanted = (room - begin).min(self.agreed.max_burst);
            let transfer = self.next_transfer;
            self.next_transfer = if transfer == NO_TAG - 1 { 1 } else { transfer + 1 };
            let mut ready = Pdu::answer(response::READY_TO_TRANSFER, command.tag());
            ready.header[8..16].copy_from_slice(&command.header[8..16]);
            ready.set_u32(20, transfer);
            self.number(&mut ready);
            ready.set_u32(36, asked);
            ready.set_u32(40, u32::try_from(begin).map_err(io::Error::other)?);
            ready.set_u32(44, u32::try_from(wanted).map_err(io::Error::other)?);
            ready.write(&mut self.stream)?;
            asked += 1;
            while data.len() < begin + wanted {
                let Some(pdu) = Pdu::read(&mut self.stream)? else { return Err(io::ErrorKind::UnexpectedEof.into()) };
                match pdu.code() {
                    request::DATA_OUT if pdu.u32(20) == transfer => {
                        let place = usize::try_from(pdu.u32(40)).map_err(io::Error::other)?;
                        if place != data.len() || place + pdu.data.len() > begin + wanted {
                            self.reject(INVALID_FIELD, &pdu)?;
                            return Err(io::ErrorKind::InvalidData.into());
                        }
                        data.extend_from_slice(&pdu.data);
                    }
                    request::TASK_MANAGEMENT if pdu.is_immediate() => {
                        let function = pdu.header[1] & 0x7f;
                        let this = function != 1 || pdu.u32(20) == command.tag();
                        if this && function == 1 {
                            let mut reply = Pdu::answer(response::TASK_MANAGEMENT, pdu.tag());
                            reply.header[2] = DONE;
                            self.answer(reply)?;
                        } else {
                            self.manage(&pdu)?;
                        }
                        if this {
                            return Ok(None);
                        }
                    }
                    _ => self.waiting.push_back(pdu),
                }
            }
        }
        Ok(Some(data))
    }

    /// Data, if there is any, and status. A status of GOOD comes with the last of the data.
    fn respond(&mut self, command: &Pdu, outcome: &Outcome, residual: u32) -> io::Result<()> {
        let underflow = u8::from(residual > 0) << 1;
        let collapses = outcome.status == 0 && outcome.response == 0;
        let mut sent = 0_u32;
        let mut place = 0;
        let segments: Vec<&[u8]> = outcome.data.chunks(self.agreed.most_data).collect();
        for (at, segment) in segments.iter().enumerate() {
            let is_last = at + 1 == segments.len();
            let mut data = Pdu::answer(response::DATA_IN, command.tag());
            data.header[1] = if is_last { 0x80 } else { 0 };
            data.set_u32(20, NO_TAG);
            self.number(&mut data);
            // Only with a status does StatSN mean anything.
            data.set_u32(24, 0);
            data.set_u32(36, sent);
            data.set_u32(40, place);
            data.data = segment.to_vec();
            sent += 1;
            place += u32::try_from(segment.len()).map_err(io::Error::other)?;
            if is_last && collapses {
                data.header[1] |= 0x01 | underflow;
                data.set_u32(44, residual);
                return self.answer(data);
            }
            data.write(&mut self.stream)?;
        }
        let mut reply = Pdu::answer(response::COMMAND, command.tag());
        reply.header[1] |= underflow;
        reply.header[2] = outcome.response;
        reply.header[3] = outcome.status;
        reply.set_u32(36, sent);
        reply.set_u32(44, residual);
        if !outcome.sense.is_empty() {
            let length = u16::try_from(outcome.sense.len()).map_err(io::Error::other)?;
            reply.data = length.to_be_bytes().to_vec();
            reply.data.extend_from_slice(&outcome.sense);
        }
        self.answer(reply)
    }
}

impl Outcome {
    fn take(&mut self, done: Result<Completion, TransportError>) {
        match done {
            Ok(done) => {
                self.status = status_byte(done.status);
                self.sense = done.sense;
            }
            // The drive is gone, or the lengths did not fit: nothing a status could tell.
            Err(_) => self.response = 1,
        }
    }
}

/// The CDB in its natural length, which its group code gives (SPC-4 4.2.5.1); the field is always 16 bytes.
fn cdb(pdu: &Pdu) -> &[u8] {
    let length = match pdu.header[32] >> 5 {
        0 => 6,
        1 | 2 => 10,
        5 => 12,
        _ => 16,
    };
    &pdu.header[32..32 + length]
}

/// What is answered where no unit is (SPC-4 5.11 and 6.4.2): INQUIRY says so, all else is refused with 5/25/00.
fn no_such_unit(cdb: &[u8], data: Data<'_>) -> Completion {
    const REFUSAL: [u8; 18] = [0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x25, 0, 0, 0, 0, 0];
    let answer: Vec<u8> = match cdb.first() {
        Some(0x12) => [&[0x7f, 0, 5, 2, 31][..], &[0; 31]].concat(),
        Some(0x03) => REFUSAL.to_vec(),
        _ => return Completion::check(REFUSAL),
    };
    let Data::In(buffer) = data else { return Completion::good(0) };
    let moved = answer.len().min(buffer.len());
    buffer[..moved].copy_from_slice(&answer[..moved]);
    Completion::good(moved)
}

fn status_byte(status: Status) -> u8 {
    match status {
        Status::Good => 0x00,
        Status::CheckCondition => 0x02,
        Status::Busy => 0x08,
        Status::ReservationConflict => 0x18,
        Status::TaskSetFull => 0x28,
        Status::Other(byte) => byte,
    }
}
