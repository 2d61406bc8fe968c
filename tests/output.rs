//! Provisional rows and the forms in which rows are written.

mod support;

use std::collections::BTreeMap;
use std::fs::File;

use parquet::file::reader::{FileReader, SerializedFileReader};
use support::edge;
use support::flows::{Folder, Row, by_flow, columns, rows, rows_of, run};
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
fn labels_join_by_flow_key_in_either_direction_and_by_time() {
    let folder = Folder::new();
    let file = folder.file("edge.pcap", &edge::all().bytes());
    let labels = folder.file(
        "labels.csv",
        b"flow key,from,to,label\n\
        198.18.0.1-198.18.2.1-80-10001-6,,,backwards\n\
        198.18.2.1-198.18.0.1-10017-80-6,2020-09-13T12:27:34Z,,second\n\
        *-*-*-53-17,1600000000,1600000100,query\n",
    );
    let found = by_flow(run([file, "--labels".into(), labels]).expect(0).rows());
    let label = |flow: &str| found[flow].text("Label");
    assert_eq!(label("198.18.2.1-198.18.0.1-10001-80-6 2020-09-13T12:26:40.000000Z"), "backwards");
    assert_eq!(label("198.18.2.1-198.18.0.1-10017-80-6 2020-09-13T12:27:35.000000Z"), "second");
    assert_eq!(label("2001:db8::1-2001:db8::2-30000-53-17 2020-09-13T12:27:22.000000Z"), "query");
    let named = found.values().filter(|row| row.text("Label") != "unlabelled").count();
    assert_eq!(named, 3);
}

#[test]
fn the_columns_of_context_come_on_top_and_are_finite() {
    let plain = rows_of(&edge::all(), &[]);
    let with = rows_of(&edge::all(), &["--context"]);
    assert_eq!(plain.len(), with.len());
    for (plain, with) in plain.iter().zip(&with) {
        assert!(with.iter().count() > plain.iter().count());
        assert!(plain.iter().all(|(column, text)| with.text(column) == text));
        let context = with.iter().filter(|(column, _)| !columns().contains(column));
        assert!(context.into_iter().all(|(_, text)| text.parse().is_ok_and(f64::is_finite)));
    }
}

#[test]
fn a_replay_at_the_recorded_speed_gives_the_same_rows() {
    let capture = Capture::ethernet(&Talk::v4(1_000, 80).whole(0));
    let fast = rows_of(&capture, &[]);
    let slow = rows_of(&capture, &["--speed", "1"]);
    assert!(fast[0].iter().eq(slow[0].iter()));
}

#[test]
fn sequences_are_written_for_a_capture() {
    let folder = Folder::new();
    let file = folder.file("edge.pcap", &edge::all().bytes());
    let outcome = run([file, "--sequences".into()]).expect(0);
    assert!(!outcome.stdout.is_empty());
}
