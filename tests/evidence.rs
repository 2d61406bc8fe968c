//! Evidence: the packets of single flows, out of what was kept of a capture.

mod support;

use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use support::engine::{DEMO, Engine, await_some, database, weir};
use support::evidence::{extract, of_spans, packets, pipeline, record, roomy};
use support::flows::Folder;
use support::frame::Link;
use support::pcap::{Capture, EPOCH_US, Interface, pcapng, secs};
use support::talk::{Talk, crowd};
use weir::capture;
use weir::capture::evidence::{Found, Options};
use weir::engine::{Live, Recording};

/// A crowd of flows in a capture file.
fn crowded(folder: &Folder, flows: u16) -> PathBuf {
    folder.file("crowd.pcap", &Capture::ethernet(&crowd(flows)).bytes())
}

#[test]
fn evidence_holds_exactly_the_packets_of_the_flows_asked_for() {
    let folder = Folder::new();
    let capture = crowded(&folder, 400);
    let options = roomy(&folder);
    let (status, spans) = record(&capture, &options);
    let all = packets(std::fs::read(&capture).expect("the capture"));
    assert_eq!((status.frames, status.lost_frames), (all.len() as u64, 0));
    assert_eq!((status.oldest_us, status.failure), (Some(EPOCH_US), None));

    assert!(spans.len() > 300);
    let chosen: Vec<_> = spans.iter().step_by(7).copied().collect();
    let (found, file) = extract(&options, &chosen);
    let expected = of_spans(&all, &chosen);
    assert!(expected.len() > 200 && expected.len() < all.len() / 3);
    assert_eq!(packets(file), expected);
    let (packets, flows) = (expected.len() as u64, chosen.len() as u64);
    assert_eq!(found, Found { packets, flows, oldest_us: Some(EPOCH_US), ..Found::default() });
}

#[test]
fn what_had_left_a_small_ring_is_said_and_the_rest_is_there() {
    let folder = Folder::new();
    let capture = crowded(&folder, 8_000);
    let options = Options { most_bytes: 1 << 20, ..roomy(&folder) };
    let (status, spans) = record(&capture, &options);
    let oldest_us = status.oldest_us.expect("packets");
    assert!(status.bytes <= 1 << 20 && oldest_us > EPOCH_US + secs(1), "{status:?}");

    let gone = spans.iter().filter(|span| span.last_us < oldest_us).count() as u64;
    let cut = spans.iter().filter(|span| span.first_us < oldest_us).count() as u64 - gone;
    assert!(gone > 1_000 && cut > 10, "{gone} {cut}");
    let (found, file) = extract(&options, &spans);
    let mut expected = packets(std::fs::read(&capture).expect("the capture"));
    expected.drain(..expected.len() - usize::try_from(status.frames).expect("some"));
    assert_eq!(packets(&file), expected);
    let flows = spans.len() as u64 - gone;
    let oldest_us = Some(oldest_us);
    let packets = status.frames;
    assert_eq!(found, Found { packets, flows, flows_gone: gone, flows_cut: cut, oldest_us });
    let said = format!("flows: {flows} of {}; flows of which nothing is left: {gone}", spans.len());
    assert!(String::from_utf8_lossy(&file).contains(&said));
}

#[test]
fn a_replay_leaves_the_same_evidence_each_time() {
    let files = || {
        let folder = Folder::new();
        let options = Options { most_bytes: 1 << 20, ..roomy(&folder) };
        record(&crowded(&folder, 4_000), &options);
        let mut files: Vec<_> = std::fs::read_dir(&options.folder)
            .expect("the ring")
            .map(|entry| entry.expect("a segment").path())
            .map(|path| (path.file_name().map(ToOwned::to_owned), std::fs::read(path).ok()))
            .collect();
        files.sort();
        files
    };
    assert_eq!(files(), files());
}

#[test]
fn frames_without_a_packet_are_not_kept() {
    let folder = Folder::new();
    let mut capture = Capture::ethernet(&Talk::v4(1, 2).whole(0));
    let arp = [support::frame::ethernet_header(&[], 0x0806), vec![0; 46]].concat();
    capture.push(secs(1), arp);
    let path = folder.file("capture.pcap", &capture.bytes());
    assert_eq!(record(&path, &roomy(&folder)).0.frames, 9);
}

#[test]
fn a_link_type_that_no_flow_came_by_is_not_described() {
    let folder = Folder::new();
    let links = [Link::Ethernet, Link::Sll2, Link::Raw];
    let interfaces = links.map(|link| Interface {
        link: u16::try_from(link.number()).expect("a small number"),
        resolution: 6,
    });
    let talks = [Talk::v4(1_000, 80), Talk::v4(2_000, 80), Talk::v6(3_000, 80)];
    let mut mixed = Vec::new();
    for ((index, link), talk) in (0..).zip(links).zip(talks) {
        let records = Capture::of(link, &talk.whole(0)).records;
        mixed.extend(records.into_iter().map(|record| (index, record)));
    }
    mixed.sort_by_key(|(_, record)| record.at);
    let path = folder.file("mixed.pcapng", &pcapng(&interfaces, &mixed));
    let options = roomy(&folder);
    let (_, spans) = record(&path, &options);
    let chosen: Vec<_> = spans.into_iter().filter(|span| span.tuple.source_port != 2_000).collect();
    let (_, file) = extract(&options, &chosen);
    let found = packets(&file);
    let links: BTreeSet<_> = found.iter().map(|kept| kept.link.number()).collect();
    assert_eq!((links, found.len()), (BTreeSet::from([1, 101]), 18));
    // A section header, and a block for each of the two.
    let description = [1, 0, 0, 0, 20, 0, 0, 0];
    assert_eq!(file.windows(8).filter(|bytes| *bytes == description).count(), 2);
}

