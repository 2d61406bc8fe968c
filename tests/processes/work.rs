//! Processes in pods that open and take connections, and one on the node that captures them. Each says
//! itself what it did.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use weir::capture::{self, Interface};
use weir::correlate::{Asked, Ending};
use weir::detect::FlowSummary;
use weir::engine::{Live, Meters, Options, Pipeline, Sink};
use weir::flow::{End, Report, State, Timeouts};
use weir::packet::Tuple;

use super::pods::{self, Network, SERVER, SERVICE};
use super::trace::Task;

/// A helper in a namespace: it is told line by line what to do, and says line by line what it did.
struct Helper {
    child: Child,
    told: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
    pid: u32,
    task: u32,
}

/// What a helper has done.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) pid: u32,
    pub(crate) is_server: bool,
    /// Both ends, and from when to when.
    pub(crate) connections: Vec<(String, i64, i64)>,
    task: u32,
    pod: &'static str,
}

impl Done {
    pub(crate) fn tasks(&self) -> BTreeMap<u32, Task> {
        let binary = if self.is_server { "/usr/bin/server" } else { "/usr/bin/client" };
        let task = Task { pid: self.pid, pod: self.pod, binary };
        [(self.pid, task.clone()), (self.task, task)].into()
    }
}

impl Helper {
    fn start(pod: &str, name: &str) -> Self {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &pods::namespace(pod)])
            .arg(std::env::current_exe().expect("a path"))
            .args(["--ignored", "--exact", "--nocapture", &format!("work::{name}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("ip runs");
        let told = child.stdin.take();
        let said = BufReader::new(child.stdout.take().expect("its output"));
        let mut helper = Self { child, told, said, pid: 0, task: 0 };
        let [pid, task] = helper.answer("task ");
        (helper.pid, helper.task) =
            (pid.parse().expect("a number"), task.parse().expect("a number"));
        helper
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.told.as_mut().expect("not stopped"), "{line}").expect("it listens");
    }

    /// The words behind `word`; what the test harness says is passed over.
    fn answer<const N: usize>(&mut self, word: &str) -> [String; N] {
        loop {
            let mut line = String::new();
            assert!(self.said.read_line(&mut line).expect("it speaks") > 0, "it has ended");
            if let Some((_, words)) = line.split_once(word) {
                let words: Vec<_> = words.split_whitespace().map(ToOwned::to_owned).collect();
                return words.try_into().expect("so many words");
            }
        }
    }

    /// The rest of what it says.
    fn finish(mut self) -> String {
        drop(self.told.take());
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).expect("it speaks");
        assert!(self.child.wait().expect("it ends").success(), "{rest}");
        rest
    }
}

/// A process that opens connections.
pub(crate) struct Client {
    helper: Helper,
    pod: &'static str,
    held: Vec<(String, i64)>,
    connections: Vec<(String, i64, i64)>,
}

impl Client {
    pub(crate) fn start(address: &str) -> Self {
        let pod = pods::pod_at(address);
        let helper = Helper::start(pod, "opens_connections");
        Self { helper, pod, held: Vec::new(), connections: Vec::new() }
    }

    /// Opens a connection from `port`, or from any for 0, says something and is answered.
    pub(crate) fn connect(&mut self, port: u16, to: &str, at: u16, is_reset: bool) {
        self.helper.tell(&format!("connect {port} {to}:{at} {is_reset}"));
        let [end, from, until] = self.helper.answer("connected ");
        let us = |text: &str| text.parse().expect("a time");
        let at = if to == SERVICE { 8_080 } else { at };
        self.connections.push((ends(&end, at), us(&from), us(&until)));
    }

    /// Opens a connection that goes on.
    pub(crate) fn hold(&mut self, to: &str, at: u16) {
        self.helper.tell(&format!("hold {to}:{at}"));
        let [end, from] = self.helper.answer("held ");
        self.held.push((ends(&end, at), from.parse().expect("a time")));
    }

    /// Closes those that go on.
    pub(crate) fn drop_all(&mut self) {
        self.helper.tell("drop");
        let [until] = self.helper.answer("dropped ");
        let until = until.parse().expect("a time");
        self.connections.extend(self.held.drain(..).map(|(end, from)| (end, from, until)));
    }

    pub(crate) fn finish(self) -> Vec<Done> {
        let Self { helper, pod, connections, .. } = self;
        let (pid, task) = (helper.pid, helper.task);
        helper.finish();
        vec![Done { pid, is_server: false, connections, task, pod }]
    }
}

/// Processes that take connections at one port.
pub(crate) struct Server(Helper, u16);

impl Server {
    /// One process, or several that take from the listener of one that only waits.
    pub(crate) fn start(_network: &Network, port: u16, workers: usize) -> Self {
        let mut helper = Helper::start(pods::pod_at(SERVER), "takes_connections");
        helper.tell(&format!("{port} {workers}"));
        let [] = helper.answer("ready");
        Self(helper, port)
    }

