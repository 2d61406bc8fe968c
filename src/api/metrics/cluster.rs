//! What is counted of the cluster, of limits and of what was decided. Nothing where there is no cluster.

use super::Page;
use crate::cluster::Link;
use crate::engine::{Holder, Snapshot};
use crate::respond::{DecisionKind, Standing};

impl Page {
    pub(super) fn cluster(&mut self, snapshot: &Snapshot) {
        let Snapshot { cluster, response, .. } = snapshot;
        if matches!(cluster.link, Link::Absent(_)) || cluster.context.is_empty() {
            return;
        }
        self.gauge("weir_cluster_up", "Whether the API server answers.");
        self.plain("weir_cluster_up", u8::from(cluster.link == Link::Up));
        self.gauge("weir_lease_held", "Whether this Weir is the one that undoes limits.");
        self.plain("weir_lease_held", u8::from(response.holder == Holder::Us));
        self.gauge("weir_limits", "Ingresses, by how their limit stands.");
        for standing in Standing::ALL {
            let stand = response.limits.iter().filter(|one| one.standing == standing).count();
            self.labelled("weir_limits", &[("standing", standing.name())], stand);
        }
        self.counter("weir_limit_actions_total", "What came of incidents and limits.");
        for (kind, count) in DecisionKind::ALL.into_iter().zip(response.counts) {
            self.labelled("weir_limit_actions_total", &[("kind", kind.name())], count);
        }
    }
}
