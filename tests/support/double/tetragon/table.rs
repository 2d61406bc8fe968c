//! The fields of Tetragon's messages that the double knows: name, number and type of each.
//!
//! Types: `s` text, `U32`, `I32` and `Bool` wrapped, `TS` a time, `map` texts by texts; a star stands
//! before what is repeated. What else stands there is a message or an enum of this table.

/// A field.
#[derive(Debug)]
pub struct Field {
    /// Its number.
    pub number: u32,
    /// Its type.
    pub kind: String,
    /// Whether there are several.
    pub is_repeated: bool,
}

#[rustfmt::skip]
const MESSAGES: &[(&str, &str)] = &[
    ("GetEventsResponse", "process_exec=1:ProcessExec process_exit=5:ProcessExit process_kprobe=9:ProcessKprobe process_tracepoint=10:ProcessTracepoint process_loader=11:ProcessLoader process_uprobe=12:ProcessUprobe process_throttle=27:ProcessThrottle process_lsm=28:ProcessLsm process_usdt=29:ProcessUsdt rate_limit_info=40001:RateLimitInfo node_name=1000:s time=1001:TS aggregation_info=1002:AggregationInfo cluster_name=1003:s node_labels=1004:map"),
    ("AggregationInfo", "count=1:u64"),
    ("Process", "exec_id=1:s pid=2:U32 uid=3:U32 cwd=4:s binary=5:s arguments=6:s flags=7:s start_time=8:TS auid=9:U32 pod=10:Pod docker=11:s parent_exec_id=12:s refcnt=13:u32 cap=14:Capabilities ns=15:Namespaces tid=16:U32 process_credentials=17:ProcessCredentials user=19:User in_init_tree=20:Bool environment_variables=21:*Variable"),
    ("User", "name=1:s"),
    ("Variable", "Key=1:s Value=2:s"),
    ("Pod", "namespace=1:s name=2:s uid=3:s container=4:Container pod_labels=5:map workload=6:s workload_kind=7:s pod_annotations=8:map"),
    ("Container", "id=1:s name=2:s image=3:Image start_time=4:TS pid=5:U32 maybe_exec_probe=13:bool security_context=14:SecurityContext"),
    ("Image", "id=1:s name=2:s"),
    ("SecurityContext", "privileged=1:bool"),
    ("Capabilities", "permitted=1:*Capability effective=2:*Capability inheritable=3:*Capability"),
    ("Namespaces", "uts=1:Namespace ipc=2:Namespace mnt=3:Namespace pid=4:Namespace pid_for_children=5:Namespace net=6:Namespace time=7:Namespace time_for_children=8:Namespace cgroup=9:Namespace user=10:Namespace"),
    ("Namespace", "inum=1:u32 is_host=2:bool"),
    ("ProcessCredentials", "uid=1:U32 gid=2:U32 euid=3:U32 egid=4:U32 suid=5:U32 sgid=6:U32 fsuid=7:U32 fsgid=8:U32 caps=10:Capabilities"),
    ("ProcessExec", "process=1:Process parent=2:Process ancestors=3:*Process"),
    ("ProcessExit", "process=1:Process parent=2:Process signal=3:s status=4:u32 time=5:TS ancestors=6:*Process"),
    ("ProcessKprobe", "process=1:Process parent=2:Process function_name=3:s args=4:*KprobeArgument return=5:KprobeArgument action=6:KprobeAction policy_name=8:s return_action=9:KprobeAction message=10:s tags=11:*s ancestors=13:*Process"),
    ("ProcessTracepoint", "process=1:Process parent=2:Process subsys=4:s event=5:s args=6:*KprobeArgument policy_name=7:s action=8:KprobeAction message=9:s tags=10:*s ancestors=11:*Process"),
    ("ProcessUprobe", "process=1:Process parent=2:Process path=3:s symbol=4:s policy_name=5:s message=6:s args=7:*KprobeArgument tags=8:*s ancestors=9:*Process offset=10:u64 ref_ctr_offset=11:u64 action=12:KprobeAction"),
    ("ProcessUsdt", "process=1:Process parent=2:Process path=3:s provider=4:s name=5:s policy_name=6:s message=7:s args=8:*KprobeArgument tags=9:*s ancestors=10:*Process action=11:KprobeAction flags=12:s"),
    ("ProcessLsm", "process=1:Process parent=2:Process function_name=3:s policy_name=5:s message=6:s args=7:*KprobeArgument action=8:KprobeAction tags=9:*s ancestors=10:*Process ima_hash=11:s"),
    ("ProcessLoader", "process=1:Process path=2:s buildid=3:bytes parent=4:Process ancestors=5:*Process"),
    ("ProcessThrottle", "type=1:ThrottleType cgroup=2:s"),
    ("RateLimitInfo", "number_of_dropped_process_events=1:u64"),
    ("KprobeArgument", "string_arg=1:s int_arg=2:i32 skb_arg=3:KprobeSkb size_arg=4:u64 bytes_arg=5:bytes path_arg=6:KprobePath file_arg=7:KprobePath sock_arg=9:KprobeSock long_arg=11:i64 uint_arg=15:u32 capability_arg=17:KprobeCapability label=18:s linux_binprm_arg=26:KprobeBinprm sockaddr_arg=30:KprobeSockaddr"),
    ("KprobeSock", "family=1:s type=2:s protocol=3:s mark=4:u32 priority=5:u32 saddr=6:s daddr=7:s sport=8:u32 dport=9:u32 cookie=10:u64 state=11:s"),
    ("KprobeSkb", "hash=1:u32 len=2:u32 priority=3:u32 mark=4:u32 saddr=5:s daddr=6:s sport=7:u32 dport=8:u32 proto=9:u32 sec_path_len=10:u32 sec_path_olen=11:u32 protocol=12:s family=13:s"),
    ("KprobeSockaddr", "family=1:s addr=2:s port=3:u32"),
    ("KprobePath", "mount=1:s path=2:s flags=3:s permission=4:s"),
    ("KprobeBinprm", "path=1:s flags=2:s permission=3:s"),
    ("KprobeCapability", "value=1:I32 name=2:s"),
    ("GetVersionResponse", "version=1:s"),
    ("GetHealthStatusResponse", "health_status=1:*HealthStatus"),
    ("HealthStatus", "event=1:HealthStatusType status=2:HealthStatusResult details=3:s"),
    ("ListTracingPoliciesResponse", "policies=1:*TracingPolicyStatus"),
    ("TracingPolicyStatus", "id=1:u64 name=2:s namespace=3:s info=4:s sensors=5:*s enabled=6:bool filter_id=7:u64 error=8:s state=9:TracingPolicyState kernel_memory_bytes=10:u64 mode=11:TracingPolicyMode stats=12:TracingPolicyStats domain=13:s hook_statuses=14:*HookStatus"),
    ("TracingPolicyStats", "action_counters=1:Counters selector_action_counters=2:*SelectorCounters"),
    ("Counters", "post=1:u64 signal=2:u64 monitor_signal=3:u64 override=4:u64 monitor_override=5:u64 notify_enforcer=6:u64 monitor_notify_enforcer=7:u64 set=8:u64 monitor_set=9:u64 nopost=10:u64"),
    ("SelectorCounters", "hook=1:s hook_index=2:U32 selector_index=3:U32 action_counters=4:Counters"),
    ("HookStatus", "section=1:s state=2:HookState hook_description=3:s hook_idx=4:u32"),
];

