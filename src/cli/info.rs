//! `cedarburn info`

use serde::Serialize;

use super::context::Context;
use super::{output, store};
use crate::actions::info::{Info, info};
use crate::actions::{ActionError, device};
use crate::burn::Event;
use crate::config::Config;

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    device: String,
    drive: Option<String>,
    medium: Option<String>,
    state: String,
    rewritable: bool,
    label: Option<String>,
    capacity_bytes: u64,
    free_bytes: u64,
    next_session_start: Option<u32>,
    sessions: Vec<SessionFields>,
    torn_sessions: usize,
    days: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_store: Option<NextStore>,
}

#[derive(Debug, Serialize)]
struct SessionFields {
    number: usize,
    start: u32,
    label: String,
}

/// What the next *store* would do, or why it would not.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum NextStore {
    Would(Box<store::Fields>),
    WouldNot { error: String, exit_code: u8 },
}

impl Fields {
    fn new(device: String, info: Info, next_store: Option<NextStore>) -> Fields {
        Fields {
            device,
            drive: info.drive,
            medium: info.medium,
            state: info.state,
            rewritable: info.rewritable,
            label: info.label,
            capacity_bytes: info.capacity.bytes(),
            free_bytes: info.free.bytes(),
            next_session_start: info.next.map(|next| next.0),
            sessions: info
                .sessions
                .into_iter()
                .zip(1..)
                .map(|(session, number)| SessionFields { number, start: session.start.0, label: session.label })
                .collect(),
            torn_sessions: info.torn,
            days: info.days.iter().map(ToString::to_string).collect(),
            next_store,
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("device:    {}", self.device)];
        if let (Some(drive), Some(medium)) = (&self.drive, &self.medium) {
            lines.push(format!("drive:     {drive}"));
            lines.push(format!("medium:    {medium}, {}", self.state));
            let (free, capacity) = (output::size(self.free_bytes), output::size(self.capacity_bytes));
            lines.push(format!("room:      {free} of {capacity} free"));
        } else {
            lines.push(format!("medium:    {}, {}", self.state, output::size(self.capacity_bytes)));
        }
        lines.push(format!("label:     {}", self.label.as_deref().unwrap_or("none")));
        for session in &self.sessions {
            lines.push(format!("session {:2}: sector {:>8}  {}", session.number, session.start, session.label));
        }
        if self.torn_sessions > 0 {
            lines.push(format!("torn:      {} sessions were begun and never finished", self.torn_sessions));
        }
        lines
            .push(format!("days:      {}", if self.days.is_empty() { "none".to_owned() } else { self.days.join(" ") }));
        match &self.next_store {
            Some(NextStore::Would(fields)) => lines.push(format!("next store: {}", fields.summary())),
            Some(NextStore::WouldNot { error, exit_code }) => {
                lines.push(format!("next store: would end with exit code {exit_code}: {error}"));
            }
            None => {}
        }
        lines
    }
}

pub(super) fn run(context: &Context<'_>) -> Result<(), ActionError> {
    let spec = context.device()?;
    let info = info(device::open(&spec, context.trace())?)?;
    let is_drive = info.drive.is_some();
    // Only a configuration says what the next run would do; an answer about a drive is one without it, too.
    let config = Config::load(&context.options.config).ok().filter(|_| is_drive);
    let next_store = config.map(|loaded| {
        let request = crate::actions::store::Request { trace: None, ..store::request(context, &loaded.config, true) };
        match crate::actions::store::store(&request, &context.stop, &mut |_: Event| {}) {
            Ok(report) => NextStore::Would(Box::new(store::Fields::new(&report))),
            Err(error) => {
                let failure = super::exit::Failure::from(error);
                NextStore::WouldNot { error: failure.what, exit_code: failure.code }
            }
        }
    });
    context.answer("info", Fields::new(spec, info, next_store), Fields::lines);
    Ok(())
}
