//! `weir alerts evidence`: the packets of an alert's flows, as far as they are remembered.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use weir::capture::evidence::{self, Found};
use weir::incident::{FlowSpan, Incident};
use weir::settings::{Settings, state_folder};
use weir::store;

use super::{Error, find};
use crate::format;
use crate::visit::Visit;
use crate::when;

/// Save the packets of an alert's flows as pcapng
///
/// Packets are kept in a bounded ring on disk: `evidence-mib` and `evidence-retention` say how many
/// and for how long, `evidence-snap-length` and `evidence-payload` how much of each. A comment in
/// the file names the alert and says what had left the ring; so does standard error. As root the file
/// is written by the user whom root becomes; `>` instead of `-o` leaves that to the shell.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the alert, or what it begins with
    id: String,
    /// File to write, or `-` for standard output [default: standard output, unless a terminal]
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

/// Writes what is left.
pub(super) fn run(args: &Args, settings: &Settings, visit: &Visit) -> Result<(), Error> {
    let path = args.output.as_deref().filter(|path| path.as_os_str() != "-");
    if path.is_none() && io::stdout().is_terminal() {
        return Err(Error::Terminal);
    }
    let reader = visit.reader()?;
    let id = find(&reader, &args.id)?;
    let alert = reader.incident(id)?.ok_or(store::Error::NoIncident(id))?;
    let spans = reader.spans(id)?;
    if spans.is_empty() {
        let why = "none of its flows is remembered".to_owned();
        return Err(Error::Gone { id, why });
    }
    let about = alert.caption(spans.len());
    let folder = state_folder(&visit.path).join("evidence");
    let found = if let Some(path) = path {
        to_file(path, &folder, &spans, &about)?
    } else {
        evidence::extract(&folder, &spans, &about, &mut io::stdout().lock())?
    };
    if found.packets == 0 {
        return Err(Error::Gone { id, why: why_none(&found, settings) });
    }
    // Standard error may be closed; the file says the same.
    writeln!(io::stderr(), "{}", said(&found, &alert, spans.len())).ok();
    Ok(())
}

/// Writes to a file beside the one wanted, which is replaced only when all is there; what is there and
/// no file, such as a named pipe, is written to.
fn to_file(path: &Path, folder: &Path, spans: &[FlowSpan], about: &str) -> Result<Found, Error> {
    if path.metadata().is_ok_and(|data| !data.is_file()) {
        let file = OpenOptions::new().write(true).open(path);
        let mut out = file.map_err(|source| Error::Create { path: path.to_owned(), source })?;
        return Ok(evidence::extract(folder, spans, about, &mut out)?);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let failed = |source| Error::Create { path: path.to_owned(), source };
    let write = || {
        let mut out = File::create(&part).map_err(failed)?;
        let found = evidence::extract(folder, spans, about, &mut out)?;
        if found.packets > 0 {
            fs::rename(&part, path).map_err(failed)?;
        }
        Ok(found)
    };
    let written = write();
    if !matches!(written, Ok(Found { packets: 1.., .. })) {
        // Nothing of use is in it, and it may not be there.
        fs::remove_file(&part).ok();
    }
    written
}

/// What was found, and what was not.
fn said(found: &Found, alert: &Incident, remembered: usize) -> String {
    let packets = format::counted(found.packets, "packet");
    let flows = format::counted(found.flows, "flow");
    let forgotten = alert.flows.saturating_sub(remembered as u64);
    let mut text = format!("{packets} of {flows} of alert {}", alert.id);
    for (number, what) in [
        (found.flows_gone, "left the ring"),
        (found.flows_cut, "began before its oldest packet"),
        (forgotten, "more not remembered"),
    ] {
        if number > 0 {
            text = format!("{text}; {} {what}", format::count(number));
        }
    }
    text
}

/// Why nothing was found.
fn why_none(found: &Found, settings: &Settings) -> String {
    match found.oldest_us {
        Some(oldest_us) => {
            let oldest = when::written(oldest_us);
            format!("they have left the ring, whose oldest packet is of {oldest}")
        }
        None if settings.evidence_mib == 0 => "none are kept, since `evidence-mib` is 0".to_owned(),
        None => "the ring is empty".to_owned(),
    }
}
