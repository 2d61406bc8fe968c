//! `weir policy`, by the real binary, beside a cluster with an agent.

use serde_json::{Value, json};

use crate::support::double::kube::merge::Force;
use crate::support::double::kube::rights::{Grant, Rights};
use crate::support::terminal::Terminal;
use crate::{HARMS, KILLS, Stage, TELLS, objects};

#[test]
fn a_policy_is_applied_listed_and_deleted() {
    let stage = Stage::new();
    stage.follows_next();
    let said = stage.done("policy apply -f FILE --yes", TELLS);
    assert_eq!(said, "connections is applied: loaded\n");
    let object = stage.object("connections");
    assert_eq!(object["spec"]["kprobes"][0]["call"], "tcp_connect");
    assert_eq!(object["metadata"]["managedFields"][0]["manager"], "weir");
    let list = stage.done("policy list", "");
    let row = list.lines().find(|line| line.starts_with("connections")).expect("it is listed");
    for word in ["loaded", "1/1", "kprobe tcp_connect"] {
        assert!(row.contains(word), "{word}: {list}");
    }
    let listed = &objects(&stage.done("policy list -o json", ""))[0];
    assert_eq!((&listed["standing"], &listed["name"]), (&json!("loaded"), &json!("connections")));
    assert_eq!(listed["agents"][0]["domain"], "k8s");
    assert_eq!(listed["manifest"]["metadata"], json!({ "name": "connections" }));
    // To apply it again changes nothing.
    let again = stage.done("policy apply -f FILE --yes", TELLS);
    assert_eq!(again, "connections is already applied: loaded\n");

    stage.follows_next();
    assert_eq!(stage.done("policy delete connections --yes", ""), "connections is deleted\n");
    assert_eq!(stage.object("connections"), Value::Null);
    let said = stage.weir("policy list", "");
    assert_eq!((said.status, &*said.out), (Some(0), ""), "{said:?}");
    assert!(said.err.contains("there is no policy"), "{said:?}");
    let records = stage.records();
    let seen: Vec<_> = records.iter().map(|one| (&*one.what, &*one.object)).collect();
    let [apply, delete] = [("policy.apply", "connections"), ("policy.delete", "connections")];
    assert_eq!(seen, [apply, apply, delete]);
    assert_eq!(records[0].before, Value::Null);
    assert_eq!(records[0].after["object"]["spec"], object["spec"]);
    assert_eq!(records[2].before["spec"], object["spec"]);
    assert!(records.iter().all(|one| one.from == "command line"), "{records:?}");
}

#[test]
fn what_agents_cannot_load_is_said_at_once_and_listed_first() {
    let stage = Stage::new();
    stage.follows_next();
    stage.done("policy apply -f FILE --yes", KILLS);
    stage.agent.with(|agent| agent.no_such_hooks.insert("tcp_connec".into()));
    stage.follows_next();
    let misspelt = TELLS.replace("tcp_connect", "tcp_connec");
    let said = stage.weir("policy apply -f FILE --yes", &misspelt);
    assert_eq!(said.status, Some(65));
    assert!(said.out.starts_with("connections is applied: NOT LOADED: "), "{said:?}");
    for told in [&said.out, &said.err] {
        assert!(told.contains("no symbol tcp_connec"), "{said:?}");
    }
    let list = stage.done("policy list", "");
    let rows: Vec<_> = list.lines().skip(1).collect();
    assert!(rows[0].starts_with("connections") && rows[0].contains("NOT LOADED"), "{list}");
    assert!(rows[0].contains("no symbol tcp_connec"), "{list}");
    assert!(rows[1].starts_with("shop/no-egress") && rows[1].contains("enforce"), "{list}");
    assert!(rows[1].contains("sigkill"), "{list}");
}

