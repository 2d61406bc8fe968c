//! All that an event says, for people who look at it closely.

use super::argument::{capability, phrase, user_namespace};
use super::parts::Exit;
use super::reading::{Reading, action};
use super::{Event, Process};
use crate::tetragon::wire;

/// Something said of an event, and what that is: `label` is `auid`, `text` is `1000`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// Its value, in one line; as the agent sent it.
    pub text: String,
}

impl Fact {
    pub(super) fn new(label: &str, text: String) -> Self {
        Self { label: label.to_owned(), text }
    }

    /// Those of `facts` that say something.
    pub(super) fn list(facts: impl IntoIterator<Item = (&'static str, String)>) -> Vec<Self> {
        let said = facts.into_iter().filter(|(_, text)| !text.is_empty());
        said.map(|(label, text)| Self::new(label, text)).collect()
    }
}

/// The capabilities of a process, as the kernel calls them: `CAP_NET_RAW`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// It may use them.
    pub permitted: Vec<String>,
    /// It uses them.
    pub effective: Vec<String>,
    /// It hands them to what it runs.
    pub inheritable: Vec<String>,
}

/// A namespace of the kernel that a process is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Namespace {
    /// Of which type: `net`, `pid_for_children`.
    pub name: &'static str,
    /// Its inode.
    pub inum: u32,
    /// Whether the node itself is in it.
    pub is_host: bool,
}

/// What an event says beside its head. What its type does not have is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The cluster, where the agent names it.
    pub cluster: String,
    /// Those who started the parent, nearest first.
    pub ancestors: Vec<Process>,
    /// More of the process: thread, login user, container, image, labels of the pod.
    pub process: Vec<Fact>,
    /// Users and groups that it runs as.
    pub credentials: Vec<Fact>,
    /// What it may do; none where the agent does not say.
    pub capabilities: Option<Capabilities>,
    /// Where it is.
    pub namespaces: Vec<Namespace>,
    /// The arguments of a hook, in order.
    pub arguments: Vec<Fact>,
    /// What the called function returned.
    pub returned: Option<Fact>,
    /// What else the policy had read at the call.
    pub data: Vec<Fact>,
    /// What was done at the return: `post`, `override`.
    pub return_action: String,
    /// Tags of the policy.
    pub tags: Vec<String>,
    /// Functions of the kernel that led to the call, innermost first: `tcp_connect+0x12`.
    pub kernel_stack: Vec<String>,
    /// Functions of the program that did.
    pub user_stack: Vec<String>,
    /// How the process ended.
    pub exit: Option<Exit>,
    /// The rest.
    pub facts: Vec<Fact>,
}

impl Event {
    /// All that it says beside its head. Reads the whole event: for one event that is looked at.
    #[must_use]
    pub fn details(&self) -> Details {
        self.body.read().map(Details::from).unwrap_or_default()
    }
}

impl From<Reading> for Details {
    fn from(reading: Reading) -> Self {
        let Reading { parts, cluster, node_labels, count, .. } = reading;
        let labels = node_labels.into_iter().map(|(key, value)| format!("{key}={value}"));
        let count = if count > 1 { count.to_string() } else { String::new() };
        let more = [("aggregated events", count), ("node labels", phrase(labels))];
        let process = parts.process.unwrap_or_default();
        let of_credentials = process.process_credentials.as_ref();
        let sets = process.cap.as_ref().or(of_credentials.and_then(|it| it.caps.as_ref()));
        Self {
            cluster,
            ancestors: parts.ancestors.into_iter().map(Process::from).collect(),
            credentials: of_credentials.map(credentials).unwrap_or_default(),
            capabilities: sets.map(Capabilities::from),
            namespaces: process.ns.as_ref().map(namespaces).unwrap_or_default(),
            arguments: parts.arguments.iter().map(Fact::from).collect(),
            returned: parts.returned.as_ref().map(Fact::from),
            data: parts.data.iter().map(Fact::from).collect(),
            return_action: action(parts.return_action),
            tags: parts.tags,
            kernel_stack: parts.kernel_stack.iter().map(frame).collect(),
            user_stack: parts.user_stack.iter().map(frame).collect(),
            exit: parts.exit,
            facts: parts.facts.into_iter().chain(Fact::list(more)).collect(),
            process: more_of(process),
        }
    }
}

impl From<&wire::Capabilities> for Capabilities {
    fn from(sets: &wire::Capabilities) -> Self {
        let names = |numbers: &[i32]| numbers.iter().copied().map(capability).collect();
        Self {
            permitted: names(&sets.permitted),
            effective: names(&sets.effective),
            inheritable: names(&sets.inheritable),
        }
    }
}

