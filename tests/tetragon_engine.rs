//! An agent of Tetragon and the real binary: what the agent tells is remembered, counted, and told to
//! programs, and what is lost on the way is said.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use support::double::tetragon::TetragonAgent;
use support::engine::{DEMO, Engine, await_some, database, weir};
use support::flows::Folder;
use support::user::{add_user, authorization};

/// A Weir that listens to `places`, and a viewer's token.
struct Listening {
    engine: Engine,
    authorization: String,
    _folder: Folder,
}

impl Listening {
    fn to(places: &[&str], memory_mib: &str) -> Self {
        let folder = Folder::for_anyone();
        add_user(&folder, "viewer");
        let log = folder.path().join("weir.log");
        let serve = ["--api", "--listen", "127.0.0.1:0", "--replay", DEMO, "--log-level", "info"];
        let mut command = weir(serve, &database(&folder));
        for place in places {
            command.args(["--tetragon", place]);
        }
        command.args(["--tetragon-mib", memory_mib]).arg("--log-file").arg(&log);
        let engine = Engine::of(&mut command, &log);
        let authorization = authorization(&engine);
        Self { engine, authorization, _folder: folder }
    }

    fn events(&self, query: &str) -> Vec<Value> {
        let events = self.engine.json(&format!("/api/events?{query}"), &self.authorization);
        events.as_array().expect("a list").clone()
    }

    /// The figure of this metric; none while it is not there.
    fn figure(&self, metric: &str) -> Option<u64> {
        let (_, text) = self.engine.ask("GET", "/metrics", "", "");
        let line = text.lines().find_map(|line| line.strip_prefix(metric));
        line.map(|figure| figure.trim().parse().expect("a whole number"))
    }

    /// The lines of a stream.
    fn stream(&self, last: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.engine.address()).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(40))).expect("a time");
        let authorization = &self.authorization;
        let request =
            format!("GET /api/events/stream HTTP/1.1\r\nhost: weir\r\n{authorization}{last}\r\n");
        stream.write_all(request.as_bytes()).expect("a request is taken");
        let mut stream = BufReader::new(stream);
        // What comes first: from here on, whatever comes is told.
        next(&mut stream, "retry: ");
        stream
    }
}

/// The rest of the next line that begins so.
fn next(stream: &mut impl BufRead, begin: &str) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        assert!(stream.read_line(&mut line).expect("a line") > 0, "it ended before `{begin}`");
        if let Some(rest) = line.strip_prefix(begin) {
            return rest.trim().to_owned();
        }
    }
}

/// That a program was started, as an agent exports it.
fn exec(binary: &str) -> String {
    let json = json!({
        "process_exec": { "process": {
            "exec_id": "bjE6MTox", "pid": 4_711, "uid": 0, "cwd": "/", "binary": binary,
            "pod": { "namespace": "shop", "name": "web-7f9c", "workload": "web" },
        } },
        "node_name": "n1",
        "time": "2026-11-25T14:02:11.000000001Z",
    });
    json.to_string()
}

fn binaries(events: &[Value]) -> Vec<&str> {
    let processes = events.iter().map(|event| &event["process_exec"]["process"]);
    processes.filter_map(|process| process["binary"].as_str()).collect()
}

