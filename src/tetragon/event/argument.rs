//! An argument of a hook, in one readable line.

use std::fmt::Display;

use super::details::Fact;
use crate::tetragon::wire;
use crate::tetragon::wire::kprobe_argument::Arg;

/// The longest text of one argument, in bytes; of what is longer the rest is left out.
const LONGEST_TEXT: usize = 4_096;

/// The longest line of all arguments, in bytes.
const LONGEST_LINE: usize = 512;

/// Bytes shown of what is no text.
const SHOWN_BYTES: usize = 64;

impl From<&wire::KprobeArgument> for Fact {
    fn from(argument: &wire::KprobeArgument) -> Self {
        let (kind, text) = argument.arg.as_ref().map_or_else(Default::default, described);
        let label = if argument.label.is_empty() { kind } else { &argument.label };
        Self { label: label.to_owned(), text: shortened(text) }
    }
}

/// `arguments` in one line.
pub(super) fn line(arguments: &[wire::KprobeArgument]) -> String {
    joined(arguments.iter().map(|argument| Fact::from(argument).text))
}

/// `facts` in one line.
pub(super) fn facts_line(facts: &[Fact]) -> String {
    joined(facts.iter().map(|fact| format!("{} {}", fact.label, fact.text)))
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    let mut line = String::new();
    for text in texts {
        if !line.is_empty() {
            line.push_str(", ");
        }
        line.push_str(&text);
        if line.len() > LONGEST_LINE {
            break;
        }
    }
    line
}

/// `text` as far as it is shown in a line.
pub(super) fn one_line(text: String) -> String {
    cut(text, LONGEST_LINE)
}

/// `text` as far as it is shown of one argument.
pub(super) fn shortened(text: String) -> String {
    cut(text, LONGEST_TEXT)
}

fn cut(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        text.truncate(text.floor_char_boundary(longest));
        text.push('…');
    }
    text
}

/// What an argument is, and its value.
fn described(argument: &Arg) -> (&'static str, String) {
    match argument {
        Arg::StringArg(text) => ("string", text.clone()),
        Arg::IntArg(number) => ("int", number.to_string()),
        Arg::UintArg(number) => ("uint", number.to_string()),
        Arg::SizeArg(number) => ("size", number.to_string()),
        Arg::LongArg(number) => ("long", number.to_string()),
        Arg::BytesArg(bytes) => ("bytes", readable(bytes)),
        Arg::TruncatedBytesArg(cut) => ("bytes", truncated(cut)),
        Arg::SockArg(sock) => ("sock", socket(sock)),
        Arg::SkbArg(skb) => ("skb", packet(skb)),
        Arg::SockaddrArg(at) => ("sockaddr", phrase([end(&at.addr, at.port), at.family.clone()])),
        Arg::SockaddrunArg(at) => ("sockaddr", phrase([at.path.clone(), at.family.clone()])),
        Arg::PathArg(at) => ("path", file(&at.mount, &at.path, &at.permission, &at.flags)),
        Arg::FileArg(at) => ("file", file(&at.mount, &at.path, &at.permission, &at.flags)),
        Arg::LinuxBinprmArg(at) => ("binprm", file("", &at.path, &at.permission, &at.flags)),
        Arg::CredArg(sets) => {
            ("credentials", capabilities(&sets.permitted, &sets.effective, &sets.inheritable))
        }
        Arg::ProcessCredentialsArg(credentials) => ("credentials", identity(credentials)),
        Arg::CapabilityArg(it) => {
            ("capability", phrase([it.name.clone(), named("number", it.value)]))
        }
        Arg::KernelCapTArg(set) => ("capabilities", set.clone()),
        Arg::CapInheritableArg(set) => ("inheritable", set.clone()),
        Arg::CapPermittedArg(set) => ("permitted", set.clone()),
        Arg::CapEffectiveArg(set) => ("effective", set.clone()),
        Arg::UserNamespaceArg(it) => {
            ("user namespace", user_namespace(it.level, it.owner, it.group, it.ns.as_ref()))
        }
        Arg::UserNsArg(it) => {
            ("user namespace", user_namespace(it.level, it.uid, it.gid, it.ns.as_ref()))
        }
        Arg::ModuleArg(it) => ("module", module(it)),
        Arg::NetDevArg(device) => ("device", device.name.clone()),
        Arg::BpfAttrArg(it) => ("bpf program", program(&it.prog_name, &it.prog_type, it.insn_cnt)),
        Arg::BpfProgArg(it) => ("bpf program", program(&it.prog_name, &it.prog_type, it.insn_cnt)),
        Arg::BpfMapArg(map) => ("bpf map", bpf_map(map)),
        Arg::BpfCmdArg(command) => ("bpf command", bpf_command(*command)),
        Arg::PerfEventArg(event) => ("perf event", perf_event(event)),
        Arg::SyscallId(call) => ("system call", phrase([call.id.to_string(), call.abi.clone()])),
        Arg::ErrorArg(error) => ("error", error.message.clone()),
    }
}

