//! Can packets be captured: libpcap, privileges, interfaces.

use std::fs;
use std::path::PathBuf;

use caps::{CapSet, Capability};
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::unistd::geteuid;
use weir::capture::{self, Interface, Options};
use weir::settings::Settings;

use super::finding::{Finding, told};

/// Most interfaces that are named one by one.
const NAMED: usize = 12;

/// The library, found as the loader found it, and tried on a filter.
pub(super) fn libpcap() -> Finding {
    const CHECK: &str = "libpcap";
    if let Err(error) = capture::check_filter("tcp port 443") {
        return Finding::fail(CHECK, told(&error), "install libpcap 1.10 or newer (`libpcap0.8`)");
    }
    let loaded = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    match library(&loaded) {
        Some(path) => Finding::ok(CHECK, format!("{} ({path})", version(path))),
        None => Finding::ok(CHECK, "part of this program"),
    }
}

/// The path of libpcap among the files that are mapped into this process.
fn library(maps: &str) -> Option<&str> {
    let mut paths = maps.lines().filter_map(|line| line.split_ascii_whitespace().nth(5));
    paths.find(|path| path.contains("/libpcap.so"))
}

/// The version in the name of the library.
fn version(path: &str) -> &str {
    path.split_once(".so.").map_or("of an unknown version", |(_, version)| version)
}

/// Whether this process may open an interface.
pub(super) fn privileges() -> Finding {
    const CHECK: &str = "privileges";
    if geteuid().is_root() {
        return Finding::ok(CHECK, "root, given up once the interfaces are open");
    }
    if may_capture() {
        return Finding::ok(CHECK, "CAP_NET_RAW, given up once the interfaces are open");
    }
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("weir"));
    Finding::fail(
        CHECK,
        "neither root nor CAP_NET_RAW: no live capture; captures in files can be read",
        format!("`sudo setcap cap_net_raw=ep {}`, or run with sudo", program.display()),
    )
}

fn may_capture() -> bool {
    caps::has_cap(None, CapSet::Effective, Capability::CAP_NET_RAW).unwrap_or(false)
}

/// The interfaces of the settings, else the one with the default route.
pub(super) fn interfaces(settings: &Settings) -> Vec<Finding> {
    if !settings.interface.is_empty() {
        return settings.interface.iter().map(|name| interface(name)).collect();
    }
    if let Ok(name) = capture::default_interface() {
        return vec![interface(&name)];
    }
    let mend = format!("name one: `--interface NAME`; there are {}", known());
    vec![Finding::fail("interface", "none has the default route", mend)]
}

/// The interfaces there are.
fn known() -> String {
    capture::interfaces().into_iter().take(NAMED).collect::<Vec<_>>().join(", ")
}

fn interface(name: &str) -> Finding {
    const CHECK: &str = "interface";
    match flags(name) {
        None if name != "any" => {
            let found = format!("`{name}` does not exist");
            Finding::fail(CHECK, found, format!("name one of {}", known()))
        }
        Some(flags) if !flags.contains(InterfaceFlags::IFF_UP) => Finding::fail(
            CHECK,
            format!("`{name}` is down"),
            format!("`sudo ip link set {name} up`"),
        ),
        Some(flags) if !flags.contains(InterfaceFlags::IFF_RUNNING) => Finding::warn(
            CHECK,
            format!("`{name}` is up, but its link is not"),
            "look at the cable, or at the other end",
        ),
        _ if may_capture() => opened(CHECK, name),
        _ => Finding::warn(
            CHECK,
            format!("`{name}` is up; whether it opens is not known, for want of privileges"),
            "run it as who will capture: `sudo weir doctor`",
        ),
    }
}

/// Opens it as a capture would, in the same mode, and closes it again.
fn opened(check: &'static str, name: &str) -> Finding {
    let options = Options { filter: None, snap_len: 128, ring_bytes: 1 << 20, promiscuous: true };
    match Interface::open(name, &options) {
        Ok(_) => Finding::ok(check, format!("`{name}` is up and can be captured on")),
        Err(error) => {
            let mend = "if this is a container, it needs NET_RAW and the network of its host";
            Finding::fail(check, told(&error), mend)
        }
    }
}

fn flags(name: &str) -> Option<InterfaceFlags> {
    getifaddrs().ok()?.find(|one| one.interface_name == name).map(|one| one.flags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn libpcap_is_found_among_the_files_of_a_process() {
        let maps = "\
7f0000000000-7f0000001000 r--p 00000000 fe:00 42 /usr/lib/x86_64-linux-gnu/libc.so.6
7f0000002000-7f0000003000 r-xp 00001000 fe:00 43 /usr/lib/x86_64-linux-gnu/libpcap.so.1.10.3
7f0000004000-7f0000005000 rw-p 00000000 00:00 0 \n";
        let path = library(maps).unwrap();
        assert_eq!(version(path), "1.10.3");
        assert_eq!(library("7f0000004000-7f0000005000 rw-p 00000000 00:00 0 [heap]"), None);
    }

    #[test]
    fn an_interface_that_is_not_there_is_missed_by_name() {
        let settings = Settings { interface: vec!["weir-none".into()], ..Settings::default() };
        let [finding] = interfaces(&settings).try_into().unwrap();
        assert_eq!(finding.level, Level::Fail);
        assert_eq!(finding.found, "`weir-none` does not exist");
        assert!(finding.mend.unwrap().contains("lo"));
    }
}
