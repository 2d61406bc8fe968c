//! What is wrong is said in one sentence with its exit status, and nothing read before is lost.

mod support;

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use signal_hook::consts::SIGINT;
use support::flows::{Folder, Outcome, Row, csv_of, rows, run, run_with_input, weir};
use support::frame::Link;
use support::pcap::{Capture, ms};
use support::talk::{Talk, crowd};
use support::transport::flag::SYN;

const USAGE: i32 = 64;
const BAD_DATA: i32 = 65;
const UNAVAILABLE: i32 = 69;
const IO: i32 = 74;
const INTERRUPTED: i32 = 130;

/// `count` packets, each a flow of its own.
fn scan(count: u16) -> Capture {
    let probe = |port| (ms(i64::from(port)), Talk::v4(999, port).ask(SYN).ip());
    Capture::ethernet(&(1..=count).map(probe).collect::<Vec<_>>())
}

/// Runs a file with these bytes.
fn run_bytes(bytes: &[u8]) -> Outcome {
    let folder = Folder::new();
    run([folder.file("input.pcap", bytes)])
}

/// Panics unless standard error names every one of `words`.
#[track_caller]
fn assert_says(outcome: &Outcome, words: &[&str]) {
    for word in words {
        assert!(outcome.stderr.contains(word), "`{word}` is missing: {}", outcome.stderr);
    }
}

#[test]
fn a_truncated_capture_gives_its_rows_and_the_offset_where_it_broke() {
    let capture = scan(10);
    let (file, offsets) = (capture.bytes(), capture.offsets());
    for end in (offsets[0]..file.len()).step_by(7) {
        let whole = offsets.iter().rposition(|offset| *offset <= end).unwrap();
        let status = if offsets[whole] == end { 0 } else { BAD_DATA };
        let outcome = run_bytes(&file[..end]).expect(status);
        assert_eq!(outcome.rows().len(), whole, "cut at byte {end}");
        if status == BAD_DATA {
            assert_says(&outcome, &["input.pcap", &offsets[whole].to_string()]);
        }
    }
}

#[test]
fn a_file_too_short_for_its_header_is_refused() {
    let file = scan(1).bytes();
    for end in 1..24 {
        let outcome = run_bytes(&file[..end]).expect(BAD_DATA);
        assert_says(&outcome, &["input.pcap"]);
    }
}

#[test]
fn a_record_of_impossible_length_ends_the_reading_with_its_offset() {
    let capture = scan(4);
    let (mut file, offsets) = (capture.bytes(), capture.offsets());
    file[offsets[2] + 8..offsets[2] + 12].copy_from_slice(&u32::MAX.to_le_bytes());
    let outcome = run_bytes(&file).expect(BAD_DATA);
    assert_eq!(outcome.rows().len(), 2);
    assert_says(&outcome, &["input.pcap", &offsets[2].to_string()]);
}

#[test]
fn a_cut_gzip_or_zstd_stream_gives_what_was_read() {
    let file = Capture::ethernet(&crowd(2_000)).bytes();
    let packed = zstd::encode_all(&file[..], 1).unwrap();
    let outcome = run_bytes(&packed[..packed.len() / 2]).expect(BAD_DATA);
    assert_says(&outcome, &["input.pcap"]);
    assert!(outcome.rows().len() < rows(&csv_of(&file, &[])).len());
}

#[test]
fn what_is_no_capture_is_refused() {
    for bytes in [&b"\x7fELF this is no capture, whatever its name"[..], &[0; 4_096], b"a"] {
        assert_says(&run_bytes(bytes).expect(BAD_DATA), &["input.pcap"]);
    }
    run_with_input(["-"], b"neither is this, which comes by a pipe".to_vec()).expect(BAD_DATA);
}

#[test]
fn an_empty_file_is_refused_and_named() {
    assert_says(&run_bytes(&[]).expect(BAD_DATA), &["input.pcap"]);
}