#[rustfmt::skip]
const ENUMS: &[(&str, &str, &str)] = &[
    ("ThrottleType", "THROTTLE_", "UNKNOWN START STOP"),
    ("KprobeAction", "KPROBE_ACTION_", "UNKNOWN POST FOLLOWFD SIGKILL UNFOLLOWFD OVERRIDE COPYFD GETURL DNSLOOKUP NOPOST SIGNAL TRACKSOCK UNTRACKSOCK NOTIFYENFORCER CLEANUPENFORCERNOTIFICATION SET"),
    ("HealthStatusType", "HEALTH_STATUS_TYPE_", "UNDEF STATUS"),
    ("HealthStatusResult", "HEALTH_STATUS_", "UNDEF RUNNING STOPPED ERROR"),
    ("TracingPolicyState", "TP_STATE_", "UNKNOWN ENABLED DISABLED LOAD_ERROR ERROR LOADING UNLOADING SKIPPED PARTIALLY_ENABLED"),
    ("TracingPolicyMode", "TP_MODE_", "UNKNOWN ENFORCE MONITOR MONITOR_ONLY"),
    ("HookState", "STATUS_", "UNSPECIFIED LOADED"),
    ("Capability", "CAP_", "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"),
];

/// The field of that name in a message; a test that asks for one which is not there is wrong.
pub fn field_of(message: &str, name: &str) -> Field {
    let fields = MESSAGES.iter().find(|(known, _)| *known == message).map(|(_, fields)| *fields);
    let fields = fields.unwrap_or_else(|| panic!("the double knows no message {message}"));
    let found = fields.split(' ').find_map(|field| {
        let (number, kind) = field.strip_prefix(name)?.strip_prefix('=')?.split_once(':')?;
        let (kind, is_repeated) = kind.strip_prefix('*').map_or((kind, false), |kind| (kind, true));
        Some(Field { number: number.parse().ok()?, kind: kind.to_owned(), is_repeated })
    });
    found.unwrap_or_else(|| panic!("the double knows no field {name} of {message}"))
}

/// The number that a name of an enum stands for.
pub fn number_of(kind: &str, name: &str) -> u64 {
    let (_, prefix, names) = ENUMS
        .iter()
        .find(|(known, ..)| *known == kind)
        .unwrap_or_else(|| panic!("the double knows no enum {kind}"));
    let bare = name.strip_prefix(prefix).unwrap_or(name);
    let at = names.split(' ').position(|known| known == bare);
    at.unwrap_or_else(|| panic!("the double knows no {name} of {kind}")) as u64
}
