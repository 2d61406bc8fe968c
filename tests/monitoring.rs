//! What Prometheus and Grafana are given: alert rules, a dashboard, and how Weir is found. They speak of
//! figures that exist, and every query is asked of a real Prometheus that asks a real Weir.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use support::abroad;
use support::double::kube::ApiServer;
use support::engine::{DEMO, Engine, await_some, database, weir};
use support::flows::Folder;
use support::operator::{Monitor, Object, Rule, Rules};
use support::oracle::Oracle;
use support::prometheus::Prometheus;
use support::yaml;

const RULES: &str = "monitoring/rules/weir.yaml";
const TESTS: &str = "monitoring/tests/weir.test.yaml";
const DASHBOARD: &str = "monitoring/dashboards/weir.json";

fn rules() -> Vec<Rule> {
    let object: Object<Rules> = yaml::document(RULES);
    assert_eq!(object.api_version, "monitoring.coreos.com/v1");
    assert_eq!((&*object.kind, &*object.metadata.name), ("PrometheusRule", "weir"));
    object.spec.groups.into_iter().flat_map(|group| group.rules).collect()
}

/// The queries of the dashboard with its variables filled in, by panel.
fn queries() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&yaml::text(DASHBOARD)).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let queries = panels.iter().flat_map(|panel| {
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(|target| {
            let query = target["expr"].as_str().expect("a query");
            let query = query.replace("$instance", ".*").replace("$__rate_interval", "1m");
            (panel["title"].to_string(), query)
        })
    });
    queries.collect()
}

/// The names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.split(|letter| !is_part(letter)).filter(|word| word.starts_with("weir_")).collect()
}

/// The labels of the metrics that docs/metrics.md has, and the values of the last of them where it
/// names these.
fn documented_labels(page: &str) -> BTreeMap<&str, (Vec<&str>, BTreeSet<&str>)> {
    fn words<'a, T: FromIterator<&'a str>>(text: &'a str) -> T {
        text.split('`').skip(1).step_by(2).collect()
    }
    let rows = page.lines().filter(|line| line.starts_with("| `weir_"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let (names, values) = cells[3].split_once(':').unwrap_or((cells[3], ""));
        (cells[1].trim_matches('`'), (words(names), words(values)))
    })
    .collect()
}

/// The labels of the metric `name` in what Weir counts, each with its values.
fn counted_labels<'a>(text: &'a str, name: &str) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut labels = BTreeMap::<_, BTreeSet<_>>::new();
    for line in text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('{')) {
        let (line, _) = line.rsplit_once("\"}").expect("labels end");
        for label in line.split("\",") {
            let (name, value) = label.split_once("=\"").expect("a label has a value");
            labels.entry(name).or_default().insert(value);
        }
    }
    labels
}

