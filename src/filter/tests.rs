//! What a filter lets through, what it refuses and how, and that no text breaks it.

use std::borrow::Cow;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::detect::{Class, Score};
use crate::incident::{Severity, Status, Who, WhoKind, Workload};
use crate::packet::{Address, protocol};

const NOW_US: i64 = 1_600_000_100_000_000;

/// A flood on a web server, 100 s old.
#[derive(Debug, Default)]
struct Flood;

const SOURCES: [Address; 2] = [Address::v4([203, 0, 113, 66]), Address::v4([203, 0, 113, 67])];
const TARGETS: [Address; 1] =
    [Address::v6([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10])];

static NODE: LazyLock<Who> = LazyLock::new(|| Who {
    kind: WhoKind::Node,
    namespace: String::new(),
    name: "worker-1".into(),
    workload: None,
    service: None,
});

static WEB: LazyLock<Who> = LazyLock::new(|| Who {
    kind: WhoKind::Pod,
    namespace: "shop".into(),
    name: "web-7f9c".into(),
    workload: Some(Workload { kind: "Deployment".into(), name: "web".into() }),
    service: Some("front".into()),
});

impl Subject for Flood {
    fn sources(&self) -> Cow<'_, [Address]> {
        (&SOURCES).into()
    }

    fn targets(&self) -> Cow<'_, [Address]> {
        (&TARGETS).into()
    }

    fn source_names(&self) -> Vec<&Who> {
        vec![&NODE]
    }

    fn target_names(&self) -> Vec<&Who> {
        vec![&WEB]
    }

    fn port(&self) -> Option<u16> {
        Some(443)
    }

    fn protocol(&self) -> Option<u8> {
        Some(protocol::TCP)
    }

    fn class(&self) -> Option<Class> {
        Some(Class::DosFlood)
    }

    fn score(&self) -> Option<Score> {
        Some(Score::new(0.95))
    }

    fn flows(&self) -> Option<u64> {
        Some(412)
    }

    fn bytes(&self) -> Option<u64> {
        Some(2_500_000)
    }

    fn first_us(&self) -> Option<i64> {
        Some(NOW_US - 100_000_000)
    }

    fn severity(&self) -> Option<Severity> {
        Some(Severity::High)
    }

    fn status(&self) -> Option<Status> {
        Some(Status::Open)
    }

    fn is_muted(&self) -> Option<bool> {
        Some(false)
    }

    fn ids(&self) -> Vec<u64> {
        vec![0x5f1c_9a3b_e20d_4478, 0xff]
    }
}

fn lets_through(text: &str) -> bool {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    filter.matches(&Flood, NOW_US)
}

#[test]
fn terms_that_hold() {
    for text in [
        "",
        "src:203.0.113.66",
        "src:203.0.113.0/24,10.0.0.0/8",
        "dst:2001:db8::/32",
        "dst:2001:db8::10",
        "host:203.0.113.*",
        "host:0.0.0.0/0",
        "dst:shop/web dst:shop/web-7f9c dst:shop/front",
        "dst:shop/* dst:*/web SRC:Node/Worker-1",
        "host:node/* host:shop/web",
        "namespace:shop namespace:sh* namespace:other,shop",
        "shop/web worker web-7f shop/f*",
        "port:443",
        "PORT=80,443",
        "port:400-500",
        "port>442 port<444",
        "proto:tcp proto:6",
        "class:dos-flood class:DOS*",
        "score>0.9",
        "score:0.9-1",
        "score>=0.95 score<=0.95",
        "flows>=412 flows<1k",
        "bytes>2.4M bytes<2.6MB",
        "age<5m age>1.5m age:100s",
        "severity>=high severity>low severity:low,high",
        "status:open status:open,acknowledged !status:acknowledged",
        "muted:no MUTED:No !muted:yes",
        "id:5f1c* id:00000000000000ff",
        "!proto:udp not status:resolved",
        "proto!=udp",
        "flood",
        "203.0.113",
        "443",
        "2001:db8::10",
        "*flood",
        "HIGH",
        "port:80 or class:dos*",
        "port:80 or port:443 score>0.9",
        "(port:80 or port:443) and score>0.9",
        "!(port:80 or port:81)",
        "\"dos-flood\"",
    ] {
        assert!(lets_through(text), "{text}");
    }
}