#[test]
fn what_an_agent_tells_reaches_programs_in_pages_and_in_a_stream_that_goes_on() {
    let agent = TetragonAgent::on_tcp();
    let listening = Listening::to(&[&agent.endpoint()], "64");
    agent.wait_for_listeners(1);
    let mut stream = listening.stream("");
    for binary in ["/bin/sh", "/usr/bin/curl", "/bin/cat"] {
        agent.say(&exec(binary));
    }
    let first = next(&mut stream, "id: ");
    let event: Value = serde_json::from_str(&next(&mut stream, "data: ")).expect("JSON");
    assert_eq!(event, serde_json::from_str::<Value>(&exec("/bin/sh")).expect("JSON"));
    drop(stream);
    let mut again = listening.stream(&format!("last-event-id: {first}\r\n"));
    let more = [next(&mut again, "data: "), next(&mut again, "data: ")];
    assert!(more[0].contains("/usr/bin/curl") && more[1].contains("/bin/cat"), "{more:?}");
    let all = listening.events("");
    assert_eq!(binaries(&all), ["/bin/cat", "/usr/bin/curl", "/bin/sh"]);
    let curl = listening.events("binary=curl&namespace=shop&type=exec&filter=pod:web*");
    assert_eq!(binaries(&curl), ["/usr/bin/curl"]);
    let counted = "weir_tetragon_events_total{node=\"n1\"}";
    await_some("three events that are counted", || {
        (listening.figure(counted) == Some(3)).then_some(())
    });
    // Who reads a stream does not hold up the end.
    let since = SystemTime::now();
    assert!(listening.engine.stop().success());
    let took = since.elapsed().unwrap_or_default();
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn of_a_burst_every_event_is_remembered_evicted_or_counted_as_lost() {
    assert!((0..3).any(|_| is_counted_whole(60_000)), "each time the agent was taken for dead");
}

/// Whether every event of a burst is counted; false where a machine that is too busy to answer for
/// seconds was taken for dead, since then nobody knows what there was to count.
fn is_counted_whole(burst: u64) -> bool {
    let agent = TetragonAgent::on_tcp();
    let listening = Listening::to(&[&agent.endpoint()], "1");
    agent.wait_for_listeners(1);
    for number in 0..burst {
        agent.say(&exec(&format!("/bin/{number}")));
    }
    let is_whole = await_some("every event", || {
        let came = listening.figure("weir_tetragon_events_total{node=\"n1\"}")?;
        let kept = listening.figure("weir_tetragon_kept_events ")?;
        let evicted = listening.figure("weir_tetragon_evicted_events_total ")?;
        let lost = "weir_tetragon_lost_events_total{node=\"n1\",where=\"weir\"}";
        let lost = listening.figure(lost)?;
        if listening.figure("weir_tetragon_gaps_total{node=\"n1\"}")? > 0 {
            return Some(false);
        }
        (came == burst && kept + evicted + lost == burst).then_some(true)
    });
    if is_whole {
        let kept_bytes = listening.figure("weir_tetragon_kept_bytes ").expect("it is counted");
        assert!((1 << 19..=1 << 20).contains(&kept_bytes), "{kept_bytes}");
        assert_eq!(listening.events("limit=1000").len(), 1_000);
        assert!(listening.engine.stop().success());
    }
    is_whole
}

#[test]
fn an_agent_that_was_named_and_is_away_is_why_it_is_not_ready() {
    let agent = TetragonAgent::on_tcp();
    let listening = Listening::to(&[&agent.endpoint()], "64");
    agent.wait_for_listeners(1);
    let ready = |wanted: u16, said: &str| {
        await_some(said, || {
            let (status, body) = listening.engine.ask("GET", "/readyz", "", "");
            (status == wanted && body.contains(said)).then_some(())
        });
    };
    ready(200, "\"reasons\":[]");
    agent.say(&exec("/bin/sh"));
    // By its first event it is known which node it is on.
    let counted = "weir_tetragon_events_total{node=\"n1\"}";
    await_some("an event", || (listening.figure(counted) == Some(1)).then_some(()));
    agent.refuse();
    ready(503, "the agent of Tetragon on n1");
    assert_eq!(listening.figure("weir_tetragon_up{node=\"n1\"}"), Some(0));
    agent.heal();
    ready(200, "\"reasons\":[]");
    assert_eq!(listening.figure("weir_tetragon_up{node=\"n1\"}"), Some(1));
    assert!(listening.figure("weir_tetragon_gaps_total{node=\"n1\"}") >= Some(1));
    assert!(listening.engine.stop().success());
}

#[test]
fn beside_a_capture_nobody_is_heard_who_was_not_named_and_it_says_so() {
    let listening = Listening::to(&["auto"], "64");
    let authorization = &listening.authorization;
    let (status, body) = listening.engine.ask("GET", "/api/events", authorization, "");
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("a capture is replayed"), "{body}");
    let (status, body) = listening.engine.ask("GET", "/readyz", "", "");
    assert_eq!(status, 200, "{body}");
    assert_eq!(listening.figure("weir_tetragon_kept_events "), None);
    assert!(listening.engine.stop().success());
}
