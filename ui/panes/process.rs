//! Processes behind flows and incidents, in words.

use std::cmp::Ordering;

use weir::incident::{Deed, Process, ProcessSeen};

use super::facts::Fact;
use crate::format;
use crate::text;
use crate::theme::Role;

/// The last part of the path of a program.
pub(crate) fn name(binary: &str) -> &str {
    binary.rsplit('/').next().unwrap_or(binary)
}

/// A process in a column: what it runs, and as whom.
pub(crate) fn short(process: Option<&Process>) -> String {
    let Some(process) = process else { return String::new() };
    let name = text::clean(name(&process.binary));
    match process.user.as_str() {
        "" => name,
        user => format!("{name} ({})", text::clean(user)),
    }
}

/// Processes that are known first, by what they run.
pub(crate) fn by_name(one: Option<&Process>, other: Option<&Process>) -> Ordering {
    fn key(process: Option<&Process>) -> (bool, &str) {
        (process.is_none(), process.map_or("", |process| name(&process.binary)))
    }
    key(one).cmp(&key(other))
}

/// All that is known of a process: `/usr/bin/curl -s http://db (pid 4711, user root, parent
/// /bin/sh) in shop/web-7f9c container app on worker-1`.
pub(crate) fn described(process: &Process) -> String {
    let Process { binary, arguments, pid, user, parent, namespace, pod, container, node } = process;
    let some = |before: &str, text: &str| match text {
        "" => String::new(),
        text => format!("{before}{text}"),
    };
    let known = [some(", user ", user), some(", parent ", parent)].concat();
    let pod = match pod.as_str() {
        "" => String::new(),
        pod => format!(" in {namespace}/{pod}{}", some(" container ", container)),
    };
    let command = [binary.as_str(), arguments].join(" ");
    let place = [pod, some(" on node ", node)].concat();
    text::clean(&format!("{} (pid {pid}{known}){place}", command.trim_end()))
}

/// The processes at both ends of flows, as far as they are known; `of` says of which flows.
pub(crate) fn ends(
    client: Option<&Process>,
    server: Option<&Process>,
    of: &str,
) -> impl Iterator<Item = Fact> {
    let fact = |name, process: Option<&Process>| {
        process.map(|process| Fact::new(name, format!("{}{of}", described(process))))
    };
    [fact("client runs", client), fact("server runs", server)].into_iter().flatten()
}

/// The processes of an incident: what was started there is worth more than a look.
pub(crate) fn seen(processes: &[ProcessSeen]) -> impl Iterator<Item = Fact> {
    processes.iter().map(|seen| {
        let words = format!("{} {}", format::clock(seen.at_us), described(&seen.process));
        match seen.deed {
            Deed::Client => Fact::new("opened by", words),
            Deed::Server => Fact::new("taken by", words),
            Deed::Started => Fact::told("started there", words, Role::Bad),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curl() -> Process {
        Process {
            binary: "/usr/bin/curl".into(),
            arguments: "-s http://db".into(),
            pid: 4_711,
            user: "root".into(),
            parent: "/bin/sh".into(),
            namespace: "shop".into(),
            pod: "web-7f9c".into(),
            container: "app".into(),
            node: "worker-1".into(),
        }
    }

    #[test]
    fn all_that_is_known_of_a_process_is_said_and_no_more() {
        let words = "/usr/bin/curl -s http://db (pid 4711, user root, parent /bin/sh) in \
                     shop/web-7f9c container app on node worker-1";
        assert_eq!(described(&curl()), words);
        let bare = Process { binary: "/sbin/sshd".into(), pid: 1, ..Process::default() };
        assert_eq!(described(&bare), "/sbin/sshd (pid 1)");
        assert_eq!(
            (short(Some(&curl())), short(Some(&bare))),
            ("curl (root)".into(), "sshd".into())
        );
        assert_eq!(short(None), "");
    }

    #[test]
    fn words_of_a_process_cannot_steer_a_terminal() {
        let hostile = Process { arguments: "\u{1b}[2J\u{202e}".into(), ..curl() };
        assert!(!described(&hostile).contains(['\u{1b}', '\u{202e}']));
        let hostile = Process { binary: "/tmp/\u{1b}[2J".into(), ..curl() };
        assert!(!short(Some(&hostile)).contains('\u{1b}'));
    }
}