/// Users and groups, by number, and what else goes with them.
pub(super) fn credentials(it: &wire::ProcessCredentials) -> Vec<Fact> {
    let numbers = [
        ("uid", it.uid),
        ("gid", it.gid),
        ("euid", it.euid),
        ("egid", it.egid),
        ("suid", it.suid),
        ("sgid", it.sgid),
        ("fsuid", it.fsuid),
        ("fsgid", it.fsgid),
    ];
    let numbers =
        numbers.into_iter().filter_map(|(label, number)| Some((label, number?.to_string())));
    let bits = it.securebits.iter().map(|bit| match wire::SecureBitsType::try_from(*bit) {
        Ok(known) => known.as_str_name().to_owned(),
        Err(_) => bit.to_string(),
    });
    let space = it
        .user_ns
        .as_ref()
        .map(|space| user_namespace(space.level, space.uid, space.gid, space.ns.as_ref()));
    let rest = [("secure bits", phrase(bits)), ("user namespace", space.unwrap_or_default())];
    Fact::list(numbers.chain(rest))
}

fn namespaces(it: &wire::Namespaces) -> Vec<Namespace> {
    let all = [
        ("uts", it.uts),
        ("ipc", it.ipc),
        ("mnt", it.mnt),
        ("pid", it.pid),
        ("pid_for_children", it.pid_for_children),
        ("net", it.net),
        ("time", it.time),
        ("time_for_children", it.time_for_children),
        ("cgroup", it.cgroup),
        ("user", it.user),
    ];
    let known = all.into_iter().filter_map(|(name, space)| Some((name, space?)));
    known
        .map(|(name, space)| Namespace { name, inum: space.inum, is_host: space.is_host })
        .collect()
}

/// A line of a stack trace.
fn frame(entry: &wire::StackTraceEntry) -> String {
    let place = match entry.symbol.as_str() {
        "" => format!("{:#x}", entry.address),
        symbol => format!("{symbol}+{:#x}", entry.offset),
    };
    if entry.module.is_empty() { place } else { format!("{place} ({})", entry.module) }
}

/// What is known of a process beside what [`Process`] has.
fn more_of(process: wire::Process) -> Vec<Fact> {
    let number = |number: Option<u32>| number.map(|it| it.to_string()).unwrap_or_default();
    let in_init_tree = match process.in_init_tree {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    let variables = process.environment_variables.into_iter();
    let refcnt = if process.refcnt > 0 { process.refcnt.to_string() } else { String::new() };
    let mut facts = Fact::list([
        ("TID", number(process.tid)),
        // The greatest number stands for "nobody has logged in".
        ("AUID", number(process.auid.filter(|auid| *auid != u32::MAX))),
        ("flags", process.flags),
        ("from the container's first process", in_init_tree.to_owned()),
        ("short container ID", process.docker),
        ("references", refcnt),
        ("environment", phrase(variables.map(|it| format!("{}={}", it.key, it.value)))),
    ]);
    facts.extend(process.binary_properties.map(binary).unwrap_or_default());
    facts.extend(process.pod.map(pod).unwrap_or_default());
    facts
}

fn binary(it: wire::BinaryProperties) -> Vec<Fact> {
    let number = |number: Option<u32>| number.map(|it| it.to_string()).unwrap_or_default();
    let reasons = it.privileges_changed.iter().map(|reason| {
        match wire::ProcessPrivilegesChanged::try_from(*reason) {
            Ok(known) => known.as_str_name().to_owned(),
            Err(_) => reason.to_string(),
        }
    });
    let file = it.file.unwrap_or_default();
    let inode = file.inode.unwrap_or_default();
    let known_inode = if inode.number > 0 { inode.number.to_string() } else { String::new() };
    Fact::list([
        ("setuid", number(it.setuid)),
        ("setgid", number(it.setgid)),
        ("privileges changed", phrase(reasons)),
        ("file", file.path),
        ("inode", known_inode),
        ("links to it", number(inode.links)),
    ])
}

fn pod(pod: wire::Pod) -> Vec<Fact> {
    let pairs = |map: std::collections::BTreeMap<String, String>| {
        phrase(map.into_iter().map(|(key, value)| format!("{key}={value}")))
    };
    let container = pod.container.unwrap_or_default();
    let image = container.image.unwrap_or_default();
    let said = |is_so: bool| if is_so { "yes".to_owned() } else { String::new() };
    let privileged = container.security_context.is_some_and(|it| it.privileged);
    Fact::list([
        ("pod UID", pod.uid),
        ("workload kind", pod.workload_kind),
        ("container ID", container.id),
        ("image", image.name),
        ("image ID", image.id),
        ("container started", container.start_time.map(|it| it.to_string()).unwrap_or_default()),
        ("PID in the container", container.pid.map(|it| it.to_string()).unwrap_or_default()),
        ("maybe a probe of the kubelet", said(container.maybe_exec_probe)),
        ("privileged", said(privileged)),
        ("pod labels", pairs(pod.pod_labels)),
        ("pod annotations", pairs(pod.pod_annotations)),
    ])
}
