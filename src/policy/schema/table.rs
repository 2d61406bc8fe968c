//! The members of `spec`, as the `CustomResourceDefinition`s of Tetragon have them (`cilium.io`,
//! `v1alpha1`, versions 1.0 to 1.7).

use super::Shape::{self, Choice, Flag, List, Map, Text};
use super::selector::{ARG, ARGS, FILTERS, HOSTS, SELECTOR};
use super::{Member, NUMBERS, Object, Rule, TAGS, TEXTS, may, must};

const SELECTORS: Shape = List(&FILTERS, None);
const RETURNED: Rule = Rule::Needs("return", "returnArg");

object!(
    FUNCTION,
    [RETURNED],
    [
        must("call", Text),
        may("args", ARGS),
        may("data", ARGS),
        may("ignore", IGNORE_FUNCTION),
        may("message", Text),
        may("return", Flag),
        may("returnArg", ARG),
        may("returnArgAction", Text),
        may("selectors", SELECTORS),
        may("syscall", Flag),
        may("tags", TAGS),
    ]
);

object!(IGNORE_FUNCTION, [], [may("callNotFound", Flag)]);

object!(
    LSM_HOOK,
    [],
    [
        must("hook", Text),
        may("args", ARGS),
        may("message", Text),
        may("selectors", SELECTORS),
        may("tags", TAGS),
    ]
);

object!(
    TRACEPOINT,
    [],
    [
        must("subsystem", Text),
        must("event", Text),
        may("args", ARGS),
        may("message", Text),
        may("raw", Flag),
        may("selectors", SELECTORS),
        may("tags", TAGS),
    ]
);

object!(
    UPROBE,
    [Rule::OneOf(&["symbols", "addrs", "offsets"]), RETURNED],
    [
        must("path", Text),
        may("addrs", NUMBERS),
        may("args", ARGS),
        may("binaryDigests", TEXTS),
        may("btfPath", Text),
        may("data", ARGS),
        may("ignore", IGNORE_FILE),
        may("message", Text),
        may("offsets", NUMBERS),
        may("refCtrOffsets", NUMBERS),
        may("return", Flag),
        may("returnArg", ARG),
        may("selectors", SELECTORS),
        may("symbols", TEXTS),
        may("tags", TAGS),
    ]
);

object!(IGNORE_FILE, [], [may("digestVerificationFailure", Flag)]);

object!(
    USDT,
    [],
    [
        must("path", Text),
        must("provider", Text),
        must("name", Text),
        may("args", ARGS),
        may("btfPath", Text),
        may("message", Text),
        may("selectors", SELECTORS),
        may("tags", TAGS),
    ]
);

object!(
    LIST,
    [],
    [
        must("name", Text),
        may("pattern", Text),
        may("type", Choice(&["syscalls", "generated_syscalls", "generated_ftrace"])),
        may("validated", Flag),
        may("values", TEXTS),
    ]
);

object!(ENFORCER, [], [must("calls", TEXTS)]);

object!(SETTING, [], [must("name", Text), may("value", Text)]);

const MEMBERS: &[Member] = &[
    may("containerSelector", SELECTOR),
    may("enforcers", List(&ENFORCER, None)),
    may("fentries", List(&FUNCTION, None)),
    may("hostSelector", HOSTS),
    may("kprobes", List(&FUNCTION, None)),
    may("lists", List(&LIST, None)),
    may("loader", Flag),
    may("lsmhooks", List(&LSM_HOOK, None)),
    may("nodeSelector", SELECTOR),
    may("options", List(&SETTING, None)),
    may("podSelector", SELECTOR),
    may("selectorsMacros", Map(&FILTERS)),
    may("tracepoints", List(&TRACEPOINT, None)),
    may("uprobes", List(&UPROBE, None)),
    may("usdts", List(&USDT, None)),
];

/// What a policy says.
pub(in crate::policy) static SPEC: Object = Object { members: MEMBERS, rules: &[] };
