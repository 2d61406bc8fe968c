//! `weir limit` and `weir map`, by the real binary, against a double of the API server.

mod support;

use std::path::PathBuf;

use serde_json::{Value, json};
use support::double::fault::Fault;
use support::double::kube::ApiServer;
use support::double::kube::rights::{Grant, Rights};
use support::engine::DEMO;
use support::ledger::{Ledger, Said};
use support::shop::{self, RPS};
use support::terminal::Terminal;
use weir::store::Reader;

/// An API server with an Ingress that helm limits to 100 requests a second, and a database.
struct Shop {
    api: ApiServer,
    ledger: Ledger,
    kubeconfig: PathBuf,
}

impl Shop {
    fn new() -> Self {
        let (api, ledger) = (ApiServer::start(), Ledger::new());
        let kubeconfig = api.kubeconfig(ledger.path.parent().expect("a folder"));
        shop::open(&api);
        Self { api, ledger, kubeconfig }
    }

    /// Runs a verb; a `_` in an argument stands for a blank.
    fn weir(&self, line: &str) -> Said {
        let arguments: Vec<_> = line.split(' ').map(|one| one.replace('_', " ")).collect();
        self.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let kubeconfig = self.kubeconfig.display().to_string();
        self.ledger.run_with(arguments, &[("WEIR_KUBECONFIG", &kubeconfig)])
    }

    #[track_caller]
    fn done(&self, line: &str) -> String {
        let said = self.weir(line);
        assert_eq!((said.status, &*said.err), (Some(0), ""), "weir {line}: {said:?}");
        said.out
    }

    fn web(&self) -> Value {
        shop::web(&self.api)
    }

    fn writes(&self) -> usize {
        self.api.with(|kube| kube.writes().len())
    }
}

fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

#[test]
fn a_limit_is_set_listed_and_undone_to_the_last_field() {
    let shop = Shop::new();
    let before = shop.web();
    let set = "limit apply shop/web --rps 5 --burst 25 --ttl 15m --reason flood_since_03:10 --yes";
    let said = shop.done(set);
    assert!(said.starts_with("shop/web is limited to 5 r/s burst 25 until 20"), "{said}");
    let annotations = &shop.web()["metadata"]["annotations"];
    assert_eq!(annotations[RPS], "5");
    assert_eq!(annotations["nginx.ingress.kubernetes.io/limit-burst-multiplier"], "5");
    assert!(annotations["weir.dev/limit"].is_string(), "{annotations}");

    let list = shop.done("limit list");
    let row = list.lines().find(|line| line.starts_with("shop/web")).expect("it is listed");
    for word in ["ingress-nginx", "active", "5 r/s burst 25", "100", "flood since 03:10"] {
        assert!(row.contains(word), "{word}: {list}");
    }
    assert!(list.contains("shop/other") && list.contains("no limits here"), "{list}");
    let one = shop.done("limit list shop/web");
    assert!(one.contains(&format!("{RPS}: 5, was 100 (helm)")), "{one}");
    let status = &objects(&shop.done("limit list shop/web -o json"))[0];
    assert_eq!(status["held"]["values"][0]["previous"], "100", "{status}");
    assert_eq!(status["held"]["reason"], "flood since 03:10");

    assert_eq!(shop.done("limit revert shop/web --yes"), "the limit of shop/web is lifted\n");
    assert_eq!(shop.web(), before);
    let records = Reader::open(&shop.ledger.path).unwrap().audit(None, 9).unwrap();
    let seen: Vec<_> = records.iter().map(|one| (&*one.what, &*one.object)).collect();
    assert_eq!(seen, [("limit.revert", "shop/web"), ("limit.apply", "shop/web")]);
    assert!(records.iter().all(|one| one.from == "command line"), "{records:?}");
}

#[test]
fn what_would_be_written_is_shown_and_nothing_is() {
    let shop = Shop::new();
    let before = shop.web();
    let said = shop.done("limit apply shop/web --rps 5 --reason test --dry-run");
    // The object is whole, however long the annotation with what it takes to undo it is.
    let shown =
        ["weir Ingress shop/web:", "limit-rps: '5'", "resourceVersion", "nothing is written"];
    assert!(said.contains("weir.dev/limit") && !said.contains('…'), "{said}");
    for line in shown {
        assert!(said.contains(line), "{line}: {said}");
    }
    let applied = objects(&shop.done("limit apply shop/web --rps 5 --reason x --dry-run -o json"));
    assert_eq!(applied[0]["dry_run"], true);
    assert_eq!(applied[0]["written"][0]["body"]["metadata"]["annotations"][RPS], "5");
    assert_eq!(shop.web(), before);
    shop.done("limit apply shop/web --rps 5 --reason test --yes");
    let held = shop.web();
    let said = shop.done("limit revert shop/web --dry-run");
    assert!(said.contains("limit-rps: '100'") && said.contains("nothing is written"), "{said}");
    assert_eq!(shop.web(), held);
}

