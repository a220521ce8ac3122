//! Simulated drives for initiators: an iSCSI target on the loopback interface, so that a real kernel and other people's burners can
//! use them. A tool for tests; it knows nothing of optical discs, and nobody has to prove who he is.
//!
//! ```text
//! cargo run --example iscsi_target -- [--port N] [--pace N] [--trace FOLDER] sim:PATH[,OPTION...]...
//! ```
//!
//! The names of drives are those of `--device`. Each drive is a target of its own, `iqn.2001-04.com.example:cedarburn.0` and so on, with
//! the logical unit 0. The first line on standard output says where it listens, one line more for each target its name. It ends with
//! its standard input: then the drives are let go, and tell what their clients did wrong if their names say where.
//!
//! Time in the drives passes N times as fast as outside (`--pace`; 1 is the default), so that nobody waits for discs to be blanked.

mod login;
mod pdu;
mod session;
mod unit;

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use crate::session::Session;
use crate::unit::{Unit, Units};

/// Serves simulated drives over iSCSI on the loopback interface, until standard input ends.
#[derive(Debug, Parser)]
struct Arguments {
    /// Port to listen on; any free one without
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Seconds that pass in a drive while one passes outside
    #[arg(long, default_value_t = 1)]
    pace: u32,
    /// Folder for a trace of each drive
    #[arg(long)]
    trace: Option<PathBuf>,
    /// Drives, each a virtual disc with options: sim:PATH[,OPTION...]
    #[arg(required = true)]
    drives: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = format!("iscsi_target: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                text += &format!(": {cause}");
                source = cause.source();
            }
            let _ = writeln!(io::stderr(), "{text}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let mut units = Vec::new();
    for (at, drive) in arguments.drives.iter().enumerate() {
        let spec = drive.strip_prefix("sim:").ok_or_else(|| format!("{drive} is no simulated drive: sim:PATH"))?;
        let trace = arguments.trace.as_ref().map(|folder| folder.join(format!("{at}.trace")));
        units.push(Unit::open(spec, arguments.pace, trace.as_deref())?);
    }
    let units = Arc::new(Units::new(units));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port))?;
    let address = listener.local_addr()?.to_string();
    let mut out = io::stdout();
    writeln!(out, "listening on {address}")?;
    for name in units.names() {
        writeln!(out, "{name}")?;
    }
    out.flush()?;

    let served = Arc::clone(&units);
    std::thread::spawn(move || accept(&listener, &served, &address));
    // Whoever started this holds the other end.
    io::copy(&mut io::stdin().lock(), &mut io::sink())?;
    units.let_go();
    Ok(())
}

/// Each connection has its thread.
fn accept(listener: &TcpListener, units: &Arc<Units>, address: &str) {
    for (session, stream) in (1_u16..=u16::MAX).cycle().zip(listener.incoming()) {
        let Ok(stream) = stream else { continue };
        let (units, address) = (Arc::clone(units), address.to_owned());
        std::thread::spawn(move || {
            // An initiator that goes away in the midst of something is told by the drive's state, if at all.
            if let Err(error) = serve(stream, &units, session, address) {
                let _ = writeln!(io::stderr(), "iscsi_target: connection {session}: {error}");
            }
        });
    }
}

fn serve(stream: TcpStream, units: &Units, session: u16, address: String) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = Buffered { reader: io::BufReader::with_capacity(1 << 16, stream.try_clone()?), writer: stream };
    let Some(agreed) = login::login(&mut stream, units, session)? else { return Ok(()) };
    Session::new(stream, units, agreed, address).serve()
}

/// Reads through a buffer, writes without: every message is written in one piece.
#[derive(Debug)]
struct Buffered {
    reader: io::BufReader<TcpStream>,
    writer: TcpStream,
}

impl Read for Buffered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl Write for Buffered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