#[test]
fn terms_that_do_not_hold() {
    for text in [
        "src:203.0.113.68",
        "src:2001:db8::/32",
        "dst:203.0.113.66",
        "src:shop/web",
        "dst:shop/we",
        "dst:node/worker-1",
        "namespace:web",
        "namespace:sho",
        // A node is in no namespace, not in one without a name.
        "!namespace:shop or namespace:node",
        "shop/front-7f9c",
        "host:::/0 port:80",
        "port:44",
        "port:1-442",
        "4",
        "score>0.95",
        "class:scan",
        "flows>412",
        "age>2m",
        "severity>high severity:critical",
        "status:resolved",
        "muted:yes",
        "id:ff*",
        "flood*",
        "!flood",
        "(port:80 or port:443) score<0.9",
        "\"*flood\"",
    ] {
        assert!(!lets_through(text), "{text}");
    }
}

#[test]
fn a_term_about_what_a_subject_has_not_is_false_either_way_round() {
    assert!(!lets_through("packets>0"));
    assert!(!lets_through("packets<=0"));
    assert!(lets_through("!packets>0"));
}

#[test]
fn a_flow_that_nobody_knows_the_process_of_has_none() {
    for text in ["binary:*", "parent:*", "user:*", "pid>=0", "type:*", "policy:*", "action:*"] {
        assert!(!lets_through(text), "{text}");
        assert!(lets_through(&format!("!{text}")), "{text}");
    }
}

#[test]
fn a_pod_and_a_node_are_found_by_what_the_cluster_calls_them() {
    for text in ["pod:web-7f9c", "pod:shop/web*", "pod:*/web-7f9c", "node:worker-1", "node:w*"] {
        assert!(lets_through(text), "{text}");
    }
    for text in ["pod:web", "pod:worker-1", "pod:shop", "node:web-7f9c", "node:worker"] {
        assert!(!lets_through(text), "{text}");
    }
}

#[test]
fn or_binds_less_than_terms_side_by_side() {
    assert!(lets_through("port:443 or port:80 port:81"));
    assert!(!lets_through("(port:443 or port:80) port:81"));
}

/// What is underlined, and what is said of it.
fn refused(text: &str) -> (&str, String) {
    let error = Filter::parse(text).expect_err(text);
    (text.get(error.span).expect("whole letters"), error.message)
}

