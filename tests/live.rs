//! A live capture between two network namespaces. Needs root and iproute2.

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use support::engine::{Engine, database};
use support::flows::{Folder, Outcome, weir};

const NEAR: &str = "10.213.7.1";
const FAR: &str = "10.213.7.2";
/// Nobody has this address: a static neighbour entry lets frames go there, and nobody answers.
const SILENT: &str = "10.213.7.3";
const PORT: u16 = 9_999;
const DATAGRAMS: u64 = 50;

/// Two namespaces joined by a veth pair, removed when dropped.
struct Wire {
    near: String,
    far: String,
}

impl Wire {
    fn new(name: &str) -> Self {
        let id = std::process::id();
        let wire = Self { near: format!("weir-{name}-{id}-a"), far: format!("weir-{name}-{id}-b") };
        let (near, far) = (&wire.near, &wire.far);
        for namespace in [near, far] {
            ip(&format!("netns add {namespace}"));
        }
        ip(&format!("-n {near} link add wire0 type veth peer name wire1 netns {far}"));
        ip(&format!("-n {near} address add {NEAR}/24 dev wire0"));
        ip(&format!("-n {far} address add {FAR}/24 dev wire1"));
        ip(&format!("-n {near} link set wire0 up"));
        ip(&format!("-n {far} link set wire1 up"));
        ip(&format!(
            "-n {near} neigh add {SILENT} lladdr 02:00:00:00:00:99 dev wire0 nud permanent"
        ));
        wire
    }

    /// Starts one of the helpers below in a namespace.
    fn helper(namespace: &str, name: &str) -> Child {
        Command::new("ip")
            .args(["netns", "exec", namespace])
            .arg(std::env::current_exe().expect("a path"))
            .args(["--ignored", "--exact", "--nocapture", name])
            .stdout(Stdio::piped())
            .spawn()
            .expect("ip runs")
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for namespace in [&self.near, &self.far] {
            // What cannot be removed was never made.
            drop(Command::new("ip").args(["netns", "delete", namespace]).output());
        }
    }
}

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output().expect("ip runs");
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Whether this machine can make namespaces; said where it cannot.
fn is_possible() -> bool {
    let is_root = status("self").is_some_and(|status| field(&status, "Uid").starts_with('0'));
    let probe = format!("weir-probe-{}-{:?}", std::process::id(), std::thread::current().id());
    let probe = probe.replace(['(', ')'], "");
    let netns = |verb| Command::new("ip").args(["netns", verb, &probe]).output();
    let possible = is_root
        && netns("add").is_ok_and(|output| output.status.success())
        && netns("delete").is_ok();
    if !possible {
        println!("skipped: needs root and iproute2");
    }
    possible
}

fn status(process: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/{process}/status")).ok()
}

/// The value of a line of `/proc/PID/status`.
fn field<'a>(status: &'a str, name: &str) -> &'a str {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().trim()
}

/// Waits 50 ms without a sleep, which tests of the house do not use either.
fn pause() {
    let (_keep, never) = mpsc::channel::<()>();
    assert!(never.recv_timeout(Duration::from_millis(50)).is_err());
}

/// Polls for up to ten seconds.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = look() {
            return found;
        }
        pause();
    }
    panic!("{what}: not within ten seconds");
}

/// `weir flows iface:wire0` in the near namespace, stopped by a signal.
struct Capture(Option<Child>);

impl Capture {
    /// Starts it and waits until it has given up root, which it does once the interface is open.
    fn start(wire: &Wire, arguments: &[&str]) -> Self {
        let plain = weir();
        let child = Command::new("ip")
            .args(["netns", "exec", &wire.near])
            .arg(plain.get_program())
            .args(plain.get_args())
            .arg("iface:wire0")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ip runs");
        let mut capture = Self(Some(child));
        wait_for("root given up", || {
            let ended = capture.child().try_wait().expect("a child");
            assert!(ended.is_none(), "the capture has ended early");
            let status = capture.status();
            (!field(&status, "Uid").starts_with('0') && field(&status, "Name") == "weir")
                .then_some(())
        });
        capture
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("not stopped yet")
    }

    fn status(&mut self) -> String {
        status(&self.child().id().to_string()).unwrap_or_default()
    }

