//! One command, and what the table of reactions says to its failing, as far as that needs nothing but the drive.

use std::time::Duration;

use super::super::command::{Command, Variable};
use super::super::mmc::ReadTrackInformation;
use super::super::sbc::{StartStopUnit, SynchronizeCache10};
use super::super::spc::PreventAllowMediumRemoval;
use super::super::transport::{Completion, Data, Status};
use super::super::{Cdb, During, Reaction, Sense, SenseKey};
use super::{Drive, Lock, ScsiError, Trays, deadline};
use crate::sector::Lba;

/// Between two looks at a drive that is busy.
const POLL: Duration = Duration::from_millis(500);
/// After a BUSY status.
const BUSY_PAUSE: Duration = Duration::from_millis(100);
/// How often a question is asked that did not get through.
const QUESTION_TRIES: usize = 3;
/// How often a drive is asked to be as it was that is not busy and refuses.
const PARTING_TRIES: usize = 3;

/// How one command is carried out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// What is being done.
    pub during: During,
    /// How long the drive may be busy with something else.
    pub deadline: Duration,
    /// The first pause before the command is offered again; the next is twice as long.
    pub pause: Duration,
    /// The longest one.
    pub longest_pause: Duration,
    /// Where the command writes.
    pub at: Option<Lba>,
    /// The transport's time-out, if it is not the command's own.
    pub timeout: Option<Duration>,
}

impl Rules {
    pub(super) fn of<C: Command>(deadline: Duration) -> Rules {
        Rules { during: C::DURING, deadline, pause: POLL, longest_pause: POLL, at: None, timeout: None }
    }
}

impl Drive {
    /// Runs one command. A drive that is busy, or not ready yet, is waited for, and what can be mended without knowing more is mended;
    /// everything else the drive says comes back.
    ///
    /// # Errors
    /// When the command did not do its work.
    pub fn run<C: Command>(&mut self, command: &C) -> Result<C::Reply, ScsiError> {
        self.run_when_free(command, deadline::READY)
    }

    /// Runs a command with a deadline of its own for a drive that is busy with something else.
    ///
    /// # Errors
    /// When the command did not do its work, or the drive was still busy after `deadline`.
    pub fn run_when_free<C: Command>(&mut self, command: &C, deadline: Duration) -> Result<C::Reply, ScsiError> {
        let rules = Rules::of::<C>(deadline);
        let mut asked = command.allocation();
        let mut cdb = command.cdb();
        if let Some(Variable { first, available }) = command.variable() {
            let mut head = vec![0; usize::from(first)];
            let moved = self.obey(command, &command.cdb_asking(first), &mut head, rules)?;
            head.truncate(moved);
            let there = available(&head).min(asked).next_multiple_of(2);
            let Ok(rest) = u16::try_from(there) else { return Ok(command.parse(&head)?) };
            if rest <= first {
                return Ok(command.parse(&head)?);
            }
            asked = there;
            cdb = command.cdb_asking(rest);
        }
        let mut reply = vec![0; asked];
        let moved = self.obey(command, &cdb, &mut reply, rules)?;
        Ok(command.parse(&reply[..moved.min(reply.len())])?)
    }

    /// A command that is sent as it is, whatever the drive says to it: a poll, or a last try. Only BUSY is waited for.
    pub(super) fn once<C: Command>(&mut self, command: &C) -> Result<C::Reply, ScsiError> {
        let mut reply = vec![0; command.allocation()];
        let moved = self.execute(command, &command.cdb(), &mut reply, None)?;
        Ok(command.parse(&reply[..moved.min(reply.len())])?)
    }

    /// A command that leaves the drive as others expect it. Neither a unit attention nor a drive that is still at work may be in its
    /// way: the next user would find the tray locked. A drive that is busy is waited for, by who won't wait for anything else, too, but not
    /// for longer than [`deadline::PARTING`].
    ///
    /// # Errors
    /// The last failure; a unit attention, even if the command was taken after it.
    pub(crate) fn part_with<C: Command>(&mut self, command: &C) -> Result<C::Reply, ScsiError> {
        let unheard = self.unheard.take();
        let begun = self.now();
        let mut tries = 0;
        let mut attention = None;
        let result = loop {
            let error = match self.once(command) {
                Ok(reply) => break attention.map_or(Ok(reply), Err),
                Err(error) => error,
            };
            // BUSY, to a user who won't wait.
            let reaction = match error {
                ScsiError::GivenUp { .. } => Reaction::Wait,
                _ => error.reaction(During::Inspect),
            };
            match reaction {
                Reaction::Wait | Reaction::WaitAtMost(_) | Reaction::WaitThenInspect(_)
                    if self.now().saturating_sub(begun) < deadline::PARTING =>
                {
                    self.wait(POLL);
                }
                Reaction::Lost | Reaction::Unsupported => break Err(error),
                _ if tries + 1 >= PARTING_TRIES => break Err(error),
                _ => {
                    tries += 1;
                    attention = attention.or(Some(error).filter(ScsiError::is_attention));
                }
            }
        };
        self.unheard = unheard;
        result
    }

