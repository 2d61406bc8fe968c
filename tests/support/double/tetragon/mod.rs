//! An agent of Tetragon over gRPC, for tests.
//!
//! ```text
//! let agent = TetragonAgent::at_socket(&folder.path().join("tetragon.sock"));
//! let agent = TetragonAgent::on_tcp();                // on an address of 127.0.0.0/8 of its own
//! agent.endpoint();                                   // as it is written in settings
//! agent.wait_for_listeners(1);                        // somebody follows its events
//! agent.say(r#"{"process_exec":{"process":{"pid":7}},"time":"2026-01-02T03:04:05Z"}"#);
//! agent.say_bytes(&[0xff; 9]);                        // what is no event
//! agent.say_bytes(&bytes::sized(77, b"new"));         // an event of a type that came later
//! agent.end(); agent.fail(Code::Unavailable, "..");   // streams end, well or with an error
//! agent.cut();                                        // killed, and there again at once
//! agent.refuse();                                     // away
//! agent.hang();                                       // accepts, and says nothing
//! agent.freeze();                                     // connections stay, and nothing moves on them
//! agent.heal();                                       // all is well again
//! agent.with(|agent| agent.version = None);           // an older one, which does not know the call
//! agent.with(|agent| agent.unknown.insert("ConfigureTracingPolicy"));
//! agent.with(|agent| agent.policies = policies::read(POLICIES_JSON));
//! agent.with(|agent| agent.no_such_hooks.insert("tcp_connec".into()));   // such a policy: load error
//! agent.with(|agent| agent.log.clone());              // the calls, in order
//! ```
//!
//! Its bytes are made by [`bytes`] from JSON as agents export it and the tables in [`table`], and not by
//! what Weir reads them with. [`serve`] answers, [`codec`] hands bytes over, [`line`] is the connection,
//! [`policies`] is what it does with a policy. It tells everybody who listens of every event, as Tetragon
//! does, keeps none for later, and has no filters.

pub mod bytes;
pub mod codec;
pub mod line;
pub mod policies;
pub mod serve;
pub mod table;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tonic::{Code, Status};

use super::server::own_host;

/// How long a test waits for somebody to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// What an agent is and knows.
#[derive(Debug, Default)]
pub struct Agent {
    /// Its version; none where it does not know the call.
    pub version: Option<String>,
    /// Calls that it does not know.
    pub unknown: BTreeSet<&'static str>,
    /// How long it takes to answer a call.
    pub slowness: Duration,
    /// Its policies, as it tells of them in JSON.
    pub policies: Vec<Value>,
    /// The highest number that a policy was given: none is given twice.
    pub given: u64,
    /// Hooks that its kernel does not have.
    pub no_such_hooks: BTreeSet<String>,
    /// The calls, in order.
    pub log: Vec<String>,
    /// The last namespace in the deny list of whoever asked last for events; it is told of all the same.
    pub denied: String,
    listeners: Vec<mpsc::UnboundedSender<Result<Vec<u8>, Status>>>,
}

/// What the double and those that serve share.
pub struct Shared {
    agent: Mutex<Agent>,
    is_new: Condvar,
    is_frozen: watch::Sender<bool>,
}

/// Where it listens.
#[derive(Debug, Clone)]
enum At {
    Socket(PathBuf),
    Tcp(SocketAddr),
}

/// An agent that can be reached.
pub struct TetragonAgent {
    at: At,
    shared: Arc<Shared>,
    /// What serves; none while it is away.
    life: Mutex<Option<Runtime>>,
}

impl TetragonAgent {
    /// Starts one at a unix socket.
    pub fn at_socket(path: &Path) -> Self {
        Self::start(At::Socket(path.to_owned()))
    }

    /// Starts one on TCP.
    pub fn on_tcp() -> Self {
        let free = std::net::TcpListener::bind((own_host(), 0)).expect("an address is free");
        let address = free.local_addr().expect("it has an address");
        drop(free);
        Self::start(At::Tcp(address))
    }

    fn start(at: At) -> Self {
        let agent = Agent { version: Some("v1.6.0".into()), ..Agent::default() };
        let shared = Shared {
            agent: Mutex::new(agent),
            is_new: Condvar::new(),
            is_frozen: watch::Sender::new(false),
        };
        let agent = Self { at, shared: Arc::new(shared), life: Mutex::default() };
        agent.heal();
        agent
    }

