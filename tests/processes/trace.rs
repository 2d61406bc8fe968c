//! The kernel's own trace of socket states, in an instance of its own, as Tetragon would tell of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// Names of TCP states by their numbers.
const STATES: [&str; 13] = [
    "",
    "TCP_ESTABLISHED",
    "TCP_SYN_SENT",
    "TCP_SYN_RECV",
    "TCP_FIN_WAIT1",
    "TCP_FIN_WAIT2",
    "TCP_TIME_WAIT",
    "TCP_CLOSE",
    "TCP_CLOSE_WAIT",
    "TCP_LAST_ACK",
    "TCP_LISTEN",
    "TCP_CLOSING",
    "TCP_NEW_SYN_RECV",
];

const CLOSE: i64 = 7;

/// A thread of a known process: its process, and the pod that is in.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) pid: u32,
    pub(crate) pod: &'static str,
    pub(crate) binary: &'static str,
}

/// A trace that goes on.
pub(crate) struct Trace {
    folder: PathBuf,
    instance: PathBuf,
}

impl Trace {
    pub(crate) fn start() -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("weir-trace-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let mounted = Command::new("mount").args(["-t", "tracefs", "nodev"]).arg(&folder).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            drop(fs::remove_dir(&folder));
            return Err("tracefs cannot be mounted".into());
        }
        let instance = folder.join(format!("instances/weir-{}", std::process::id()));
        let trace = Self { folder, instance };
        fs::create_dir(&trace.instance).map_err(|error| error.to_string())?;
        let settings = [
            ("trace_clock", "boot"),
            ("buffer_size_kb", "8192"),
            ("options/fields", "1"),
            ("events/sock/inet_sock_set_state/enable", "1"),
        ];
        for (name, value) in settings {
            fs::write(trace.instance.join(name), value)
                .map_err(|error| format!("the kernel has no {name} of traces: {error}"))?;
        }
        Ok(trace)
    }

    /// The events, in the order of time, each as a line of Tetragon's JSON export. Of those that are of
    /// no known process the kernel says who happened to run.
    pub(crate) fn finish(self, tasks: &BTreeMap<u32, Task>) -> Vec<String> {
        let offset_us = self.offset_us();
        let trace = fs::read_to_string(self.instance.join("trace")).expect("a trace");
        assert!(!trace.contains("LOST"), "the buffer was too small");
        trace.lines().filter_map(|line| event(line, offset_us, tasks)).collect()
    }

    /// What to add to a time of the trace to have it by the wall clock: the closest of some marks.
    fn offset_us(&self) -> i64 {
        let marker = self.instance.join("trace_marker");
        let mut marker = fs::File::options().write(true).open(marker).expect("a place for marks");
        let mut marks = Vec::new();
        for number in 0..200 {
            let mark = format!("mark {number} end");
            let before = now_us();
            marker.write_all(mark.as_bytes()).expect("a mark");
            marks.push((now_us() - before, before));
        }
        // By fields it does not show the text of a mark.
        fs::write(self.instance.join("options/fields"), "0").expect("an option");
        let trace = fs::read_to_string(self.instance.join("trace")).expect("a trace");
        fs::write(self.instance.join("options/fields"), "1").expect("an option");
        let (number, (took, before)) =
            marks.iter().enumerate().min_by_key(|(_, (took, _))| *took).expect("marks");
        let mark = format!("mark {number} end");
        let line = trace.lines().find(|line| line.contains(&mark)).expect("the mark");
        before + took / 2 - time_us(line).expect("its time")
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        drop(fs::write(self.instance.join("events/enable"), "0"));
        drop(fs::remove_dir(&self.instance));
        drop(Command::new("umount").arg(&self.folder).output());
        drop(fs::remove_dir(&self.folder));
    }
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    i64::try_from(since.as_micros()).expect("a time")
}

/// `  name-123   [001] .....  1348.224116: …`
fn time_us(line: &str) -> Option<i64> {
    let (head, _) = line.split_once(": ")?;
    let (seconds, micros) = head.split_whitespace().last()?.split_once('.')?;
    Some(seconds.parse::<i64>().ok()? * 1_000_000 + micros.parse::<i64>().ok()?)
}

fn event(line: &str, offset_us: i64, tasks: &BTreeMap<u32, Task>) -> Option<String> {
    let (head, fields) = line.split_once(" inet_sock_set_state: ")?;
    let task: u32 = head.split_once(" [")?.0.trim().rsplit('-').next()?.parse().ok()?;
    let field = |name: &str| {
        let (_, rest) = fields.split_once(&format!("{name}=0x"))?;
        u64::from_str_radix(rest.split(' ').next()?, 16).ok()
    };
    let address = |name| Some(Ipv4Addr::from(u32::try_from(field(name)?).ok()?.to_le_bytes()));
    let (source, target) = (address("saddr")?, address("daddr")?);
    let is_ours = |at: &Ipv4Addr| at.octets()[..2] == [10, 214];
    if !is_ours(&source) && !is_ours(&target) && !tasks.contains_key(&task) {
        return None;
    }
    let [old, new] = ["oldstate", "newstate"].map(|name| field(name).unwrap_or(0));
    let (old, new) = (i64::try_from(old).ok()?, i64::try_from(new).ok()?);
    // Tetragon reads the port from where the kernel has taken it away by then.
    let port = if new == CLOSE { 0 } else { field("sport")? };
    let time = jiff::Timestamp::from_microsecond(time_us(line)? + offset_us).ok()?;
    let sock = json!({
        "family": "AF_INET", "type": "SOCK_STREAM", "protocol": "IPPROTO_TCP",
        "saddr": source.to_string(), "daddr": target.to_string(),
        "sport": port, "dport": field("dport")?,
        "cookie": field("skaddr")?.to_string(), "state": STATES[usize::try_from(old).ok()?],
    });
    let tracepoint = json!({
        "process": process(task, tasks.get(&task)), "subsys": "sock", "event": "inet_sock_set_state",
        "args": [{ "sock_arg": sock }, { "int_arg": old }, { "int_arg": new }],
        "policy_name": "sockets", "action": "KPROBE_ACTION_POST",
    });
    let line = json!({
        "process_tracepoint": tracepoint, "node_name": "node-1", "time": time.to_string(),
    });
    Some(line.to_string())
}

fn process(task: u32, known: Option<&Task>) -> Value {
    match known {
        Some(Task { pid, pod, binary }) => json!({
            "exec_id": format!("exec-{pid}"), "pid": pid, "tid": task, "uid": 0, "binary": binary,
            "parent_exec_id": "exec-of-the-test",
            "pod": { "namespace": "test", "name": pod, "container": { "name": "work" } },
        }),
        None => json!({ "exec_id": format!("stranger-{task}"), "pid": task, "binary": "stranger" }),
    }
}
