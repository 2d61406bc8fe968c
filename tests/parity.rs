//! Agreement with the corrected `CICFlowMeter` fork of Engelen et al. (2021), row by row, and the
//! one table of deliberate differences. `docs/parity.md` gives the table with its reasons.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use support::data::shared;
use support::flows::{Row, columns, is_close, rows, run};

/// A row of theirs and the row of ours for the same flow.
struct Pair<'a> {
    theirs: &'a Row,
    ours: &'a Row,
    /// Packets that theirs counts apart, as protocol 0 between the same hosts.
    set_apart: u64,
}

impl Pair<'_> {
    fn theirs(&self, column: &str) -> f64 {
        self.theirs.number(column)
    }

    fn ours(&self, column: &str) -> f64 {
        self.ours.number(column)
    }
}

/// A deliberate difference in the columns whose names contain one of `columns`, on the rows to
/// which it `applies`; where it does, `holds` must be true of the row instead.
struct Difference {
    name: &'static str,
    columns: &'static [&'static str],
    applies: fn(&Pair<'_>) -> bool,
    holds: fn(&Pair<'_>) -> bool,
}

const EVERY: &[&str] = &[""];
const PAYLOAD: &[&str] =
    &["Length", "Segment", "Packet Size", "Seg Size", "Bytes/s", "Act Data", "Bulk"];

/// Every deliberate difference between rows of one flow; reasons in `docs/parity.md`.
const DIFFERENCES: &[Difference] = &[
    Difference {
        name: "Subflows",
        columns: &["Subflow"],
        applies: |_| true,
        holds: |pair| SUBFLOWS.iter().all(|(column, total)| subflows_agree(pair, column, total)),
    },
    Difference {
        name: "Last active period",
        columns: &["Active"],
        applies: |_| true,
        holds: periods_fill_the_flow,
    },
    Difference {
        name: "Rates without duration",
        columns: &["Flow Bytes/s", "Flow Packets/s"],
        applies: |pair| pair.ours.text("Flow Duration") == "0",
        holds: is_minus_one_there_and_zero_here,
    },
    Difference {
        name: "ICMP and other protocols",
        columns: PAYLOAD,
        applies: |pair| !["6", "17"].contains(&pair.ours.text("Protocol")),
        holds: |pair| {
            pair.theirs("Packet Length Max") == 0.0 && pair.theirs("Fwd Header Length") == 0.0
        },
    },
    Difference {
        name: "Time that runs backwards",
        columns: &["IAT"],
        applies: |pair| pair.theirs("Flow IAT Min") < 0.0,
        holds: |pair| pair.ours("Flow IAT Min") == 0.0 && pair.ours("Fwd IAT Min") >= 0.0,
    },
    Difference {
        name: "Padding behind a VLAN tag",
        columns: PAYLOAD,
        applies: |pair| pair.ours.text("Flow ID") == "198.18.2.1-198.18.0.1-10007-80-6",
        holds: |pair| {
            pair.theirs("Packet Length Max") > 0.0 && pair.ours("Packet Length Max") == 0.0
        },
    },
    Difference {
        name: "First forward packet after a split",
        columns: &["FWD Init Win Bytes", "Fwd Seg Size Min"],
        applies: |pair| {
            pair.theirs("Bwd Seg Size Min") > 0.0 && pair.ours("Bwd Init Win Bytes") > 0.0
        },
        holds: |pair| {
            pair.theirs("FWD Init Win Bytes") == 0.0 && pair.theirs("Fwd Seg Size Min") == 0.0
        },
    },
    Difference {
        name: "Fragments",
        columns: EVERY,
        applies: |pair| pair.set_apart > 0,
        holds: |pair| pair.ours.packets() == pair.theirs.packets() + pair.set_apart,
    },
];

/// The subflow columns and what each divides.
const SUBFLOWS: [(&str, &str); 4] = [
    ("Subflow Fwd Packets", "Total Fwd Packet"),
    ("Subflow Fwd Bytes", "Total Length of Fwd Packet"),
    ("Subflow Bwd Packets", "Total Bwd packets"),
    ("Subflow Bwd Bytes", "Total Length of Bwd Packet"),
];

/// Theirs is the total over the gaps of more than a second, or 0 without one; ours the total over
/// one more.
fn subflows_agree(pair: &Pair<'_>, column: &str, total: &str) -> bool {
    let theirs = pair.theirs(column);
    let gaps = if theirs > 0.0 { pair.theirs(total) / theirs } else { 0.0 };
    let total = pair.ours(total);
    (pair.ours(column) - total / (gaps + 1.0)).abs() <= 1e-6 * total
}

/// Active and idle periods alternate and add up to the whole flow.
fn periods_fill_the_flow(pair: &Pair<'_>) -> bool {
    let (active, idle) = (pair.ours("Active Mean"), pair.ours("Idle Mean"));
    let duration = pair.ours("Flow Duration");
    if idle == 0.0 {
        return (active - duration).abs() <= 1e-6 * duration && pair.ours("Active Std") == 0.0;
    }
    let idles = (duration - active) / (active + idle);
    idles >= 1.0 - 1e-6
        && (idles - idles.round()).abs() < 1e-3
        && pair.ours("Active Max") >= pair.theirs("Active Max")
}

fn is_minus_one_there_and_zero_here(pair: &Pair<'_>) -> bool {
    ["Flow Bytes/s", "Flow Packets/s"].iter().all(|column| pair.ours(column) == 0.0)
        && pair.theirs.text("Flow Packets/s") == "-1"
}

/// Addresses and ports in either direction, protocol, start.
type Key = ([String; 2], String, String);

fn key(row: &Row) -> Key {
    let end = |address: &str, port: &str| format!("{} {}", row.text(address), row.text(port));
    let mut ends = [end("Src IP", "Src Port"), end("Dst IP", "Dst Port")];
    ends.sort();
    (ends, row.text("Protocol").to_owned(), timestamp(row))
}

/// `2020-09-13 12:26:40.5` as `2020-09-13T12:26:40.500000Z`.
fn timestamp(row: &Row) -> String {
    let text = row.text("Timestamp").trim_end_matches('Z').replace(' ', "T");
    let (second, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{second}.{fraction:0<6}Z")
}

fn by_key(rows: Vec<Row>) -> BTreeMap<Key, Row> {
    let count = rows.len();
    let map: BTreeMap<Key, Row> = rows.into_iter().map(|row| (key(&row), row)).collect();
    assert_eq!(map.len(), count, "rows that cannot be told apart");
    map
}

/// Rows that theirs writes for what is no flow of its own: fragments without ports, and frames
/// of ARP (0x0806) and EAPOL (0x888e) whose header it takes for addresses.
fn is_protocol_zero(row: &Row) -> bool {
    row.text("Protocol") == "0"
}

fn is_no_ip(row: &Row) -> bool {
    ["8.6.", "136.142."].iter().any(|ethertype| row.text("Src IP").starts_with(ethertype))
}

fn hosts(row: &Row) -> BTreeSet<String> {
    [row.text("Src IP"), row.text("Dst IP")].map(str::to_owned).into()
}

/// Whether two fields are the same: whole numbers exactly, reals to 1e-6, texts exactly.
fn is_same(theirs: &str, ours: &str) -> bool {
    let whole = |text: &str| text.parse().is_ok_and(|number: f64| number.fract() == 0.0);
    let tolerance = if whole(theirs) && whole(ours) { 0.0 } else { 1e-6 };
    theirs == ours || is_close(theirs, ours, tolerance)
}

/// The columns of a pair that differ without a reason in the table, and the reasons used.
fn unexplained(pair: &Pair<'_>, used: &mut BTreeSet<&'static str>) -> Vec<String> {
    let mut found = Vec::new();
    for column in columns() {
        let (theirs, ours) = (pair.theirs.text(column), pair.ours.text(column));
        if is_same(theirs, ours) || column == "Timestamp" {
            continue;
        }
        let reason = DIFFERENCES.iter().find(|difference| {
            difference.columns.iter().any(|part| column.contains(part))
                && (difference.applies)(pair)
                && (difference.holds)(pair)
        });
        match reason {
            Some(difference) => drop(used.insert(difference.name)),
            None => found.push(format!(
                "{} {}: {column}: theirs {theirs}, ours {ours}",
                pair.ours.text("Flow ID"),
                pair.ours.text("Timestamp"),
            )),
        }
    }
    found
}

/// What differs without a reason in one capture.
fn compare(capture: &Path, used: &mut BTreeSet<&'static str>) -> Vec<String> {
    let reference = fs::read(capture.with_extension("engelen.csv")).expect("its reference");
    let mut ours = by_key(run([capture]).expect(0).rows());
    let (apart, theirs): (Vec<Row>, Vec<Row>) =
        rows(&reference).into_iter().partition(is_protocol_zero);
    let mut found = Vec::new();
    let (mut compared, mut fragments) = (0, 0);
    for theirs in theirs {
        let Some(ours) = ours.remove(&key(&theirs)) else {
            found.push(format!(
                "no row for their {} {}",
                theirs.text("Flow ID"),
                timestamp(&theirs)
            ));
            continue;
        };
        let set_apart = apart.iter().filter(|row| hosts(row) == hosts(&ours) && !is_no_ip(row));
        // Fragments follow the packet that they are pieces of: only a flow that has them differs.
        let set_apart =
            if ours.packets() > theirs.packets() { set_apart.map(Row::packets).sum() } else { 0 };
        fragments += set_apart;
        found.extend(unexplained(&Pair { theirs: &theirs, ours: &ours, set_apart }, used));
        compared += 1;
    }
    let pieces: u64 = apart.iter().filter(|row| !is_no_ip(row)).map(Row::packets).sum();
    if pieces != fragments {
        found.push(format!("{pieces} fragments in theirs, {fragments} found in ours"));
    }
    let extra = ours.values().filter(|row| !row.text("Src IP").contains(':'));
    found.extend(extra.map(|row| format!("a row of ours alone: {}", row.text("Flow ID"))));
    println!("{}: {compared} rows compared, {} of ours are IPv6", capture.display(), ours.len());
    found.iter().map(|line| format!("{}: {line}", capture.display())).collect()
}

#[test]
fn every_column_equals_the_corrected_fork_or_differs_for_a_reason_in_the_table() {
    let Some(folder) = shared("parity") else { return };
    let mut used = BTreeSet::new();
    let found: Vec<String> = support::data::captures(&folder)
        .iter()
        .flat_map(|capture| compare(capture, &mut used))
        .collect();
    assert!(
        found.is_empty(),
        "{} differences:\n{}",
        found.len(),
        found[..found.len().min(40)].join("\n")
    );
    let named: BTreeSet<_> = DIFFERENCES.iter().map(|difference| difference.name).collect();
    assert_eq!(used, named, "the table has an entry that nothing needs");
}

#[test]
fn the_documentation_lists_every_difference() {
    let document = include_str!("../docs/parity.md");
    for difference in DIFFERENCES {
        assert!(document.contains(&format!("| {} |", difference.name)), "{}", difference.name);
    }
}