    pub(crate) fn stop(&mut self) {
        drop(self.0.told.take());
    }

    pub(crate) fn finish(self) -> Vec<Done> {
        let pod = pods::pod_at(SERVER);
        let (pid, task, port) = (self.0.pid, self.0.task, self.1);
        let mut all = BTreeMap::from([((pid, task), Vec::new())]);
        for line in self.0.finish().lines() {
            let Some((_, words)) = line.split_once("took ") else { continue };
            let [pid, task, end, at] = words.split(' ').collect::<Vec<_>>()[..] else { continue };
            let number = |text: &str| text.parse().expect("a number");
            let at: i64 = at.parse().expect("a time");
            let of_task = all.entry((number(pid), number(task))).or_default();
            of_task.push((ends(end, port), at, at));
        }
        let done =
            |((pid, task), connections)| Done { pid, is_server: true, connections, task, pod };
        all.into_iter().map(done).collect()
    }
}

/// A flow as Weir has captured it.
#[derive(Debug)]
pub(crate) struct Captured {
    /// Both ends.
    pub(crate) ends: String,
    pub(crate) asked: Asked,
}

/// Both ends of a connection to a port of the server's pod, as packets have them.
fn ends(client: &str, port: u16) -> String {
    format!("{client}>{SERVER}:{port}")
}

/// Weir on the node, at the wire of the server's pod.
pub(crate) struct Capture(Helper);

impl Capture {
    pub(crate) fn start() -> Self {
        let mut helper = Helper::start("node", "captures_flows");
        let [] = helper.answer("ready");
        Self(helper)
    }

    /// All flows, in the order in which they ended.
    pub(crate) fn finish(self) -> Vec<Captured> {
        // The kernel hands packets over after its read timeout of 100 ms.
        std::thread::park_timeout(Duration::from_millis(500));
        let text = self.0.finish();
        text.lines()
            .filter_map(|line| line.split_once("flow "))
            .map(|(_, words)| captured(words))
            .collect()
    }
}

fn captured(words: &str) -> Captured {
    let words: Vec<_> = words.split(' ').collect();
    let end = |text: &str| text.parse::<SocketAddr>().expect("an end");
    let number = |text: &str| text.parse::<i64>().expect("a number");
    let (source, target) = (end(words[0]), end(words[1]));
    let tuple = Tuple {
        source: source.ip().into(),
        target: target.ip().into(),
        source_port: source.port(),
        target_port: target.port(),
        protocol: words[2].parse().expect("a protocol"),
        icmp_type: 0,
    };
    let (first_us, last_us) = (number(words[3]), number(words[4]));
    let ending = if words[5] == "true" { Ending::Over } else { Ending::Cut };
    let asked = Asked { tuple, first_us, last_us, ending, now_us: last_us };
    Captured { ends: format!("{}>{}", words[0], words[1]), asked }
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    i64::try_from(since.as_micros()).expect("a time")
}

fn introduce() {
    println!("\ntask {} {}", std::process::id(), nix::unistd::gettid());
}

fn lines() -> impl Iterator<Item = String> {
    std::io::stdin().lines().map(|line| line.expect("a line"))
}

#[test]
#[ignore = "a helper that another test runs inside a namespace"]
fn opens_connections() {
    introduce();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut held = Vec::new();
    for line in lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["connect", port, to, is_reset] => {
                let from = now_us();
                let stream = runtime.block_on(opened(port.parse().unwrap(), to.parse().unwrap()));
                let end = stream.local_addr().unwrap();
                talk(stream, is_reset == "true");
                println!("connected {end} {from} {}", now_us());
            }
            ["hold", to] => {
                let from = now_us();
                let stream = TcpStream::connect(to).unwrap();
                println!("held {} {from}", stream.local_addr().unwrap());
                held.push(stream);
            }
            ["drop"] => {
                held.drain(..).for_each(|stream| talk(stream, false));
                println!("dropped {}", now_us());
            }
            _ => panic!("{line}"),
        }
    }
}