#[test]
fn nobody_who_could_be_asked_means_that_nothing_is_written() {
    let shop = Shop::new();
    for line in ["limit apply shop/web --rps 5 --reason x", "limit revert shop/web"] {
        let said = shop.weir(line);
        assert_eq!((said.status, &*said.out), (Some(64), ""), "{said:?}");
        assert!(said.err.contains("`--yes` goes on without asking"), "{said:?}");
        let said = shop.weir(&format!("{line} --yes --read-only"));
        assert_eq!((said.status, &*said.out), (Some(77), ""), "{said:?}");
        assert!(said.err.contains("`read-only` is set"), "{said:?}");
    }
    assert_eq!(shop.writes(), 0);
}

#[test]
fn whoever_sits_at_a_terminal_is_shown_the_object_and_asked_once() {
    let Some(terminal) = Terminal::open(100, 40, &[]) else {
        println!("skipped: no tmux");
        return;
    };
    let shop = Shop::new();
    let (program, database) = (env!("CARGO_BIN_EXE_weir"), shop.ledger.path.display());
    let kubeconfig = shop.kubeconfig.display();
    terminal.run(&format!("export WEIR_DATABASE={database} WEIR_KUBECONFIG={kubeconfig}; clear"));
    let set = format!("{program} limit apply shop/web --rps 5 --reason flood; echo ended $?");
    terminal.run(&set);
    let screen = terminal.await_text("Limit shop/web to 5 r/s? [y/N]");
    assert!(screen.contains("limit-rps: '5'"), "{screen}");
    terminal.run("n");
    assert!(terminal.await_text("ended 130").contains("nothing is changed"));
    assert_eq!(shop.web()["metadata"]["annotations"][RPS], "100");
    terminal.run("clear");
    terminal.run(&set);
    terminal.await_text("[y/N]");
    terminal.run("y");
    terminal.await_text("ended 0");
    assert_eq!(shop.web()["metadata"]["annotations"][RPS], "5");
}

#[test]
fn what_cannot_be_meant_or_done_is_refused_and_changes_nothing() {
    let shop = Shop::new();
    let before = shop.web();
    let cases = [
        ("apply Shop/web --rps 5", 64, "`Shop` is no namespace that Kubernetes takes"),
        ("apply shop/-web --rps 5", 64, "`-web` is no Ingress that Kubernetes takes"),
        ("apply web --rps 5", 64, "`web` is no NAMESPACE/NAME"),
        ("apply shop/web", 64, "a limit needs `rps`, `rpm` or `connections`"),
        ("apply shop/web --rps 0", 64, "0 is not in 1..=1000000"),
        ("apply shop/web --rpm 1000001", 64, "1000001 is not in 1..=1000000"),
        ("apply shop/web --rps -1", 64, "-1"),
        ("apply shop/web --connections 2 --burst 5", 64, "a burst needs `rps` or `rpm`"),
        ("apply shop/web --rps 5 --ttl 9s", 64, "from 10s to 24h"),
        ("apply shop/web --rps 5 --ttl 25h", 64, "from 10s to 24h"),
        ("apply shop/web --rps 5 --allowlist 10.0.0.0/33", 64, "expected a network"),
        ("apply shop/web --rps 5 --burst 7", 65, "ingress-nginx cannot limit by burst"),
        ("apply shop/other --rps 5", 65, "Kong"),
        ("apply shop/nowhere --rps 5", 65, "there is no Ingress shop/nowhere"),
        ("apply nowhere/web --rps 5", 65, "there is no Ingress nowhere/web"),
        ("apply shop/web --rps 5 --incident 5f1c", 65, "answer alert `5f1c`"),
        ("apply shop/web --rps 5 --context nowhere", 64, "nowhere"),
        ("revert shop/web", 65, "Weir holds no limit at the Ingress shop/web"),
    ];
    for (line, status, said) in cases {
        let reason = if line.starts_with("apply") { " --reason x" } else { "" };
        let refused = shop.weir(&format!("limit {line}{reason} --yes"));
        assert_eq!((refused.status, &*refused.out), (Some(status), ""), "{line}: {refused:?}");
        assert!(refused.err.contains(said), "{line}: {refused:?}");
    }
    assert_eq!(shop.web(), before);
}

#[test]
fn what_the_api_server_refuses_is_told_in_its_own_words() {
    let shop = Shop::new();
    let before = shop.web();
    let set = "limit apply shop/web --rps 5 --reason x --yes";
    let readers = Rights::Only(vec![Grant::new(&["get", "list", "watch"], "*", &["*"])]);
    shop.api.with(|kube| kube.users[0].rights = readers);
    let said = shop.weir(set);
    assert_eq!((said.status, &*said.out), (Some(77), ""), "{said:?}");
    let words = "User \"weir\" cannot patch resource \"ingresses\" in API group \
                 \"networking.k8s.io\" in the namespace \"shop\"";
    assert!(said.err.contains(words), "{said:?}");
    assert_eq!(said.err.lines().count(), 1, "{said:?}");
    shop.api.with(|kube| kube.users[0].token = None);
    for line in [set, "limit list", "map"] {
        let said = shop.weir(line);
        assert_eq!((said.status, &*said.out), (Some(77), ""), "{line}: {said:?}");
        assert!(said.err.contains("expired"), "{line}: {said:?}");
        assert_eq!(said.err.lines().count(), 1, "{said:?}");
    }
    shop.api.refuse();
    let said = shop.weir(set);
    assert_eq!((said.status, &*said.out), (Some(69), ""), "{said:?}");
    shop.api.heal();
    assert_eq!(shop.web(), before);
}

