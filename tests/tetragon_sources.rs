//! Where events come from: agents over gRPC, files and logs that are followed, and what each source says
//! of what it lost.

#[path = "tetragon_sources/agents.rs"]
mod agents;
#[path = "tetragon_sources/cluster.rs"]
mod cluster;
#[path = "tetragon_sources/files.rs"]
mod files;
#[path = "tetragon_sources/policies.rs"]
mod policies;
mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use weir::cluster::{Cluster, Options};
use weir::tetragon::{AgentLink, AgentStatus, Event, EventSink, Wish, follow};

use support::double::kube::ApiServer;

/// How long anything may take.
const LONGEST: Duration = Duration::from_secs(90);

/// How often it is looked whether it is so.
const GLANCE: Duration = Duration::from_millis(50);

/// How long it may take to end.
const MOMENT: Duration = Duration::from_secs(10);

/// What was heard.
#[derive(Default)]
struct Heard {
    events: Vec<Event>,
    agents: Vec<AgentStatus>,
    /// How many more events there is room for; none for any number.
    room: Option<usize>,
    /// Whether the next event is its end.
    breaks: bool,
}

/// Who keeps what comes.
#[derive(Default)]
struct Keeper {
    heard: Mutex<Heard>,
    is_new: Condvar,
    denied: Vec<String>,
}

impl EventSink for Keeper {
    fn denied_namespaces(&self) -> &[String] {
        &self.denied
    }

    fn take(&self, event: Event) -> bool {
        let breaks = std::mem::take(&mut self.lock().breaks);
        assert!(!breaks, "it breaks off");
        let mut heard = self.lock();
        if heard.room == Some(0) {
            return false;
        }
        heard.room = heard.room.map(|room| room - 1);
        heard.events.push(event);
        self.is_new.notify_all();
        true
    }

    fn agents(&self, agents: Vec<AgentStatus>) {
        self.lock().agents = agents;
        self.is_new.notify_all();
    }
}

impl Keeper {
    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who follows what is wished for.
struct Follower {
    keeper: Arc<Keeper>,
    stop: CancellationToken,
    following: Option<JoinHandle<()>>,
    runtime: Option<Runtime>,
}

impl Follower {
    fn of(wishes: &[&str]) -> Self {
        Self::start(wishes, None, None)
    }

    /// Somebody who wants nothing of the namespace `denied`.
    fn denying(denied: &str, wishes: &[&str]) -> Self {
        let keeper = Keeper { denied: vec![denied.to_owned()], ..Keeper::default() };
        Self::started(wishes, None, keeper)
    }

    fn start(wishes: &[&str], api: Option<&ApiServer>, room: Option<usize>) -> Self {
        let keeper = Keeper::default();
        keeper.lock().room = room;
        Self::started(wishes, api, keeper)
    }

    fn started(wishes: &[&str], api: Option<&ApiServer>, keeper: Keeper) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("threads");
        let entered = runtime.enter();
        let cluster = api.map(|api| {
            weir::notify::prepare();
            Cluster::at(&api.url(""), &Options::default()).expect("a URL")
        });
        drop(entered);
        let wishes = wishes.iter().map(|wish| wish.parse::<Wish>().expect("a wish")).collect();
        let keeper = Arc::new(keeper);
        let stop = CancellationToken::new();
        let sink: Arc<dyn EventSink> = keeper.clone();
        let following = Some(runtime.spawn(follow(wishes, cluster, sink, stop.clone())));
        Self { keeper, stop, following, runtime: Some(runtime) }
    }

    /// Waits until what was heard is so.
    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn(&Heard) -> bool) -> MutexGuard<'_, Heard> {
        self.within(LONGEST, what, is_so)
    }

    #[track_caller]
    fn within(
        &self,
        longest: Duration,
        what: &str,
        is_so: impl Fn(&Heard) -> bool,
    ) -> MutexGuard<'_, Heard> {
        let begun = Instant::now();
        let mut heard = self.keeper.lock();
        while !is_so(&heard) {
            let is_late = begun.elapsed() > longest;
            assert!(!is_late, "{what}: {} events, {:#?}", heard.events.len(), heard.agents);
            // What is looked at beside what was heard changes without a word.
            let woken = self.keeper.is_new.wait_timeout(heard, GLANCE);
            heard = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        heard
    }

    /// Waits until the one agent is heard.
    #[track_caller]
    fn until_up(&self) {
        drop(self.until("it is heard", |heard| {
            heard.agents.iter().any(|agent| agent.link == AgentLink::Up)
        }));
    }

    /// Waits until the one agent is not heard for a reason that says that.
    #[track_caller]
    fn until_down(&self, why: &str) {
        drop(self.until(why, |heard| heard.agents.iter().any(|agent| is_down(agent, why))));
    }

    /// Ends it, which takes no more than a moment.
    fn end(mut self) {
        self.stop.cancel();
        if let (Some(runtime), Some(following)) = (&self.runtime, self.following.take()) {
            let ended = runtime.block_on(async { timeout(MOMENT, following).await });
            assert!(matches!(ended, Ok(Ok(()))), "{ended:?}");
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn is_down(agent: &AgentStatus, because: &str) -> bool {
    matches!(&agent.link, AgentLink::Down { why, .. } if why.contains(because))
}

/// The process numbers of events, in order.
fn pids(heard: &Heard) -> Vec<u32> {
    heard.events.iter().filter_map(|event| Some(event.process.as_ref()?.pid)).collect()
}

/// How often each agent counted what, by name.
fn counts(agent: &AgentStatus) -> BTreeMap<&'static str, u64> {
    BTreeMap::from([
        ("events", agent.events),
        ("rate_limited", agent.rate_limited),
        ("throttled", agent.throttled),
        ("unreadable", agent.unreadable),
        ("dropped", agent.dropped),
        ("gaps", agent.gaps),
    ])
}

/// What an agent counted, but for what is zero.
fn counted(heard: &Heard) -> Vec<(&'static str, u64)> {
    let agent = heard.agents.first().expect("an agent");
    counts(agent).into_iter().filter(|(_, count)| *count > 0).collect()
}

/// A program is started, as an agent tells of it.
fn exec(pid: u32) -> String {
    format!(
        r#"{{"process_exec":{{"process":{{"exec_id":"bm9kZTo{pid}","pid":{pid},"uid":0,"binary":"/bin/sh","arguments":"-c true"}}}},"node_name":"n1","time":"2026-11-22T13:31:04.368335668Z"}}"#
    )
}

/// From here on this thread, and those that it starts, may open what anybody of its user may, even
/// where that is root.
fn without_roots_powers() {
    for power in [caps::Capability::CAP_DAC_OVERRIDE, caps::Capability::CAP_DAC_READ_SEARCH] {
        caps::drop(None, caps::CapSet::Effective, power).expect("powers can be given up");
    }
}
