//! What was accepted survives a kill at any moment, and nothing is there twice.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use support::engine::DEMO;
use support::flows::Folder;
use weir::incident::Incident;
use weir::store::{Query, Reader};

const RUNS: u64 = 50;

/// The longest that a run is left alone, in ms: by then a whole replay is nearly over.
const LONGEST_MS: u64 = 1_500;

/// A replay of the bundled capture into `database`, headless.
fn engine(database: &Path, log: &Path) -> Command {
    let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
    weir.args(["--api", "--listen", "127.0.0.1:0", "--replay", DEMO, "--log-level", "info"]);
    weir.arg("--database").arg(database).arg("--log-file").arg(log);
    weir.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    weir
}

/// Identities of the incidents that the log says were accepted.
fn accepted(log: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines = text.lines().filter(|line| line.contains("incident accepted"));
    let id = |line: &str| line.split("id=").nth(1)?.split_whitespace().next().map(str::to_owned);
    lines.filter_map(id).collect()
}

fn incidents(database: &Path) -> Vec<Incident> {
    let reader = Reader::open(database).expect("the database opens");
    reader
        .incidents(&Query { limit: 1_000, ..Query::default() })
        .expect("the incidents can be read")
        .incidents
}

/// Waits for so many milliseconds.
fn wait_ms(milliseconds: u64) {
    let (_never, wait) = mpsc::channel::<()>();
    wait.recv_timeout(Duration::from_millis(milliseconds)).ok();
}

#[test]
fn no_accepted_incident_is_lost_by_a_kill_and_none_is_double() {
    let folder = Folder::new();
    let database: PathBuf = folder.path().join("weir.db");
    let mut seen_before = BTreeSet::new();
    let mut moment = 7_u64;
    for run in 0..RUNS {
        let log = folder.path().join(format!("{run}.log"));
        let mut weir = engine(&database, &log).spawn().expect("weir starts");
        // A linear congruential generator (Knuth, MMIX): the same moments in every run.
        moment =
            moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // On a machine that is slow they are left alone for longer.
        let slower = if run > RUNS / 2 && seen_before.is_empty() { 10 } else { 1 };
        wait_ms((moment >> 33) % (LONGEST_MS * slower));
        weir.kill().expect("it runs until it is killed");
        weir.wait().expect("it has ended");
        seen_before.extend(accepted(&log));
        if !database.exists() {
            continue;
        }
        let kept = incidents(&database);
        let ids: BTreeSet<_> = kept.iter().map(|one| one.id.to_string()).collect();
        assert_eq!(ids.len(), kept.len(), "an incident is there twice after run {run}");
        assert!(seen_before.is_subset(&ids), "{seen_before:?} were accepted, {ids:?} are there");
        let mut attacks = BTreeMap::new();
        for one in &kept {
            *attacks.entry((one.class, one.pivot)).or_insert(0) += 1;
        }
        assert!(attacks.values().all(|count| *count == 1), "one attack, two incidents: {kept:?}");
    }
    assert!(!seen_before.is_empty(), "no run lived long enough to accept an incident");
}
