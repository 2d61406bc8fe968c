//! The socket of a double: a thread that accepts, and one for each connection.
//!
//! It listens on an address of 127.0.0.0/8 of its own, so that its port is still free when it comes
//! back after it has refused connections for a while.

use std::collections::VecDeque;
use std::io::{BufReader, ErrorKind, Result, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::fault::{Fault, Step};
use super::http::{Answer, Head, Request};
use super::stream::{Line, bring};

/// Connections served at once; more are closed.
const CONNECTIONS: usize = 256;

/// How often a thread that waits looks whether it should end.
pub(super) const GLANCE: Duration = Duration::from_millis(20);

/// What is behind a socket.
pub trait Service: Send + 'static {
    /// What is answered to a request.
    fn answer(&mut self, request: &Request) -> Answer;

    /// The service's own error, as it stands in an answer of status 200; none where a status of
    /// success always means one.
    fn error_body(&self) -> Option<String>;
}

/// What is done at a step.
type Act = Box<dyn FnOnce() + Send>;

/// What is to go wrong.
#[derive(Default)]
struct Script {
    faults: VecDeque<Fault>,
    /// The step at which something is done once, and how often it is passed before.
    ambush: Option<(Step, u32, Act)>,
    /// Requests that were taken without the client knowing.
    lost: u64,
}

struct Shared<S> {
    service: Mutex<S>,
    script: Mutex<Script>,
    is_down: AtomicBool,
    has_ended: AtomicBool,
    connections: AtomicUsize,
}

/// A service that can be reached.
pub struct Server<S: Service> {
    address: SocketAddr,
    shared: Arc<Shared<S>>,
    thread: Option<JoinHandle<()>>,
}

impl<S: Service> Server<S> {
    /// Starts what `make` makes once its own address is known.
    pub fn start(make: impl FnOnce(SocketAddr) -> S) -> Self {
        let listener = TcpListener::bind((own_host(), 0)).expect("an address of loopback is free");
        let address = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Shared {
            service: Mutex::new(make(address)),
            script: Mutex::default(),
            is_down: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
        });
        let serving = Arc::clone(&shared);
        let thread = thread::spawn(move || accept(listener, address, &serving));
        Self { address, shared, thread: Some(thread) }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A URL of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Looks at the service, or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut S) -> T) -> T {
        look(&mut lock(&self.shared.service))
    }

    /// The next requests fail in this way, one each.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared.script).faults.extend(faults);
    }

    /// From now on nothing fails and nothing is done.
    pub fn heal(&self) {
        let mut script = lock(&self.shared.script);
        script.faults.clear();
        script.ambush = None;
        drop(script);
        self.shared.is_down.store(false, Ordering::Relaxed);
    }

    /// Does `act` once, when `step` is reached after it was passed so often.
    pub fn at(&self, step: Step, passed: u32, act: impl FnOnce() + Send + 'static) {
        lock(&self.shared.script).ambush = Some((step, passed, Box::new(act)));
    }

    /// Refuses connections until [`Server::heal`].
    pub fn refuse(&self) {
        self.shared.is_down.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts, which closes its socket.
        TcpStream::connect(self.address).ok();
    }

    /// Requests that were taken without the client knowing.
    pub fn lost(&self) -> u64 {
        lock(&self.shared.script).lost
    }
}

impl<S: Service> Drop for Server<S> {
    fn drop(&mut self) {
        self.shared.has_ended.store(true, Ordering::Relaxed);
        TcpStream::connect(self.address).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// An address of loopback that no other double on this machine has.
pub fn own_host() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(2);
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, NEXT.fetch_add(1, Ordering::Relaxed).max(2), high, low.clamp(1, 254))
}