    /// Lets the last packets through, interrupts the capture and takes what it wrote.
    fn stop(mut self) -> Outcome {
        // The kernel hands packets over after its read timeout of 100 ms.
        (0..10).for_each(|_| pause());
        let interrupted = Command::new("kill")
            .args(["-INT", &self.child().id().to_string()])
            .status()
            .expect("kill runs");
        assert!(interrupted.success());
        let child = self.0.take().expect("not stopped yet");
        Outcome::from(child.wait_with_output().expect("its output"))
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // A test has failed: nothing is wanted of the capture but that it ends.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn finish(helper: Child) -> Output {
    let output = helper.wait_with_output().expect("its output");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    output
}

#[test]
fn a_live_capture_counts_every_datagram_and_writes_its_rows_when_interrupted() {
    if !is_possible() {
        return;
    }
    let wire = Wire::new("udp");
    let capture = Capture::start(&wire, &["--filter", "udp port 9999"]);
    finish(Wire::helper(&wire.near, "sends_datagrams"));
    let rows = capture.stop().expect(0).rows();
    assert_eq!(rows.len(), 1);
    let count = DATAGRAMS.to_string();
    let bytes = (DATAGRAMS * 100).to_string();
    rows[0].assert(&[
        ("Src IP", NEAR),
        ("Dst IP", SILENT),
        ("Dst Port", "9999"),
        ("Protocol", "17"),
        ("Total Fwd Packet", &count),
        ("Total Bwd packets", "0"),
        ("Total Length of Fwd Packet", &bytes),
    ]);
}

#[test]
fn a_live_connection_is_one_row_with_what_both_sides_sent() {
    if !is_possible() {
        return;
    }
    let wire = Wire::new("tcp");
    let capture = Capture::start(&wire, &["--filter", "tcp port 9999"]);
    let mut server = Wire::helper(&wire.far, "answers_a_connection");
    let mut said = BufReader::new(server.stdout.take().unwrap());
    assert!(said.read_until(b'!', &mut Vec::new()).unwrap() > 0);
    finish(Wire::helper(&wire.near, "asks_over_a_connection"));
    finish(server);
    let rows = capture.stop().expect(0).rows();
    assert_eq!(rows.len(), 1);
    rows[0].assert(&[
        ("Src IP", NEAR),
        ("Dst IP", FAR),
        ("Total Length of Fwd Packet", "1000"),
        ("Total Length of Bwd Packet", "70000"),
        ("SYN Flag Count", "2"),
        ("FIN Flag Count", "2"),
    ]);
}

#[test]
fn the_capture_runs_as_nobody_without_capabilities() {
    if !is_possible() {
        return;
    }
    let wire = Wire::new("caps");
    let mut capture = Capture::start(&wire, &[]);
    let status = capture.status();
    let nobody = fs::read_to_string("/etc/passwd").unwrap();
    let nobody = nobody.lines().find_map(|line| line.strip_prefix("nobody:x:")).unwrap();
    let uid = nobody.split(':').next().unwrap();
    assert!(field(&status, "Uid").split_whitespace().all(|id| id == uid), "{status}");
    let sets = ["CapInh", "CapPrm", "CapEff", "CapAmb"];
    for set in sets {
        assert_eq!(field(&status, set), "0000000000000000", "{set}");
    }
    assert!(!field(&status, "Gid").split_whitespace().any(|id| id == "0"), "{status}");
    assert!(!field(&status, "Groups").split_whitespace().any(|id| id == "0"), "{status}");
    capture.stop().expect(0);
}

#[test]
fn an_engine_whose_interface_is_gone_stays_to_say_so() {
    if !is_possible() {
        return;
    }
    let wire = Wire::new("gone");
    ip(&format!("-n {} link set lo up", wire.near));
    let folder = Folder::for_anyone();
    let log = folder.path().join("weir.log");
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &wire.near, env!("CARGO_BIN_EXE_weir")]);
    command.args(["--api", "--listen", "127.0.0.1:0", "--interface", "wire0"]);
    command.args(["--log-level", "info", "--log-file"]).arg(&log);
    command.arg("--database").arg(database(&folder)).stdin(Stdio::null());
    let engine = Engine::of(&mut command, &log);
    ip(&format!("-n {} link delete wire0", wire.near));
    wait_for("the end of the capture", || {
        fs::read_to_string(&log).ok()?.contains("capture has failed").then_some(())
    });
    // Longer than it takes the API to see that it is to end.
    (0..20).for_each(|_| pause());
    let address = folder.file("address", engine.address().as_bytes());
    let asked = Command::new("ip")
        .args(["netns", "exec", &wire.near])
        .arg(std::env::current_exe().expect("a path"))
        .args(["--ignored", "--exact", "--nocapture", "asks_whether_an_engine_is_ready"])
        .stdin(fs::File::open(address).expect("a file"))
        .output()
        .expect("ip runs");
    let said = String::from_utf8_lossy(&asked.stdout);
    assert!(said.contains(" 503 ") && said.contains("capture on wire0 has failed"), "{said}");
    assert!(engine.stop().success());
}

#[test]
#[ignore = "a helper that another test runs inside a namespace"]
fn asks_whether_an_engine_is_ready() {
    let address = std::io::read_to_string(std::io::stdin()).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /readyz HTTP/1.1\r\nhost: weir\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    println!("{answer}");
}

#[test]
#[ignore = "a helper that another test runs inside a namespace"]
fn sends_datagrams() {
    let socket = UdpSocket::bind((NEAR, 0)).unwrap();
    for _ in 0..DATAGRAMS {
        socket.send_to(&[0x36; 100], (SILENT, PORT)).unwrap();
    }
}

#[test]
#[ignore = "a helper that another test runs inside a namespace"]
fn answers_a_connection() {
    let listener = TcpListener::bind((FAR, PORT)).unwrap();
    print!("!");
    std::io::stdout().flush().unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_exact(&mut [0; 1_000]).unwrap();
    stream.write_all(&vec![0x36; 70_000]).unwrap();
}

#[test]
#[ignore = "a helper that another test runs inside a namespace"]
fn asks_over_a_connection() {
    let mut stream = TcpStream::connect((FAR, PORT)).unwrap();
    stream.write_all(&[0x36; 1_000]).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer.len(), 70_000);
}
