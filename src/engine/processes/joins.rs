//! Flows whose processes are looked for, again and again for some seconds: events may be late.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;

use super::Processes;
use crate::correlate::{Answer, Asked, Ending, Found, Places};
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
    /// What incidents may be told: they take nothing back, so it must have stood a second time.
    stood: Found,
    /// How often it was asked for since its last word.
    tries: usize,
}

/// What came of asking.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Flows of which other processes are known than before, or that none is known any more.
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
        self.processes.restart();
        self.flows.clear();
        self.due.iter_mut().for_each(VecDeque::clear);
    }

    /// Takes what is known of a flow.
    pub(crate) fn heard(&mut self, flow: &FlowSummary, now_us: i64) {
        let is_joinable = matches!(flow.tuple.protocol, protocol::TCP | protocol::UDP);
        if !is_joinable || !self.processes.is_heard() {
            return;
        }
        let ending = match flow.state {
            State::Final(End::Fin | End::Rst | End::Idle) => Ending::Over,
            State::Final(End::Active | End::Evicted | End::Input) => Ending::Cut,
            State::Provisional => Ending::Open,
        };
        let FlowSummary { tuple, first_us, last_us, .. } = *flow;
        let asked = Asked { tuple, first_us, last_us, ending, now_us };
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
        let ending = Ending::Open;
        let asked = Asked { tuple, first_us, last_us, ending, now_us: last_us };
        let is_known = self.flows.contains(&span.id);
        let join = self.join(span.id, asked);
        join.incident = Some(incident);
        let (stood, asked) = (join.stood.clone(), join.asked);
        self.due[0].push_back((last_us, span.id));
        if is_known { self.seen(incident, &asked, &stood) } else { Vec::new() }
    }

    fn join(&mut self, id: FlowId, asked: Asked) -> &mut Join {
        let join = self.flows.get_or_insert_mut(id, || Join {
            asked,
            is_final: false,
            incident: None,
            found: Found::default(),
            stood: Found::default(),
            tries: 0,
        });
        let last_us = asked.last_us.max(join.asked.last_us);
        let ending = asked.ending.max(join.asked.ending);
        join.asked = Asked { last_us, ending, ..asked };
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
        let answer = self.processes.ask(&asked, places);
        let before = join.found.clone();
        newer(&mut join.found.client, answer.client);
        newer(&mut join.found.server, answer.server);
        join.tries += 1;
        let (found, is_final) = (join.found.clone(), join.is_final);
        if found != before {
            news.flows.push((asked.tuple, asked.first_us, found.clone()));
        }
        // The last word has nothing after it to stand against.
        let has_stood = at > 0 && (found == before || at + 1 == AGAIN_US.len());
        if has_stood && join.stood != found {
            join.stood = found.clone();
            if let Some(incident) = join.incident {
                news.incidents.extend(self.seen(incident, &asked, &found));
            }
        }
        // Asked to the end, though it is known: a word that comes late may say otherwise.
        if let Some(after_us) = AGAIN_US.get(at + 1) {
            let due_us = now_us.saturating_add(after_us - AGAIN_US[at]);
            self.due[at + 1].push_back((due_us, id));
        } else if is_final {
            self.flows.pop(&id);
            if asked.tuple.protocol == protocol::TCP {
                self.joinable += 1;
                self.joined += u64::from(found.is_any());
            }
        }
    }

    /// Processes of a flow as parts of an incident.
    fn seen(&self, incident: IncidentId, asked: &Asked, found: &Found) -> Vec<Joined> {
        let one = |answer: &Answer, deed| {
            let owner = answer.owner()?;
            let process = owner.process.clone();
            let seen = ProcessSeen { deed, at_us: asked.first_us, process };
            let events = self.processes.witnesses(&owner.id, &asked.tuple);
            Some(Joined { incident, seen, events })
        };
        [one(&found.client, Deed::Client), one(&found.server, Deed::Server)]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Takes a newer answer. One that says nothing takes nothing back: what was heard may have been forgotten.
fn newer(known: &mut Answer, answer: Answer) {
    if answer != Answer::Nobody {
        *known = answer;
    }
}
