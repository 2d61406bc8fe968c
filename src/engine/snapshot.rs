//! What the console and the API may see of a running engine: immutable, cheap to clone, complete.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::arrivals::ArrivalCounts;
use super::events::KeptEvent;
use super::scans::ScansStatus;
use crate::capture::evidence;
use crate::cluster::{ClusterStatus, World};
use crate::detect::{Backend, CLASSES, Class, Score, Shift, Verdict};
use crate::incident::{Incident, Process, SinkName, Who};
use crate::packet::Address;
use crate::policy::PolicyStatus;
use crate::respond::{Decision, DecisionKind, Effect, IngressName, LimitStatus, Mode};
use crate::store::{Depth, Entry, Mute};
use crate::tetragon::{AgentStatus, Wish};

/// Where packets come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SourceKind {
    /// A capture file.
    #[default]
    File,
    /// A live interface.
    Interface,
}

/// Whether packets still come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SourceState {
    /// They come, or may come.
    #[default]
    Running,
    /// The file has been read to its end.
    Ended,
    /// Why none will come any more.
    Failed(String),
}

/// The source and how it is doing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// Whether it is a file or an interface.
    pub kind: SourceKind,
    /// Names of the interfaces, or the file's.
    pub name: String,
    /// Whether packets still come.
    pub state: SourceState,
    /// How much of a file has been read, 0 to 1.
    pub progress: Option<f64>,
}

/// What came in.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Traffic {
    /// Packets decoded.
    pub packets: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Packets a second of packet time, over the last seconds.
    pub packets_per_s: f64,
    /// Bits a second of packet time, over the last seconds.
    pub bits_per_s: f64,
    /// Frames that made no packet: no IP, cut, malformed.
    pub skipped: u64,
    /// Packets the kernel dropped because its ring was full.
    pub dropped_kernel: u64,
    /// Packets the interface dropped.
    pub dropped_interface: u64,
    /// Packets dropped because the flow table did not keep up.
    pub dropped_queue: u64,
}

impl Traffic {
    /// Packets lost anywhere.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped_kernel + self.dropped_interface + self.dropped_queue
    }
}

/// What the flow table holds and has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FlowCounts {
    /// Flows open now.
    pub open: u64,
    /// Flows opened so far.
    pub opened: u64,
    /// Flows that were ended early to keep within `max-flows`.
    pub evicted: u64,
}

/// The model and what it has done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelStatus {
    /// Its name.
    pub name: String,
    /// What runs it.
    pub backend: Backend,
    /// Sequences scored so far.
    pub sequences: u64,
    /// Sequences scored a second of wall time, over the last seconds.
    pub sequences_per_s: f64,
    /// Vectors that were not scored because inference did not keep up.
    pub unscored: u64,
    /// How far the network is from what it was trained on.
    pub shift: Shift,
}

/// Whether incidents can be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreStatus {
    /// The database; none where nothing is kept.
    pub path: Option<PathBuf>,
    /// Why the last write failed, if it did; it is tried again.
    pub failure: Option<String>,
    /// Changes that wait to be written.
    pub waiting: u64,
}

/// A sink and how it is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkStatus {
    /// Which.
    pub sink: SinkName,
    /// How much it is behind, and how it has done.
    pub depth: Depth,
    /// Whether it takes what it is told: what it said when it last did not, if that was its last
    /// word.
    pub failure: Option<String>,
}

/// All flows of one client to one service, or to one server where it turns to many of its services.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// Who opened the flows.
    pub client: Address,
    /// Whom to.
    pub server: Address,
    /// What the cluster says the client is.
    pub client_who: Option<Arc<Who>>,
    /// What the cluster says the server is.
    pub server_who: Option<Arc<Who>>,
    /// The process that opened the newest of its flows of which that is known.
    pub client_process: Option<Arc<Process>>,
    /// The process that took the newest of its flows of which that is known.
    pub server_process: Option<Arc<Process>>,
    /// Port of the service, for ICMP the message type; none where they are many.
    pub server_port: Option<u16>,
    /// IP protocol number.
    pub protocol: u8,
    /// The worst score of its recent flows.
    pub score: Score,
    /// The class of the flow with that score.
    pub class: Class,
    /// Whether that flow alarmed.
    pub is_alarm: bool,
    /// Flows seen.
    pub flows: u64,
    /// Packets of these flows.
    pub packets: u64,
    /// Transport payload of these flows.
    pub bytes: u64,
    /// Of these flows, those that were reset.
    pub resets: u64,
    /// First packet, in µs since the epoch.
    pub first_us: i64,
    /// Last packet, in µs since the epoch.
    pub last_us: i64,
    /// The newest verdict on each of its last flows, newest first.
    pub recent: Vec<Arc<Verdict>>,
}

/// The worst score of one second of packet time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScorePoint {
    /// The second since the epoch.
    pub second: i64,
    /// The worst score of the verdicts of that second.
    pub score: Score,
    /// Verdicts of that second.
    pub verdicts: u32,
}

/// Who undoes limits whose time is over: one Weir of all that watch the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Holder {
    /// There is no cluster, or it does not say.
    #[default]
    Unknown,
    /// This one.
    Us,
    /// Another, of this name.
    Other(String),
}

