//! The members of selectors, of arguments and of what is picked by labels.

use super::Shape::{self, Choice, Flag, Labels, List, Text};
use super::{COUNTED, NUMBER, NUMBERS, Object, Rule, TEXTS, may, must};

object!(
    pub(super) SELECTOR,
    [],
    [may("matchLabels", Labels), may("matchExpressions", List(&EXPRESSION, None)),]
);

object!(
    pub(super) HOSTS,
    [Rule::Empty],
    [may("matchLabels", Labels), may("matchExpressions", List(&EXPRESSION, None)),]
);

object!(
    EXPRESSION,
    [],
    [
        must("key", Text),
        must("operator", Choice(&["In", "NotIn", "Exists", "DoesNotExist"])),
        may("values", TEXTS),
    ]
);

object!(
    pub(super) ARG,
    [],
    [
        must("index", COUNTED),
        must("type", Choice(ARG_TYPES)),
        may("btfType", Text),
        may("btfTypeModule", Text),
        may("label", Text),
        may("maxData", Flag),
        may("resolve", Text),
        may("returnCopy", Flag),
        may("sizeArgIndex", COUNTED),
        may("source", Text),
    ]
);

pub(super) const ARGS: Shape = List(&ARG, None);

const ARG_TYPES: &[&str] = &[
    "auto",
    "int",
    "sint8",
    "int8",
    "uint8",
    "sint16",
    "int16",
    "uint16",
    "uint32",
    "sint32",
    "int32",
    "ulong",
    "uint64",
    "size_t",
    "long",
    "sint64",
    "int64",
    "char_buf",
    "char_iovec",
    "skb",
    "sock",
    "sockaddr",
    "socket",
    "sockaddr_un",
    "string",
    "fd",
    "file",
    "filename",
    "path",
    "nop",
    "bpf_attr",
    "perf_event",
    "bpf_map",
    "user_namespace",
    "capability",
    "kiocb",
    "iov_iter",
    "cred",
    "const_buf",
    "load_info",
    "module",
    "syscall64",
    "kernel_cap_t",
    "cap_inheritable",
    "cap_permitted",
    "cap_effective",
    "linux_binprm",
    "data_loc",
    "net_device",
    "bpf_cmd",
    "dentry",
    "bpf_prog",
];

object!(
    ACTION,
    [Rule::OneOf(&["argNewSymbol", "argNewAddr", "argNewOffset"])],
    [
        must("action", Choice(ACTIONS)),
        may("argError", NUMBER),
        may("argFqdn", Text),
        may("argIndex", NUMBER),
        may("argNewAddr", NUMBER),
        may("argNewOffset", NUMBER),
        may("argNewSymbol", Text),
        may("argRegs", TEXTS),
        may("argSig", NUMBER),
        may("argSock", NUMBER),
        may("argUrl", Text),
        may("argValue", NUMBER),
        may("imaHash", Flag),
        may("kernelStackTrace", Flag),
        may("rateLimit", Text),
        may("rateLimitScope", Text),
        may("userStackTrace", Flag),
    ]
);

const ACTIONS: &[&str] = &[
    "Post",
    "Sigkill",
    "Override",
    "GetUrl",
    "DnsLookup",
    "NoPost",
    "Signal",
    "TrackSock",
    "UntrackSock",
    "NotifyEnforcer",
    "CleanupEnforcerNotification",
    "Set",
];

object!(
    MATCH_ARG,
    [],
    [
        must("operator", Choice(OPERATORS)),
        may("args", List(&COUNTED, None)),
        may("index", COUNTED),
        may("values", TEXTS),
    ]
);

const OPERATORS: &[&str] = &[
    "Equal",
    "NotEqual",
    "Prefix",
    "NotPrefix",
    "Postfix",
    "NotPostfix",
    "GreaterThan",
    "LessThan",
    "GT",
    "LT",
    "Mask",
    "SPort",
    "NotSPort",
    "SPortPriv",
    "NotSportPriv",
    "DPort",
    "NotDPort",
    "DPortPriv",
    "NotDPortPriv",
    "SAddr",
    "NotSAddr",
    "DAddr",
    "NotDAddr",
    "Protocol",
    "Family",
    "State",
    "InMap",
    "NotInMap",
    "CapabilitiesGained",
    "InRange",
    "NotInRange",
    "SubString",
    "SubStringIgnCase",
    "CelExpr",
    "FileType",
    "NotFileType",
];

object!(
    MATCH_BINARY,
    [],
    [
        must("operator", Choice(&["In", "NotIn", "Prefix", "NotPrefix", "Postfix", "NotPostfix"])),
        must("values", TEXTS),
        may("followChildren", Flag),
    ]
);

const IN_OR_NOT: Shape = Choice(&["In", "NotIn"]);

object!(
    MATCH_CAPABILITY,
    [],
    [
        must("operator", IN_OR_NOT),
        must("values", TEXTS),
        may("isNamespaceCapability", Flag),
        may("type", Choice(&["Effective", "Inheritable", "Permitted"])),
    ]
);

object!(MATCH_CHANGE, [], [must("operator", IN_OR_NOT), must("values", TEXTS)]);

object!(
    MATCH_NAMESPACE,
    [],
    [
        must(
            "namespace",
            Choice(&[
                "Uts",
                "Ipc",
                "Mnt",
                "Pid",
                "PidForChildren",
                "Net",
                "Time",
                "TimeForChildren",
                "Cgroup",
                "User",
            ])
        ),
        must("operator", IN_OR_NOT),
        must("values", TEXTS),
    ]
);

object!(
    MATCH_PID,
    [],
    [
        must("operator", IN_OR_NOT),
        must("values", NUMBERS),
        may("followForks", Flag),
        may("isNamespacePID", Flag),
    ]
);

object!(
    WORKLOADS,
    [],
    [may("containerSelector", SELECTOR), may("hostSelector", HOSTS), may("podSelector", SELECTOR),]
);

object!(
    pub(super) FILTERS,
    [],
    [
        may("label", Text),
        may("macros", TEXTS),
        may("matchActions", List(&ACTION, None)),
        may("matchArgs", List(&MATCH_ARG, None)),
        may("matchBinaries", List(&MATCH_BINARY, Some(1))),
        may("matchCapabilities", List(&MATCH_CAPABILITY, None)),
        may("matchCapabilityChanges", List(&MATCH_CAPABILITY, None)),
        may("matchData", List(&MATCH_ARG, None)),
        may("matchNamespaceChanges", List(&MATCH_CHANGE, None)),
        may("matchNamespaces", List(&MATCH_NAMESPACE, None)),
        may("matchPIDs", List(&MATCH_PID, None)),
        may("matchParentBinaries", List(&MATCH_BINARY, Some(1))),
        may("matchReturnActions", List(&ACTION, None)),
        may("matchReturnArgs", List(&MATCH_ARG, None)),
        may("matchWorkloads", WORKLOADS),
    ]
);
