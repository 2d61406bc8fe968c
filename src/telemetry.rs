//! Sends what the program says about itself to standard error or to a log file.
//!
//! It only writes log lines; counters of the stages belong to the stages, and errors that end a
//! verb are printed by the binary, not logged.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use crate::settings::{LogFormat, LogLevel, Settings};

/// Clients on the network: what they are about to fail with is told by whoever used them, in words
/// that say what was being done. Each stands for all targets that begin so.
const CLIENTS: [&str; 4] = ["kube", "tower", "hyper", "rustls"];

/// Why log lines have nowhere to go.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log file could not be opened.
    #[error("open log file `{}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something else in the process already takes the log lines.
    #[error("start logging")]
    Start(#[source] tracing::subscriber::SetGlobalDefaultError),
}

/// Whether log lines for people may be coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// They go to a terminal that takes colours.
    Allowed,
    /// They do not, or colours are unwanted.
    Refused,
}

/// Starts logging as `settings` ask, for the rest of the process.
///
/// `terminal` tells of standard error; a log file is never coloured. The log file is appended to,
/// and created for its owner alone where it is missing.
pub fn start(settings: &Settings, terminal: Colour) -> Result<(), Error> {
    let (writer, colour) = match &settings.log_file {
        Some(path) => (BoxMakeWriter::new(Mutex::new(open(path)?)), Colour::Refused),
        None => (BoxMakeWriter::new(io::stderr), terminal),
    };
    let subscriber = subscriber(settings.log_level, settings.log_format, colour, writer);
    tracing::subscriber::set_global_default(subscriber).map_err(Error::Start)
}

fn open(path: &Path) -> Result<File, Error> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|source| Error::Open { path: path.to_owned(), source })
}

fn subscriber<W>(
    level: LogLevel,
    format: LogFormat,
    colour: Colour,
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let clients = if level >= LevelFilter::DEBUG { level } else { LevelFilter::OFF };
    let targets = CLIENTS.map(|target| (target, clients));
    let wanted = Targets::new().with_default(level).with_targets(targets);
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(colour == Colour::Allowed)
        .with_writer(writer);
    match format {
        LogFormat::Text => Box::new(lines.finish().with(wanted)),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).finish().with(wanted)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// What stands in the log file after two lines have been logged.
    fn logged(level: LogLevel, format: LogFormat, colour: Colour) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weir.log");
        let writer = Mutex::new(open(&path).unwrap());
        tracing::subscriber::with_default(subscriber(level, format, colour, writer), || {
            tracing::warn!(interface = "eth0", "link went away");
            tracing::info!("capture started");
        });
        fs::read_to_string(&path).unwrap()
    }

    #[test]
    fn a_line_less_urgent_than_the_level_is_not_written() {
        let text = logged(LogLevel::Warn, LogFormat::Text, Colour::Refused);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("WARN") && text.contains("interface=\"eth0\""), "{text}");
        assert_eq!(logged(LogLevel::Error, LogFormat::Text, Colour::Refused), "");
    }

    /// Targets of the log lines that clients and Weir wrote, each at its most urgent.
    fn spoke(level: LogLevel, format: LogFormat) -> Vec<&'static str> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weir.log");
        let writer = Mutex::new(open(&path).unwrap());
        let subscriber = subscriber(level, format, Colour::Refused, writer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::error!(target: "kube_client::client::builder", "failed with error");
            tracing::error!(target: "tower::buffer::worker", "service failed");
            tracing::error!(target: "hyper_util::client", "connection failed");
            tracing::error!(target: "rustls::conn", "alert");
            tracing::error!(target: "weir::cluster::watch", "the cluster does not answer");
        });
        let text = fs::read_to_string(&path).unwrap();
        let all = ["kube_client", "tower", "hyper_util", "rustls", "weir::cluster::watch"];
        all.into_iter().filter(|target| text.contains(target)).collect()
    }

    #[test]
    fn clients_on_the_network_speak_only_where_details_are_wanted() {
        for format in [LogFormat::Text, LogFormat::Json] {
            for level in [LogLevel::Error, LogLevel::Warn, LogLevel::Info] {
                assert_eq!(spoke(level, format), ["weir::cluster::watch"], "{level:?}");
            }
            for level in [LogLevel::Debug, LogLevel::Trace] {
                assert_eq!(spoke(level, format).len(), 5, "{level:?}");
            }
        }
    }

    #[test]
    fn json_is_one_object_a_line() {
        let text = logged(LogLevel::Info, LogFormat::Json, Colour::Allowed);
        assert_eq!(text.lines().count(), 2, "{text}");
        for line in text.lines() {
            assert!(line.starts_with("{\"timestamp\":\"") && line.ends_with('}'), "{line}");
        }
        assert!(text.contains("\"interface\":\"eth0\""), "{text}");
    }

    #[test]
    fn colours_are_written_only_where_allowed() {
        assert!(logged(LogLevel::Warn, LogFormat::Text, Colour::Allowed).contains('\u{1b}'));
        assert!(!logged(LogLevel::Warn, LogFormat::Text, Colour::Refused).contains('\u{1b}'));
    }

    #[test]
    fn the_log_file_is_appended_to_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weir.log");
        for line in ["first\n", "second\n"] {
            io::Write::write_all(&mut open(&path).unwrap(), line.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "first\nsecond\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