#[test]
fn what_is_wrong_is_underlined_and_said_with_its_mend() {
    for (text, underlined, said) in [
        ("port:443 scoer>0.9", "scoer", "did you mean `score`?"),
        ("weight:3", "weight", "there are src, dst, host"),
        ("src:web", "web", "name or pattern; write for example `src:"),
        ("dst:shop/", "shop/", "name or pattern; write for example `dst:shop/web`"),
        ("dst:a/b/c", "a/b/c", "name or pattern"),
        ("src:300.0.0.1/8", "300.0.0.1/8", "network (CIDR)"),
        ("namespace:kube_system", "kube_system", "write for example `namespace:shop`"),
        ("namepsace:shop", "namepsace", "did you mean `namespace`?"),
        ("class:dos-flod", "dos-flod", "did you mean `dos-flood`?"),
        ("class:x*", "x*", "there are benign, scan"),
        ("severity>=hihg", "hihg", "did you mean `high`?"),
        ("status:closed", "closed", "there are open, acknowledged, resolved"),
        ("muted:maybe", "maybe", "there are no, yes"),
        ("src:10.0.0.0/33", "10.0.0.0/33", "write for example `src:10.0.0.0/8`"),
        ("port:80,http", "http", "number, 0 to 65535"),
        ("port:65536", "65536", "number, 0 to 65535"),
        ("port:9-1", "9-1", "number, 0 to 65535"),
        ("score>1.5", "1.5", "number, 0 to 1"),
        ("score>-1", "-1", "takes one value"),
        ("flows:1e9", "1e9", "k, M and G"),
        ("age<5", "5", "duration in us"),
        ("proto:quic", "quic", "tcp, udp"),
        ("id:xyz", "xyz", "hexadecimal"),
        ("class>scan", "class>scan", "has no order"),
        ("port>80,443", ",443", "takes one value"),
        ("port:", "port:", "a value is missing"),
        ("port:80,", "port:80,", "a value is missing"),
        ("score > 0.9", ">", "write without spaces `score>0.9`"),
        ("a or", "or", "missing behind"),
        ("or a", "or", "missing before"),
        ("()", ")", "missing before"),
        ("(a", "(", "not closed"),
        ("a)", ")", "nothing is open"),
        ("!", "!", "missing behind"),
        ("type:kprobes", "kprobes", "did you mean `kprobe`?"),
        ("type:x*", "x*", "there are exec, exit, kprobe"),
        ("action:sigkil", "sigkil", "did you mean `sigkill`?"),
        ("action>post", "action>post", "has no order"),
        ("pid:4294967296", "4294967296", "number, 0 to 4294967295"),
        ("pid:curl", "curl", "write for example `pid:4711`"),
        ("pod:a/b/c", "a/b/c", "namespace/name or pattern; write for example `pod:web*`"),
        ("binry:curl", "binry", "did you mean `binary`?"),
        ("status:\u{1b}[2J", "\u{1b}[2J", "`\\u{1b}[2j`"),
        ("src:\"10.0.0.1", "\"10.0.0.1", "not closed"),
        ("\"\"", "\"\"", "nothing stands in the quotes"),
    ] {
        let (found, message) = refused(text);
        assert_eq!(found, underlined, "{text}: {message}");
        assert!(message.contains(said), "{text}: {message}");
    }
}

#[test]
fn a_filter_is_neither_endless_nor_bottomless() {
    let deep = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
    assert!(Filter::parse(&deep(Filter::MAX_DEPTH)).is_ok());
    assert!(refused(&deep(Filter::MAX_DEPTH + 1)).1.contains("at most 32 deep"));
    assert!(refused(&"!".repeat(4_096)).1.contains("at most 32 deep"));
    assert!(Filter::parse(&"a".repeat(Filter::MAX_BYTES)).is_ok());
    assert!(refused(&"a".repeat(Filter::MAX_BYTES + 1)).1.contains("at most 4096 bytes"));
}

#[test]
fn a_pattern_full_of_stars_takes_no_more_time_than_its_size() {
    let text = format!("{}b", "*a".repeat(1_000));
    let filter = Filter::parse(&text).unwrap();
    assert!(!filter.matches(&Flood, NOW_US));
}

#[test]
fn a_name_has_an_end() {
    let name = |key: &str, letters: usize| format!("{key}:{}*", "a".repeat(letters - 1));
    for key in ["src", "dst", "host", "namespace", "pod", "node", "binary", "user", "policy"] {
        assert!(Filter::parse(&name(key, 256)).is_ok());
        assert!(refused(&name(key, 257)).1.contains("at most 256 letters, and this has 257"));
    }
}

