//! Packets from live interfaces: one thread each, and a bounded queue to the flow table.
//!
//! A capture thread never waits for anyone. When the queue is full its packets are dropped and
//! counted, so that a slow consumer costs coverage that shows, never memory.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::warn;

use super::arrivals::{ArrivalRecorder, Arrivals};
use super::inference::Pace;
use super::meters::{Meters, Tally};
use super::pipeline::Pipeline;
use super::recording::{Recorder, Recording};
use super::sink::{Sink, Stopped};
use crate::capture::{self, Counters, Event, Interface};
use crate::packet::{self, Decoder, Packet};

/// Packets handed on at a time.
const BATCH: usize = 512;

/// Batches that may wait: 256 × 512 packets are about 10 MiB, or half a second at 300,000 a second.
const WAITING_BATCHES: usize = 256;

/// How often the counters of the kernel are read, in µs.
const COUNTERS_EVERY_US: i64 = 1_000_000;

/// How far packet time is kept behind the wall clock on a quiet interface, in µs: what the kernel
/// still gathers is older than now.
const LAG_US: i64 = 1_000_000;

/// What became of the frames of one interface.
#[derive(Debug, Clone, Default)]
pub struct LiveCounts {
    /// The interface's name.
    pub interface: String,
    /// What the kernel counted.
    pub kernel: Counters,
    /// Packets dropped because the flow table did not keep up.
    pub dropped_queue: u64,
    /// What the frames were.
    pub decoded: packet::Counts,
}

/// Why a live capture ended.
#[derive(Debug)]
pub struct LiveEnd {
    /// What became of the frames, by interface.
    pub counts: Vec<LiveCounts>,
    /// The capture that failed, if one did.
    pub failure: Option<capture::Error>,
}

enum Message {
    Packets(Vec<Packet>),
    /// Nothing came; it is this late in packet time.
    Quiet(i64),
    Failed(capture::Error),
}

/// Running capture threads.
#[derive(Debug)]
pub struct Live {
    messages: Receiver<Message>,
    threads: Vec<JoinHandle<LiveCounts>>,
    over: Arc<AtomicBool>,
}

impl Live {
    /// Starts a thread for each open interface; they end when `stop` is set, and all where one does.
    ///
    /// Privileges must have been given up before. What comes in is counted on `meters` as it comes,
    /// kept by `recording` as evidence, and looked into for `arrivals`.
    pub fn start(
        interfaces: Vec<Interface>,
        meters: &Arc<Meters>,
        recording: Option<&Recording>,
        arrivals: Option<&Arc<Arrivals>>,
        stop: &Arc<AtomicBool>,
    ) -> io::Result<Self> {
        let (queue, messages) = sync_channel(WAITING_BATCHES);
        let over = Arc::<AtomicBool>::default();
        let mut threads = Vec::new();
        for interface in interfaces {
            let name = format!("capture-{}", interface.name());
            let until = Until { asked: Arc::clone(stop), over: Arc::clone(&over) };
            let watches = Watches {
                recorder: recording.map(|recording| recording.recorder(Pace::Live)),
                arrivals: arrivals.map(|arrivals| arrivals.recorder(Pace::Live)),
            };
            let capture =
                Capture::new(interface, queue.clone(), Arc::clone(meters), watches, until);
            threads.push(Builder::new().name(name).spawn(move || capture.run())?);
        }
        Ok(Self { messages, threads, over })
    }

    /// Feeds `pipeline` until capture is stopped or fails.
    pub fn run<S: Sink>(self, pipeline: &mut Pipeline<S>) -> LiveEnd {
        let Self { messages, threads, over } = self;
        let mut failure = None;
        for message in messages {
            let fed = match message {
                Message::Packets(packets) => {
                    packets.iter().try_for_each(|packet| pipeline.packet(packet))
                }
                Message::Quiet(time_us) => pipeline.advance(time_us),
                Message::Failed(error) => {
                    failure.get_or_insert(error);
                    Ok(())
                }
            };
            if fed == Err(Stopped) {
                break;
            }
        }
        over.store(true, Ordering::Relaxed);
        let joined = threads.into_iter().map(JoinHandle::join);
        let counts = joined
            .map(|counts| counts.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        LiveEnd { counts, failure }
    }
}

/// How long capture threads go on.
#[derive(Debug)]
struct Until {
    /// Set by whoever wants the engine to end. Only read here: a capture that fails must not end
    /// the faces that tell of it.
    asked: Arc<AtomicBool>,
    /// Set where one thread has ended or nobody takes packets any more.
    over: Arc<AtomicBool>,
}

impl Until {
    fn has_come(&self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.over.load(Ordering::Relaxed)
    }
}

/// However a thread ends, by a panic too: what goes on without it would look whole and not be.
impl Drop for Until {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// What looks at frames beside the flow table, where anything does.
struct Watches {
    recorder: Option<Recorder>,
    arrivals: Option<ArrivalRecorder>,
}

/// One capture thread.
struct Capture {
    interface: Interface,
    decoder: Decoder,
    queue: SyncSender<Message>,
    packets: Vec<Packet>,
    recorder: Option<Recorder>,
    arrivals: Option<ArrivalRecorder>,
    /// What has been counted; what the decoder counts is taken over when it is told.
    tally: Tally,
    told: Tally,
    meters: Arc<Meters>,
    counted_us: i64,
    /// Packets lost anywhere so far, as last said.
    lost: u64,
    until: Until,
}

impl Capture {
    fn new(
        interface: Interface,
        queue: SyncSender<Message>,
        meters: Arc<Meters>,
        watches: Watches,
        until: Until,
    ) -> Self {
        let Watches { recorder, arrivals } = watches;
        Self {
            interface,
            decoder: Decoder::default(),
            queue,
            packets: Vec::with_capacity(BATCH),
            recorder,
            arrivals,
            tally: Tally::default(),
            told: Tally::default(),
            meters,
            counted_us: 0,
            lost: 0,
            until,
        }
    }

