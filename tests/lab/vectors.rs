//! The vectors that are kept of the lab: sequences made from them are those that Weir makes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use parquet::schema::types::Type;

use crate::support::flows::Folder;
use crate::{DEMO_LABELS, demo, said, script, training};

const MOST_BYTES: u64 = 30_000_000;

#[test]
fn sequences_made_from_kept_vectors_are_those_of_the_extractor() {
    let oracles = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/oracles/bin/python3");
    let Some(mut pack) = script(&oracles, "pyarrow", "pack.py") else {
        println!("skipped: no pyarrow (make oracles)");
        return;
    };
    let folder = Folder::new();
    pack.args(["--weir", env!("CARGO_BIN_EXE_weir"), "--labels", DEMO_LABELS, "--check"]);
    pack.arg(demo(&folder));
    let (status, words) = said(&mut pack);
    assert_eq!(status, Some(0), "{words}");
    assert!(words.contains("are the same"), "{words}");
}

/// The runs in a file of kept vectors, and the labels in it.
fn kept(path: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let reader =
        SerializedFileReader::new(File::open(path).expect("kept vectors")).expect("a file");
    let schema = reader.metadata().file_metadata().schema();
    let wanted = |column: &&std::sync::Arc<Type>| ["run", "label"].contains(&column.name());
    let columns = schema.get_fields().iter().filter(wanted).cloned().collect();
    let projection = Type::group_type_builder("schema").with_fields(columns).build();
    let rows = reader.get_row_iter(Some(projection.expect("columns"))).expect("rows");
    let (mut runs, mut labels) = (BTreeSet::new(), BTreeSet::new());
    for row in rows {
        let row = row.expect("a row");
        let text = |at| row.get_string(at).expect("a text");
        if !runs.contains(text(0)) {
            runs.insert(text(0).clone());
        }
        if !labels.contains(text(1)) {
            labels.insert(text(1).clone());
        }
    }
    (runs, labels)
}

#[test]
fn kept_vectors_are_small_and_on_the_side_of_their_scenario() {
    let table = fs::read_to_string(training().join("split.tsv")).expect("the split");
    let sides: BTreeMap<_, _> = table
        .lines()
        .filter_map(|line| line.strip_prefix("scenario\t")?.split_once('\t'))
        .collect();
    if !training().join("lab_vectors").exists() {
        println!("skipped: no vectors of the lab are kept yet (make lab-all lab-vectors)");
        return;
    }
    let mut bytes = 0;
    let mut played = BTreeSet::new();
    for side in ["train", "validation", "test"] {
        let path = training().join("lab_vectors").join(side).with_extension("parquet");
        bytes += fs::metadata(&path).expect("kept vectors").len();
        let (runs, labels) = kept(&path);
        for run in &runs {
            let scenario = run.rsplit_once('.').map_or(run.as_str(), |(scenario, _)| scenario);
            assert_eq!(sides.get(scenario), Some(&side), "{run}");
            played.insert(scenario.to_owned());
        }
        for class in super::splits::CLASSES_PLAYED.iter().chain(["benign"].iter()) {
            assert!(labels.contains(*class), "no {class} in {side}");
        }
        assert!(!labels.contains("unlabelled"), "{side}");
    }
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
    let missing: Vec<_> =
        sides.iter().filter(|(name, side)| **side != "none" && !played.contains(**name)).collect();
    assert!(missing.is_empty(), "no vectors of {missing:?}");
}
