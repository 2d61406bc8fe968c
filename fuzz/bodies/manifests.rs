//! Body of the fuzz target `manifests`: any bytes as a file of manifests, and every check on what is in it.

use weir::posture::{Manifests, Rules};

/// Reads `data` and looks at it.
pub(crate) fn run(data: &[u8]) {
    let mut manifests = Manifests::default();
    manifests.add("file", data);
    let report = manifests.scan(&Rules::default());
    let source = &manifests.sources()[0];
    for finding in &report.findings {
        assert!(source.line(finding.at.line).is_some(), "{finding:?} is in a line of the file");
        assert!(finding.at.column > 0 && !finding.path.contains('\n'), "{finding:?}");
    }
    for fault in source.faults.iter().chain(&source.others) {
        assert!(fault.at.line > 0 && !fault.message.contains('\n'), "{fault:?}");
    }
}