/// A connection from a port that may just have been another's.
async fn opened(port: u16, to: SocketAddr) -> TcpStream {
    for _ in 0..2_000 {
        let socket = tokio::net::TcpSocket::new_v4().expect("the two talk");
        socket.set_reuseaddr(true).expect("the two talk");
        if (port == 0 || socket.bind(SocketAddr::from(([0; 4], port))).is_ok())
            && let Ok(stream) = socket.connect(to).await
        {
            let stream = stream.into_std().expect("the two talk");
            stream.set_nonblocking(false).expect("the two talk");
            return stream;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("port {port} is not free");
}

fn talk(mut stream: TcpStream, is_reset: bool) {
    stream.write_all(b"hello, you").expect("the two talk");
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).expect("the two talk");
    if is_reset {
        // To close what was not read resets it.
        stream.write_all(b"r").expect("the two talk");
        stream.read_exact(&mut answer[..1]).expect("the two talk");
        return;
    }
    stream.write_all(b"f").expect("the two talk");
    assert_eq!(stream.read(&mut answer).expect("the two talk"), 0);
}

#[test]
#[ignore = "a helper that another test runs inside a namespace"]
fn takes_connections() {
    introduce();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let (port, workers) = line.trim().split_once(' ').unwrap();
    let listener = TcpListener::bind(("0.0.0.0", port.parse().unwrap())).unwrap();
    if workers == "1" {
        println!("ready");
        return take(&listener, true);
    }
    let worker = |_| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "work::takes_what_another_waits_for"])
            .stdin(OwnedFd::from(listener.try_clone().unwrap()))
            .spawn()
            .unwrap()
    };
    let workers: Vec<_> = (0..workers.parse::<u32>().unwrap()).map(worker).collect();
    println!("ready");
    lines().for_each(drop);
    for mut worker in workers {
        worker.kill().unwrap();
        worker.wait().unwrap();
    }
}

#[test]
#[ignore = "a helper that another test runs inside a namespace"]
fn takes_what_another_waits_for() {
    let listener = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
    take(&TcpListener::from(listener), false);
}

/// Takes connections and answers on them, until nobody tells any more what to do.
fn take(listener: &TcpListener, is_told: bool) {
    listener.set_nonblocking(true).expect("the two talk");
    let stdin = std::io::stdin();
    let mut streams = Vec::<TcpStream>::new();
    loop {
        let first = if is_told { stdin.as_fd() } else { listener.as_fd() };
        let waiting = [first, listener.as_fd()].into_iter().chain(streams.iter().map(AsFd::as_fd));
        let mut waiting: Vec<_> = waiting.map(|one| PollFd::new(one, PollFlags::POLLIN)).collect();
        poll(&mut waiting, PollTimeout::NONE).expect("the two talk");
        let ready: Vec<_> = waiting.iter().map(|one| one.any() == Some(true)).collect();
        if is_told && ready[0] {
            return;
        }
        for at in (0..streams.len()).rev().filter(|at| ready[2 + at]) {
            answer(streams.swap_remove(at));
        }
        // Another process may have been faster.
        if let Ok((stream, peer)) = listener.accept() {
            println!("took {} {} {peer} {}", std::process::id(), nix::unistd::gettid(), now_us());
            stream.set_nonblocking(false).expect("the two talk");
            streams.push(stream);
        }
    }
}

/// Answers, and is the first to close unless asked for more.
fn answer(mut stream: TcpStream) {
    let mut question = [0; 10];
    stream.read_exact(&mut question).expect("the two talk");
    stream.write_all(&question).expect("the two talk");
    stream.read_exact(&mut question[..1]).expect("the two talk");
    if question[0] == b'r' {
        stream.write_all(b"rr").expect("the two talk");
        drop(stream.read(&mut question));
    }
}

#[test]
#[ignore = "a helper that another test runs inside a namespace"]
fn captures_flows() {
    introduce();
    let interface = Interface::open("pod3", &capture::Options::default()).unwrap();
    let stop = Arc::<AtomicBool>::default();
    let meters = Arc::<Meters>::default();
    let live = Live::start(vec![interface], &meters, None, None, &stop).unwrap();
    println!("ready");
    std::thread::spawn(move || {
        lines().for_each(drop);
        stop.store(true, Ordering::Relaxed);
    });
    let options = Options { timeouts: Timeouts::default(), max_flows: 100_000, shards: 1 };
    let mut pipeline = Pipeline::new(options, Printer).unwrap();
    let end = live.run(&mut pipeline);
    assert!(end.failure.is_none(), "{:?}", end.failure);
    drop(pipeline.finish());
}

/// Prints flows as they end.
struct Printer;

impl Sink for Printer {
    type Error = std::convert::Infallible;

    fn report(&mut self, report: &Report<'_>) -> Result<(), Self::Error> {
        if let Report::Row(row) = report {
            let FlowSummary { tuple, first_us, last_us, state, .. } = FlowSummary::from(row);
            let is_over = matches!(state, State::Final(End::Fin | End::Rst | End::Idle));
            let end = |address: weir::packet::Address, port| SocketAddr::new(address.into(), port);
            let (source, target) =
                (end(tuple.source, tuple.source_port), end(tuple.target, tuple.target_port));
            println!("flow {source} {target} {} {first_us} {last_us} {is_over}", tuple.protocol);
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn flush(&mut self, _: i64) -> Result<(), Self::Error> {
        Ok(())
    }
}
