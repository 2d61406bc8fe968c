//! Giving up root and every capability once the interfaces are open.
//!
//! To be called before any other thread starts: capabilities belong to a thread. What to become is
//! told by the caller, because only the settings read the environment.

use std::fmt;
use std::io;

use caps::{CapSet, Capability};
use nix::sys::prctl;
use nix::unistd::{Gid, Uid, User, getegid, geteuid, getresuid, setgroups, setresgid, setresuid};
use tracing::debug;

use super::Error;
use crate::settings::Invoker;

/// What `nobody` is where no such user is listed.
const NOBODY: u32 = 65_534;

/// Whom this process runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Numeric user.
    pub uid: u32,
    /// Numeric group, the only one unless the process was no root before or was to keep others.
    pub gid: u32,
    /// The user's name, if it has one.
    pub name: Option<String>,
    /// Whether root was given up for it.
    pub changed: bool,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uid, gid, name, changed: _ } = self;
        let name = name.as_deref().unwrap_or("unnamed");
        write!(f, "{name} (uid {uid}, gid {gid})")
    }
}

/// Gives up root and every capability for good, and says whom the process became.
///
/// Root becomes the user behind sudo, or `nobody` where there is none or sudo was run by root. Any
/// other user stays and loses the capabilities it was started with. Afterwards the process can gain
/// none by running a program either, and it was verified that it cannot become root again.
pub fn drop_root(behind_sudo: Option<Invoker>) -> Result<Identity, Error> {
    drop_root_within(behind_sudo, &[])
}

/// As [`drop_root`], but stays in `groups` too, for what is opened again and again later on and belongs
/// to them.
pub fn drop_root_within(behind_sudo: Option<Invoker>, groups: &[u32]) -> Result<Identity, Error> {
    limit_programs();
    let changed = geteuid().is_root();
    if changed {
        let Invoker { uid, gid } = successor(behind_sudo);
        become_user(Uid::from_raw(uid), Gid::from_raw(gid), groups)?;
    }
    // A set may hold no more than the permitted one: that is cleared after the effective.
    for set in [CapSet::Ambient, CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
        caps::clear(None, set).map_err(|cause| failed("clear capabilities", cause))?;
    }
    prctl::set_no_new_privs().map_err(|cause| failed("forbid new privileges", cause))?;
    verify()?;
    let (uid, gid) = (geteuid(), getegid());
    let name = User::from_uid(uid).ok().flatten().map(|user| user.name);
    Ok(Identity { uid: uid.as_raw(), gid: gid.as_raw(), name, changed })
}

/// Whom root becomes: the user behind sudo, or `nobody` where there is none or sudo was run by root.
#[must_use]
pub fn successor(behind_sudo: Option<Invoker>) -> Invoker {
    behind_sudo.filter(|user| user.uid != 0 && user.gid != 0).unwrap_or_else(nobody)
}

fn failed(step: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Privilege { step, source: io::Error::other(cause) }
}

/// Empties the bounding set, as far as that is allowed: only a process like root may.
fn limit_programs() {
    if !caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).unwrap_or(false) {
        return;
    }
    if let Err(error) = caps::clear(None, CapSet::Bounding) {
        debug!(%error, "capability bounding set not emptied");
    }
}

fn nobody() -> Invoker {
    match User::from_name("nobody") {
        Ok(Some(user)) if !user.uid.is_root() => {
            Invoker { uid: user.uid.as_raw(), gid: user.gid.as_raw() }
        }
        _ => Invoker { uid: NOBODY, gid: NOBODY },
    }
}

/// Becomes this user in every respect; the order matters, since each step needs root.
fn become_user(uid: Uid, gid: Gid, kept: &[u32]) -> Result<(), Error> {
    let groups: Vec<_> =
        std::iter::once(gid).chain(kept.iter().copied().map(Gid::from_raw)).collect();
    setgroups(&groups).map_err(|cause| failed("leave the groups of root", cause))?;
    setresgid(gid, gid, gid).map_err(|cause| failed("change the group", cause))?;
    setresuid(uid, uid, uid).map_err(|cause| failed("change the user", cause))
}

fn verify() -> Result<(), Error> {
    let root = Uid::from_raw(0);
    let users = getresuid().map_err(|cause| failed("read the user", cause))?;
    let any_root = [users.real, users.effective, users.saved].contains(&root);
    if any_root || setresuid(root, root, root).is_ok() {
        return Err(failed("verify", "root can be regained"));
    }
    let left = caps::read(None, CapSet::Permitted)
        .map_err(|cause| failed("read the capabilities left", cause))?;
    if left.is_empty() { Ok(()) } else { Err(failed("verify", "capabilities are left")) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    /// Runs the ignored test `name` in a process of its own, which it changes for good.
    fn in_a_child(name: &str) {
        if !geteuid().is_root() {
            println!("skipped: needs root");
            return;
        }
        let name = format!("{}::{name}", module_path!().split_once("::").unwrap().1);
        let program = fs::read_link("/proc/self/exe").unwrap();
        let output = Command::new(program)
            .args(["--exact", &name, "--ignored", "--test-threads=1"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }

    fn assert_powerless() {
        assert!(fs::read("/etc/shadow").is_err());
        // Capabilities and users are those of the thread that ran the drop.
        let status = fs::read_to_string("/proc/thread-self/status").unwrap();
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            let line = status.lines().find(|line| line.starts_with(set)).unwrap();
            assert!(line.ends_with("\t0000000000000000"), "{line}");
        }
        assert!(status.contains("NoNewPrivs:\t1"));
    }

    #[test]
    fn root_becomes_the_user_behind_sudo() {
        in_a_child("child_of_sudo");
    }

    #[test]
    fn root_without_sudo_becomes_nobody() {
        in_a_child("child_of_root");
    }

    #[test]
    fn a_group_is_kept_and_no_more_with_it() {
        in_a_child("child_with_a_group");
    }

    #[test]
    #[ignore = "changes its process; another test runs it in its own"]
    fn child_of_sudo() {
        let identity = drop_root(Some(Invoker { uid: 4242, gid: 4243 })).unwrap();
        assert_eq!((identity.uid, identity.gid, identity.changed), (4242, 4243, true));
        assert_eq!(identity.to_string(), "unnamed (uid 4242, gid 4243)");
        assert_eq!(nix::unistd::getgroups().unwrap(), [Gid::from_raw(4243)]);
        assert_powerless();
        assert!(!drop_root(None).unwrap().changed);
    }

    #[test]
    #[ignore = "changes its process; another test runs it in its own"]
    fn child_with_a_group() {
        let identity = drop_root_within(Some(Invoker { uid: 4242, gid: 4243 }), &[0, 77]).unwrap();
        assert_eq!((identity.uid, identity.gid, identity.changed), (4242, 4243, true));
        let mut groups: Vec<_> =
            nix::unistd::getgroups().unwrap().iter().map(|group| group.as_raw()).collect();
        groups.sort_unstable();
        assert_eq!(groups, [0, 77, 4243]);
        assert_powerless();
    }

    #[test]
    #[ignore = "changes its process; another test runs it in its own"]
    fn child_of_root() {
        let identity = drop_root(Some(Invoker { uid: 0, gid: 0 })).unwrap();
        assert!(identity.changed && identity.uid != 0 && identity.gid != 0);
        assert_powerless();
    }
}