/// Those of `parts` that say something, with commas between them.
pub(super) fn phrase(parts: impl IntoIterator<Item = String>) -> String {
    let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    said.join(", ")
}

/// `name value`; nothing where there is none.
pub(super) fn named(name: &str, value: Option<impl Display>) -> String {
    value.map(|value| format!("{name} {value}")).unwrap_or_default()
}

/// Text as it is, other bytes in hexadecimal.
fn readable(bytes: &[u8]) -> String {
    let text = match str::from_utf8(bytes) {
        Ok(text) => Some(text),
        // A buffer often ends before its last character does.
        Err(error) if error.error_len().is_none() => {
            bytes.get(..error.valid_up_to()).and_then(|whole| str::from_utf8(whole).ok())
        }
        Err(_) => None,
    };
    let is_text = |c: char| !c.is_control() || c.is_ascii_whitespace();
    let says_all = |text: &&str| bytes.is_empty() || !text.is_empty();
    let text = text.map(|text| text.trim_end_matches('\0')).filter(says_all);
    if let Some(text) = text.filter(|text| text.chars().all(is_text)) {
        return text.to_owned();
    }
    let more = if bytes.len() > SHOWN_BYTES { "…" } else { "" };
    format!("0x{}{more} ({} bytes)", hexadecimal(bytes.iter().take(SHOWN_BYTES)), bytes.len())
}

pub(super) fn hexadecimal<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    bytes.into_iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn truncated(cut: &wire::KprobeTruncatedBytes) -> String {
    format!("{} (of {} bytes)", readable(&cut.bytes_arg), cut.orig_size).trim_start().to_owned()
}

/// One end of a connection.
fn end(address: &str, port: u32) -> String {
    match address {
        "" if port == 0 => String::new(),
        address if address.contains(':') => format!("[{address}]:{port}"),
        address => format!("{address}:{port}"),
    }
}

/// Both ends of a connection, as far as they are known.
fn ends(source: &str, source_port: u32, destination: &str, destination_port: u32) -> String {
    let source = end(source, source_port);
    match end(destination, destination_port) {
        destination if destination.is_empty() => source,
        destination if source.is_empty() => format!("-> {destination}"),
        destination => format!("{source} -> {destination}"),
    }
}