/// What is done about attacks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResponseStatus {
    /// How far this Weir goes by itself where nothing else is said.
    pub mode: Mode,
    /// Who undoes limits.
    pub holder: Holder,
    /// Ingresses in order of their names, and the limits there.
    pub limits: Vec<Arc<LimitStatus>>,
    /// When these were read, in µs since the epoch by the wall clock; 0 if never.
    pub read_us: i64,
    /// What limits do, as traffic shows it.
    pub effects: Vec<(IngressName, Effect)>,
    /// What was decided, newest first, at most [`ResponseStatus::DECISIONS`].
    pub decisions: Vec<Arc<Decision>>,
    /// How often what was decided since the start, in the order of [`DecisionKind::ALL`].
    pub counts: [u64; DecisionKind::ALL.len()],
}

impl ResponseStatus {
    /// Decisions that are remembered.
    pub const DECISIONS: usize = 200;
}

/// What processes do, and which of them are behind flows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TetragonStatus {
    /// Why no agent is listened to, and how to mend it, where none is.
    pub absent: Option<String>,
    /// What was asked to be heard by name: an engine that does not hear it is not ready.
    pub needed: Vec<Wish>,
    /// Agents, and what came from each.
    pub agents: Vec<AgentStatus>,
    /// Events that are remembered.
    pub kept: u64,
    /// Their size in bytes.
    pub kept_bytes: u64,
    /// Events that were remembered, and made room for newer ones.
    pub evicted: u64,
    /// The newest of them, newest first, at most [`TetragonStatus::SHOWN`].
    pub events: Vec<Arc<KeptEvent>>,
    /// Policies, worst first.
    pub policies: Vec<Arc<PolicyStatus>>,
    /// When these were read, in µs since the epoch by the wall clock; 0 if never.
    pub policies_read_us: i64,
    /// Why they could not be read the last time.
    pub policies_failure: Option<String>,
    /// What else there is to say of them, each in a sentence.
    pub policies_notes: Vec<String>,
    /// TCP flows that are over and whose process was looked for.
    pub joinable: u64,
    /// Of these, those of which the process of either end was found.
    pub joined: u64,
    /// What processes did and was forgotten for want of memory, before it was of any use or after it.
    pub forgotten: u64,
}

impl TetragonStatus {
    /// Events that are shown.
    pub const SHOWN: usize = 1_000;

    /// Events of which somebody says that they were lost, anywhere.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.agents.iter().map(AgentStatus::lost).sum()
    }

    /// Of these, those since `before`, as far as their agents were known then.
    #[must_use]
    pub fn lost_since(&self, before: &Self) -> u64 {
        self.since(before, AgentStatus::lost)
    }

    /// Times that an agent was not heard for a while since `before`, as far as it was known then.
    #[must_use]
    pub fn gaps_since(&self, before: &Self) -> u64 {
        self.since(before, |agent| agent.gaps)
    }

    fn since(&self, before: &Self, count: impl Fn(&AgentStatus) -> u64) -> u64 {
        let known: HashMap<_, _> =
            before.agents.iter().map(|agent| (&agent.endpoint, count(agent))).collect();
        let new =
            |agent: &AgentStatus| Some(count(agent).saturating_sub(*known.get(&agent.endpoint)?));
        self.agents.iter().filter_map(new).sum()
    }
}

/// What the console and the API may see.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// Packet time, in µs since the epoch; 0 before the first packet.
    pub now_us: i64,
    /// The source.
    pub source: Source,
    /// What came in.
    pub traffic: Traffic,
    /// What was looked into of it.
    pub arrivals: ArrivalCounts,
    /// The flow table.
    pub flows: FlowCounts,
    /// The model.
    pub model: ModelStatus,
    /// The database.
    pub store: StoreStatus,
    /// Conversations heard of lately: those that alarm first, newest trouble first.
    pub conversations: Vec<Arc<Conversation>>,
    /// The last five minutes, oldest first; seconds without a verdict are left out.
    pub scores: Vec<ScorePoint>,
    /// Final flows of the last five minutes by class, in the order of [`Class::ALL`].
    pub classes: [u64; CLASSES],
    /// Incidents, those open first, newest first.
    pub incidents: Vec<Arc<Incident>>,
    /// Incidents that were resolved before they were over, because too many were open.
    pub resolved_early: u64,
    /// Who is told of incidents, and how that goes.
    pub sinks: Vec<SinkStatus>,
    /// The first entries of the outbox, oldest first, at most 200.
    pub outbox: Vec<Arc<Entry>>,
    /// Mutes that go on, newest first.
    pub mutes: Vec<Mute>,
    /// The ring of packets; none where none are kept.
    pub evidence: Option<evidence::Status>,
    /// Whether there is a cluster, and how it is doing.
    pub cluster: ClusterStatus,
    /// What is known of it.
    pub world: Arc<World>,
    /// What is done about attacks.
    pub response: ResponseStatus,
    /// What processes do.
    pub tetragon: TetragonStatus,
    /// Images that run, and what is known to be wrong with them.
    pub scans: ScansStatus,
}
