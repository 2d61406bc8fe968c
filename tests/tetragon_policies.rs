//! The policies in `tetragon/policies`: that Tetragon takes them, that each tells of what it is for and
//! not of what is nearly that, and that they act on nothing until they are told to.

#[path = "tetragon_policies/happenings.rs"]
mod happenings;
#[path = "tetragon_policies/kernel.rs"]
mod kernel;
#[path = "tetragon_policies/schema.rs"]
mod schema;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use happenings::Happening;
use kernel::{Told, tell};
use serde::Deserialize;
use serde_json::{Value, json};
use support::data::shared;
use support::yaml;
use weir::policy::{Guarded, Policy, PolicyMode};
use weir::tetragon::{Event, EventKind, SocketStep};

/// Every shipped policy, by its name, with its file.
fn policies() -> BTreeMap<String, (String, Value)> {
    let files = yaml::files("tetragon/policies");
    let count = files.len();
    let policies: BTreeMap<_, _> = files
        .into_iter()
        .map(|file| {
            let policy: Value = yaml::document(&file);
            let name = policy["metadata"]["name"].as_str().expect("a name").to_owned();
            (name, (file, policy))
        })
        .collect();
    assert_eq!(policies.len(), count, "two policies of one name");
    policies
}

/// The definition of `TracingPolicy`; `None`, said on standard output, where it is absent.
fn definition() -> Option<Value> {
    let file = shared("tetragon/crds")?.join("cilium.io_tracingpolicies.yaml");
    let text = std::fs::read_to_string(file).expect("a definition");
    let mut documents = serde_yaml::Deserializer::from_str(&text);
    Some(Value::deserialize(documents.next().expect("one")).expect("YAML"))
}

