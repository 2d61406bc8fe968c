//! Which agents are to be heard, as it is written in the settings.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::str::FromStr;

use super::Endpoint;

/// The socket of the agent of this node, where Tetragon's chart puts it.
pub const SOCKET: &str = "/var/run/tetragon/tetragon.sock";

const UNIX: &str = "unix://";
const FILE: &str = "file://";
const CLUSTER: &str = "cluster";

/// The longest name of a host in the DNS.
const LONGEST_HOST: usize = 253;

/// What is to be heard. A host of the name `cluster` cannot be meant: write it with its domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Wish {
    /// The agent at [`SOCKET`], as soon as there is that socket.
    Auto,
    /// Nobody.
    Nobody,
    /// What is at this place.
    At(Endpoint),
    /// Each agent of the cluster: at this port of its pod, or without one through its log.
    Cluster(Option<u16>),
}

/// What is written is no wish.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` names no agent of Tetragon: {why}")]
pub struct NoWish {
    given: String,
    why: &'static str,
}

impl FromStr for Wish {
    type Err = NoWish;

    fn from_str(text: &str) -> Result<Self, NoWish> {
        let wish = match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::Nobody),
            CLUSTER => Ok(Self::Cluster(None)),
            _ => named(text),
        };
        wish.map_err(|why| NoWish { given: text.chars().take(LONGEST_HOST).collect(), why })
    }
}

/// As it is written in settings.
impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Nobody => f.write_str("none"),
            Self::At(endpoint) => endpoint.fmt(f),
            Self::Cluster(port) => Endpoint::Cluster(*port).fmt(f),
        }
    }
}

fn named(text: &str) -> Result<Wish, &'static str> {
    if let Some(path) = text.strip_prefix(UNIX) {
        return Ok(Wish::At(Endpoint::Unix(absolute(path)?)));
    }
    if let Some(path) = text.strip_prefix(FILE) {
        return Ok(Wish::At(Endpoint::File(absolute(path)?)));
    }
    if text.contains("://") {
        return Err("its gRPC service is plain: write HOST:PORT, with no scheme before it");
    }
    if text.starts_with('/') {
        return Err("write unix:// before the path of a socket, file:// before that of a file");
    }
    let (host, port) = text
        .rsplit_once(':')
        .ok_or("write auto, none, unix://PATH, HOST:PORT, file://PATH, cluster or cluster:PORT")?;
    let port = port.parse().ok().filter(|port: &u16| *port > 0);
    let port = port.ok_or("what follows the last colon is no port from 1 to 65535")?;
    match host {
        CLUSTER => Ok(Wish::Cluster(Some(port))),
        _ if is_host(host) => Ok(Wish::At(Endpoint::Tcp(format!("{host}:{port}")))),
        _ if host.parse::<Ipv6Addr>().is_ok() => {
            Err("an IPv6 address stands in brackets: [ADDRESS]:PORT")
        }
        _ => Err("what stands before the port is no name of a host and no address"),
    }
}

fn absolute(path: &str) -> Result<PathBuf, &'static str> {
    let is_whole = !path.contains(['\0', char::REPLACEMENT_CHARACTER]);
    if path.starts_with('/') && path.len() > 1 && is_whole {
        return Ok(path.into());
    }
    Err("its path must be a whole one, from the root: three slashes follow the colon")
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=LONGEST_HOST).contains(&host.len()) && host.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_reads_as_it_is_written() {
        for text in [
            "auto",
            "none",
            "cluster",
            "cluster:54321",
            "unix:///var/run/tetragon/tetragon.sock",
            "file:///var/log/tetragon/tetragon.log",
            "localhost:54321",
            "10.0.0.7:1",
            "[::1]:65535",
            "agent-1.node_2.example:54321",
        ] {
            assert_eq!(text.parse::<Wish>().map(|wish| wish.to_string()).as_deref(), Ok(text));
        }
        assert_eq!("cluster:54321".parse(), Ok(Wish::Cluster(Some(54_321))));
    }

    #[test]
    fn what_is_no_wish_is_told_how_to_become_one() {
        for (text, mend) in [
            ("", "cluster:PORT"),
            ("tetragon", "unix://PATH"),
            ("/var/run/t.sock", "unix:// before"),
            ("unix://run/t.sock", "from the root"),
            ("unix:///", "from the root"),
            ("file://", "from the root"),
            ("file:///a\0b", "from the root"),
            ("http://node:54321", "no scheme"),
            ("node:0", "no port"),
            ("node:65536", "no port"),
            ("node:", "no port"),
            ("::1:54321", "in brackets"),
            ("no de:1", "no name of a host"),
            (":54321", "no name of a host"),
            ("[1.2.3.4]:5", "no name of a host"),
        ] {
            let said = text.parse::<Wish>().map_err(|error| error.to_string());
            assert!(said.as_ref().is_err_and(|said| said.contains(mend)), "{text}: {said:?}");
        }
        let long = "x".repeat(100_000).parse::<Wish>().unwrap_err().to_string();
        assert!(long.len() < 1_000);
    }
}
