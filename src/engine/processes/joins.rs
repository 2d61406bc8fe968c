//! Flows whose processes are looked for, again and again for some seconds: events may be late.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;

use super::Processes;
use crate::correlate::{Asked, Found, Owner, Places};
use crate::detect::FlowSummary;
use crate::engine::events::KeptEvent;
use crate::flow::{End, FlowId, State};
use crate::incident::{Deed, FlowSpan, IncidentId, ProcessSeen};
use crate::packet::{Tuple, protocol};

/// Flows that are looked for.
const FLOWS: NonZeroUsize = NonZeroUsize::new(65_536).expect("more than none");

/// When a flow is asked for again after its last word, in µs of packet time.
const AGAIN_US: [i64; 4] = [0, 1_000_000, 3_000_000, 8_000_000];

/// A process that is part of an incident, and the events that say so.
#[derive(Debug, Clone)]
pub(crate) struct Joined {
    pub(crate) incident: IncidentId,
    pub(crate) seen: ProcessSeen,
    pub(crate) events: Vec<Arc<KeptEvent>>,
}

#[derive(Debug)]
struct Join {
    asked: Asked,
    is_final: bool,
    incident: Option<IncidentId>,
    found: Found,
    /// How often it was asked for since its last word.
    tries: usize,
}

/// What came of asking.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Flows whose processes are known, or more of them.
    pub(crate) flows: Vec<(Tuple, i64, Found)>,
    /// Processes of incidents.
    pub(crate) incidents: Vec<Joined>,
}

/// Flows whose processes are looked for.
#[derive(Debug)]
pub(crate) struct Joins {
    processes: Processes,
    flows: LruCache<FlowId, Join, RandomState>,
    /// Flows to be asked for, and when, by how often they were.
    due: [VecDeque<(i64, FlowId)>; AGAIN_US.len()],
    joinable: u64,
    joined: u64,
}

impl Joins {
    pub(crate) fn new(processes: Processes) -> Self {
        let flows = LruCache::with_hasher(FLOWS, RandomState::default());
        Self { processes, flows, due: Default::default(), joinable: 0, joined: 0 }
    }

    /// TCP flows that are over and were looked for, and those of them of which a process was found.
    pub(crate) const fn counts(&self) -> (u64, u64) {
        (self.joinable, self.joined)
    }

    /// Forgets all flows, as when the capture's clock jumps back.
    pub(crate) fn clear(&mut self) {
        self.flows.clear();
        self.due.iter_mut().for_each(VecDeque::clear);
    }

    /// Takes what is known of a flow.
    pub(crate) fn heard(&mut self, flow: &FlowSummary, now_us: i64) {
        let is_joinable = matches!(flow.tuple.protocol, protocol::TCP | protocol::UDP);
        if !is_joinable || !self.processes.is_heard() {
            return;
        }
        let is_over = matches!(flow.state, State::Final(End::Fin | End::Rst | End::Idle));
        let FlowSummary { tuple, first_us, last_us, .. } = *flow;
        let asked = Asked { tuple, first_us, last_us, is_over, now_us };
        let join = self.join(flow.id, asked);
        join.is_final = matches!(flow.state, State::Final(_));
        self.due[0].push_back((now_us, flow.id));
    }

    /// A flow is part of an incident; the processes of it that are known.
    pub(crate) fn of_incident(&mut self, incident: IncidentId, span: &FlowSpan) -> Vec<Joined> {
        if !self.processes.is_heard() {
            return Vec::new();
        }
        let FlowSpan { tuple, first_us, last_us, .. } = *span;
        let asked = Asked { tuple, first_us, last_us, is_over: false, now_us: last_us };
        let is_known = self.flows.contains(&span.id);
        let join = self.join(span.id, asked);
        if is_known {
            join.asked.is_over |= join.is_final;
        }
        join.incident = Some(incident);
        let (found, first_us) = (join.found.clone(), join.asked.first_us);
        if !is_known {
            self.due[0].push_back((last_us, span.id));
        }
        self.seen(incident, first_us, &found)
    }

    fn join(&mut self, id: FlowId, asked: Asked) -> &mut Join {
        let join = self.flows.get_or_insert_mut(id, || Join {
            asked,
            is_final: false,
            incident: None,
            found: Found::default(),
            tries: 0,
        });
        let is_over = join.asked.is_over || asked.is_over;
        let last_us = asked.last_us.max(join.asked.last_us);
        join.asked = Asked { last_us, is_over, ..asked };
        join.tries = 0;
        join
    }

    /// Asks for what is due at `now_us` of packet time.
    pub(crate) fn look(&mut self, now_us: i64, places: &impl Places) -> News {
        let mut news = News::default();
        for at in 0..AGAIN_US.len() {
            while self.due[at].front().is_some_and(|(due_us, _)| *due_us <= now_us) {
                let Some((_, id)) = self.due[at].pop_front() else { break };
                self.ask(id, at, now_us, places, &mut news);
            }
        }
        news
    }

    fn ask(&mut self, id: FlowId, at: usize, now_us: i64, places: &impl Places, news: &mut News) {
        // One that was heard of again since is asked for by that.
        let Some(join) = self.flows.peek_mut(&id).filter(|join| join.tries == at) else { return };
        let asked = Asked { now_us, ..join.asked };
        let found = self.processes.ask(&asked, places);
        let is_new = found != join.found && found != Found::default();
        // A later word that says nothing takes nothing back: a claim may have been forgotten.
        if is_new {
            let Found { client, server } = std::mem::take(&mut join.found);
            join.found = Found { client: found.client.or(client), server: found.server.or(server) };
        }
        join.tries += 1;
        let (found, is_final, incident) = (join.found.clone(), join.is_final, join.incident);
        let is_whole = found.client.is_some() && found.server.is_some();
        if is_new {
            news.flows.push((asked.tuple, asked.first_us, found.clone()));
            if let Some(incident) = incident {
                news.incidents.extend(self.seen(incident, asked.first_us, &found));
            }
        }
        let next = AGAIN_US.get(at + 1).filter(|_| !is_whole);
        if let Some(after_us) = next {
            let due_us = now_us.saturating_add(after_us - AGAIN_US[at]);
            self.due[at + 1].push_back((due_us, id));
        } else if is_final {
            self.flows.pop(&id);
            if asked.tuple.protocol == protocol::TCP {
                self.joinable += 1;
                self.joined += u64::from(found != Found::default());
            }
        }
    }

    /// Processes of a flow as parts of an incident.
    fn seen(&self, incident: IncidentId, at_us: i64, found: &Found) -> Vec<Joined> {
        let one = |owner: &Option<Arc<Owner>>, deed| {
            let owner = owner.as_ref()?;
            let seen = ProcessSeen { deed, at_us, process: owner.process.clone() };
            Some(Joined { incident, seen, events: self.processes.witnesses(&owner.id) })
        };
        [one(&found.client, Deed::Client), one(&found.server, Deed::Server)]
            .into_iter()
            .flatten()
            .collect()
    }
}
