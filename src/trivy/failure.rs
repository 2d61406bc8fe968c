//! What Trivy means when it fails: all it says is a line of its log.

use super::{Error, Options};
use crate::posture::image::ImageName;

/// Characters of its words that are told.
const LONGEST: usize = 600;

/// Words of a registry that hands an image to nobody, or not to this one.
const REFUSED: [&str; 5] =
    ["UNAUTHORIZED", "DENIED", "401 Unauthorized", "403 Forbidden", "status code 403"];

/// Words of one that does not have it.
const NOT_FOUND: [&str; 4] = ["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "404 Not Found", "NAME_INVALID"];

/// Words of the network.
const UNREACHABLE: [&str; 10] = [
    "connection refused",
    "no such host",
    "i/o timeout",
    "deadline exceeded",
    "network is unreachable",
    "no route to host",
    "connection reset",
    "TLS handshake",
    "tls: ",
    "x509: ",
];

/// The error of a call that failed and left this `log`.
pub(super) fn of(options: &Options, image: &ImageName, log: &[String]) -> Error {
    let said = fatal(log);
    let image = image.clone();
    let has = |words: &[&str]| words.iter().any(|one| said.contains(one));
    // One that is cut short makes Trivy panic.
    if has(&["DB error", "vulnerability DB", "Page expected to be"]) {
        let why = told(&said);
        return Error::NoDatabase { image, why, is_offline: options.is_offline };
    }
    if has(&["unable to initialize fs cache", "unable to open DB", "cache layers temp dir"]) {
        return Error::Cache { image, why: told(&said) };
    }
    // Trivy tries several ways to an image; what the registry said comes last.
    let why = told(said.rsplit_once("remote error:").map_or(&*said, |(_, last)| last));
    match &options.server {
        Some(server) if has(&["twirp", "unable to connect to remote", "remote server"]) => {
            Error::Server { image, server: server.clone(), why: told(&said) }
        }
        _ if has(&REFUSED) => Error::Refused { image, why },
        _ if has(&NOT_FOUND) => Error::NotFound { image, why },
        _ if has(&UNREACHABLE) => Error::Unreachable { image, why },
        _ => Error::Failed { image, why },
    }
}

/// What the log says last, from the line on that is fatal.
fn fatal(log: &[String]) -> String {
    let is_last = |line: &String| line.contains("FATAL") || line.starts_with("panic: ");
    let from = log.iter().rposition(is_last);
    let from = from.unwrap_or_else(|| log.len().saturating_sub(1));
    let said = log.get(from..).unwrap_or_default().join(" ");
    said.split_once("Fatal error").map_or(said.as_str(), |(_, said)| said).trim().to_owned()
}

/// Words of another program on one line, not endless.
fn told(said: &str) -> String {
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let said: String = said.chars().map(plain).take(LONGEST).collect();
    if said.is_empty() { "nothing".into() } else { said }
}
