use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use super::*;
use crate::store::{Changes, Query, Reader, Store};

/// Kills in one run of the test.
const KILLS: u32 = 20;

/// A file in the folder of the database, without which the writer is not to write.
const PLACE: &str = "crash-test";

/// Starts the writer in a process of its own, in the folder of its database.
fn writer(folder: &Path) -> Child {
    let name = format!("{}::the_writer", module_path!().split_once("::").unwrap().1);
    Command::new(fs::read_link("/proc/self/exe").unwrap())
        .args(["--exact", &name, "--ignored", "--test-threads=1", "--nocapture"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The id in a whole line of the writer; one that was cut short is no promise.
fn accepted(line: &str) -> Option<u64> {
    line.strip_prefix("accepted ")?.strip_suffix('.')?.parse().ok()
}

/// The ids that the writer says are accepted, after it was killed once it had accepted `enough`.
fn accepted_until_killed(folder: &Path, enough: usize) -> Vec<u64> {
    let mut child = writer(folder);
    let said = BufReader::new(child.stdout.take().unwrap());
    let mut ids = said.lines().map_while(Result::ok).filter_map(|line| accepted(&line));
    let mut before = ids.by_ref().take(enough).collect::<Vec<_>>();
    assert_eq!(before.len(), enough, "the writer goes on until it is killed");
    child.kill().unwrap();
    child.wait().unwrap();
    before.extend(ids);
    before
}

#[test]
fn what_was_accepted_survives_a_kill_and_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(PLACE), "").unwrap();
    let mut accepted = HashSet::new();
    for _ in 0..KILLS {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let enough = (now.subsec_nanos() % 60) as usize;
        accepted.extend(accepted_until_killed(folder.path(), enough));
        let path = folder.path().join("weir.db");
        if !path.exists() {
            continue;
        }
        drop(Store::open(&path).unwrap());
        let all = Query { limit: usize::MAX >> 1, ..Query::default() };
        let kept = Reader::open(&path).unwrap().incidents(&all).unwrap().incidents;
        let ids = kept.iter().map(|incident| incident.id.0).collect::<HashSet<_>>();
        assert_eq!(ids.len(), kept.len(), "an incident is double");
        assert!(accepted.is_subset(&ids), "an accepted incident is missing");
    }
    assert!(accepted.len() > 100, "{}", accepted.len());
}

#[test]
#[ignore = "writes until it is killed; another test runs it in its own process"]
fn the_writer() {
    assert!(Path::new(PLACE).exists());
    let mut store = Store::open(Path::new("weir.db")).unwrap();
    let first =
        Reader::open(Path::new("weir.db")).unwrap().standing_incidents(i64::MAX).unwrap().len()
            as u64;
    let mut out = std::io::stdout();
    // Should the test that reads end first, so does this.
    for id in first.. {
        let changes = [shared(incident(id, 1)), shared(incident(id / 2, 1))];
        store.apply(&Changes::of(&changes)).unwrap();
        writeln!(out, "accepted {id}.").and_then(|()| out.flush()).unwrap();
    }
}