fn accept<S: Service>(mut listener: TcpListener, address: SocketAddr, shared: &Arc<Shared<S>>) {
    while !shared.has_ended.load(Ordering::Relaxed) {
        if shared.is_down.load(Ordering::Relaxed) {
            drop(listener);
            while shared.is_down.load(Ordering::Relaxed) {
                if shared.pause(GLANCE) {
                    return;
                }
            }
            listener = TcpListener::bind(address).expect("nobody else has this address");
        }
        let Ok((stream, _)) = listener.accept() else { continue };
        if shared.connections.load(Ordering::Relaxed) < CONNECTIONS {
            let shared = Arc::clone(shared);
            shared.connections.fetch_add(1, Ordering::Relaxed);
            thread::spawn(move || {
                // A client that goes away in the middle is what is tested here.
                shared.converse(&stream).ok();
                shared.connections.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }
}

impl<S: Service> Shared<S> {
    /// Answers requests for as long as the connection lasts.
    fn converse(&self, stream: &TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        while self.is_there_more(stream)? {
            self.reached(Step::Accept);
            let fault = lock(&self.script).faults.pop_front();
            // What is closed with something unread in it is reset.
            if fault == Some(Fault::Reset) || self.is_down.load(Ordering::Relaxed) {
                return Ok(());
            }
            let head = Head::read(&mut reader)?;
            self.reached(Step::Head);
            let request = head.with_body(&mut reader)?;
            self.reached(Step::Body);
            if self.hears(&request, fault, stream)? == Line::Closed {
                return Ok(());
            }
        }
        Ok(())
    }

    fn hears(
        &self,
        request: &Request,
        fault: Option<Fault>,
        mut stream: &TcpStream,
    ) -> Result<Line> {
        let answer = match fault {
            Some(Fault::Hang) => Answer { fault, ..Answer::refused(500, "") },
            Some(Fault::Status(status)) => Answer::refused(status, "out of order"),
            Some(Fault::Busy(seconds)) => {
                Answer::refused(429, "busy").with("retry-after", seconds.to_string())
            }
            Some(Fault::ErrorBody) => match lock(&self.service).error_body() {
                Some(body) => Answer::refused(200, body),
                None => Answer::refused(500, ""),
            },
            _ => lock(&self.service).answer(request),
        };
        let fault = fault.or(answer.fault);
        if answer.has_taken && fault.is_some_and(Fault::loses_answer) {
            lock(&self.script).lost += 1;
        }
        self.reached(Step::BeforeAnswer);
        match fault {
            Some(Fault::Reset | Fault::Cut) => return Ok(Line::Closed),
            Some(Fault::Hang) => {
                while self.is_there_more(stream)? {}
                return Ok(Line::Closed);
            }
            Some(Fault::Late(delay)) if self.pause(delay) => return Ok(Line::Closed),
            _ => {}
        }
        let (half, rest) = answer.halves();
        stream.write_all(&half)?;
        self.reached(Step::MidAnswer);
        if fault == Some(Fault::Half) {
            return Ok(Line::Closed);
        }
        stream.write_all(&rest)?;
        if let Some(pieces) = &answer.pieces {
            let is_over =
                || self.has_ended.load(Ordering::Relaxed) || self.is_down.load(Ordering::Relaxed);
            return bring(pieces, stream, is_over);
        }
        self.reached(Step::AfterAnswer);
        Ok(Line::Open)
    }

    /// Waits for the next byte, which stays where it is; false once there will be none.
    fn is_there_more(&self, stream: &TcpStream) -> Result<bool> {
        stream.set_read_timeout(Some(GLANCE))?;
        let more = loop {
            if self.has_ended.load(Ordering::Relaxed) {
                break false;
            }
            match stream.peek(&mut [0]) {
                Ok(bytes) => break bytes > 0,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        };
        stream.set_read_timeout(None)?;
        Ok(more)
    }

    fn reached(&self, step: Step) {
        let mut script = lock(&self.script);
        let act = match script.ambush.take() {
            Some((at, 0, act)) if at == step => Some(act),
            Some((at, passed, act)) => {
                let passed = if at == step { passed - 1 } else { passed };
                script.ambush = Some((at, passed, act));
                None
            }
            None => None,
        };
        drop(script);
        if let Some(act) = act {
            act();
        }
    }

    /// Waits; true where the server has ended meanwhile.
    fn pause(&self, time: Duration) -> bool {
        let (_never, wait) = mpsc::channel::<()>();
        let mut left = time;
        while !left.is_zero() && !self.has_ended.load(Ordering::Relaxed) {
            let glance = left.min(GLANCE);
            if wait.recv_timeout(glance) == Err(RecvTimeoutError::Disconnected) {
                break;
            }
            left -= glance;
        }
        self.has_ended.load(Ordering::Relaxed)
    }
}

/// A test that fails while it holds a lock must not hide why.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