/// The metrics that docs/metrics.md has, and where they are there.
fn documented(page: &str) -> BTreeMap<&str, &str> {
    let rows = page.lines().filter(|line| line.starts_with("| `weir_"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`'), cells[4])
    })
    .collect()
}

#[test]
fn prometheus_finds_weir_its_rules_and_its_dashboard_by_their_labels() {
    let values: Value = yaml::document("monitoring/values.yaml");
    let spec = &values["prometheus"]["prometheusSpec"];
    let monitor: Object<Monitor> = yaml::document("monitoring/servicemonitor.yaml");
    let rule: Object<Rules> = yaml::document(RULES);
    for (selector, metadata) in
        [("serviceMonitorSelector", &monitor.metadata), ("ruleSelector", &rule.metadata)]
    {
        let wanted = spec[selector]["matchLabels"].as_object().expect("labels");
        assert_eq!(*wanted, *json!({ "release": "monitoring" }).as_object().unwrap());
        assert_eq!(metadata.labels["release"], "monitoring", "{selector}");
    }
    let service = yaml::documents("deploy/weir.yaml")
        .into_iter()
        .find(|object| object["kind"] == "Service")
        .expect("a Service");
    assert_eq!(service["metadata"]["namespace"], *monitor.metadata.namespace);
    for (name, value) in &monitor.spec.selector.match_labels {
        assert_eq!(service["metadata"]["labels"][name], **value);
    }
    let [endpoint] = &monitor.spec.endpoints[..] else { panic!("one endpoint") };
    assert_eq!(service["spec"]["ports"][0]["name"], *endpoint.port);
    assert_eq!(endpoint.path, "/metrics");

    let sidecar = &values["grafana"]["sidecar"]["dashboards"];
    let map: Value = yaml::document("monitoring/dashboards/configmap.yaml");
    let label = sidecar["label"].as_str().expect("a label");
    assert_eq!(map["metadata"]["labels"][label], sidecar["labelValue"]);
    assert_eq!(map["data"]["weir.json"], *yaml::text(DASHBOARD), "copy the dashboard again");
}

#[test]
fn every_rule_says_what_is_wrong_and_what_to_do_and_has_a_test() {
    let rules = rules();
    let tests: Value = yaml::document(TESTS);
    let tested: BTreeSet<_> = tests["tests"]
        .as_array()
        .expect("tests")
        .iter()
        .flat_map(|test| test["alert_rule_test"].as_array().into_iter().flatten())
        .filter(|case| case["exp_alerts"] != json!([]))
        .map(|case| case["alertname"].as_str().expect("a name"))
        .collect();
    let names: BTreeSet<_> = rules.iter().map(|rule| &*rule.alert).collect();
    assert_eq!(names.len(), rules.len());
    assert_eq!(names, tested);
    for rule in &rules {
        let annotations: Vec<_> = rule.annotations.keys().collect();
        assert_eq!(annotations, ["description", "runbook", "summary"], "{}", rule.alert);
        let severity = &*rule.labels["severity"];
        assert!(["critical", "warning", "info"].contains(&severity), "{}", rule.alert);
    }
}

#[test]
fn promtool_passes_the_rules_and_their_tests() {
    let (Some(check), Some(test)) = (Oracle::program("promtool"), Oracle::program("promtool"))
    else {
        return;
    };
    let mut spec: Object<Rules> = yaml::document(RULES);
    let folder = Folder::new();
    let write = |rules: &Rules| {
        folder.file("weir.rules.yaml", serde_yaml::to_string(rules).expect("YAML").as_bytes());
    };
    write(&spec.spec);
    let said = check.within(folder.path()).said(&["check", "rules", "weir.rules.yaml"], "");
    said.unwrap_or_else(|wrong| panic!("{wrong}"));
    for rule in spec.spec.groups.iter_mut().flat_map(|group| &mut group.rules) {
        rule.annotations.retain(|name, _| name == "summary");
    }
    write(&spec.spec);
    folder.file("weir.test.yaml", yaml::text(TESTS).as_bytes());
    let said = test.within(folder.path()).said(&["test", "rules", "weir.test.yaml"], "");
    said.unwrap_or_else(|wrong| panic!("{wrong}"));
}

#[test]
fn grafana_knows_every_member_of_the_dashboard() {
    let ask = |dashboard: &str| {
        let oracle = Oracle::python("grafana_dashboard.py", "grafana_foundation_sdk")?;
        Some(oracle.json(&[], dashboard))
    };
    let dashboard = yaml::text(DASHBOARD);
    let Some(wrong) = ask(&dashboard) else { return };
    assert_eq!(wrong, json!([]));
    let wrong = ask(&dashboard.replacen("\"unit\"", "\"units\"", 1)).expect("it is there");
    assert_eq!(wrong.as_array().map(Vec::len), Some(1), "{wrong}");
}

#[test]
fn panels_have_ids_of_their_own_and_do_not_cover_each_other() {
    let dashboard: Value = serde_json::from_str(&yaml::text(DASHBOARD)).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64()).collect();
    assert_eq!(ids.len(), panels.len());
    let mut taken = BTreeSet::new();
    for panel in panels {
        let [x, y, w, h] =
            ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(x + w <= 24, "{panel}");
        for place in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(place), "{}", panel["title"]);
        }
        let is_row = panel["type"] == "row";
        assert!(is_row || panel["description"].as_str().is_some_and(|text| text.ends_with('.')));
    }
}

#[test]
fn rules_and_panels_speak_of_metrics_that_are_described() {
    let page = yaml::text("docs/metrics.md");
    let described = documented(&page);
    for rule in rules() {
        for name in metrics(&rule.expr) {
            assert!(described.contains_key(name), "{}: {name}", rule.alert);
        }
    }
    for (panel, query) in queries() {
        for name in metrics(&query) {
            assert!(described.contains_key(name), "{panel}: {name}");
        }
    }
    assert!(described.len() > 30, "{described:?}");
}

/// A Weir that has replayed the bundled capture beside its cluster and the file of an agent that
/// says nothing, and has a sink that takes nothing.
fn replayed(api: &ApiServer, folder: &Folder) -> Engine {
    let log = folder.path().join("weir.log");
    let mut command = weir(
        ["--api", "--listen", "127.0.0.1:0", "--replay", DEMO, "--log-level", "info"],
        &database(folder),
    );
    command.arg("--kubeconfig").arg(api.kubeconfig(folder.path()));
    let export = folder.file("tetragon.log", b"");
    command.arg("--tetragon").arg(format!("file://{}", export.display()));
    command.env("WEIR_WEBHOOK_URL", "http://127.0.0.1:9/").arg("--log-file").arg(&log);
    let engine = Engine::of(&mut command, &log);
    await_some("the end of the capture, and names for what is in it", || {
        let (_, text) = engine.ask("GET", "/metrics", "", "");
        let is_complete = [
            "weir_outbox_oldest_timestamp_seconds{",
            "\nweir_capture_progress_ratio 1\n",
            "weir_namespace_incidents_open{",
            "\nweir_cluster_up 1\n",
            "weir_tetragon_up{",
        ];
        is_complete.into_iter().all(|figure| text.contains(figure)).then_some(())
    });
    engine
}

#[test]
fn what_a_weir_counts_is_described_and_the_other_way_round() {
    let (api, folder) = (abroad::cluster(), Folder::new());
    let engine = replayed(&api, &folder);
    let (status, text) = engine.ask("GET", "/metrics", "", "");
    assert_eq!(status, 200);
    let typed = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let counted: BTreeSet<_> = typed.filter_map(|line| line.split(' ').next()).collect();
    let page = fs::read_to_string(yaml::path("docs/metrics.md")).expect("a page");
    let described = documented(&page);
    for name in &counted {
        assert!(described.contains_key(name), "{name} is not in docs/metrics.md");
    }
    for (name, place) in described {
        if place != "once one was told" {
            assert!(counted.contains(name), "{name} is not counted, though {place}");
        }
    }
    for (name, (labels, values)) in documented_labels(&page) {
        let found = counted_labels(&text, name);
        if counted.contains(name) {
            let documented: BTreeSet<_> = labels.iter().copied().collect();
            assert_eq!(found.keys().copied().collect::<BTreeSet<_>>(), documented, "{name}");
        }
        if let Some(last) = labels.last().filter(|_| !values.is_empty()) {
            assert_eq!(found[last], values, "{name}");
        }
    }
}

#[test]
fn every_query_has_an_answer_in_a_prometheus_that_asks_weir() {
    let (api, folder) = (abroad::cluster(), Folder::new());
    let engine = replayed(&api, &folder);
    let Some(prometheus) = Prometheus::start(&folder, &[engine.address()]) else { return };
    await_some("three answers of Weir", || {
        let count = prometheus.ask("min(count_over_time(up[1m])) >= 3").ok()?;
        (!count.is_empty()).then_some(())
    });
    for rule in rules() {
        let answer = prometheus.ask(&rule.expr);
        answer.unwrap_or_else(|wrong| panic!("{}: {wrong}", rule.alert));
    }
    let queries = queries();
    for (panel, query) in &queries {
        let answer = prometheus.ask(query).unwrap_or_else(|wrong| panic!("{panel}: {wrong}"));
        assert!(!answer.is_empty(), "{panel} shows nothing: {query}");
    }
    assert!(queries.len() > 25, "{}", queries.len());
    let seen = prometheus.ask("sum(weir_packets_total)").expect("an answer");
    let packets = seen[0]["value"][1].as_str().and_then(|text| text.parse::<f64>().ok());
    assert!(packets.is_some_and(|packets| packets > 10_000.0), "{seen:?}");
}
