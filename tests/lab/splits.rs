//! What is trained on, tuned on and tested on: nothing is on two sides.

use std::collections::BTreeSet;
use std::fs;

use toml::Value;
use weir::detect::Class;

use crate::support::data::shared;
use crate::support::flows::Folder;
use crate::{plain_script, said, training};

/// The classes of the attacks that the lab plays.
pub(crate) const CLASSES_PLAYED: [&str; 9] = [
    "scan",
    "dos-flood",
    "dos-slow",
    "dos-reflection",
    "brute-force",
    "web-attack",
    "beacon",
    "exfiltration",
    "lateral-movement",
];

/// Two scenarios that share a seed and a tool with its settings, and one more.
const SHARED: &str = r#"
[[scenario]]
name = "one"
seed = 7
seconds = 60
attacks = [{ class = "scan", kind = "syn", tool = "nmap", at_s = 5, most_s = 9, settings = { rate = 5 } }]
[[scenario]]
name = "two"
seed = 7
seconds = 60
attacks = [{ class = "scan", kind = "syn", tool = "nmap", at_s = 20, most_s = 9, settings = { rate = 5 } }]
[[scenario]]
name = "three"
seed = 8
seconds = 60
attacks = [{ class = "scam", kind = "syn", tool = "nmap", at_s = 20, most_s = 9 }]
"#;

#[test]
fn nothing_is_on_two_sides_and_there_is_enough_on_each() {
    let Some(mut check) = plain_script("split.py") else { return };
    let (status, mistakes) = said(&mut check);
    assert_eq!((status, mistakes.as_str()), (Some(0), ""));
}

#[test]
fn what_is_wrong_with_a_split_is_named() {
    let Some(mut check) = plain_script("split.py") else { return };
    let folder = Folder::new();
    folder.file("shared.toml", SHARED.as_bytes());
    let lines = [
        "kind\tname\tsplit",
        "scenario\tone\ttrain",
        "scenario\ttwo\ttest",
        "scenario\tfour\ttest",
        "scenario\tthree\ttrain",
    ];
    let table = folder.file("split.tsv", lines.join("\n").as_bytes());
    let (status, mistakes) =
        said(check.arg("--table").arg(&table).arg("--scenarios").arg(folder.path()));
    assert_eq!(status, Some(1), "{mistakes}");
    for mistake in [
        "there is no scenario `four`",
        "the seed 7 is in test and train",
        "2 scenarios have the seed 7",
        "the setting `syn nmap rate=5` is in test and train",
        "`scam` is no class of the lab",
        "scan has 1 settings in train, not 3",
        "beacon has 0 settings in validation, not 3",
        "the kind syn is only loud",
        "0.0 h of test are benign, not 5 h",
    ] {
        assert!(mistakes.lines().any(|line| line == mistake), "no `{mistake}` in\n{mistakes}");
    }
}

#[test]
fn a_scenario_without_a_line_is_named() {
    let Some(mut check) = plain_script("split.py") else { return };
    let folder = Folder::new();
    folder.file("shared.toml", SHARED.as_bytes());
    let table = folder.file("split.tsv", b"kind\tname\tsplit\n");
    let (_, mistakes) =
        said(check.arg("--table").arg(&table).arg("--scenarios").arg(folder.path()));
    assert!(mistakes.contains("the scenario `one` has no line\n"), "{mistakes}");
}

#[test]
fn the_attacks_of_the_lab_are_of_classes_that_weir_knows() {
    let folder = training().join("lab/scenarios");
    let mut classes = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("scenarios") {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("a scenario file");
        let file: toml::Table = text.parse().expect("TOML");
        let list = |table: &Value, key: &str| table.get(key).and_then(Value::as_array).cloned();
        for scenario in file.get("scenario").and_then(Value::as_array).expect("scenarios") {
            for attack in list(scenario, "attacks").unwrap_or_default() {
                classes.insert(attack["class"].as_str().expect("a class").to_owned());
            }
        }
    }
    let unknown: Vec<_> = classes.iter().filter(|name| Class::named(name).is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_origin_of_public_captures_has_a_side() {
    let Some(manifest) = shared("MANIFEST.tsv") else { return };
    let table = fs::read_to_string(training().join("split.tsv")).expect("the split");
    let sides: BTreeSet<_> =
        table.lines().filter_map(|line| line.strip_prefix("origin\t")).collect();
    let known: BTreeSet<_> = sides.iter().filter_map(|line| line.split('\t').next()).collect();
    let manifest = fs::read_to_string(manifest).expect("the manifest");
    let captures = manifest.lines().filter(|line| line.starts_with("pcap/"));
    let origin = |line: &str| {
        line.split('\t').nth(1)?.strip_prefix("github:")?.split('@').next().map(str::to_owned)
    };
    let found: BTreeSet<_> = captures.filter_map(origin).collect();
    assert!(!found.is_empty());
    let missing: Vec<_> = found.iter().filter(|origin| !known.contains(origin.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
