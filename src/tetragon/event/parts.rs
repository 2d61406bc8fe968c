//! What events of all types have in common, taken out of their messages.

use super::EventKind;
use super::argument::hexadecimal;
use super::details::Fact;
use crate::tetragon::wire;
use crate::tetragon::wire::get_events_response::Event as Wire;

/// Kinds, by what agents call them.
const KINDS: [(EventKind, &str); 10] = [
    (EventKind::Exec, "process_exec"),
    (EventKind::Exit, "process_exit"),
    (EventKind::Kprobe, "process_kprobe"),
    (EventKind::Tracepoint, "process_tracepoint"),
    (EventKind::Uprobe, "process_uprobe"),
    (EventKind::Lsm, "process_lsm"),
    (EventKind::Usdt, "process_usdt"),
    (EventKind::Loader, "process_loader"),
    (EventKind::Throttle, "process_throttle"),
    (EventKind::RateLimit, "rate_limit_info"),
];

/// The kind of an event that agents call `type_name`.
pub(super) fn kind_called(type_name: &str) -> EventKind {
    let known = KINDS.into_iter().find(|(_, name)| *name == type_name);
    known.map_or(EventKind::Other, |(kind, _)| kind)
}

/// What an agent calls the type of `event`.
pub(super) fn type_name(event: &Wire) -> &'static str {
    match event {
        Wire::ProcessExec(_) => "process_exec",
        Wire::ProcessExit(_) => "process_exit",
        Wire::ProcessKprobe(_) => "process_kprobe",
        Wire::ProcessTracepoint(_) => "process_tracepoint",
        Wire::ProcessLoader(_) => "process_loader",
        Wire::ProcessUprobe(_) => "process_uprobe",
        Wire::ProcessThrottle(_) => "process_throttle",
        Wire::ProcessLsm(_) => "process_lsm",
        Wire::ProcessUsdt(_) => "process_usdt",
        Wire::Test(_) => "test",
        Wire::RateLimitInfo(_) => "rate_limit_info",
    }
}

/// How a process ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exit {
    /// The signal that ended it: `SIGKILL`; empty where none did.
    pub signal: String,
    /// The status it ended with.
    pub status: u32,
}

/// The parts of an event; those that its type does not have are empty.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) process: Option<wire::Process>,
    pub(super) parent: Option<wire::Process>,
    pub(super) ancestors: Vec<wire::Process>,
    pub(super) call: String,
    pub(super) arguments: Vec<wire::KprobeArgument>,
    pub(super) returned: Option<wire::KprobeArgument>,
    pub(super) data: Vec<wire::KprobeArgument>,
    pub(super) policy: String,
    pub(super) message: String,
    pub(super) tags: Vec<String>,
    pub(super) action: i32,
    pub(super) return_action: i32,
    pub(super) kernel_stack: Vec<wire::StackTraceEntry>,
    pub(super) user_stack: Vec<wire::StackTraceEntry>,
    pub(super) exit: Option<Exit>,
    pub(super) lost: u64,
    /// What else it says.
    pub(super) facts: Vec<Fact>,
}

impl From<Wire> for Parts {
    fn from(event: Wire) -> Self {
        match event {
            Wire::ProcessExec(event) => event.into(),
            Wire::ProcessExit(event) => event.into(),
            Wire::ProcessKprobe(event) => event.into(),
            Wire::ProcessTracepoint(event) => event.into(),
            Wire::ProcessLoader(event) => event.into(),
            Wire::ProcessUprobe(event) => event.into(),
            Wire::ProcessThrottle(event) => event.into(),
            Wire::ProcessLsm(event) => event.into(),
            Wire::ProcessUsdt(event) => event.into(),
            Wire::Test(event) => event.into(),
            Wire::RateLimitInfo(event) => event.into(),
        }
    }
}

impl From<wire::ProcessExec> for Parts {
    fn from(event: wire::ProcessExec) -> Self {
        let wire::ProcessExec { process, parent, ancestors } = event;
        Self { process, parent, ancestors, ..Self::default() }
    }
}

impl From<wire::ProcessExit> for Parts {
    fn from(event: wire::ProcessExit) -> Self {
        let wire::ProcessExit { process, parent, signal, status, time, ancestors } = event;
        let facts = time.map(|time| Fact::new("ended", time.to_string())).into_iter().collect();
        let exit = Some(Exit { signal, status });
        Self { process, parent, ancestors, exit, facts, ..Self::default() }
    }
}

