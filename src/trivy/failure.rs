//! What Trivy means when it fails: all it says is a line of its log.

use super::log::Log;
use super::{Error, Options};
use crate::posture::image::ImageName;

/// Characters of its words that are told.
const LONGEST: usize = 600;

/// Words of a registry that hands an image to nobody, or not to this one.
const REFUSED: [&str; 5] =
    ["UNAUTHORIZED", "DENIED", "401 Unauthorized", "403 Forbidden", "status code 403"];

/// Words of one that has handed out too much.
const LIMITED: [&str; 3] = ["TOOMANYREQUESTS", "toomanyrequests", "429 Too Many Requests"];

/// Words of one that does not have it.
const NOT_FOUND: [&str; 5] =
    ["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "404 Not Found", "NAME_INVALID", "no child with platform"];

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

/// Words of a folder, or of a file in it, into which nobody may write.
const UNWRITABLE: [&str; 3] =
    ["permission denied", "read-only file system", "no space left on device"];

/// The error of a call that failed and left this `log`.
pub(super) fn of(options: &Options, image: &ImageName, log: &Log) -> Error {
    let said = log.last_words();
    let image = image.clone();
    let has = |words: &[&str]| has(&said, words);
    // Layers are unpacked elsewhere: then its words say where.
    let is_of_cache =
        has(&["trivy.db", "metadata.json", "mkdir "]) && !has(&["cache layers temp dir"]);
    let is_unwritable = is_of_cache && has(&UNWRITABLE);
    // A database that is cut short makes Trivy panic.
    if has(&["DB error", "vulnerability DB", "Page expected to be"]) && !is_unwritable {
        let why = told(&said);
        return Error::NoDatabase { image, why, is_offline: options.is_offline };
    }
    if is_unwritable || has(&["unable to initialize fs cache", "unable to open DB"]) {
        return Error::Cache { image, why: told(&said) };
    }
    if let Some(server) = &options.server
        && has(&["twirp", "unable to connect to remote", "remote server"])
    {
        return Error::Server { image, server: server.clone(), why: told(&said) };
    }
    of_registry(image, &said)
}

/// Trivy tries several ways to an image; what the registry said comes last, and alone says what is wrong.
fn of_registry(image: ImageName, said: &str) -> Error {
    let last = said.rsplit_once("remote error:").map_or(said, |(_, last)| last);
    let why = told(last);
    if has(last, &LIMITED) {
        Error::Limited { image, why }
    } else if has(last, &REFUSED) {
        Error::Refused { image, why }
    } else if has(last, &NOT_FOUND) {
        Error::NotFound { image, why }
    } else if has(last, &UNREACHABLE) {
        Error::Unreachable { image, why }
    } else {
        Error::Failed { image, why }
    }
}

fn has(said: &str, words: &[&str]) -> bool {
    words.iter().any(|one| said.contains(one))
}

/// Words of another program on one line, not endless.
fn told(said: &str) -> String {
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let said: String = said.chars().map(plain).take(LONGEST).collect();
    if said.is_empty() { "nothing".into() } else { said }
}
