//! `cedarburn info`
//!
//! The answer in JSON, field by field, stands in `docs/json.md`. What is not known is null; of an image file only what a file can tell is there.

use serde::Serialize;

use super::context::Context;
use super::{looked, output, store};
use crate::actions::info::{DriveInfo, Info, info};
use crate::actions::receipt::Record;
use crate::actions::store::What;
use crate::actions::{ActionError, device};
use crate::burn::Event;
use crate::config::Config;
use crate::sector::Sectors;

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    device: String,
    #[serde(flatten)]
    drive: DriveFields,
    state: String,
    label: Option<String>,
    disc_id: Option<String>,
    capacity_bytes: Option<u64>,
    used_bytes: u64,
    free_bytes: Option<u64>,
    next_session_start: Option<u32>,
    sessions: Vec<SessionFields>,
    torn_sessions: usize,
    #[serde(skip)]
    is_torn: bool,
    days: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_store: Option<NextStore>,
}

/// What only a drive tells.
#[derive(Debug, Default, Serialize)]
struct DriveFields {
    drive: Option<String>,
    buffer_bytes: Option<u32>,
    medium: Option<String>,
    manufacturer: Option<String>,
    status: Option<&'static str>,
    rewritable: bool,
    formatted: Option<bool>,
    spares: Option<bool>,
    can_append: bool,
    write_speeds: Vec<SpeedFields>,
    tracks: Vec<TrackFields>,
}

#[derive(Debug, Serialize)]
struct SpeedFields {
    kb_per_s: u32,
    times: f64,
}

#[derive(Debug, Serialize)]
struct TrackFields {
    number: u16,
    session: u16,
    start: u32,
    sectors: u32,
    data: bool,
    state: &'static str,
}

#[derive(Debug, Serialize)]
struct SessionFields {
    number: usize,
    start: u32,
    sectors: Option<u32>,
    label: String,
}

/// What the next *store* would do, or why it would not.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum NextStore {
    Would(Box<store::Fields>),
    WouldNot { error: String, id: &'static str, exit_code: u8 },
    Unknown { unknown: String },
}

impl DriveFields {
    fn new(drive: DriveInfo) -> DriveFields {
        let single_speed = f64::from(drive.single_speed);
        let times = |kb_per_s: u32| (f64::from(kb_per_s) * 10.0 / single_speed * 10.0).round() / 10.0;
        DriveFields {
            drive: Some(drive.name),
            buffer_bytes: drive.buffer_bytes,
            medium: Some(drive.medium),
            manufacturer: drive.manufacturer,
            status: Some(drive.status),
            rewritable: drive.rewritable,
            formatted: drive.formatted,
            spares: drive.spares,
            can_append: drive.can_append,
            write_speeds: drive
                .write_speeds
                .iter()
                .map(|speed| SpeedFields { kb_per_s: speed.write_kb_per_s, times: times(speed.write_kb_per_s) })
                .collect(),
            tracks: drive
                .tracks
                .iter()
                .map(|told| TrackFields {
                    number: told.track.number,
                    session: told.track.session,
                    start: told.track.start.0,
                    sectors: told.track.sectors.0,
                    data: told.track.data,
                    state: told.state,
                })
                .collect(),
        }
    }
}

