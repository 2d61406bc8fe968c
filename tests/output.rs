//! Provisional rows and the forms in which rows are written.

mod support;

use std::collections::BTreeMap;
use std::fs::File;

use parquet::file::reader::{FileReader, SerializedFileReader};
use support::edge;
use support::flows::{Folder, Row, columns, rows, rows_of, run};
use support::pcap::{Capture, ms, secs};
use support::talk::Talk;

/// Rows with provisional ones among them, of a query every `step` microseconds.
fn provisional(count: i64, step: i64) -> Vec<Row> {
    let talk = Talk::v4(1_000, 53);
    let packets: Vec<_> = (0..count).map(|index| (index * step, talk.ask_udp(10))).collect();
    rows_of(&Capture::ethernet(&packets), &["--provisional"])
}

fn finals(rows: &[Row]) -> impl Iterator<Item = &Row> {
    rows.iter().filter(|row| row.text("Final") == "true")
}

#[test]
fn provisional_adds_two_columns_at_the_end() {
    let header = rows_of(&edge::all(), &["--provisional"])[0]
        .iter()
        .map(|(name, _)| name.to_owned())
        .collect::<Vec<_>>();
    let expected: Vec<_> = columns().into_iter().chain(["Weir Flow ID", "Final"]).collect();
    assert_eq!(header, expected);
}

#[test]
fn an_open_flow_is_reported_at_its_tenth_and_hundredth_packet() {
    let rows = provisional(120, ms(1));
    let packets: Vec<_> = rows.iter().map(Row::packets).collect();
    assert_eq!(packets, [10, 100, 120]);
}

#[test]
fn an_open_flow_that_changed_is_reported_every_five_seconds() {
    let rows = provisional(8, secs(3));
    assert!(rows.len() >= 4, "{} rows", rows.len());
    assert_eq!(finals(&rows).count(), 1);
    let packets: Vec<_> = rows.iter().map(Row::packets).collect();
    assert!(packets.is_sorted(), "{packets:?}");
}

#[test]
fn a_provisional_row_has_the_id_of_the_final_row_of_its_flow() {
    let rows = rows_of(&edge::all(), &["--provisional"]);
    let mut last: BTreeMap<&str, &Row> = BTreeMap::new();
    for row in &rows {
        let id = row.text("Weir Flow ID");
        assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        if let Some(before) = last.insert(id, row) {
            assert_eq!(before.text("Final"), "false", "a row after the final one of {id}");
            assert_eq!(before.text("Flow ID"), row.text("Flow ID"));
            assert_eq!(before.text("Timestamp"), row.text("Timestamp"));
        }
    }
    assert!(last.values().all(|row| row.text("Final") == "true"));
}

#[test]
fn the_final_rows_are_those_written_without_provisional_ones() {
    let without = rows_of(&edge::all(), &[]);
    let with = rows_of(&edge::all(), &["--provisional"]);
    let finals: Vec<_> = finals(&with).collect();
    assert_eq!(finals.len(), without.len());
    for (a, b) in without.iter().zip(finals) {
        assert!(a.iter().eq(b.iter().take(84)), "{}", a.text("Flow ID"));
    }
}

#[test]
fn parquet_holds_the_columns_and_rows_of_csv() {
    let folder = Folder::new();
    let file = folder.file("edge.pcap", &edge::all().bytes());
    let output = folder.path().join("rows.parquet");
    run([file.clone(), "-o".into(), output.clone()]).expect(0);
    let reader = SerializedFileReader::new(File::open(output).unwrap()).unwrap();
    let metadata = reader.metadata().file_metadata();
    let schema = metadata.schema_descr();
    let names: Vec<_> = schema.columns().iter().map(|column| column.name().to_owned()).collect();
    assert_eq!(names, columns());
    let csv = rows(&run([file]).expect(0).stdout);
    assert_eq!(metadata.num_rows(), i64::try_from(csv.len()).unwrap());
    for (row, expected) in reader.get_row_iter(None).unwrap().zip(csv) {
        let row = row.unwrap();
        for (name, field) in row.get_column_iter().filter(|(name, _)| *name != "Timestamp") {
            let found = field.to_string();
            let found = found.trim_matches('"');
            let wanted = expected.text(name);
            let is_equal = found == wanted || found.parse::<f64>().ok() == wanted.parse().ok();
            assert!(is_equal, "{name}: {found}, not {wanted}");
        }
    }
}

#[test]
fn sequences_are_written_for_a_capture() {
    let folder = Folder::new();
    let file = folder.file("edge.pcap", &edge::all().bytes());
    let outcome = run([file, "--sequences".into()]).expect(0);
    assert!(!outcome.stdout.is_empty());
}
