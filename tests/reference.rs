//! Files in the repository that are made from the code are those that the code makes.

mod support;

use std::fs;

use support::edge;

#[test]
fn the_reference_of_features_is_that_of_the_catalogue() {
    let written = include_str!("../docs/features.md");
    assert_eq!(written, weir::feature::reference(), "`make docs` writes it again");
}

#[test]
fn the_reference_of_checks_is_that_of_the_checks() {
    let written = include_str!("../docs/checks.md");
    assert!(written == weir::posture::reference(), "`make docs` writes it again");
}

#[test]
fn the_capture_of_the_demo_holds_the_edge_cases() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/edge.pcap");
    let made = edge::all().bytes();
    if fs::read(path).ok().as_deref() != Some(&made[..]) {
        fs::write(path, &made).unwrap();
        panic!("`{path}` was not what the code makes; it has been written again");
    }
}
