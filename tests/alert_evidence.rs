//! `weir alerts evidence`: the packets of an alert, in a file or down a pipe.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use support::evidence::{of_spans, packets, record};
use support::flows::Folder;
use support::ledger::{Ledger, incident};
use support::pcap::Capture;
use support::talk::crowd;
use weir::capture::evidence::Options;
use weir::detect::Class;
use weir::incident::{FlowSpan, Incident, IncidentId, Severity};
use weir::store::Changes;

const ID: IncidentId = IncidentId(0x5f1c_0000_0000_0001);

/// A ledger beside a ring that holds a crowd of flows, the capture that they came from, and five of
/// them that belong to an alert.
fn recorded() -> (Ledger, Vec<u8>, Vec<FlowSpan>) {
    let mut ledger = Ledger::new();
    let capture = Capture::ethernet(&crowd(60)).bytes();
    let source = Folder::new();
    let folder = ledger.beside("evidence");
    let options = Options {
        folder: folder.clone(),
        most_bytes: 64 << 20,
        snap_length: 262_144,
        keeps_payload: true,
        retention: Duration::from_hours(24),
    };
    let (_, spans) = record(&source.file("crowd.pcap", &capture), &options);
    open(&folder, 0o777);
    for segment in fs::read_dir(&folder).expect("the ring").flatten() {
        open(&segment.path(), 0o666);
    }
    let chosen: Vec<_> = spans.into_iter().step_by(9).take(5).collect();
    let alert = Incident {
        flows: 7,
        ..incident(ID.0, Class::DosFlood, Severity::High, chosen[0].first_us)
    };
    remember(&mut ledger, alert, &chosen);
    (ledger, capture, chosen)
}

/// Root becomes somebody else before it reads.
fn open(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

fn remember(ledger: &mut Ledger, alert: Incident, flows: &[FlowSpan]) {
    let spans: Vec<_> = flows.iter().map(|flow| (alert.id, *flow)).collect();
    let incidents = [alert.into()];
    ledger
        .store
        .apply(&Changes { incidents: &incidents, spans: &spans, events: &[] })
        .expect("it is taken");
}

fn parts(file: &Path) -> Vec<PathBuf> {
    let names =
        fs::read_dir(file.with_file_name("")).expect("a folder").flatten().map(|one| one.path());
    names.filter(|path| path.extension().is_some_and(|end| end == "part")).collect()
}

#[test]
fn the_packets_of_an_alert_are_saved_under_its_name() {
    let (ledger, capture, flows) = recorded();
    let file = ledger.beside("alert.pcapng");
    let said = ledger.weir(&format!("alerts evidence 5f1c -o {}", file.display()));
    assert_eq!((said.status, &*said.out), (Some(0), ""), "{said:?}");
    let saved = fs::read(&file).unwrap();
    let expected = of_spans(&packets(capture), &flows);
    assert!(!expected.is_empty());
    assert_eq!(packets(&saved), expected);
    let count = expected.len();
    let told = format!("{count} packets of 5 flows of alert {ID}; 2 more not remembered\n");
    assert_eq!(said.err, told);
    let text = String::from_utf8_lossy(&saved);
    let about = format!("weir alert {ID}: high dos-flood, 192.0.2.10, first packet 20");
    assert!(text.contains(&about) && text.contains("5 of 7 flows remembered"));
    assert!(parts(&file).is_empty());
}

#[test]
fn down_a_pipe_go_the_same_bytes() {
    let (ledger, ..) = recorded();
    let file = ledger.beside("alert.pcapng");
    ledger.weir(&format!("alerts evidence 5f1c -o {}", file.display()));
    let said = ledger.weir("alerts evidence 5f1c -o /dev/null");
    assert_eq!((said.status, &*said.out), (Some(0), ""), "{said:?}");
    for arguments in
        [&["alerts", "evidence", "5f1c"][..], &["alerts", "evidence", "5f1c", "-o", "-"]]
    {
        let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
        weir.args(arguments).env_clear().env("WEIR_DATABASE", &ledger.path);
        let output = weir.stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(output.stdout, fs::read(&file).unwrap());
    }
}

#[test]
fn where_no_packet_is_left_no_file_is_made_and_the_reason_is_said() {
    let (mut ledger, _, flows) = recorded();
    let early = flows[0].first_us - 3_600_000_000;
    let gone = FlowSpan { first_us: early, last_us: early + 1_000_000, ..flows[0] };
    remember(&mut ledger, incident(1, Class::Scan, Severity::Low, early), &[gone]);
    ledger.keep([incident(0xa << 60, Class::Scan, Severity::Low, early)]);
    let file = ledger.beside("alert.pcapng");
    for (id, why) in [
        ("0", "they have left the ring, whose oldest packet is of 20"),
        ("a", "none of its flows is remembered"),
    ] {
        let said = ledger.refused(&format!("alerts evidence {id} -o {}", file.display()), 69);
        assert!(said.starts_with("weir: save packets of alert ") && said.contains(why), "{said}");
        assert!(!file.exists() && parts(&file).is_empty());
    }
    // Without a ring there is nothing either.
    fs::remove_dir_all(ledger.beside("evidence")).unwrap();
    let said = ledger.refused(&format!("alerts evidence 5f1c -o {}", file.display()), 69);
    assert!(said.contains("the ring is empty"), "{said}");
}

#[test]
fn what_was_there_before_stays_until_all_is_written() {
    let (ledger, ..) = recorded();
    let file = ledger.beside("no-such-folder").join("alert.pcapng");
    let said = ledger.refused(&format!("alerts evidence 5f1c -o {}", file.display()), 74);
    assert!(said.starts_with(&format!("weir: write `{}`", file.display())), "{said}");
    let kept = ledger.beside("kept.pcapng");
    fs::write(&kept, "kept").unwrap();
    ledger.refused(&format!("alerts evidence 7 -o {}", kept.display()), 65);
    assert_eq!(fs::read_to_string(&kept).unwrap(), "kept");
}
