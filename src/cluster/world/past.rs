//! Pods that have ended, remembered for a while: packets of theirs may still be looked at.

use std::collections::VecDeque;
use std::sync::Arc;

use super::World;
use crate::cluster::record::Pod;
use crate::cluster::store::Ended;
use crate::incident::Who;
use crate::packet::Address;

/// Pods remembered, about 5 MB; the one that ended first is forgotten first.
const PODS: usize = 10_000;

/// For how long, in µs.
const KEPT_US: i64 = 3_600_000_000;

/// A pod that is gone.
#[derive(Debug)]
pub(super) struct PastPod {
    pub(super) who: Arc<Who>,
    pub(super) addresses: Vec<Address>,
    pub(super) from_us: i64,
    pub(super) until_us: i64,
}

/// Pods that are gone, those that ended first in front.
#[derive(Debug, Default)]
pub(crate) struct Past(VecDeque<PastPod>);

impl Past {
    /// Takes pods that are gone; what they were is what `world` says, which still knows their owners.
    pub(crate) fn take(&mut self, ended: Vec<Ended>, world: &World, now_us: i64) {
        for Ended { pod, at_us } in ended {
            if pod.is_on_host_network || pod.addresses.is_empty() {
                continue;
            }
            let key = (pod.namespace.clone(), pod.name.clone());
            let known = world.who_by_pod.get(&key).map(Arc::clone);
            self.0.push_back(PastPod {
                who: known.unwrap_or_else(|| Arc::new(alone(&pod))),
                addresses: pod.addresses.clone(),
                from_us: pod.started_us.unwrap_or(at_us),
                until_us: pod.ended_us.map_or(at_us, |ended_us| ended_us.min(at_us)),
            });
        }
        while self.0.front().is_some_and(|first| {
            self.0.len() > PODS || first.until_us < now_us.saturating_sub(KEPT_US)
        }) {
            self.0.pop_front();
        }
    }

    pub(super) fn pods(&self) -> impl Iterator<Item = &PastPod> {
        self.0.iter()
    }
}

/// What a pod is by its own word.
fn alone(pod: &Pod) -> Who {
    Who {
        kind: crate::incident::WhoKind::Pod,
        namespace: pod.namespace.clone(),
        name: pod.name.clone(),
        workload: pod.owner.clone(),
        service: None,
    }
}
