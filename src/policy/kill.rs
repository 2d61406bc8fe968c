//! The short form of a policy: a command that nobody is to run.
//!
//! It hooks `security_bprm_check`, which the kernel calls once it has found the file that is to be
//! executed and before anything of it runs: the path is the one of the file, whatever the caller
//! called it. A Sigkill there ends the process before its first instruction. A bare name is compared
//! with the end of the path (`/name`), a path with the whole of it; what a link points to has the
//! path of the file that it points to.

use serde_json::json;

use super::check::quoted;
use super::{Policy, PolicyName, Problem};

/// Bytes of a path that the kernel's side of Tetragon compares on every kernel that it supports.
const LONGEST_PATH: usize = 144;

/// Bytes of the end of a path that it compares.
const LONGEST_NAME: usize = 126;

/// The policy `policy_name`, which kills what is started from `command_name`.
pub(super) fn killing(policy_name: &str, command_name: &str) -> Result<Policy, Problem> {
    let name = PolicyName::new(None, policy_name)?;
    let (operator, value) = if command_name.starts_with('/') {
        checked_path(command_name)?;
        ("Equal", command_name.to_owned())
    } else {
        checked_name(command_name)?;
        ("Postfix", format!("/{command_name}"))
    };
    let manifest = json!({
        "apiVersion": super::head::API_VERSION,
        "kind": super::head::KIND,
        "metadata": { "name": policy_name },
        "spec": {
            "kprobes": [{
                "call": "security_bprm_check",
                "syscall": false,
                "args": [{ "index": 0, "type": "linux_binprm" }],
                "selectors": [{
                    "matchArgs": [{ "index": 0, "operator": operator, "values": [value] }],
                    "matchActions": [{ "action": "Sigkill" }],
                }],
            }],
        },
    });
    Ok(Policy { name, manifest })
}

fn checked_name(name: &str) -> Result<(), Problem> {
    let wrong = |words: &str| {
        let name = quoted(name);
        Err(Problem::nowhere(format!("the command `{name}` {words}")))
    };
    match name {
        "" | "." | ".." => wrong("is no name of a file: write one such as `nc`, or a whole path"),
        name if name.contains('/') => {
            wrong("is part of a path: write the name alone, or the whole path from `/` on")
        }
        name if name.contains(char::is_control) => wrong("has control characters"),
        name if name.len() > LONGEST_NAME => {
            wrong(&format!("is longer than {LONGEST_NAME} bytes, which is what Tetragon compares"))
        }
        _ => Ok(()),
    }
}

fn checked_path(path: &str) -> Result<(), Problem> {
    let wrong = |words: &str| {
        let path = quoted(path);
        Err(Problem::nowhere(format!("the command `{path}` {words}")))
    };
    let mut parts = path.split('/').skip(1);
    if parts.any(|part| matches!(part, "" | "." | "..")) {
        return wrong(
            "is no path that the kernel says: leave out `//`, `.`, `..` and a `/` at its end",
        );
    }
    if path.contains(char::is_control) {
        return wrong("has control characters");
    }
    if path.len() > LONGEST_PATH {
        return wrong(&format!(
            "is longer than {LONGEST_PATH} bytes, which is what Tetragon compares"
        ));
    }
    Ok(())
}
