//! What the filters of a selector leave over.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipnet::IpNet;
use serde_json::Value;

use super::needed;
use crate::policy::check::quoted;
use crate::policy::read;

/// Ports without which a cluster does not work: DNS, HTTPS and the API server, etcd, the kubelet.
const PORTS: [u16; 7] = [53, 443, 6443, 2379, 2380, 10250, 179];

/// Numbers of namespaces that a kernel makes when it starts, before there is any container.
const MADE_AT_BOOT: RangeInclusive<u32> = 0xefff_fff8..=0xf000_0100;

/// What a filter leaves over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nobody says whose processes.
    Everything,
    /// What a node or the cluster needs, in words.
    Needed(String),
    /// Something else, by its name.
    Harmless,
}

/// What all filters of a selector together leave over.
pub(super) fn of(selector: &Value) -> Reach {
    let binaries = ["matchBinaries", "matchParentBinaries"];
    let binaries = binaries.iter().flat_map(|name| read::list(selector, name)).map(binary);
    let arguments = ["matchArgs", "matchData"];
    let arguments = arguments.iter().flat_map(|name| read::list(selector, name)).map(argument);
    let pids = read::list(selector, "matchPIDs").iter().map(pid);
    let namespaces = read::list(selector, "matchNamespaces").iter().map(namespace);
    let mut reach = Reach::Everything;
    for one in binaries.chain(arguments).chain(pids).chain(namespaces) {
        match one {
            Reach::Harmless => return Reach::Harmless,
            Reach::Needed(_) if reach == Reach::Everything => reach = one,
            Reach::Needed(_) | Reach::Everything => {}
        }
    }
    reach
}

/// What is needed of `values`, if any is; else that they are harmless, where there are some.
fn any_of(entry: &Value, needs: impl Fn(&str) -> Option<String>) -> Reach {
    let mut values = read::list(entry, "values").iter().filter_map(Value::as_str).peekable();
    if values.peek().is_none() {
        return Reach::Everything;
    }
    match values.find_map(|value| needs(value).map(|why| (value, why))) {
        Some((value, why)) => Reach::Needed(format!("`{}`, {why}", quoted(value))),
        None => Reach::Harmless,
    }
}

fn binary(entry: &Value) -> Reach {
    match read::text(entry, "operator") {
        "In" => any_of(entry, |path| needed::binary(path).map(Into::into)),
        "Prefix" => any_of(entry, |start| needed::binary_below(start).map(Into::into)),
        "Postfix" => any_of(entry, |end| needed::binary_ending(end).map(Into::into)),
        _ => Reach::Everything,
    }
}

fn argument(entry: &Value) -> Reach {
    let needed = |why: Option<&'static str>| why.map(Into::into);
    match read::text(entry, "operator") {
        "Equal" if is_text(entry) => any_of(entry, |value| needed(needed::path(value))),
        "Prefix" => any_of(entry, |start| needed(needed::path_below(start))),
        "Postfix" => any_of(entry, |end| needed(needed::path_ending(end))),
        "SubString" | "SubStringIgnCase" => any_of(entry, |part| {
            (part.trim_matches('/').len() < 3).then(|| "which stands in most paths".into())
        }),
        "DPort" | "SPort" => any_of(entry, port),
        "DPortPriv" | "SPortPriv" => {
            Reach::Needed("ports below 1024, those of DNS and of the API server among them".into())
        }
        "DAddr" | "SAddr" => any_of(entry, network),
        _ => Reach::Everything,
    }
}

/// Whether values are compared as text: what number an argument has does not say whose process it
/// is.
fn is_text(entry: &Value) -> bool {
    let mut values = read::list(entry, "values").iter().filter_map(Value::as_str);
    values.any(|value| value.parse::<i64>().is_err() && !value.starts_with("0x"))
}

fn pid(entry: &Value) -> Reach {
    let first = |value: &Value| value.as_i64().is_some_and(|pid| pid <= 1);
    match (read::text(entry, "operator"), read::list(entry, "values")) {
        ("In", []) => Reach::Everything,
        ("In", values) if values.iter().any(first) => {
            Reach::Needed("process 1, with which a node or a container begins and ends".into())
        }
        ("In", _) => Reach::Harmless,
        _ => Reach::Everything,
    }
}

fn namespace(entry: &Value) -> Reach {
    if read::text(entry, "operator") != "In" {
        return Reach::Everything;
    }
    any_of(entry, |value| {
        let is_of_host = value == "host_ns"
            || value.parse().is_ok_and(|number: u32| MADE_AT_BOOT.contains(&number));
        is_of_host.then(|| "in which the kubelet and the container runtime are".into())
    })
}

/// Why a port, or a range such as `1024:2048`, is needed.
fn port(value: &str) -> Option<String> {
    let (first, last) = value.split_once([':', '-']).unwrap_or((value, value));
    let (first, last) = (first.trim().parse::<u16>().ok()?, last.trim().parse::<u16>().ok()?);
    let port = PORTS.iter().find(|port| (first..=last).contains(*port))?;
    let whose = match port {
        53 => "DNS",
        179 => "the routes between nodes",
        2379 | 2380 => "etcd",
        10250 => "the kubelet",
        _ => "the API server and most of HTTPS",
    };
    Some(format!("which has the port of {whose} ({port})"))
}

/// Why a network is needed.
fn network(value: &str) -> Option<String> {
    let network =
        value.parse::<IpNet>().ok().or_else(|| value.parse::<IpAddr>().ok().map(IpNet::from));
    let network = network?;
    let is_private = match network.addr() {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    };
    let (wide, private) = if network.addr().is_ipv4() { (8, 16) } else { (16, 48) };
    if network.addr().is_loopback() {
        return Some("by which the parts of a pod and of a node reach each other".into());
    }
    if network.prefix_len() <= wide || (is_private && network.prefix_len() <= private) {
        return Some("which is wide enough for the pods and Services of the cluster".into());
    }
    None
}