#[test]
fn a_live_capture_leaves_evidence_that_is_found_while_it_goes_on() {
    let Ok(probe) = UdpSocket::bind("127.0.0.1:0") else { panic!("no loopback") };
    let port = probe.local_addr().expect("an address").port();
    let filter = Some(format!("udp and dst port {port}"));
    let opened = capture::Interface::open("lo", &capture::Options { filter, ..Default::default() });
    let interface = match opened {
        Ok(interface) => interface,
        Err(capture::Error::Permission { .. }) => {
            println!("skipped: needs root");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let folder = Folder::new();
    let options = roomy(&folder);
    let recording = Recording::start(options.clone()).expect("a thread");
    let meters = recording.meters();
    let stop = Arc::<AtomicBool>::default();
    let live = Live::start(vec![interface], &Arc::default(), Some(&recording), None, &stop);
    let live = live.expect("a thread");
    let running = std::thread::spawn(move || {
        let mut pipeline = pipeline();
        let end = live.run(&mut pipeline);
        assert!(end.failure.is_none(), "{end:?}");
        (recording.finish(), pipeline.finish().sink.0)
    });
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    for _ in 0..5 {
        socket.send_to(b"a marked payload", ("127.0.0.1", port)).expect("loopback takes it");
    }
    await_some("five frames", || (meters.status().frames == 5).then_some(()));
    let bytes: Vec<u8> = std::fs::read_dir(&options.folder)
        .expect("the ring")
        .flat_map(|entry| std::fs::read(entry.expect("a segment").path()).expect("a segment"))
        .collect();
    assert!(bytes.windows(16).any(|found| found == b"a marked payload"));
    stop.store(true, Ordering::Relaxed);
    let (status, spans) = running.join().expect("it ends");
    assert_eq!((status.frames, status.lost_frames, status.failure), (5, 0, None));
    assert_eq!(extract(&options, &spans).0.packets, 5);
}

#[test]
fn the_engine_keeps_evidence_beside_its_database() {
    let folder = Folder::for_anyone();
    let log = folder.path().join("weir.log");
    let mut command = weir(
        ["--api", "--listen", "127.0.0.1:0", "--replay", DEMO, "--log-level", "info"],
        &database(&folder),
    );
    command.env("WEIR_EVIDENCE_PAYLOAD", "true").env("WEIR_EVIDENCE_SNAP_LENGTH", "262144");
    let engine = Engine::of(command.arg("--log-file").arg(&log), &log);
    await_some("the end of the replay", || {
        let (_, metrics) = engine.ask("GET", "/metrics", "", "");
        metrics.contains("weir_capture_running{source=\"demo.pcap.zst\"} 0").then_some(())
    });
    let other = Folder::new();
    let (_, spans) = record(Path::new(DEMO), &roomy(&other));
    let chosen: Vec<_> = spans.iter().step_by(50).copied().collect();
    let found = extract(&roomy(&folder), &chosen);
    let expected = of_spans(&packets(std::fs::read(DEMO).expect("the demo")), &chosen);
    assert!(expected.len() > 300);
    assert_eq!(packets(found.1), expected);
    assert!(engine.stop().success());
}

/// What a program prints, or `None` where it is not installed.
fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        println!("skipped: no {program}");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn tshark_reads_the_packets_and_the_comment() {
    let folder = Folder::new();
    let options = Options { keeps_payload: false, ..roomy(&folder) };
    let (_, spans) = record(&crowded(&folder, 400), &options);
    let chosen: Vec<_> = spans.iter().step_by(7).copied().collect();
    let (found, file) = extract(&options, &chosen);
    let path = folder.file("f.pcapng", &file);
    let path = path.to_str().expect("a path in UTF-8");
    let fields = ["-n", "-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len"];
    let Some(lines) = printed("tshark", &fields) else { return };
    let expected: Vec<_> = packets(&file)
        .iter()
        .map(|kept| {
            let (second, us) = (kept.packet.time_us / 1_000_000, kept.packet.time_us % 1_000_000);
            format!("{second}.{us:06}000\t{}", kept.wire_len)
        })
        .collect();
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
    let syns = packets(&file).iter().filter(|kept| kept.packet.flags.bits() == 2).count();
    let filter = ["-n", "-r", path, "-Y", "tcp.flags == 2"];
    assert_eq!(printed("tshark", &filter).map(|lines| lines.lines().count()), Some(syns));
    let malformed = ["-n", "-r", path, "-Y", "_ws.malformed"];
    assert_eq!(printed("tshark", &malformed).as_deref(), Some(""));
    let Some(comment) = printed("capinfos", &["-k", path]) else { return };
    let Found { packets, flows, .. } = found;
    let said = format!("alert 5f1c; packets: {packets}; flows: {flows} of {flows}; ");
    assert!(comment.contains(&said) && comment.contains("payload was not kept"), "{comment}");
}

#[test]
fn a_file_without_a_packet_opens_in_tshark_too() {
    let folder = Folder::new();
    let options = roomy(&folder);
    let (_, spans) =
        record(&crowded(&folder, 10), &Options { most_bytes: 1 << 20, ..roomy(&Folder::new()) });
    let (found, file) = extract(&options, &spans);
    assert_eq!((found.packets, found.flows_gone), (0, spans.len() as u64));
    let path = folder.file("none.pcapng", &file);
    let path = path.to_str().expect("a path in UTF-8");
    if let Some(lines) = printed("tshark", &["-n", "-r", path]) {
        assert_eq!(lines, "");
    }
}
