//! Reasons for alarms name what the score comes from.

#[path = "support/faithful.rs"]
mod faithful;

use std::path::PathBuf;

use weir::detect::{Model, Runtime};

use self::faithful::Figures;

#[test]
fn the_score_loses_more_by_what_is_named_than_by_anything_else() {
    let (model, runtime) = (Model::built_in().unwrap(), Runtime::start(None).unwrap());
    let mut figures = Figures::default();
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"));
    for capture in ["demo.pcap.zst", "lab.off.pcap.zst"] {
        figures.read(folder.join(capture), &model, &runtime).unwrap();
    }
    println!("{figures}");
    assert!(figures.alarms() > 20 && figures.local() > 0.2, "{figures}");
    assert!(figures.named() > figures.others() + 0.3, "{figures}");
    // Of what is unusual all over, such as a scan, no five groups alone make it likely to be benign.
    assert!(figures.faithful() > 0.6, "{figures}");
}
