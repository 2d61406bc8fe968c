//! The vectors that are kept of the lab: sequences made from them are those that Weir makes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use parquet::schema::types::Type;

use super::splits::CLASSES_PLAYED;
use crate::support::flows::Folder;
use crate::{DEMO_LABELS, demo, said, script, training};

const MOST_BYTES: u64 = 40_000_000;
/// Rows of a class without which a side could not be learnt from, nor judge.
const LEAST_ROWS: usize = 300;

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

/// Of each run in a file of kept vectors how many rows have each label.
fn kept(path: &Path) -> BTreeMap<String, BTreeMap<String, usize>> {
    let reader =
        SerializedFileReader::new(File::open(path).expect("kept vectors")).expect("a file");
    let schema = reader.metadata().file_metadata().schema();
    let wanted = |column: &&std::sync::Arc<Type>| ["run", "label"].contains(&column.name());
    let columns = schema.get_fields().iter().filter(wanted).cloned().collect();
    let projection = Type::group_type_builder("schema").with_fields(columns).build();
    let rows = reader.get_row_iter(Some(projection.expect("columns"))).expect("rows");
    let mut runs = BTreeMap::<String, BTreeMap<String, usize>>::new();
    for row in rows {
        let row = row.expect("a row");
        let text = |at| row.get_string(at).expect("a text").clone();
        *runs.entry(text(0)).or_default().entry(text(1)).or_default() += 1;
    }
    runs
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
        let mut rows = BTreeMap::<String, usize>::new();
        for (run, labels) in kept(&path) {
            let (scenario, _) = run.rsplit_once('.').expect("offload, on or off");
            assert_eq!(sides.get(scenario), Some(&side), "{run}");
            let is_attacked = labels.keys().any(|label| CLASSES_PLAYED.contains(&&**label));
            assert_eq!(is_attacked, !scenario.starts_with("benign-"), "{run}");
            for (label, count) in labels {
                *rows.entry(label).or_default() += count;
            }
            played.insert(run);
        }
        for class in CLASSES_PLAYED.iter().chain(["benign"].iter()) {
            let count = rows.get(*class).copied().unwrap_or_default();
            assert!(count >= LEAST_ROWS, "{count} rows of {class} in {side}");
        }
        assert!(!rows.contains_key("unlabelled"), "{side}");
    }
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
    let wanted = sides.iter().filter(|(_, side)| **side != "none");
    let wanted = wanted.flat_map(|(name, _)| [format!("{name}.on"), format!("{name}.off")]);
    let missing: Vec<_> = wanted.filter(|run| !played.contains(run)).collect();
    assert!(missing.is_empty(), "no vectors of {missing:?}");
}