    fn run(mut self) -> LiveCounts {
        // What the kernel holds when the end is asked for is still taken.
        let mut end_us = None;
        loop {
            if end_us.is_none() && self.until.has_come() {
                end_us = Some(now_us());
            }
            match self.interface.next() {
                Ok(Event::Frame(frame)) => {
                    if end_us.is_some_and(|end_us| frame.time_us > end_us) {
                        break;
                    }
                    self.tally.bytes += u64::from(frame.wire_len);
                    // A frame without a packet is counted by the decoder.
                    if let Ok(packet) = self.decoder.decode(&frame) {
                        self.packets.push(packet);
                        if let Some(recorder) = &mut self.recorder {
                            recorder.record(&frame, self.decoder.headers_len());
                        }
                        if let Some(arrivals) = &mut self.arrivals {
                            arrivals.observe(&self.decoder, &frame, &packet);
                        }
                    }
                    if self.packets.len() == BATCH {
                        self.hand_on();
                        self.count(now_us());
                    }
                }
                Ok(Event::Quiet) if end_us.is_some() => break,
                Ok(Event::Quiet) => {
                    let now_us = now_us();
                    self.hand_on();
                    if let Some(recorder) = &mut self.recorder {
                        recorder.tick(now_us);
                    }
                    // A consumer that is busy learns the time from packets.
                    self.queue.try_send(Message::Quiet(now_us - LAG_US)).ok();
                    self.count(now_us);
                }
                Err(error) => {
                    self.hand_on();
                    // The consumer is gone only if it failed itself.
                    self.queue.send(Message::Failed(error)).ok();
                    break;
                }
            }
        }
        self.hand_on();
        self.count(i64::MAX);
        self.tell();
        LiveCounts {
            interface: self.interface.name().to_owned(),
            kernel: self.tally.kernel,
            dropped_queue: self.tally.dropped_queue,
            decoded: self.decoder.counts(),
        }
    }

    /// Gives the packets gathered to the flow table, or drops them if it does not keep up.
    fn hand_on(&mut self) {
        self.tell();
        self.arrivals.as_mut().map(ArrivalRecorder::hand_over);
        if self.packets.is_empty() {
            return;
        }
        let packets = std::mem::replace(&mut self.packets, Vec::with_capacity(BATCH));
        let count = packets.len() as u64;
        if self.queue.try_send(Message::Packets(packets)).is_err() {
            self.tally.dropped_queue += count;
        }
    }

    /// Counts on the meters what came since the last time.
    fn tell(&mut self) {
        self.tally.decoded = self.decoder.counts();
        self.meters.add(&self.tally, &self.told);
        self.told = self.tally;
    }

    /// Reads the kernel's counters once a second and says when something was lost.
    fn count(&mut self, now_us: i64) {
        if now_us.saturating_sub(self.counted_us) < COUNTERS_EVERY_US {
            return;
        }
        self.counted_us = now_us;
        // What was counted before still holds where the kernel does not answer.
        self.tally.kernel = self.interface.counters().unwrap_or(self.tally.kernel);
        let Counters { dropped_kernel, dropped_interface, .. } = self.tally.kernel;
        let lost = dropped_kernel + dropped_interface + self.tally.dropped_queue;
        if lost > self.lost {
            self.lost = lost;
            warn!(
                interface = self.interface.name(),
                dropped_kernel,
                dropped_interface,
                dropped_queue = self.tally.dropped_queue,
                "packets were lost before they could be counted in a flow"
            );
        }
    }
}

/// The wall clock, on which live packets are stamped.
fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