    /// A command with what the table says to its failing. Every remedy is used once.
    pub(super) fn obey<C: Command>(
        &mut self,
        command: &C,
        cdb: &Cdb,
        reply: &mut [u8],
        rules: Rules,
    ) -> Result<usize, ScsiError> {
        let begun = self.now();
        let mut pause = rules.pause;
        let mut used: Vec<Reaction> = Vec::new();
        let mut repeated = 0;
        loop {
            let error = match self.execute(command, cdb, reply, rules.timeout) {
                Ok(moved) => return Ok(moved),
                Err(error) => error,
            };
            let reaction = error.reaction(rules.during);
            let waited = self.now().saturating_sub(begun);
            match reaction {
                Reaction::Wait => {
                    self.pause_before(command, begun, rules.deadline, pause)?;
                    pause = (pause * 2).min(rules.longest_pause);
                    continue;
                }
                Reaction::WaitAtMost(limit) | Reaction::WaitThenInspect(limit) if waited < limit => {
                    self.wait_for(|| command.describe(), POLL)?;
                    continue;
                }
                Reaction::Repeat if repeated + 1 < tries(rules.during) => {
                    tracing::debug!(%error, "asked again");
                    repeated += 1;
                    continue;
                }
                _ if used.contains(&reaction) => return Err(error),
                _ => used.push(reaction),
            }
            // A remedy that fails says less than what it was for, unless it says that the disc may be another one.
            match self.mend(reaction, rules) {
                Ok(true) => tracing::warn!(%error, "the command is sent again"),
                Err(news) if news.is_attention() || news.is_drive_lost() || news.is_given_up() => return Err(news),
                Ok(false) | Err(_) => return Err(error),
            }
        }
    }

    /// Does what a reaction asks for. Whether the same command may be sent again then.
    fn mend(&mut self, reaction: Reaction, rules: Rules) -> Result<bool, ScsiError> {
        match reaction {
            Reaction::Start => {
                self.once(&StartStopUnit::Start)?;
                self.poll_until_ready(false, Trays::Stay)?;
            }
            Reaction::RepeatWhenReady => self.poll_until_ready(false, Trays::Stay)?,
            Reaction::RepeatIfUnmoved(pause) => {
                let (Some(track), Some(at)) = (self.written_track, rules.at) else { return Ok(false) };
                self.wait_for(|| "what came before the next try".to_owned(), pause)?;
                let information = self.run(&ReadTrackInformation(track))?;
                // A next writable address before sector 0 reads as 0.
                let at = if at.0 > i32::MAX.unsigned_abs() { Lba(0) } else { at };
                return Ok(information.next_writable == Some(at) && !information.damaged);
            }
            Reaction::SynchronizeThenRepeat => {
                let synchronize = |immediate| SynchronizeCache10 { immediate };
                self.run_long(synchronize, deadline::SYNCHRONIZE, &mut |_| {})?;
            }
            Reaction::Resend => self.resend_write_page()?,
            Reaction::AllowRemoval => self.once(&PreventAllowMediumRemoval { prevent: false })?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Sends mode page 05h again as it was sent last. Without a page of ours there is nothing that a change of it could have spoilt.
    pub(super) fn resend_write_page(&mut self) -> Result<(), ScsiError> {
        let Some(page) = self.write_page.take() else { return Ok(()) };
        let sent = self.once(&page);
        self.write_page = Some(page);
        self.write_page_is_lost &= sent.is_err();
        sent
    }

    /// One command with its data, BUSY waited for, sense decoded.
    fn execute<C: Command>(
        &mut self,
        command: &C,
        cdb: &Cdb,
        reply: &mut [u8],
        timeout: Option<Duration>,
    ) -> Result<usize, ScsiError> {
        if let Some(error) = self.unheard.take() {
            return Err(error);
        }
        let begun = self.now();
        loop {
            let data = match (command.parameters(), &mut *reply) {
                ([], []) => Data::None,
                ([], buffer) => Data::In(buffer),
                (parameters, _) => Data::Out(parameters),
            };
            let Completion { status, moved, sense } = self
                .transport
                .execute(cdb.as_bytes(), data, timeout.unwrap_or_else(|| command.timeout()))
                .map_err(|source| ScsiError::Transport { command: command.describe(), source })?;
            match status {
                Status::Good => return Ok(moved),
                Status::CheckCondition => {
                    let sense = Sense::parse(&sense);
                    if sense.key == SenseKey::RecoveredError && !sense.deferred {
                        tracing::debug!("{}: {sense}", command.describe());
                        return Ok(moved);
                    }
                    self.heard(&sense);
                    return Err(ScsiError::Sense { command: command.describe(), sense });
                }
                status if status.reaction() == Reaction::Wait => {
                    self.pause_before(command, begun, deadline::READY, BUSY_PAUSE)?;
                }
                other => return Err(ScsiError::Status { command: command.describe(), status: other }),
            }
        }
    }

    /// Notes what a drive's word means for what was told it, whoever makes what of it.
    pub(super) fn heard(&mut self, sense: &Sense) {
        if !sense.is_reset() {
            return;
        }
        self.write_page_is_lost = self.write_page.is_some();
        if self.lock == Lock::Held {
            self.lock = Lock::Lost;
        }
    }

    /// Lets time pass before the same command is sent again.
    fn pause_before<C: Command>(
        &mut self,
        command: &C,
        begun: Duration,
        deadline: Duration,
        pause: Duration,
    ) -> Result<(), ScsiError> {
        let waited = self.now().saturating_sub(begun);
        if waited >= deadline {
            return Err(ScsiError::Deadline { what: command.describe(), waited });
        }
        self.wait_for(|| command.describe(), pause)
    }
}

/// How often a command is sent that does not get through.
fn tries(during: During) -> usize {
    match during {
        During::Inspect => QUESTION_TRIES,
        _ => 2,
    }
}
