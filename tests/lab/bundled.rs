//! The two bundled runs of one scenario, with segmentation offload off and on: `short` of these tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::records;
use crate::support::flows::{Folder, rows, run};

const MTU: usize = 1_500;
/// What precedes the IP header where a capture is of all interfaces.
const COOKED: usize = 20;

/// The run with offload `on` or `off`, and its labels.
pub(crate) fn bundled(folder: &Folder, offload: &str) -> (PathBuf, PathBuf) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let packed =
        fs::File::open(data.join(format!("lab.{offload}.pcap.zst"))).expect("a bundled run");
    let whole = zstd::decode_all(packed).expect("a capture");
    let capture = folder.file(&format!("{offload}.pcap"), &whole);
    (capture, data.join(format!("lab.{offload}.labels.csv")))
}

/// Flows by label.
fn labelled(offload: &str) -> BTreeMap<String, usize> {
    let folder = Folder::new();
    let (capture, labels) = bundled(&folder, offload);
    let arguments = [capture, PathBuf::from("--labels"), labels];
    let mut flows = BTreeMap::new();
    for row in rows(&run(arguments).expect(0).stdout) {
        *flows.entry(row.text("Label").to_owned()).or_default() += 1;
    }
    flows
}

#[test]
fn every_flow_of_a_bundled_run_has_its_label() {
    let expected = |counts: &[(&str, usize)]| {
        counts
            .iter()
            .map(|(label, count)| ((*label).to_owned(), *count))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(
        labelled("on"),
        expected(&[("benign", 386), ("dos-flood", 403), ("lateral-movement", 27), ("scan", 60)])
    );
    assert_eq!(
        labelled("off"),
        expected(&[
            ("benign", 388),
            ("dos-flood", 404),
            ("lateral-movement", 26),
            ("scan", 60),
            ("unknown", 1),
        ])
    );
}

#[test]
fn with_offload_packets_are_larger_than_a_wire_carries() {
    let folder = Folder::new();
    let larger = |offload: &str| {
        let file = fs::read(bundled(&folder, offload).0).expect("a capture");
        records(&file).filter(|(_, wire_len)| *wire_len > COOKED + MTU).count()
    };
    assert_eq!(larger("off"), 0);
    assert!(larger("on") > 100);
}