#[test]
fn an_unknown_link_type_is_refused_by_its_number() {
    let capture = Capture { link: 147, ..scan(3) };
    assert_says(&run_bytes(&capture.bytes()).expect(BAD_DATA), &["input.pcap", "147"]);
}

#[test]
fn a_capture_without_packets_gives_a_header_and_no_rows() {
    let outcome = run_bytes(&Capture::new(Link::Ethernet.number()).bytes()).expect(0);
    assert!(outcome.rows().is_empty());
    assert!(outcome.stdout.starts_with(b"Flow ID,"));
}

#[test]
fn a_missing_file_is_named() {
    let outcome = run(["/nonexistent/capture.pcap"]).expect(IO);
    assert_says(&outcome, &["/nonexistent/capture.pcap", "No such file"]);
}

#[test]
fn a_folder_without_captures_is_refused_and_named() {
    let folder = Folder::new();
    let outcome = run([folder.path()]).expect(BAD_DATA);
    assert_says(&outcome, &[&folder.path().display().to_string(), "there is no file in it"]);
}

#[test]
fn one_bad_file_in_a_folder_is_named_and_the_others_are_read() {
    let folder = Folder::new();
    folder.file("a.pcap", &scan(3).bytes());
    folder.file("b.pcap", b"no capture at all");
    let late = Capture::ethernet(&[(ms(100), Talk::v4(1, 2).ask_udp(1))]);
    folder.file("c.pcap", &late.bytes());
    let outcome = run([folder.path()]).expect(BAD_DATA);
    assert_eq!(outcome.rows().iter().map(Row::packets).sum::<u64>(), 4);
    assert_says(&outcome, &["b.pcap"]);
    assert!(!outcome.stderr.contains("a.pcap"), "{}", outcome.stderr);
}

#[test]
fn a_missing_interface_is_named_beside_those_there_are() {
    let outcome = run(["iface:nosuch0"]).expect(UNAVAILABLE);
    assert_says(&outcome, &["nosuch0", "lo"]);
}

#[test]
fn a_bad_filter_is_refused_in_the_words_of_libpcap() {
    let folder = Folder::new();
    let file = folder.file("input.pcap", &scan(1).bytes());
    let arguments = [file.into_os_string(), "--filter".into(), "tcp prot 80".into()];
    assert_says(&run(arguments).expect(USAGE), &["tcp prot 80", "syntax error"]);
}

