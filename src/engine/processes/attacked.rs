//! Programs that are started where an incident strikes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::execs::{Exec, Usual};
use super::{Joined, Processes};
use crate::cluster::World;
use crate::incident::{Deed, Incident, IncidentId, ProcessSeen, WhoKind};

/// How long before its first packet a start belongs to an incident, in µs.
const BEFORE_US: i64 = 30_000_000;

/// How long after its last packet, in µs.
const AFTER_US: i64 = 300_000_000;

/// Incidents and pods of one that are watched.
const INCIDENTS: usize = 256;
const PODS: usize = 64;

/// Namespace and name.
type PodName = (String, String);

#[derive(Debug, Default)]
struct Watched {
    first_us: i64,
    last_us: i64,
    /// What was usual in each before it began.
    pods: BTreeMap<PodName, Usual>,
}

impl Watched {
    fn is_part(&self, exec: &Exec) -> bool {
        let (namespace, pod) = exec.pod();
        let from_us = self.first_us.saturating_sub(BEFORE_US);
        let until_us = self.last_us.saturating_add(AFTER_US);
        let usual = self.pods.get(&(namespace.to_owned(), pod.to_owned()));
        (from_us..=until_us).contains(&exec.at_us)
            && usual.is_some_and(|usual| !usual.contains(&exec.what))
    }
}

/// Incidents whose pods are watched.
#[derive(Debug, Default)]
pub(crate) struct Attacked(BTreeMap<IncidentId, Watched>);

impl Attacked {
    /// Takes an incident as it stands; programs that were started where it strikes.
    pub(crate) fn watch(
        &mut self,
        incident: &Incident,
        world: &World,
        processes: &Processes,
    ) -> Vec<Joined> {
        if self.0.len() >= INCIDENTS && !self.0.contains_key(&incident.id) {
            // The one that ended first has least to come.
            let oldest = self.0.iter().min_by_key(|(_, one)| one.last_us).map(|(id, _)| *id);
            oldest.map(|id| self.0.remove(&id));
        }
        let watched = self.0.entry(incident.id).or_default();
        (watched.first_us, watched.last_us) = (incident.first_us, incident.last_us);
        let before_us = incident.first_us.saturating_sub(BEFORE_US);
        let mut found = Vec::new();
        for pod in pods(incident, world) {
            if watched.pods.len() >= PODS || watched.pods.contains_key(&pod) {
                continue;
            }
            let (execs, usual) = processes.in_pod(&pod.0, &pod.1, before_us);
            watched.pods.insert(pod, usual);
            found.extend(execs);
        }
        let part = found.iter().filter(|exec| watched.is_part(exec));
        part.map(|exec| started(incident.id, exec)).collect()
    }

    /// Takes programs that were started, at `now_us` of packet time; those that are part of an incident.
    pub(crate) fn started(&mut self, execs: &[Arc<Exec>], now_us: i64) -> Vec<Joined> {
        let part = execs.iter().flat_map(|exec| {
            let of = self.0.iter().filter(|(_, watched)| watched.is_part(exec));
            of.map(|(id, _)| started(*id, exec))
        });
        let part = part.collect();
        // Events may be late.
        let over_us = now_us.saturating_sub(2 * AFTER_US);
        self.0.retain(|_, watched| watched.last_us >= over_us);
        part
    }
}

fn started(incident: IncidentId, exec: &Exec) -> Joined {
    let process = exec.owner.process.clone();
    let seen = ProcessSeen { deed: Deed::Started, at_us: exec.at_us, process };
    Joined { incident, seen, events: vec![Arc::clone(&exec.kept)] }
}

/// The pods that are attacked: targets, and those behind a service that is one.
fn pods(incident: &Incident, world: &World) -> Vec<PodName> {
    let named = incident.targets.listed.iter().filter_map(|target| incident.names.get(*target));
    let mut pods = Vec::new();
    for who in named {
        let of = |pod: &String| (who.namespace.clone(), pod.clone());
        match who.kind {
            WhoKind::Pod => pods.push(of(&who.name)),
            WhoKind::Service => {
                let behind = world.behind(&who.namespace, &who.name);
                pods.extend(behind.into_iter().flat_map(|behind| &behind.pods).map(of));
            }
            WhoKind::Node => {}
        }
    }
    pods.truncate(PODS);
    pods
}