    /// Where it is, as it is written in settings.
    pub fn endpoint(&self) -> String {
        match &self.at {
            At::Socket(path) => format!("unix://{}", path.display()),
            At::Tcp(address) => address.to_string(),
        }
    }

    /// Looks at it, or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut Agent) -> T) -> T {
        self.shared.with(look)
    }

    /// Waits until so many follow its events.
    pub fn wait_for_listeners(&self, many: usize) {
        self.wait_for(many, |agent| agent.listeners.len());
    }

    /// Waits until its events were asked for so often, and whoever asked last follows them: it may take a
    /// moment until it notices that one who asked before has gone.
    pub fn wait_for_askings(&self, many: usize) {
        self.wait_for(many, |agent| {
            let askings = agent.log.iter().filter(|call| *call == "GetEvents").count();
            if agent.listeners.is_empty() { 0 } else { askings }
        });
    }

    fn wait_for(&self, many: usize, count: impl Fn(&Agent) -> usize) {
        let agent = self.shared.lock();
        let wait = self.shared.is_new.wait_timeout_while(agent, PATIENCE, |agent| {
            agent.listeners.retain(|listener| !listener.is_closed());
            count(agent) < many
        });
        let (agent, waited) = wait.unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.timed_out(), "{} of {many}: {:?}", count(&agent), agent.log);
    }

    /// Tells all who listen of the event in `json`, a line as agents export it.
    pub fn say(&self, json: &str) {
        self.say_bytes(&bytes::event(json));
    }

    /// Sends all who listen a message of these bytes.
    pub fn say_bytes(&self, message: &[u8]) {
        self.with(|agent| {
            agent.listeners.retain(|listener| listener.send(Ok(message.to_vec())).is_ok());
        });
    }

    /// Ends all streams as if there were nothing more to say.
    pub fn end(&self) {
        self.with(|agent| agent.listeners.clear());
    }

    /// Ends all streams with an error.
    pub fn fail(&self, code: Code, message: &str) {
        self.with(|agent| {
            for listener in agent.listeners.drain(..) {
                listener.send(Err(Status::new(code, message))).ok();
            }
        });
    }

    /// Breaks all connections, as if it were killed and started again.
    pub fn cut(&self) {
        self.refuse();
        self.heal();
    }

    /// Breaks all connections, and takes none.
    pub fn refuse(&self) {
        let life = self.life.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(life) = life {
            // Waits until all sockets are closed, beside whatever runtime the test is in; whoever was
            // told of an end before could come back meanwhile.
            let ending = std::thread::spawn(move || drop(life));
            ending.join().expect("it ends");
        }
        self.with(|agent| agent.listeners.clear());
    }

    /// Breaks all connections; takes new ones, and never says anything on them.
    pub fn hang(&self) {
        self.refuse();
        self.live(serve::hang);
    }

    /// Nothing moves any more on the connections that there are, and on new ones.
    pub fn freeze(&self) {
        self.shared.is_frozen.send_replace(true);
    }

    /// All is well.
    pub fn heal(&self) {
        self.shared.is_frozen.send_replace(false);
        self.refuse();
        self.live(serve::serve);
    }

    fn live<F: Future<Output = ()> + Send + 'static>(
        &self,
        serve: fn(line::Listener, Arc<Shared>) -> F,
    ) {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a thread");
        let entered = runtime.enter();
        let listener = match &self.at {
            At::Socket(path) => line::Listener::at_socket(path),
            At::Tcp(address) => line::Listener::on_tcp(*address),
        };
        runtime.spawn(serve(listener, Arc::clone(&self.shared)));
        drop(entered);
        *self.life.lock().unwrap_or_else(PoisonError::into_inner) = Some(runtime);
    }
}

impl Drop for TetragonAgent {
    fn drop(&mut self) {
        self.refuse();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Agent> {
        self.agent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, look: impl FnOnce(&mut Agent) -> T) -> T {
        let looked = look(&mut self.lock());
        self.is_new.notify_all();
        looked
    }
}