#[test]
fn that_there_is_no_ingress_is_said_only_where_that_is_known() {
    let shop = Shop::new();
    let everything_but = |resources: &[&str]| {
        let all = ["nodes", "namespaces", "pods", "services", "ingresses", "ingressclasses"];
        let left: Vec<_> = all.into_iter().filter(|one| !resources.contains(one)).collect();
        Rights::Only(vec![Grant::new(&["get", "list", "watch"], "*", &left)])
    };
    shop.api.with(|kube| kube.users[0].rights = everything_but(&["ingresses"]));
    let preview = format!("limit preview shop/web --rps 5 --capture {DEMO}");
    for line in ["limit list", "limit list -o json", &preview] {
        let said = shop.weir(line);
        assert_eq!((said.status, &*said.out), (Some(77), ""), "{line}: {said:?}");
        assert!(said.err.contains("list ingresses: the API server says"), "{line}: {said:?}");
    }
    shop.api.with(|kube| kube.users[0].rights = everything_but(&["pods"]));
    let said = shop.weir("limit list");
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(said.out.contains("shop/web"), "{said:?}");
    let cautions = said.err.lines();
    let cautions: Vec<_> = cautions.filter(|line| line.contains("pods are not known")).collect();
    assert!(cautions.len() == 1 && cautions[0].contains("(403)"), "{said:?}");
    shop.api.with(|kube| {
        kube.users[0].rights = Rights::All;
        kube.plan.fail(99, Fault::Status(503), |asked| asked.resource == "ingresses");
    });
    let said = shop.weir("limit list");
    assert_eq!((said.status, &*said.out), (Some(69), ""), "{said:?}");
}

#[test]
fn a_limit_needs_no_database_and_no_engine() {
    let shop = Shop::new();
    let nowhere = shop.ledger.beside("nowhere/weir.db").display().to_string();
    let kubeconfig = shop.kubeconfig.display().to_string();
    let environment = [("WEIR_DATABASE", &*nowhere), ("WEIR_KUBECONFIG", &*kubeconfig)];
    let set = "limit apply shop/web --connections 20 --reason x --yes";
    let said = support::ledger::weir_with(set, &environment);
    assert_eq!((said.status, &*said.err), (Some(0), ""), "{said:?}");
    let annotations = &shop.web()["metadata"]["annotations"];
    assert_eq!(annotations["nginx.ingress.kubernetes.io/limit-connections"], "20");
}

#[test]
fn a_capture_says_who_would_have_been_refused() {
    let shop = Shop::new();
    let asked = ["limit", "preview", "shop/web", "--rps", "5", "--burst", "25", "-o", "json"];
    let said = shop.run(&[&asked[..], &["--capture", DEMO]].concat());
    assert_eq!((said.status, &*said.err), (Some(0), ""), "{said:?}");
    let seen = &objects(&said.out)[0];
    let offline = "limit preview shop/web --rps 5 --burst 25 --controller ingress-nginx --host";
    let without = support::ledger::weir_with(
        &format!("{offline} shop.example --capture {DEMO} -o json"),
        &[],
    );
    assert_eq!(&objects(&without.out)[0], seen, "{without:?}");
    // One flooded, and fourteen others looked on.
    assert_eq!(seen["clients"][0]["client"], "203.0.113.66");
    assert!(seen["clients"][0]["refused"].as_u64() > Some(2_000), "{seen}");
    let others = &seen["clients"].as_array().unwrap()[1..];
    assert_eq!((others.len(), seen["client_count"].as_u64()), (14, Some(15)));
    assert!(others.iter().all(|one| one["refused"] == 0), "{seen}");
    assert_eq!(shop.writes(), 0);
}

#[test]
fn the_map_shows_what_leads_where_in_each_form() {
    let shop = Shop::new();
    let tree = shop.done("map");
    let below = "shop\n  Ingress other\n  Ingress web\n    Service web  by shop.example/\n";
    assert!(tree.contains(below), "{tree}");
    let dot = shop.done("map --format dot");
    assert!(dot.starts_with("digraph") && dot.contains("shop/web"), "{dot}");
    let map = &objects(&shop.done("map -o json"))[0];
    let route = &map["edges"][0];
    assert_eq!((&route["why"], &route["routes"][0]), (&json!("routes"), &json!("shop.example/")));
    assert_eq!(map["unknown"], Value::Null);
    assert_eq!(shop.writes(), 0);
}