#[test]
fn a_filter_chooses_packets() {
    let mut packets = Talk::v4(1, 80).whole(0);
    packets.push((ms(900), Talk::v4(2, 53).ask_udp(5)));
    let file = Capture::ethernet(&packets).bytes();
    let ports = |filter| {
        let rows = rows(&csv_of(&file, &["--filter", filter]));
        rows.iter().map(|row| row.text("Src Port").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ports("udp port 53"), ["2"]);
    assert_eq!(ports("tcp"), ["1"]);
}

#[test]
fn an_unknown_flag_or_a_missing_source_is_a_usage_error() {
    assert_says(&run(["--no-such-flag", "x.pcap"]).expect(USAGE), &["--no-such-flag"]);
    run::<&str>([]).expect(USAGE);
}

#[test]
fn a_duration_that_is_none_is_a_usage_error() {
    for flag in ["--active-timeout", "--idle-timeout", "--activity-gap"] {
        for value in ["soon", "-5s", "5 parsecs", "", "0s", "99999999999999999999s"] {
            let outcome = run(["x.pcap", &format!("{flag}={value}")]).expect(USAGE);
            assert_says(&outcome, &[flag]);
        }
    }
}

#[test]
fn a_count_that_is_none_is_a_usage_error() {
    for argument in ["--shards=0", "--shards=many", "--max-flows=0", "--speed=fast", "--speed=-1"] {
        run(["x.pcap", argument]).expect(USAGE);
    }
}

#[test]
fn a_full_disk_is_an_error_of_its_own() {
    let folder = Folder::new();
    let file = folder.file("input.pcap", &scan(100).bytes());
    let arguments = [file.clone(), "-o".into(), "/dev/full".into()];
    assert_says(&run(arguments).expect(IO), &["/dev/full", "No space left"]);
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let outcome: Outcome = weir().arg(&file).stdout(full).output().unwrap().into();
    assert_says(&outcome.expect(IO), &["No space left"]);
    let parquet = folder.path().join("full.parquet");
    symlink("/dev/full", &parquet).unwrap();
    let outcome = run([file, "-o".into(), parquet]).expect(IO);
    assert_eq!(outcome.stderr.matches("No space left").count(), 1, "{}", outcome.stderr);
}

#[test]
fn a_second_interrupt_ends_a_wait_for_input_that_does_not_come() {
    let mut command = weir();
    let mut child = command.arg("-").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let _silent = child.stdin.take();
    let (_keep, never) = mpsc::channel::<()>();
    let interrupted = (0..200).find_map(|_| {
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(never.recv_timeout(Duration::from_millis(50)).is_err());
        child.try_wait().unwrap()
    });
    drop(child.kill());
    let status = interrupted.expect("an end within ten seconds");
    // The first one ends it by itself if it comes before the wait.
    assert!(status.signal() == Some(SIGINT) || status.code() == Some(INTERRUPTED), "{status}");
}

#[test]
fn an_interrupt_that_arrives_twice_at_once_loses_nothing() {
    let folder = Folder::new();
    let probe = |at, port| (at, Talk::v4(999, port).ask(SYN).ip());
    let capture = Capture::ethernet(&[probe(0, 1), probe(ms(60_000), 2)]);
    let file = folder.file("input.pcap", &capture.bytes());
    let mut command = weir();
    command.arg(&file).args(["--speed", "1"]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    // The header comes when the wait for the second packet begins.
    let mut csv = Vec::new();
    output.read_until(b'\n', &mut csv).unwrap();
    let id = child.id().to_string();
    for _ in 0..2 {
        Command::new("kill").args(["-INT", &id]).status().unwrap();
    }
    output.read_to_end(&mut csv).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(INTERRUPTED));
    assert_eq!(rows(&csv).len(), 1);
}

#[test]
fn an_output_that_cannot_be_made_is_named() {
    let folder = Folder::new();
    let file = folder.file("input.pcap", &scan(1).bytes());
    let arguments = [file, "-o".into(), "/nonexistent/rows.csv".into()];
    assert_says(&run(arguments).expect(IO), &["/nonexistent/rows.csv"]);
}

#[test]
fn a_reader_that_leaves_early_ends_the_run_quietly() {
    let folder = Folder::new();
    let file = folder.file("input.pcap", &scan(20_000).bytes());
    let mut child = weir().arg(file).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut line).unwrap();
    drop(reader);
    assert!(line.starts_with("Flow ID,"));
    let status = child.wait().unwrap();
    let mut complaint = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert_eq!((status.code(), complaint.as_str()), (Some(0), ""));
}

#[test]
fn nothing_but_data_goes_to_a_pipe() {
    let outcome = run_bytes(&scan(50).bytes()).expect(0);
    assert_eq!(outcome.stderr, "");
    assert!(outcome.stdout.is_ascii() && outcome.stdout.ends_with(b"NeedManualLabel\n"));
}

#[test]
fn a_name_that_would_steer_the_terminal_is_printed_without_its_controls() {
    let outcome = run(["evil\x1b]0;title\x07\x1b[31m.pcap"]);
    assert_eq!(outcome.status, Some(74), "{}", outcome.stderr);
    let is_harmless = |c: char| !c.is_control() || c == '\n';
    assert!(outcome.stderr.chars().all(is_harmless), "{:?}", outcome.stderr);
}