#[test]
fn a_dry_run_and_a_diff_write_nothing() {
    let stage = Stage::new();
    let said = stage.done("policy apply -f FILE --dry-run", TELLS);
    for line in
        ["apply as weir TracingPolicy connections:", "+  name: connections", "nothing is written"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
    let applied = objects(&stage.done("policy apply -f FILE --dry-run -o json", TELLS));
    assert_eq!(
        (&applied[0]["dry_run"], &applied[0]["status"]["manifest"]),
        (&json!(true), &Value::Null)
    );
    let new = stage.weir("policy diff -f FILE", TELLS);
    assert_eq!((new.status, &*new.err), (Some(1), ""), "{new:?}");
    assert!(
        new.out.contains("+    - call: tcp_connect") || new.out.contains("+  - call: tcp_connect"),
        "{new:?}"
    );
    assert_eq!((stage.writes(), stage.records().len()), (0, 0));
    assert_eq!(stage.object("connections"), Value::Null);

    stage.follows_next();
    stage.done("policy apply -f FILE --yes", TELLS);
    assert_eq!(stage.done("policy diff -f FILE", TELLS), "");
    let changed = stage.weir("policy diff -f FILE --mode monitor", TELLS);
    assert_eq!(changed.status, Some(1), "{changed:?}");
    assert!(changed.out.contains("value: monitor"), "{changed:?}");
    let would = stage.done("policy delete connections --dry-run", "");
    assert!(would.contains("would be deleted; nothing is"), "{would}");
    assert_eq!(stage.writes(), 1);
}

#[test]
fn what_is_no_policy_is_told_with_its_line_and_nobody_is_asked() {
    let stage = Stage::new();
    let two = format!("{KILLS}---\n{}", TELLS.replace("kprobes:", "kprobez:"));
    let why = stage.refused("policy apply -f FILE --yes", &two, 65);
    let line = 1 + two.lines().position(|line| line.contains("kprobez")).unwrap();
    assert!(why.contains(&format!("line {line}, column 3")) && why.contains("kprobez"), "{why}");
    assert_eq!(stage.api.with(|kube| kube.log.len()), 0);
    let empty = stage.refused("policy apply -f FILE --yes", "# nothing\n", 65);
    assert!(empty.contains("there is no policy in it"), "{empty}");
    let missing = stage.refused("policy apply -f /nowhere/x.yaml --yes", "", 74);
    assert!(missing.contains("read policies from /nowhere/x.yaml"), "{missing}");
    let name = stage.refused("policy delete Shop/x --yes", "", 64);
    assert!(name.contains("Shop"), "{name}");
}

#[test]
fn what_the_api_server_refuses_is_told_in_its_own_words() {
    let stage = Stage::new();
    let nowhere = KILLS.replace("namespace: shop", "namespace: nowhere");
    let why = stage.refused("policy apply -f FILE --yes", &nowhere, 65);
    assert!(why.contains("namespaces \"nowhere\" not found"), "{why}");
    let missing = stage.refused("policy delete shop/nothing --yes", "", 65);
    assert!(missing.contains("there is no policy shop/nothing"), "{missing}");
    let readers = Rights::Only(vec![Grant::new(&["get", "list"], "*", &["*"])]);
    stage.api.with(|kube| kube.users[0].rights = readers);
    let why = stage.refused("policy apply -f FILE --yes", TELLS, 77);
    let words =
        "User \"weir\" cannot patch resource \"tracingpolicies\" in API group \"cilium.io\"";
    assert!(why.contains(words), "{why}");
    stage.api.with(|kube| kube.users[0].rights = Rights::All);
    stage.api.refuse();
    stage.refused("policy apply -f FILE --yes", TELLS, 69);
    stage.refused("policy list", "", 69);
    stage.api.heal();
    assert_eq!(stage.writes(), 0);
    let records = stage.records();
    assert!(records.iter().all(|one| one.what == "policy.refuse"), "{records:?}");
    assert!(records[0].after["why"].as_str().unwrap().contains("nowhere"), "{records:?}");
}

#[test]
fn a_folder_stands_for_the_policies_in_it() {
    let stage = Stage::new();
    let folder = stage.ledger.beside("policies");
    std::fs::create_dir(&folder).unwrap();
    let kills: Value = serde_yaml::from_str(KILLS).unwrap();
    let empty = stage.refused(&format!("policy diff -f {}", folder.display()), "", 65);
    assert!(empty.contains("there is no policy in it"), "{empty}");
    for (name, text) in
        [("2.yaml", TELLS), ("1.json", &*kills.to_string()), ("README.md", "# No policy")]
    {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let apply = format!("policy apply -f {}", folder.display());
    let would = stage.done(&format!("{apply} --dry-run"), "");
    let place = |word: &str| would.find(word).unwrap_or_else(|| panic!("{word}: {would}"));
    assert!(place("shop/no-egress would be applied") < place("connections would be applied"));
    stage.follows_next();
    stage.weir(&format!("{apply} --yes"), "");
    let namespaced =
        stage.api.with(|kube| kube.get("tracingpoliciesnamespaced", "shop", "no-egress"));
    assert!(namespaced.is_object() && stage.object("connections").is_object());
    assert_eq!(stage.weir(&format!("policy diff -f {}", folder.display()), "").status, Some(0));
    // What is wrong with one leaves all others unwritten.
    std::fs::write(folder.join("0.yaml"), TELLS.replace("kprobes:", "kprobez:")).unwrap();
    let (writes, why) = (stage.writes(), stage.refused(&format!("{apply} --yes"), "", 65));
    assert!(why.contains("0.yaml: line 6") && stage.writes() == writes, "{why}");
}

#[test]
fn what_is_said_of_a_diff_stands_beside_it() {
    let stage = Stage::new();
    let said = stage.weir("policy diff -f FILE", HARMS);
    assert!(said.err.contains("no-connections: it would harm: kprobe tcp_connect"), "{said:?}");
    assert!(said.out.starts_with("--- nothing"), "{said:?}");
}

#[test]
fn what_would_harm_is_refused_unless_somebody_insists() {
    let stage = Stage::new();
    let why = stage.refused("policy apply -f FILE --yes", HARMS, 65);
    assert!(why.contains("tcp_connect would kill every process"), "{why}");
    assert!(why.contains("`--force` applies it all the same"), "{why}");
    assert_eq!(stage.writes(), 0);
    // In monitor mode it harms nobody.
    stage.follows_next();
    stage.done("policy apply -f FILE --mode monitor --yes", HARMS);
    let why = stage.refused("policy apply -f FILE --mode enforce --yes", HARMS, 65);
    assert!(why.contains("would kill"), "{why}");
    stage.follows_next();
    let said = stage.done("policy apply -f FILE --mode enforce --force --yes", HARMS);
    assert!(said.contains("is applied: loaded") && said.contains("forced, although"), "{said}");
    assert_eq!(stage.object("no-connections")["spec"]["options"][0]["value"], "enforce");
    let records = stage.records();
    let forced = &records.last().unwrap().after["forced"];
    assert!(forced[0].as_str().unwrap().contains("would kill"), "{forced}");
}

#[test]
fn whoever_had_a_field_before_is_named() {
    let stage = Stage::new();
    stage.api.with(|kube| {
        let theirs: Value = serde_yaml::from_str(TELLS).unwrap();
        kube.apply_as("argocd", &theirs, Force::No).expect("it is taken");
    });
    stage.follows_next();
    let changed = TELLS.replace("tcp_connect", "tcp_close");
    let said = stage.done("policy apply -f FILE --yes", &changed);
    assert!(said.contains("taken over from others: conflict with \"argocd\""), "{said}");
    assert!(said.contains(".spec.kprobes"), "{said}");
    assert_eq!(stage.object("connections")["spec"]["kprobes"][0]["call"], "tcp_close");
}

#[test]
fn nobody_who_could_be_asked_or_read_only_means_that_nothing_is_written() {
    let stage = Stage::new();
    for line in ["policy apply -f FILE", "policy delete connections"] {
        let why = stage.refused(line, TELLS, 64);
        assert!(why.contains("`--yes` goes on without asking"), "{why}");
        let why = stage.refused(&format!("{line} --yes --read-only"), TELLS, 77);
        assert!(why.contains("`read-only` is set"), "{why}");
    }
    assert_eq!(stage.api.with(|kube| kube.log.len()), 0);
}

#[test]
fn whoever_sits_at_a_terminal_is_shown_the_object_and_the_diff() {
    let Some(terminal) = Terminal::open(100, 60, &[]) else {
        println!("skipped: no tmux");
        return;
    };
    let stage = Stage::new();
    let file = stage.ledger.beside("kills.yaml");
    std::fs::write(&file, KILLS).unwrap();
    let (program, database) = (env!("CARGO_BIN_EXE_weir"), stage.ledger.path.display());
    let (kubeconfig, agent) = (stage.kubeconfig.display(), stage.agent.endpoint());
    terminal.run(&format!(
        "export WEIR_DATABASE={database} WEIR_KUBECONFIG={kubeconfig} WEIR_TETRAGON={agent}; clear"
    ));
    let apply = format!("{program} policy apply -f {}; echo ended $?", file.display());
    terminal.run(&apply);
    let screen = terminal.await_text("Apply shop/no-egress? [y/N]");
    assert!(screen.contains("action: Sigkill"), "{screen}");
    terminal.run("n");
    assert!(terminal.await_text("ended 130").contains("nothing is changed"));
    assert_eq!(stage.writes(), 0);
    terminal.run("clear");
    stage.follows_next();
    terminal.run(&apply);
    terminal.await_text("[y/N]");
    terminal.run("y");
    terminal.await_text("ended 0");
    assert_eq!(stage.writes(), 1);
}

#[test]
fn a_cluster_without_tetragons_definitions_has_no_policies() {
    let stage = Stage::new();
    stage.api.with(|kube| kube.absent.push("cilium.io"));
    let said = stage.weir("policy list", "");
    assert_eq!((said.status, &*said.out), (Some(0), ""), "{said:?}");
    assert!(said.err.contains("definitions (CRDs) are not installed"), "{said:?}");
    let why = stage.refused("policy apply -f FILE --yes", TELLS, 69);
    assert!(why.contains("definitions (CRDs) are not installed"), "{why}");
}

#[test]
fn kubectl_sees_the_same_object() {
    let stage = Stage::new();
    let folder = stage.ledger.path.parent().unwrap();
    let Some(mut kubectl) = stage.api.kubectl(folder) else { return };
    stage.follows_next();
    stage.done("policy apply -f FILE --mode monitor --yes", KILLS);
    let output = kubectl.args(["get", "tgtpn", "-n", "shop", "no-egress", "-o", "json"]).output();
    let shown: Value = serde_json::from_slice(&output.unwrap().stdout).expect("JSON");
    let listed = &objects(&stage.done("policy list -o json", ""))[0];
    assert_eq!(shown["spec"], listed["manifest"]["spec"]);
    assert_eq!(shown["spec"]["options"], json!([{ "name": "policy-mode", "value": "monitor" }]));
}

#[test]
fn an_agent_that_does_not_answer_is_told_and_waited_for_no_longer() {
    let stage = Stage::new();
    stage.follows_next();
    stage.done("policy apply -f FILE --yes", TELLS);
    stage.agent.freeze();
    let said = stage.weir("policy list", "");
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(said.out.contains("unknown"), "{said:?}");
    assert!(said.err.contains("which policies these agents have is not known"), "{said:?}");
}
