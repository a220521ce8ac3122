//! `cedarburn image`

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::context::Context;
use super::errors::Failure;
use super::{CommonOptions, output};
use crate::actions::ActionError;
use crate::actions::image::{Destination, ImageError, Report, Request, Source, image};
use crate::iso::generator::plan::AttributePolicy;
use crate::iso::tree::TreePath;

/// What becomes an image.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A directory; its content becomes that of /GRAFT, or of the root. What several directories bring to one place merges
    #[arg(required = true, value_name = "DIR[=/GRAFT]", value_parser = OsStringValueParser::new().try_map(parse_source))]
    sources: Vec<Source>,
    /// Where the image is written; `-` is stdout
    #[arg(long = "output", id = "image_output", value_name = "FILE|-")]
    output: PathBuf,
    /// Volume identifier, up to 32 characters
    #[arg(long, value_name = "TEXT", default_value = "CDROM")]
    volume_id: String,
    /// Owner and permissions: anybody may read, owner and group 0, as mkisofs -r; or as they are
    #[arg(long, value_name = "WORD", default_value = "rationalized")]
    attributes: Attributes,
    /// Add a second tree with names for Windows (Joliet)
    #[arg(long)]
    joliet: bool,
    /// Add a list of SHA-256 digests, and a text that explains it, in /.cedarburn
    #[arg(long)]
    manifest: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Attributes {
    Rationalized,
    Exact,
}

/// Splits at the last `=/`.
fn parse_source(argument: OsString) -> Result<Source, String> {
    let bytes = argument.as_bytes();
    let (directory, at) = match bytes.windows(2).rposition(|pair| pair == b"=/") {
        Some(at) => (&bytes[..at], TreePath::new(&bytes[at + 1..])),
        None => (bytes, TreePath::default()),
    };
    if directory.is_empty() {
        return Err("it names no directory".to_owned());
    }
    Ok(Source { directory: OsStr::from_bytes(directory).into(), at })
}

impl Arguments {
    fn is_stdout(&self) -> bool {
        self.output == Path::new("-") || self.output == Path::new("/dev/stdout")
    }

    /// Refuses what would mix the image with something else, and Cedar's letters where `mkisofs` has the same for something else: an image
    /// that is not what was asked for would be found out years later.
    pub(super) fn check(&self, options: &CommonOptions) -> Result<(), Failure> {
        for (is_given, why) in [
            (options.full, "-f (--full) is for discs; image follows no links but DIR itself"),
            (options.diagnostics, "-D (--diagnostics) stands alone; image never moves deep directories"),
            (options.device.is_some(), "image has no --device: name what is written with --output"),
            (options.scsi_trace.is_some(), "image uses no drive that --scsi-trace could follow"),
        ] {
            if is_given {
                return Err(Failure::usage(why));
            }
        }
        if !self.is_stdout() || options.dry_run {
            return Ok(());
        }
        if options.json {
            return Err(Failure::usage(
                "--json answers on stdout, where the image is to go: name a file with --output",
            ));
        }
        if io::stdout().is_terminal() {
            return Err(Failure::usage("stdout is a terminal, which can't take an image: name a file with --output"));
        }
        Ok(())
    }

    fn destination(&self) -> Result<Destination, ImageError> {
        if !self.is_stdout() {
            return Ok(Destination::Path(self.output.clone()));
        }
        let stdout = io::stdout().as_fd().try_clone_to_owned();
        let stdout = stdout.map_err(|source| ImageError::Place { path: self.output.clone(), source })?;
        Ok(Destination::Open(stdout.into()))
    }
}

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    sectors: u32,
    bytes: u64,
    files: u64,
    directories: u64,
    volume_id: String,
    notes: Vec<String>,
}

impl From<Report> for Fields {
    fn from(report: Report) -> Fields {
        let Report { sectors, files, directories, volume_id, notes } = report;
        Fields { sectors: sectors.0, bytes: sectors.bytes(), files, directories, volume_id, notes }
    }
}

/// The day whose list it is: where the image may depend on nothing but its content, not on the clock either.
fn day(context: &Context<'_>) -> Date {
    let epoch = context.source_date_epoch.and_then(|epoch| jiff::Timestamp::from_second(epoch.seconds).ok());
    match (context.options.today, epoch) {
        (None, Some(epoch)) => epoch.to_zoned(TimeZone::UTC).date(),
        _ => context.today,
    }
}

pub(super) fn run(context: &Context<'_>, arguments: &Arguments) -> Result<(), ActionError> {
    let dry_run = context.options.dry_run;
    let request = Request {
        sources: &arguments.sources,
        volume_id: &arguments.volume_id,
        attributes: match arguments.attributes {
            Attributes::Rationalized => AttributePolicy::Rationalized,
            Attributes::Exact => AttributePolicy::Exact,
        },
        manifest: arguments.manifest.then(|| day(context)),
        joliet: arguments.joliet,
        now: context.now,
        source_date_epoch: context.source_date_epoch,
        dry_run,
    };
    let report = image(&request, arguments.destination()?, &context.stop, &mut context.meter())?;
    // Done in silence: stdout may be the image.
    context.answer("image", Fields::from(report), |fields| match dry_run {
        true => vec![format!(
            "{}, {} bytes: {}, {}",
            output::counted(u64::from(fields.sectors), "sector"),
            fields.bytes,
            output::counted(fields.files, "file"),
            match fields.directories {
                1 => "1 directory".to_owned(),
                directories => format!("{directories} directories"),
            }
        )],
        false => Vec::new(),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graft_begins_at_the_last_equals_sign_before_a_slash() {
        let parsed = |text: &str| {
            let source = parse_source(text.into()).unwrap();
            (source.directory.display().to_string(), source.at.to_string())
        };
        let pair = |directory: &str, at: &str| (directory.to_owned(), at.to_owned());
        assert_eq!(parsed("a"), pair("a", "/"));
        assert_eq!(parsed("a=b"), pair("a=b", "/"));
        assert_eq!(parsed("a=/b/c"), pair("a", "/b/c"));
        assert_eq!(parsed("a=/b=/"), pair("a=/b", "/"));
        assert!(parse_source("=/b".into()).is_err());
    }
}