fn socket(sock: &wire::KprobeSock) -> String {
    let ends = ends(&sock.saddr, sock.sport, &sock.daddr, sock.dport);
    let parts = [&sock.family, &sock.r#type, &sock.protocol, &sock.state];
    let mark = (sock.mark > 0).then_some(sock.mark);
    phrase([ends].into_iter().chain(parts.into_iter().cloned()).chain([named("mark", mark)]))
}

fn packet(skb: &wire::KprobeSkb) -> String {
    let ends = ends(&skb.saddr, skb.sport, &skb.daddr, skb.dport);
    let protocol = match skb.protocol.as_str() {
        "" => named("protocol", (skb.proto > 0).then_some(skb.proto)),
        protocol => protocol.to_owned(),
    };
    let mark = (skb.mark > 0).then_some(skb.mark);
    let len = format!("{} bytes", skb.len);
    phrase([ends, skb.family.clone(), protocol, len, named("mark", mark)])
}

fn file(mount: &str, path: &str, permission: &str, flags: &str) -> String {
    let mount = named("mount", (!mount.is_empty()).then_some(mount));
    phrase([path.to_owned(), permission.to_owned(), flags.to_owned(), mount])
}

/// A capability as the kernel calls it.
pub(super) fn capability(number: i32) -> String {
    match wire::CapabilitiesType::try_from(number) {
        Ok(wire::CapabilitiesType::DacOverride) => "CAP_DAC_OVERRIDE".to_owned(),
        Ok(known) => known.as_str_name().to_owned(),
        Err(_) if number < 0 => "unknown capability".to_owned(),
        Err(_) => format!("capability {number}"),
    }
}

fn capabilities(permitted: &[i32], effective: &[i32], inheritable: &[i32]) -> String {
    let set = |name: &str, numbers: &[i32]| {
        let names: Vec<String> = numbers.iter().copied().map(capability).collect();
        named(name, (!names.is_empty()).then(|| names.join(" ")))
    };
    let sets = [("permitted", permitted), ("effective", effective), ("inheritable", inheritable)];
    phrase(sets.map(|(name, numbers)| set(name, numbers)))
}

fn identity(credentials: &wire::ProcessCredentials) -> String {
    let facts = super::details::credentials(credentials);
    let sets = credentials
        .caps
        .as_ref()
        .map(|caps| capabilities(&caps.permitted, &caps.effective, &caps.inheritable));
    let words = facts.into_iter().map(|fact| format!("{} {}", fact.label, fact.text));
    phrase(words.chain(sets))
}

pub(super) fn user_namespace(
    level: Option<i32>,
    owner: Option<u32>,
    group: Option<u32>,
    inode: Option<&wire::Namespace>,
) -> String {
    let place = inode.map(|it| format!("{}{}", it.inum, if it.is_host { " (host)" } else { "" }));
    phrase([
        place.unwrap_or_default(),
        named("level", level),
        named("uid", owner),
        named("gid", group),
    ])
}

fn module(module: &wire::KernelModule) -> String {
    let signature = match module.signature_ok {
        Some(true) => "signed",
        Some(false) => "bad signature",
        None => "",
    };
    let taints = module.tainted.iter().map(|bit| match wire::TaintedBitsType::try_from(*bit) {
        Ok(known) => known.as_str_name().to_owned(),
        Err(_) => format!("taint {bit}"),
    });
    phrase([module.name.clone(), signature.to_owned()].into_iter().chain(taints))
}

fn program(name: &str, kind: &str, instructions: u32) -> String {
    phrase([name.to_owned(), kind.to_owned(), format!("{instructions} instructions")])
}

fn bpf_map(map: &wire::KprobeBpfMap) -> String {
    let sizes = format!(
        "key {} bytes, value {} bytes, {} entries",
        map.key_size, map.value_size, map.max_entries
    );
    phrase([map.map_name.clone(), map.map_type.clone(), sizes])
}

fn bpf_command(command: i32) -> String {
    match wire::BpfCmd::try_from(command) {
        Ok(known) => known.as_str_name().to_owned(),
        Err(_) => format!("command {command}"),
    }
}

fn perf_event(event: &wire::KprobePerfEvent) -> String {
    let config = named("config", (event.config > 0).then_some(event.config));
    let offset = (event.probe_offset > 0).then(|| format!("{:#x}", event.probe_offset));
    phrase([event.kprobe_func.clone(), event.r#type.clone(), config, named("offset", offset)])
}
