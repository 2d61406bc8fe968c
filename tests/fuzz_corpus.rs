//! The corpora of the fuzz targets, run through what the fuzzer runs: what it once found stays found.

use std::fs;
use std::path::Path;

#[path = "../fuzz/bodies/application.rs"]
mod application;
#[path = "../fuzz/bodies/capture_file.rs"]
mod capture_file;
#[path = "../fuzz/bodies/labels.rs"]
mod labels;
#[path = "../fuzz/bodies/manifests.rs"]
mod manifests;
#[path = "../fuzz/bodies/packet.rs"]
mod packet;
#[path = "../fuzz/bodies/tetragon.rs"]
mod tetragon;

/// Gives every input in the corpus of `target` to `body`.
fn replay(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(folder).expect("the target has a corpus");
    let mut inputs: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    inputs.sort_unstable();
    assert!(!inputs.is_empty(), "the corpus of {target} is empty");
    for input in inputs {
        // Shown if the next line fails.
        println!("{}", input.display());
        body(&fs::read(&input).expect("an input can be read"));
    }
}

#[test]
fn any_frame_is_decoded_or_counted_and_every_feature_of_its_flow_is_finite() {
    replay("packet", packet::run);
}

#[test]
fn any_bytes_are_messages_with_plain_names_or_none() {
    replay("application", application::run);
}

#[test]
fn any_bytes_are_a_capture_up_to_where_they_are_not() {
    replay("capture_file", capture_file::run);
}

#[test]
fn any_bytes_are_labels_or_refused() {
    replay("labels", labels::run);
}

#[test]
fn any_bytes_are_manifests_or_refused() {
    replay("manifests", manifests::run);
}

#[test]
fn any_bytes_are_an_event_or_refused() {
    replay("tetragon", tetragon::run);
}
