//! Policies of Tetragon through the API, `weir policy` and the console, against doubles of the API server and of an
//! agent: applied, refused, not loaded, deleted, with a cluster and without one.

#[path = "policies/agents.rs"]
mod agents;
#[path = "policies/api.rs"]
mod api;
#[path = "policies/console.rs"]
mod console;
mod support;
#[path = "policies/verbs.rs"]
mod verbs;

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use support::double::kube::ApiServer;
use support::double::kube::plan::When;
use support::double::kube::service::Kube;
use support::double::tetragon::{TetragonAgent, policies};
use support::ledger::{Ledger, Said};
use weir::store::{AuditRecord, Reader};

/// Tells of connections.
const TELLS: &str = "apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata:
  name: connections
spec:
  kprobes:
    - call: tcp_connect
      syscall: false
      args:
        - index: 0
          type: sock
";

/// Kills whatever opens a connection in a namespace.
const KILLS: &str = "apiVersion: cilium.io/v1alpha1
kind: TracingPolicyNamespaced
metadata:
  name: no-egress
  namespace: shop
spec:
  kprobes:
    - call: tcp_connect
      syscall: false
      args:
        - index: 0
          type: sock
      selectors:
        - matchActions:
            - action: Sigkill
";

/// Kills whatever opens a connection anywhere.
const HARMS: &str = "apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata:
  name: no-connections
spec:
  kprobes:
    - call: tcp_connect
      syscall: false
      args:
        - index: 0
          type: sock
      selectors:
        - matchActions:
            - action: Sigkill
";

/// An API server, an agent that takes policies from it, and a database.
struct Stage {
    api: ApiServer,
    agent: Arc<TetragonAgent>,
    ledger: Ledger,
    kubeconfig: PathBuf,
}

impl Stage {
    fn new() -> Self {
        let (api, ledger) = (ApiServer::start(), Ledger::new());
        let kubeconfig = api.kubeconfig(ledger.path.parent().expect("a folder"));
        api.with(|kube| kube.seed(support::double::kube::namespace("shop")));
        Self { api, agent: Arc::new(TetragonAgent::on_tcp()), ledger, kubeconfig }
    }

    /// From the next write on, the agent does with that policy what an agent does that watches the
    /// cluster.
    fn follows_next(&self) {
        follow_next(&self.api, &self.agent);
    }

    /// Runs a verb beside the cluster and the agent; `FILE` stands for a file of that text.
    fn weir(&self, line: &str, file: &str) -> Said {
        let path = self.ledger.beside("policy.yaml");
        std::fs::write(&path, file).expect("it is writable");
        let path = path.display().to_string();
        let arguments: Vec<_> =
            line.split(' ').map(|one| if one == "FILE" { &*path } else { one }).collect();
        let (kubeconfig, agent) = (self.kubeconfig.display().to_string(), self.agent.endpoint());
        let environment = [("WEIR_KUBECONFIG", &*kubeconfig), ("WEIR_TETRAGON", &*agent)];
        self.ledger.run_with(&arguments, &environment)
    }

    #[track_caller]
    fn done(&self, line: &str, file: &str) -> String {
        let said = self.weir(line, file);
        assert_eq!((said.status, &*said.err), (Some(0), ""), "weir {line}: {said:?}");
        said.out
    }

    #[track_caller]
    fn refused(&self, line: &str, file: &str, status: i32) -> String {
        let said = self.weir(line, file);
        assert_eq!((said.status, &*said.out), (Some(status), ""), "weir {line}: {said:?}");
        said.err
    }

    fn object(&self, name: &str) -> Value {
        self.api.with(|kube| kube.get("tracingpolicies", "", name))
    }

    fn writes(&self) -> usize {
        self.api.with(|kube| kube.writes().len())
    }

    /// What is on record of policies, oldest first.
    fn records(&self) -> Vec<AuditRecord> {
        let mut records = Reader::open(&self.ledger.path)
            .and_then(|reader| reader.audit(None, 50))
            .expect("the record is there");
        records.reverse();
        records.retain(|record| record.what.starts_with("policy."));
        records
    }
}

fn follow_next(api: &ApiServer, agent: &Arc<TetragonAgent>) {
    let agent = Arc::clone(agent);
    let is_policy = |resource: &str| resource.starts_with("tracingpolicies");
    api.with(|kube| {
        let act = move |kube: &mut Kube| follow(kube, &agent);
        kube.plan.at(When::After, 0, move |asked| is_policy(&asked.resource), act);
    });
}

/// The agent has what the cluster has, taken in anew.
fn follow(kube: &Kube, agent: &TetragonAgent) {
    let resources = ["tracingpolicies", "tracingpoliciesnamespaced"];
    let objects = resources.map(|resource| kube.all(resource)).concat();
    agent.with(|agent| {
        agent.policies.retain(|policy| policy["domain"] != "k8s");
        for object in objects {
            let yaml = serde_yaml::to_string(&object).expect("YAML");
            policies::add(agent, &yaml).ok();
            agent.policies.last_mut().expect("it has it")["domain"] = json!("k8s");
        }
    });
}

/// Lines of JSON.
fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}
