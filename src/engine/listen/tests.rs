use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use tokio::time::Instant;

use super::queue::{Over, WAITING, WAITING_BYTES};
use super::*;
use crate::engine::events::EventId;
use crate::engine::fixture::event;
use crate::tetragon::{AgentLink, Endpoint};

/// A thread that remembers at most so many bytes, and all that belongs to it.
struct Kept {
    intake: Intake,
    over: CancellationToken,
    seen: watch::Receiver<TetragonStatus>,
    events: Events,
    thread: JoinHandle<()>,
}

fn keeping(memory_bytes: u64, observe: Observe) -> Kept {
    let (recorder, events) = Recorder::new(1, memory_bytes);
    let (intake, waiting, agents) = Intake::new(Vec::new());
    let (shown, seen) = watch::channel(TetragonStatus::default());
    let over = CancellationToken::new();
    let silent = "nobody is there".to_owned();
    let (door, ended) = (events.clone(), over.clone());
    let keeping = Keeping { recorder, events: door, agents, observe, silent, shown, over: ended };
    let thread = thread::spawn(move || keeping.run(&waiting));
    Kept { intake, over, seen, events, thread }
}

#[test]
fn of_a_burst_what_the_queue_does_not_hold_is_refused_and_the_rest_is_there() {
    let (intake, waiting, _agents) = Intake::new(Vec::new());
    let taken = (0..WAITING + 100).filter(|_| intake.take(event("/bin/sh"))).count();
    assert_eq!(taken, WAITING);
    let mut out = waiting.next(Duration::ZERO).unwrap();
    let room = out.len();
    assert!((0..room).all(|_| intake.take(event("/bin/sh"))));
    assert!(!intake.take(event("/bin/sh")));
    drop(intake);
    while let Ok(more) = waiting.next(Duration::ZERO) {
        out.extend(more);
    }
    assert_eq!(out.len(), WAITING + room);
    assert_eq!(waiting.next(Duration::ZERO), Err(Over));
}

#[test]
fn the_queue_is_bounded_in_bytes_too() {
    let (intake, waiting, _agents) = Intake::new(Vec::new());
    let large = || event(&"x".repeat(3 << 20));
    let bytes = large().size_bytes() as u64;
    let taken = (0..20).filter(|_| intake.take(large())).count() as u64;
    assert_eq!(taken, WAITING_BYTES / bytes);
    assert!(!intake.take(large()));
    assert_eq!(waiting.next(Duration::ZERO).unwrap().len() as u64, taken);
    assert!(intake.take(large()));
}

#[test]
fn every_event_that_was_taken_is_observed_and_remembered_or_evicted() {
    let observed = Arc::<AtomicU64>::default();
    let count = Arc::clone(&observed);
    let last = std::sync::Mutex::new(0);
    let observe = move |kept: &Arc<KeptEvent>| {
        let mut last = last.lock().unwrap();
        assert_eq!(kept.id.0, *last + 1);
        *last = kept.id.0;
        count.fetch_add(1, Ordering::Relaxed);
    };
    let Kept { intake, over: _over, seen, events, thread } = keeping(1 << 20, Box::new(observe));
    let intake = Arc::new(intake);
    let senders = [(); 2].map(|()| {
        let intake = Arc::clone(&intake);
        thread::spawn(move || (0..40_000).filter(|_| intake.take(event("/bin/sh"))).count() as u64)
    });
    let taken: u64 = senders.into_iter().map(|sender| sender.join().unwrap()).sum();
    drop(intake);
    thread.join().unwrap();
    let status = seen.borrow().clone();
    assert_eq!((status.kept + status.evicted, observed.load(Ordering::Relaxed)), (taken, taken));
    assert!(status.evicted > 0 && status.kept_bytes <= 1 << 20, "{status:?}");
    assert_eq!(*events.newest().borrow(), EventId(taken));
    assert_eq!(status.events.len(), TetragonStatus::SHOWN.min(events.before(None).count()));
    assert_eq!(status.events[0].id, EventId(taken));
}

#[test]
fn how_agents_stand_is_shown_and_that_there_is_none() {
    let Kept { intake, seen, thread, .. } = keeping(1 << 20, Box::new(|_| ()));
    let mut seen = seen;
    let mut until = |is: &dyn Fn(&TetragonStatus) -> bool| {
        while !is(&seen.borrow_and_update()) {
            thread::yield_now();
        }
    };
    until(&|status| status.absent.as_deref() == Some("nobody is there"));
    let endpoint = Endpoint::Tcp("n1:54321".into());
    intake.agents(vec![AgentStatus { events: 7, ..AgentStatus::new(endpoint) }]);
    until(&|status| status.absent.is_none() && status.agents[0].events == 7);
    drop(intake);
    thread.join().unwrap();
}

#[test]
fn a_thread_that_breaks_off_does_not_look_like_a_quiet_cluster() {
    let observe = |_: &Arc<KeptEvent>| panic!("it breaks off");
    let Kept { intake, seen, thread, .. } = keeping(1 << 20, Box::new(observe));
    let up = AgentStatus::new(Endpoint::Tcp("n1:54321".into()));
    intake.agents(vec![AgentStatus { link: AgentLink::Up, ..up }]);
    assert!(intake.take(event("/bin/sh")));
    assert!(thread.join().is_err());
    let is_fault = |why: &String| why.contains("a fault of its own");
    assert!(seen.borrow().absent.as_ref().is_some_and(is_fault));
    let link = seen.borrow().agents[0].link.clone();
    assert!(matches!(&link, AgentLink::Down { why, .. } if is_fault(why)), "{link:?}");
    // Whatever comes then is counted where it came from.
    assert!(!intake.take(event("/bin/sh")));
}

#[test]
fn a_source_that_does_not_end_does_not_hold_up_the_end() {
    let Kept { intake, over, thread, .. } = keeping(1 << 20, Box::new(|_| ()));
    assert!(intake.take(event("/bin/sh")));
    over.cancel();
    thread.join().unwrap();
    drop(intake);
}

#[test]
fn listening_ends_at_once_when_it_is_asked_to() {
    let listening = Listening {
        denied_namespaces: Vec::new(),
        wishes: vec!["127.0.0.1:1".parse().unwrap()],
        memory_bytes: 1 << 20,
        absent: None,
    };
    let listener = Listener::start(listening, None, Box::new(|_| ())).unwrap();
    let needed = listener.seen().borrow().needed.len();
    assert_eq!(needed, 1);
    let mut newest = listener.events().newest();
    let since = Instant::now();
    listener.finish();
    assert!(since.elapsed() < GRACE, "{:?}", since.elapsed());
    assert!(newest.has_changed().is_err());
    newest.borrow_and_update();
}
