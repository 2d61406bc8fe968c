//! The same packets give the same bytes, however they arrive and however the work is shared.

mod support;

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use support::edge;
use support::flows::{Folder, csv_of, rows, run, run_with_input};
use support::pcap::{Capture, Dialect, Interface, pcapng};
use support::talk::{Talk, crowd};

fn busy() -> Capture {
    Capture::ethernet(&crowd(600))
}

/// What comes out of these captures read one after the other.
fn csv_of_parts(parts: &[Capture]) -> Vec<u8> {
    let folder = Folder::new();
    let names = (0..).map(|index| format!("part-{index:03}.pcap"));
    let files: Vec<PathBuf> =
        parts.iter().zip(names).map(|(part, name)| folder.file(&name, &part.bytes())).collect();
    run(files).expect(0).stdout
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn two_runs_write_the_same_bytes() {
    let file = busy().bytes();
    assert!(csv_of(&file, &[]) == csv_of(&file, &[]));
}

#[test]
fn the_number_of_shards_does_not_show() {
    for capture in [busy(), edge::all()] {
        let file = capture.bytes();
        let one = csv_of(&file, &["--shards", "1"]);
        assert!(rows(&one).len() > 20);
        for shards in ["2", "3", "8"] {
            assert!(csv_of(&file, &["--shards", shards]) == one, "{shards} shards");
        }
    }
}

#[test]
fn a_small_flow_table_evicts_the_same_flows_with_any_number_of_shards() {
    let file = busy().bytes();
    let limited = |shards| csv_of(&file, &["--max-flows", "16", "--shards", shards]);
    let one = limited("1");
    assert!(rows(&one).len() > rows(&csv_of(&file, &[])).len(), "nothing was evicted");
    assert!(limited("2") == one);
    assert!(limited("5") == one);
}

#[test]
fn a_table_of_several_lanes_evicts_the_same_flows_with_any_number_of_shards() {
    let syn = |client: u16| (i64::from(client), Talk::v4(client, 80).ask_udp(1));
    let packets: Vec<_> = (1..60_000).chain(30_000..35_000).map(syn).collect();
    let file = Capture::ethernet(&packets).bytes();
    let limited = |shards| csv_of(&file, &["--max-flows", "16384", "--shards", shards]);
    let one = limited("1");
    assert!(rows(&one).len() > 60_000, "no flow was evicted before it went on");
    assert!(limited("2") == one);
    assert!(limited("4") == one);
}

#[test]
fn provisional_rows_are_the_same_with_any_number_of_shards() {
    let file = edge::all().bytes();
    let provisional = |shards| csv_of(&file, &["--provisional", "--shards", shards]);
    assert!(provisional("1") == provisional("2"));
}

#[test]
fn a_capture_may_be_cut_into_two_files_anywhere() {
    let capture = edge::all();
    let whole = csv_of(&capture.bytes(), &[]);
    for index in 0..=capture.records.len() {
        let (head, tail) = capture.split_at(index);
        assert!(csv_of_parts(&[head, tail]) == whole, "cut before packet {index}");
    }
}

#[test]
fn a_capture_may_be_cut_into_many_files() {
    let capture = busy();
    let whole = csv_of(&capture.bytes(), &[]);
    for size in [7, 100, 999] {
        let records = capture.records.chunks(size);
        let parts: Vec<_> = records
            .map(|records| Capture { link: capture.link, records: records.to_vec() })
            .collect();
        assert!(csv_of_parts(&parts) == whole, "files of {size} packets");
    }
}

#[test]
fn compression_is_seen_by_content() {
    let file = busy().bytes();
    let plain = csv_of(&file, &[]);
    let zstd = zstd::encode_all(&file[..], 1).unwrap();
    for (name, packed) in [("gzip", gzip(&file)), ("zstd", zstd)] {
        assert!(csv_of(&packed, &[]) == plain, "{name}");
        assert!(run_with_input(["-"], packed).expect(0).stdout == plain, "{name}, by pipe");
    }
}

#[test]
fn standard_input_gives_what_the_file_gives() {
    let file = busy().bytes();
    assert!(run_with_input(["-"], file.clone()).expect(0).stdout == csv_of(&file, &[]));
}

#[test]
fn byte_order_and_time_unit_of_the_file_do_not_show() {
    let capture = busy();
    let expected = csv_of(&capture.bytes(), &[]);
    for dialect in Dialect::ALL {
        assert!(csv_of(&capture.bytes_in(dialect), &[]) == expected, "{dialect:?}");
    }
    let records: Vec<_> = capture.records.iter().map(|record| (0, record.clone())).collect();
    for resolution in [6, 9] {
        let file = pcapng(&[Interface { link: 1, resolution }], &records);
        assert!(csv_of(&file, &[]) == expected, "pcapng, 1e-{resolution} s");
    }
}

#[test]
fn a_file_of_rows_holds_what_standard_output_would() {
    let folder = Folder::new();
    let file = folder.file("busy.pcap", &busy().bytes());
    let output = folder.path().join("rows.csv");
    let arguments = [file.clone(), "-o".into(), output.clone()];
    assert!(run(arguments).expect(0).stdout.is_empty());
    assert!(std::fs::read(output).unwrap() == run([file]).expect(0).stdout);
}