#[test]
fn the_definition_of_tetragon_knows_all_that_they_say() {
    let Some(definition) = definition() else { return };
    for (file, policy) in policies().values() {
        assert_eq!(schema::faults(&definition, policy), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn the_definition_would_have_found_a_fault() {
    let Some(definition) = definition() else { return };
    let (_, policy) = &policies()["weir-sockets"];
    for (place, wrong, why) in [
        ("/spec/kprobes/0/selectors/0/matchArgs/0/operator", json!("NotDAdr"), "enum"),
        ("/spec/kprobes/0/args/0", json!({ "index": 0, "typ": "sock" }), "typ is not known"),
        ("/spec/kprobes/0/args/0", json!({ "index": -1 }), "minimum"),
        ("/spec/kprobes/0/args/0", json!({ "type": "sock" }), "required"),
        ("/spec/kprobes/1/return", json!("yes"), "is no boolean"),
        ("/kind", json!("TracingPolicyNamespaced"), "is not of"),
        ("/apiVersion", json!("cilium.io/v1"), "no version v1"),
    ] {
        let mut policy = policy.clone();
        *policy.pointer_mut(place).unwrap_or_else(|| panic!("{place}")) = wrong;
        let faults = schema::faults(&definition, &policy).join("\n");
        assert!(faults.contains(why), "{place}: {faults}");
    }
}

#[test]
fn none_acts_until_it_is_told_to() {
    for (name, (file, policy)) in policies() {
        assert!(name.starts_with("weir-"), "{file}");
        assert!(file.ends_with(&format!("/{}.yaml", name.trim_start_matches("weir-"))), "{file}");
        assert_eq!(policy["kind"], "TracingPolicy", "{file}");
        let mode = json!([{ "name": "policy-mode", "value": "monitor" }]);
        assert_eq!(policy["spec"]["options"], mode, "{file}");
    }
}

#[test]
fn each_says_what_it_catches_costs_and_misses_and_how_to_enforce_it() {
    for (name, (file, _)) in policies() {
        let text = yaml::text(&file);
        let head: Vec<_> = text.lines().take_while(|line| line.starts_with('#')).collect();
        assert!(head[0].starts_with(&format!("# {name}: ")), "{file}");
        let parts = ["# Catches: ", "# Costs: ", "# Misses: ", "# Enforce: "];
        let places = parts.map(|part| {
            let place = head.iter().position(|line| line.starts_with(part));
            place.unwrap_or_else(|| panic!("{file}: no {part}"))
        });
        assert!(places.is_sorted(), "{file}");
        // A policy that kills must say how it is made to; one that does not, that it cannot.
        let is_named = head.iter().any(|line| line.contains(&file) && line.contains("enforce"));
        assert_eq!(is_named, text.contains("action: Sigkill"), "{file}");
        // To kind a node is in a pod: whoever tells the two apart says what follows from that.
        let tells_apart = text.contains("host_ns");
        assert_eq!(
            head.iter().any(|line| line.to_lowercase().contains("in kind ")),
            tells_apart,
            "{file}"
        );
    }
}

#[test]
fn weir_finds_nothing_wrong_with_any_and_no_danger() {
    for (name, (file, manifest)) in policies() {
        let policy = Policy::from_yaml(&yaml::text(&file)).unwrap_or_else(|problems| {
            panic!("{file}: {}", problems.iter().map(ToString::to_string).collect::<String>())
        });
        assert_eq!((&*policy.name().to_string(), policy.manifest()), (&*name, &manifest));
        assert_eq!(policy.mode(), Some(PolicyMode::Monitor), "{file}");
        let hooks = manifest["spec"]["kprobes"].as_array().expect("hooks").len();
        assert_eq!(policy.hooks().len(), hooks, "{file}");
        assert_eq!(policy.dangers(&Guarded::default()), Vec::<String>::new(), "{file}");
        let kills = yaml::text(&file).contains("action: Sigkill");
        assert_eq!(!policy.actions().is_empty(), kills, "{file}");
        // Where Weir would refuse to enforce it, the file says what it takes.
        let dangers = policy.with_mode(PolicyMode::Enforce).dangers(&Guarded::default());
        let says = yaml::text(&file).contains("--mode enforce --force`");
        assert_eq!(!dangers.is_empty(), says, "{file}: {dangers:?}");
    }
}

/// What Weir reads of an event that one of them has the agent send.
#[test]
fn weir_reads_what_they_tell() {
    for Happening { policy, event, .. } in happenings::all() {
        let read = Event::from_json(event.to_string().as_bytes()).expect("an event");
        let probe = &event["process_kprobe"];
        assert_eq!(read.kind, EventKind::Kprobe);
        assert_eq!(read.policy, policy);
        assert_eq!(read.call, probe["function_name"]);
        assert_eq!(read.message, probe["message"]);
        assert_eq!(read.action, "post");
        assert_eq!(read.at_us, 1_795_354_312_020_606);
        let process = read.process.as_ref().expect("a process");
        assert_eq!(process.binary, probe["process"]["binary"]);
        assert_eq!(process.pod.as_ref().expect("a pod").workload, "web");
        let arguments = probe["args"].as_array().map_or(0, Vec::len);
        assert_eq!(read.arguments.is_empty(), arguments == 0, "{event}");
    }
}

/// What the join of processes and flows lives on: whose socket, and both of its ends as far as the hook
/// knows them.
#[test]
fn weir_reads_who_opens_takes_and_closes_connections() {
    let mut seen = BTreeMap::new();
    for Happening { event, .. } in happenings::all() {
        let read = Event::from_json(event.to_string().as_bytes()).expect("an event");
        if let Some(socket) = read.socket {
            assert_eq!((socket.protocol, socket.step.is_of_process()), (6, true), "{event}");
            let end = |end: Option<SocketAddr>| end.map(|end| end.to_string()).unwrap_or_default();
            seen.insert(read.call, (socket.step, end(socket.local), end(socket.remote)));
        }
    }
    let (web, client) = ("10.244.1.17:80", "10.244.2.9:41822");
    let wanted = [
        ("inet_csk_accept", SocketStep::Accept, web, client),
        ("security_socket_connect", SocketStep::Connect, "", "203.0.113.9:443"),
        ("tcp_close", SocketStep::Close, web, client),
        ("tcp_connect", SocketStep::Connect, "10.244.1.17:51034", "10.96.0.20:5432"),
    ];
    let wanted = wanted.map(|(call, step, local, remote)| {
        (call.to_owned(), (step, local.to_owned(), remote.to_owned()))
    });
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), wanted);
}

/// What is in the way of an agent that the definition does not know of: it takes four numbers to
/// compare with, five filters, five selectors and three actions, and no rate limit but of an event.
#[test]
fn none_asks_for_more_than_an_agent_takes() {
    for (file, policy) in policies().values() {
        let all = |value: &Value| value.as_array().cloned().unwrap_or_default();
        for hook in all(&policy["spec"]["kprobes"]) {
            assert!(hook["message"].as_str().is_some_and(|text| text.len() <= 256), "{file}");
            let selectors = all(&hook["selectors"]);
            assert!(selectors.len() <= 5, "{file}");
            for selector in selectors {
                let filters = all(&selector["matchArgs"]);
                assert!(filters.len() <= 5, "{file}");
                for filter in filters.iter().filter(|one| one["operator"] == "Equal") {
                    assert!(all(&filter["values"]).len() <= 4, "{file}");
                }
                assert!(all(&selector["matchBinaries"]).len() <= 1, "{file}");
                let actions = all(&selector["matchActions"]);
                assert!(actions.len() <= 3, "{file}");
                for action in &actions {
                    let is_post = action["action"] == "Post";
                    assert!(is_post || action.get("rateLimit").is_none(), "{file}");
                }
                // The last is what an event says was done.
                assert!(actions.last().is_none_or(|last| last["action"] == "Post"), "{file}");
            }
        }
    }
}

#[test]
fn each_tells_of_what_it_is_for_and_not_of_what_is_nearly_that() {
    let policies = policies();
    let mut told = BTreeSet::new();
    for Happening { policy: name, event, misses } in happenings::all() {
        let (_, policy) = &policies[name];
        let Some(one) = tell(policy, &event) else { panic!("{name} does not tell of {event}") };
        assert!(!misses.is_empty());
        for (place, value) in misses {
            let mut near = event.clone();
            *near.pointer_mut(place).unwrap_or_else(|| panic!("{place} of {event}")) = value;
            assert_eq!(tell(policy, &near), None, "{name} tells of {near}");
        }
        told.insert((name, one.hook, one.selector));
    }
    // Every hook and every selector is there for something.
    let mut wanted = BTreeSet::new();
    for (name, (_, policy)) in &policies {
        for (hook, spec) in policy["spec"]["kprobes"].as_array().expect("hooks").iter().enumerate()
        {
            let selectors = spec["selectors"].as_array().map_or(0, Vec::len);
            let places =
                if selectors == 0 { vec![None] } else { (0..selectors).map(Some).collect() };
            wanted.extend(places.into_iter().map(|selector| (name.as_str(), hook, selector)));
        }
    }
    assert_eq!(told, wanted);
}

/// No connection may be without its process, nobody may be killed over one, and reads and what
/// happens on the node itself are told of only.
#[test]
fn what_is_enforced_is_what_the_files_say() {
    let policies = policies();
    let mut killing = BTreeMap::<_, Vec<_>>::new();
    for Happening { policy: name, event, .. } in happenings::all() {
        let Told { actions, .. } = tell(&policies[name].1, &event).expect("it tells");
        if actions.iter().any(|action| action == "Sigkill") {
            let function = event["process_kprobe"]["function_name"].as_str().expect("a name");
            killing.entry(name).or_default().push(function.to_owned());
        }
    }
    assert_eq!(
        killing.into_iter().collect::<Vec<_>>(),
        [
            // To users, and to keys.
            ("weir-credentials", vec!["security_file_permission".to_owned(); 2]),
            ("weir-egress", vec!["security_socket_connect".to_owned()]),
            (
                "weir-privileges",
                ["__x64_sys_setuid", "__x64_sys_setreuid", "__x64_sys_setresuid", "create_user_ns"]
                    .map(str::to_owned)
                    .to_vec()
            ),
            ("weir-shells", vec!["security_bprm_check".to_owned()]),
        ]
    );
    assert!(!yaml::text("tetragon/policies/sockets.yaml").contains("rateLimit"));
}

/// The lines that the head of weir-modules says to add do what it says.
#[test]
fn modules_can_be_refused_as_the_file_says() {
    let (file, policy) = policies().remove("weir-modules").expect("it is there");
    let text = yaml::text(&file);
    let lines = text.lines().filter_map(|line| line.strip_prefix("#     "));
    let added: Value = serde_yaml::from_str(&lines.collect::<Vec<_>>().join("\n")).expect("YAML");
    let mut refusing = policy.clone();
    for (hook, index) in [(0, 1), (1, 0)] {
        let mut selector = added[0].clone();
        selector["matchArgs"][0]["index"] = json!(index);
        let selectors = refusing["spec"]["kprobes"][hook]["selectors"].as_array_mut();
        selectors.expect("selectors").insert(0, selector);
    }
    if let Some(definition) = definition() {
        assert_eq!(schema::faults(&definition, &refusing), Vec::<String>::new());
    }
    for Happening { mut event, .. } in
        happenings::all().into_iter().filter(|one| one.policy == "weir-modules").take(2)
    {
        let told = tell(&refusing, &event).expect("it tells");
        assert_eq!(told.actions, ["Override"], "{event}");
        event["process_kprobe"]["process"]["ns"]["pid"]["is_host"] = json!(true);
        assert_eq!(tell(&refusing, &event).expect("it tells").actions, ["Post"], "{event}");
    }
}

/// Keys of the chart's `values.yaml` as of 1.7 that say what the agent tells, and where. Helm takes a key
/// that a chart does not know, and does nothing with it.
const KEYS: [&str; 34] = [
    "export.filenames",
    "export.mode",
    "exportDirectory",
    "tetragon.clusterName",
    "tetragon.enableK8sAPI",
    "tetragon.enableKeepSensorsOnExit",
    "tetragon.enablePolicyFilter",
    "tetragon.enableProcessCred",
    "tetragon.enableProcessNs",
    "tetragon.eventCacheRetries",
    "tetragon.exportAllowList",
    "tetragon.exportDenyList",
    "tetragon.exportFileCompress",
    "tetragon.exportFileMaxBackups",
    "tetragon.exportFileMaxSizeMB",
    "tetragon.exportFilePerm",
    "tetragon.exportFilename",
    "tetragon.exportRateLimit",
    "tetragon.extraArgs",
    "tetragon.fieldFilters",
    "tetragon.grpc.address",
    "tetragon.grpc.enabled",
    "tetragon.hostProcPath",
    "tetragon.processAncestors.enabled",
    "tetragon.processCacheSize",
    "tetragon.prometheus.enabled",
    "tetragon.prometheus.serviceMonitor.enabled",
    "tetragon.prometheus.serviceMonitor.extraLabels.release",
    "tetragon.redactionFilters",
    "tetragonOperator.enabled",
    "tetragonOperator.prometheus.enabled",
    "tetragonOperator.prometheus.serviceMonitor.enabled",
    "tetragonOperator.prometheus.serviceMonitor.extraLabels.release",
    "tetragonOperator.tracingPolicy.enabled",
];

fn keys(value: &Value, place: &str, found: &mut Vec<String>) {
    let Some(members) = value.as_object() else { return found.push(place.to_owned()) };
    for (name, member) in members {
        let separator = if place.is_empty() { "" } else { "." };
        keys(member, &format!("{place}{separator}{name}"), found);
    }
}

#[test]
fn only_keys_of_the_chart_are_set_and_none_hides_anything() {
    let values: Value = yaml::document("tetragon/values.yaml");
    let mut found = Vec::new();
    keys(&values, "", &mut found);
    for key in &found {
        assert!(KEYS.contains(&key.as_str()), "{key}");
    }
    let agent = &values["tetragon"];
    for (key, value) in [
        ("exportAllowList", json!("")),
        ("exportDenyList", json!("")),
        ("fieldFilters", json!("")),
        ("exportRateLimit", json!(-1)),
        ("exportFileCompress", json!(false)),
        ("enableProcessCred", json!(true)),
        ("enableProcessNs", json!(true)),
        ("enablePolicyFilter", json!(true)),
    ] {
        assert_eq!(agent[key], value, "{key}");
    }
    assert_eq!(values["export"]["filenames"], json!([agent["exportFilename"]]));
    let ancestors = agent["processAncestors"]["enabled"].as_str().expect("a list");
    assert!(ancestors.starts_with("base,"), "the others need it");
}