impl Fields {
    fn new(device: String, info: Info, next_store: Option<NextStore>) -> Fields {
        Fields {
            device,
            drive: info.drive.map(DriveFields::new).unwrap_or_default(),
            state: info.state,
            label: info.label,
            disc_id: info.id,
            capacity_bytes: info.capacity.map(Sectors::bytes),
            used_bytes: info.used.bytes(),
            free_bytes: info.free.map(Sectors::bytes),
            next_session_start: info.next.map(|next| next.0),
            sessions: info
                .sessions
                .into_iter()
                .zip(1..)
                .map(|(session, number)| SessionFields {
                    number,
                    start: session.start.0,
                    sectors: session.end.map(|end| end.0.saturating_sub(session.start.0)),
                    label: session.label,
                })
                .collect(),
            torn_sessions: info.torn,
            is_torn: info.is_torn,
            days: info.days.iter().map(ToString::to_string).collect(),
            next_store,
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("device:    {}", self.device)];
        if let (Some(drive), Some(medium)) = (&self.drive.drive, &self.drive.medium) {
            let buffer = self
                .drive
                .buffer_bytes
                .map_or(String::new(), |bytes| format!(", buffer of {}", output::size(u64::from(bytes))));
            lines.push(format!("drive:     {drive}{buffer}"));
            let maker = self.drive.manufacturer.as_ref().map_or(String::new(), |maker| format!(", made by {maker}"));
            lines.push(format!("medium:    {medium}, {}{maker}", self.state));
            lines.extend(self.drive.format_line());
            let room = looked::room(self.free_bytes, self.capacity_bytes);
            lines.push(format!("room:      {room}, {} used", output::size(self.used_bytes)));
            lines.extend(self.drive.speed_line());
        } else {
            lines.push(format!("medium:    {}, {}", self.state, output::size(self.capacity_bytes.unwrap_or(0))));
        }
        lines.push(format!("label:     {}", self.label.as_deref().unwrap_or("none")));
        lines.extend(self.disc_id.iter().map(|id| format!("disc id:   {id}")));
        for session in &self.sessions {
            lines.push(format!("session {:2}: sector {:>8}  {}", session.number, session.start, session.label));
        }
        for track in &self.drive.tracks {
            let sound = if track.data { "" } else { ", sound" };
            let TrackFields { number, session, start, sectors, state, .. } = track;
            lines.push(format!(
                "track   {number:2}: sector {start:>8}  session {session}, {}, {state}{sound}",
                output::counted(u64::from(*sectors), "sector")
            ));
        }
        match (self.torn_sessions, self.is_torn) {
            (0, false) => {}
            (_, true) => lines.push(
                "torn:      the last session was begun and never finished, the next store goes on behind it".to_owned(),
            ),
            (1, false) => lines.push("history:   1 burn broke off and was superseded".to_owned()),
            (torn, false) => lines.push(format!("history:   {torn} burns broke off and were superseded")),
        }
        lines
            .push(format!("days:      {}", if self.days.is_empty() { "none".to_owned() } else { self.days.join(" ") }));
        match &self.next_store {
            Some(NextStore::Would(fields)) => lines.push(format!("next store: {}", fields.summary())),
            Some(NextStore::WouldNot { error, exit_code, .. }) => {
                lines.push(format!("next store: would end with exit code {exit_code}: {error}"));
            }
            Some(NextStore::Unknown { unknown }) => lines.push(format!("next store: can't be told: {unknown}")),
            None => {}
        }
        lines
    }
}

impl DriveFields {
    fn format_line(&self) -> Option<String> {
        let words = match (self.formatted?, self.spares) {
            (false, _) => "none",
            (true, _) if self.status == Some("formatted in part") => "so far that it can be written",
            (true, Some(true)) => "formatted, with spare sectors",
            (true, Some(false)) => "formatted, without spare sectors",
            (true, None) => "formatted",
        };
        Some(format!("format:    {words}"))
    }

    fn speed_line(&self) -> Option<String> {
        let words = |speed: &SpeedFields| format!("{}x ({} kB/s)", speed.times, speed.kb_per_s);
        let speeds: Vec<String> = self.write_speeds.iter().map(words).collect();
        (!speeds.is_empty()).then(|| format!("speeds:    {}", speeds.join(", ")))
    }
}

/// Plans the next *store* as a rehearsal does, on the drive once more.
fn next_store(context: &Context<'_>) -> NextStore {
    let path = &context.options.config;
    let unknown = |why: String| NextStore::Unknown { unknown: why };
    let config = match Config::load(path) {
        Ok(loaded) => loaded.config,
        Err(error) => return unknown(format!("the configuration can't be used: {error}")),
    };
    if let Err(error) = config.require_store() {
        return unknown(format!("{}: {error}", path.display()));
    }
    let receipts = context.receipts(&config);
    let arguments = store::Arguments::default();
    let request = store::request(context, &config, What::Day, &arguments, true, &receipts.path);
    let request = crate::actions::store::Request { trace: None, ..request };
    match crate::actions::store::store(&request, &context.stop, &mut |_: Event| {}, &mut Record::default()) {
        Ok(report) => NextStore::Would(Box::new(store::Fields::new(&report))),
        Err(error) => {
            let failure = super::errors::Failure::from(error);
            NextStore::WouldNot { exit_code: failure.code(), id: failure.id.word(), error: failure.what }
        }
    }
}

pub(super) fn run(context: &Context<'_>) -> Result<(), ActionError> {
    let spec = context.device()?;
    let info = info(device::open(&spec, context.trace())?)?;
    // An answer about a drive is one without a configuration, too.
    let next_store = info.drive.is_some().then(|| next_store(context));
    context.answer("info", Fields::new(spec, info, next_store), Fields::lines);
    Ok(())
}