impl From<wire::ProcessKprobe> for Parts {
    fn from(event: wire::ProcessKprobe) -> Self {
        Self {
            process: event.process,
            parent: event.parent,
            ancestors: event.ancestors,
            call: event.function_name,
            arguments: event.args,
            returned: event.r#return,
            data: event.data,
            policy: event.policy_name,
            message: event.message,
            tags: event.tags,
            action: event.action,
            return_action: event.return_action,
            kernel_stack: event.kernel_stack_trace,
            user_stack: event.user_stack_trace,
            ..Self::default()
        }
    }
}

impl From<wire::ProcessTracepoint> for Parts {
    fn from(event: wire::ProcessTracepoint) -> Self {
        Self {
            process: event.process,
            parent: event.parent,
            ancestors: event.ancestors,
            call: format!("{}/{}", event.subsys, event.event),
            arguments: event.args,
            policy: event.policy_name,
            message: event.message,
            tags: event.tags,
            action: event.action,
            ..Self::default()
        }
    }
}

impl From<wire::ProcessUprobe> for Parts {
    fn from(event: wire::ProcessUprobe) -> Self {
        let at =
            |label, offset: u64| (offset > 0).then(|| Fact::new(label, format!("{offset:#x}")));
        let facts = [at("offset", event.offset), at("counter", event.ref_ctr_offset)];
        let call = match event.symbol.as_str() {
            "" => format!("{}+{:#x}", event.path, event.offset),
            symbol => format!("{}:{symbol}", event.path),
        };
        Self {
            process: event.process,
            parent: event.parent,
            ancestors: event.ancestors,
            call,
            arguments: event.args,
            data: event.data,
            policy: event.policy_name,
            message: event.message,
            tags: event.tags,
            action: event.action,
            facts: facts.into_iter().flatten().collect(),
            ..Self::default()
        }
    }
}

impl From<wire::ProcessUsdt> for Parts {
    fn from(event: wire::ProcessUsdt) -> Self {
        Self {
            process: event.process,
            parent: event.parent,
            ancestors: event.ancestors,
            call: format!("{}:{}/{}", event.path, event.provider, event.name),
            arguments: event.args,
            policy: event.policy_name,
            message: event.message,
            tags: event.tags,
            action: event.action,
            facts: Fact::list([("flags", event.flags)]),
            ..Self::default()
        }
    }
}

impl From<wire::ProcessLsm> for Parts {
    fn from(event: wire::ProcessLsm) -> Self {
        Self {
            process: event.process,
            parent: event.parent,
            ancestors: event.ancestors,
            call: event.function_name,
            arguments: event.args,
            policy: event.policy_name,
            message: event.message,
            tags: event.tags,
            action: event.action,
            facts: Fact::list([("IMA hash", event.ima_hash)]),
            ..Self::default()
        }
    }
}

impl From<wire::ProcessLoader> for Parts {
    fn from(event: wire::ProcessLoader) -> Self {
        let wire::ProcessLoader { process, path: call, buildid, parent, ancestors } = event;
        let facts = Fact::list([("build", hexadecimal(&buildid))]);
        Self { process, parent, ancestors, call, facts, ..Self::default() }
    }
}

impl From<wire::ProcessThrottle> for Parts {
    fn from(event: wire::ProcessThrottle) -> Self {
        let call = match event.r#type() {
            wire::ThrottleType::ThrottleStart => "start",
            wire::ThrottleType::ThrottleStop => "stop",
            wire::ThrottleType::ThrottleUnknown => "",
        };
        // Agents send the whole of a buffer.
        let cgroup = event.cgroup.trim_end_matches('\0');
        let facts = Fact::list([("cgroup", cgroup.to_owned())]);
        Self { call: call.to_owned(), facts, ..Self::default() }
    }
}

impl From<wire::RateLimitInfo> for Parts {
    fn from(event: wire::RateLimitInfo) -> Self {
        Self { lost: event.number_of_dropped_process_events, ..Self::default() }
    }
}

impl From<wire::Test> for Parts {
    fn from(event: wire::Test) -> Self {
        let wire::Test { arg0, arg1, arg2, arg3 } = event;
        let arguments = [("arg0", arg0), ("arg1", arg1), ("arg2", arg2), ("arg3", arg3)];
        let facts = arguments.map(|(label, number)| Fact::new(label, number.to_string()));
        Self { facts: facts.into(), ..Self::default() }
    }
}
