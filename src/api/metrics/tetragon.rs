//! What is counted of events, of the agents that tell them, and of policies. Nothing where nobody is
//! listened to.

use std::collections::BTreeMap;

use super::Page;
use crate::engine::{Snapshot, TetragonStatus};
use crate::policy::Standing;
use crate::tetragon::{AgentLink, AgentStatus};

/// What came from the agents of one node.
#[derive(Debug, Default)]
struct Node {
    is_up: bool,
    events: u64,
    /// Left out by the agent, dropped by Weir, and what could not be read.
    lost: [u64; 3],
    throttled: u64,
    gaps: u64,
}

/// Where events are lost, in the order of [`Node::lost`].
const PLACES: [&str; 3] = ["agent", "weir", "unreadable"];

impl Page {
    pub(super) fn tetragon(&mut self, snapshot: &Snapshot) {
        let TetragonStatus { agents, policies, .. } = &snapshot.tetragon;
        if agents.is_empty() {
            return;
        }
        self.nodes(&by_node(agents));
        self.memory(&snapshot.tetragon);
        self.gauge("weir_tetragon_policies", "Policies, by how they stand.");
        for standing in Standing::ALL {
            let stand = policies.iter().filter(|policy| policy.standing == standing).count();
            self.labelled("weir_tetragon_policies", &[("standing", standing.name())], stand);
        }
    }

    fn nodes(&mut self, nodes: &BTreeMap<String, Node>) {
        self.gauge("weir_tetragon_up", "Whether an agent of the node is heard.");
        for (node, status) in nodes {
            self.labelled("weir_tetragon_up", &[("node", node)], u8::from(status.is_up));
        }
        self.counter("weir_tetragon_events_total", "Events that came, by node.");
        for (node, status) in nodes {
            self.labelled("weir_tetragon_events_total", &[("node", node)], status.events);
        }
        let name = "weir_tetragon_lost_events_total";
        self.counter(name, "Events that are known to be lost, by node and by where.");
        for (node, status) in nodes {
            for (place, lost) in PLACES.into_iter().zip(status.lost) {
                self.labelled(name, &[("node", node), ("where", place)], lost);
            }
        }
        let name = "weir_tetragon_throttled_cgroups";
        self.gauge(name, "Cgroups of which the agent leaves out events now.");
        for (node, status) in nodes {
            self.labelled(name, &[("node", node)], status.throttled);
        }
        let name = "weir_tetragon_gaps_total";
        self.counter(name, "Times that nothing was heard, and nobody knows what was missed.");
        for (node, status) in nodes {
            self.labelled(name, &[("node", node)], status.gaps);
        }
    }

    fn memory(&mut self, status: &TetragonStatus) {
        self.gauge("weir_tetragon_kept_events", "Events that are remembered.");
        self.plain("weir_tetragon_kept_events", status.kept);
        self.gauge("weir_tetragon_kept_bytes", "Their size in bytes.");
        self.plain("weir_tetragon_kept_bytes", status.kept_bytes);
        let name = "weir_tetragon_evicted_events_total";
        self.counter(name, "Events that were remembered, and made room for newer ones.");
        self.plain(name, status.evicted);
        let name = "weir_tetragon_flows_total";
        self.counter(name, "TCP flows that are over, by whether the process of an end is known.");
        let unknown = status.joinable.saturating_sub(status.joined);
        for (process, flows) in [("known", status.joined), ("unknown", unknown)] {
            self.labelled(name, &[("process", process)], flows);
        }
        let name = "weir_tetragon_forgotten_claims_total";
        self.counter(
            name,
            "What processes did with sockets or started, and was forgotten for newer.",
        );
        self.plain(name, status.forgotten);
    }
}

/// Several may be heard of one node; one whose node is not known yet stands for itself.
fn by_node(agents: &[AgentStatus]) -> BTreeMap<String, Node> {
    let mut nodes = BTreeMap::<String, Node>::new();
    for agent in agents {
        let node = nodes.entry(agent.name()).or_default();
        node.is_up |= agent.link == AgentLink::Up;
        node.events += agent.events;
        let lost = [agent.rate_limited, agent.dropped, agent.unreadable];
        node.lost.iter_mut().zip(lost).for_each(|(all, lost)| *all += lost);
        node.throttled += agent.throttled;
        node.gaps += agent.gaps;
    }
    nodes
}
