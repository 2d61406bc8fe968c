//! Every shared capture: nothing panics, every number is finite, every refusal has a reason.

mod support;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use support::data::{captures, shared};
use support::flows::run;

/// What became of the captures.
#[derive(Debug, Default, Clone, Copy)]
struct Totals {
    read: usize,
    refused: usize,
    rows: usize,
    packets: u64,
}

/// Runs one capture; panics at anything but rows of finite numbers, or a refusal with a reason.
fn read(path: &Path, totals: &mut Totals) {
    let outcome = run([path]);
    let what = path.display();
    assert!(!outcome.stderr.contains("panicked"), "{what}: {}", outcome.stderr);
    match outcome.status {
        Some(0) => totals.read += 1,
        Some(65) => {
            let name = path.file_name().expect("a name").to_string_lossy();
            assert!(outcome.stderr.contains(&*name), "{what} not named: {}", outcome.stderr);
            println!("{}", outcome.stderr.trim_end());
            totals.refused += 1;
        }
        status => panic!("{what}: {status:?}: {}", outcome.stderr),
    }
    for row in outcome.rows() {
        for (column, text) in row.iter().skip(7).filter(|(column, _)| *column != "Label") {
            let number = text.parse::<f64>().unwrap_or(f64::NAN);
            assert!(number.is_finite() && number >= 0.0, "{what}: {column} is {text}");
        }
        totals.rows += 1;
        totals.packets += row.packets();
    }
}

/// Runs them all, two at a time.
fn read_all(paths: &[PathBuf]) -> Totals {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut totals = Totals::default();
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            read(path, &mut totals);
        }
        totals
    };
    thread::scope(|scope| {
        let workers = [scope.spawn(worker), scope.spawn(worker)];
        workers.into_iter().map(|worker| worker.join().expect("no capture fails")).fold(
            Totals::default(),
            |a, b| Totals {
                read: a.read + b.read,
                refused: a.refused + b.refused,
                rows: a.rows + b.rows,
                packets: a.packets + b.packets,
            },
        )
    })
}

#[test]
fn every_capture_is_read_or_refused_with_a_reason() {
    let Some(folder) = shared("pcap") else { return };
    let paths = captures(&folder);
    let totals = read_all(&paths);
    println!("{} captures: {totals:?}", paths.len());
    assert_eq!(totals.read + totals.refused, paths.len());
    assert!(totals.read > totals.refused, "{totals:?}");
}
