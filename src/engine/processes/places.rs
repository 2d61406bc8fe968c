//! What the cluster knows of addresses.

use crate::cluster::World;
use crate::correlate::{Owner, Places};
use crate::incident::{Process, WhoKind};
use crate::packet::Address;

/// Later than anything: who has an address now.
const NOW_US: i64 = i64::MAX;

impl Places for World {
    fn is_same(&self, one: Address, other: Address) -> bool {
        let is_behind = |service: Address, address: Address| {
            self.who(service, NOW_US).filter(|who| who.kind == WhoKind::Service).is_some_and(
                |who| {
                    self.behind(&who.namespace, &who.name)
                        .is_some_and(|behind| behind.addresses.binary_search(&address).is_ok())
                },
            )
        };
        is_behind(one, other) || is_behind(other, one)
    }

    fn has(&self, owner: &Owner, address: Address) -> Option<bool> {
        let Process { namespace, pod, node, .. } = &owner.process;
        if !pod.is_empty() {
            let pod = self.pod(namespace, pod).filter(|pod| !pod.addresses.is_empty())?;
            return Some(pod.addresses.contains(&address));
        }
        let nodes = self.nodes();
        let at = nodes.binary_search_by(|one| one.name.as_str().cmp(node)).ok()?;
        if nodes[at].addresses.contains(&address) {
            return Some(true);
        }
        // A node has more addresses than it tells: those of its bridges.
        self.who(address, NOW_US).map(|_| false)
    }
}