#[test]
fn a_filter_is_written_as_people_would() {
    for (text, written) in [
        ("src=10.1.2.3/8   and PORT:80-80,443", "src:10.1.2.3/8 port:80,443"),
        ("(a b) or not(c or d)", "a b or !(c or d)"),
        ("bytes>2.5MB age<90s age<120s", "bytes>2500000 age<90s age<2m"),
        ("proto:6,99 severity>=HIGH", "proto:tcp,99 severity>=high"),
        ("\"Two words\" \"or\" 2001:db8::1", "\"two words\" \"or\" 2001:db8::1"),
        ("proto!=udp", "!proto:udp"),
        ("DST:Shop/Web,10.* NAMESPACE=Shop", "dst:shop/web,10.* namespace:shop"),
        ("host:::ffff:1.2.3.4/90", "host:::ffff:1.2.3.4/90"),
    ] {
        assert_eq!(Filter::parse(text).unwrap().to_string(), written);
    }
}

/// Text that is close to a filter, so that more than the first sign is tried.
fn nearly() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "src",
        "dst",
        "host",
        "port",
        "proto",
        "class",
        "score",
        "flows",
        "bytes",
        "age",
        "severity",
        "status",
        "muted",
        "id",
        "namespace",
        ":",
        "!=",
        "=",
        "<",
        "<=",
        ">",
        ">=",
        "!",
        "(",
        ")",
        " ",
        " ",
        " or ",
        " and ",
        " not ",
        ",",
        "-",
        "*",
        "\"",
        "\\",
        "10.0.0.0/8",
        "::ffff:1.2.3.4/90",
        "fe80::1",
        "2001:db8::/32",
        "1.2.3.4",
        "80",
        "1000-2000",
        "0.5",
        "1.5k",
        "90s",
        "5m",
        "tcp",
        "132",
        "dos*",
        "scan",
        "high",
        "open",
        "yes",
        "5f1c*",
        "00000000000000ff",
        "pod",
        "node",
        "binary",
        "user",
        "pid",
        "type",
        "action",
        "kprobe",
        "process_exec",
        "sigkill",
        "/usr/bin/curl",
        "or",
        "shop/web",
        "/",
        "ä",
        "\u{0}",
        "x",
    ]);
    prop::collection::vec(parts, 0..14).prop_map(|parts| parts.concat())
}

/// Text that is a filter.
fn valid() -> impl Strategy<Value = String> {
    let terms = prop::sample::select(vec![
        "src:10.0.0.0/8",
        "dst:fd00::/8,10.0.*",
        "host:::1",
        "dst:shop/web,node/*",
        "namespace:shop*",
        "port:80,1000-2000",
        "port!=53",
        "proto:tcp,99",
        "class:dos*,scan",
        "score>0.9",
        "score:0.1-0.25",
        "flows>=1.5k",
        "bytes<3MB",
        "age<90s",
        "age:1h-1.5d",
        "severity>=high",
        "status:acknowledged",
        "muted:yes",
        "id:5f1c*",
        "pod:shop/web*,db-0",
        "node:worker-1",
        "binary:/usr/bin/curl,*sh",
        "parent:nginx",
        "user:0,root",
        "pid:1-4294967295",
        "type:exec,process_connect",
        "policy:\"no egress\"",
        "action!=post",
        "word",
        "\"or\"",
        "\"a (b\"*",
        "fe80::1",
    ]);
    let leaf = terms.prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 4, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            list().prop_map(|parts| parts.join(" ")),
            list().prop_map(|parts| parts.join(" or ")),
            inner.clone().prop_map(|part| format!("!({part})")),
            inner.prop_map(|part| format!("( {part} )")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn no_text_breaks_it_and_a_filter_written_down_is_the_same_filter(
        text in prop_oneof![4 => nearly(), 1 => any::<String>()],
    ) {
        match Filter::parse(&text) {
            Ok(filter) => {
                let written = filter.to_string();
                prop_assert_eq!(Filter::parse(&written), Ok(filter), "{}", written);
            }
            Err(error) => {
                prop_assert!(text.get(error.span.clone()).is_some_and(|part| !part.is_empty()));
                prop_assert!(!error.message.is_empty());
            }
        }
    }

    #[test]
    fn whatever_is_joined_from_terms_is_a_filter_that_keeps_its_meaning(text in valid()) {
        let filter = Filter::parse(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
    }
}
