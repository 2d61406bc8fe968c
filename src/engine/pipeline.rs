//! Packets in, reports out in order, on the caller's thread or shared among several.

use super::shard::Sharded;
use super::sink::{BATCH, Sink, Stopped, give};
use crate::flow::{Clock, Counts, FlowTable, Share, Stamp, Step, Timeouts};
use crate::packet::Packet;

/// How packets become flows.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// When flows end.
    pub timeouts: Timeouts,
    /// Most flows held at a time; beyond it the one silent the longest is ended.
    pub max_flows: usize,
    /// Threads that share the flow table; with one the caller's does it all.
    pub shards: usize,
}

/// What a pipeline has done.
#[derive(Debug)]
pub struct Outcome<S: Sink> {
    /// What the reports were given to.
    pub sink: S,
    /// Why that took no more, if it did.
    pub failure: Option<S::Error>,
    /// Flows opened and evicted.
    pub flows: Counts,
    /// Packets whose time was before that of an earlier packet.
    pub late_packets: u64,
    /// Times the capture's clock jumped back.
    pub clock_steps: u64,
}

/// Folds packets into flows and hands what these report to a [`Sink`].
///
/// Results depend on packets and settings alone, not on the number of threads.
#[derive(Debug)]
pub struct Pipeline<S: Sink> {
    clock: Clock,
    late_packets: u64,
    clock_steps: u64,
    worker: Worker<S>,
}

#[derive(Debug)]
enum Worker<S: Sink> {
    Inline(Box<Inline<S>>),
    Sharded(Sharded<S>),
}

impl<S: Sink> Pipeline<S> {
    /// A pipeline that ends in `sink`.
    pub fn new(options: Options, sink: S) -> std::io::Result<Self> {
        let Options { timeouts, max_flows, shards } = options;
        let share = Share::new(max_flows, shards);
        let worker = if share.shards() == 1 {
            let table = FlowTable::new(share, 0, max_flows, timeouts);
            Worker::Inline(Box::new(Inline { table, sink, packets: 0, failure: None }))
        } else {
            Worker::Sharded(Sharded::start(share, max_flows, timeouts, sink)?)
        };
        // A clock that is off by more than an idle flow may sleep belongs to another capture.
        let clock = Clock::new(timeouts.idle_us);
        Ok(Self { clock, late_packets: 0, clock_steps: 0, worker })
    }

    /// Takes the next packet.
    #[inline]
    pub fn packet(&mut self, packet: &Packet) -> Result<(), Stopped> {
        let before_us = self.clock.now_us();
        let stamp = match self.clock.observe(packet.time_us) {
            Step::Forward(stamp) => stamp,
            Step::Late(stamp) => {
                self.late_packets += 1;
                stamp
            }
            Step::Back(stamp) => {
                self.clock_steps += 1;
                self.worker.restart(before_us)?;
                stamp
            }
        };
        self.worker.packet(packet, stamp)
    }

    /// Lets packet time pass up to `time_us` without a packet, as on a quiet interface.
    pub fn advance(&mut self, time_us: i64) -> Result<(), Stopped> {
        self.clock.advance(time_us);
        self.worker.advance(self.clock.now_us())
    }

    /// Hands on the reports of all packets so far.
    pub fn flush(&mut self) -> Result<(), Stopped> {
        self.worker.advance(self.clock.now_us())
    }

    /// Ends all flows and gives the sink back.
    #[must_use]
    pub fn finish(self) -> Outcome<S> {
        let now_us = self.clock.now_us();
        let (sink, failure, flows) = match self.worker {
            Worker::Inline(mut inline) => {
                inline.end(now_us);
                (inline.sink, inline.failure, inline.table.counts())
            }
            Worker::Sharded(sharded) => sharded.finish(now_us),
        };
        let Self { late_packets, clock_steps, .. } = self;
        Outcome { sink, failure, flows, late_packets, clock_steps }
    }
}

impl<S: Sink> Worker<S> {
    #[inline]
    fn packet(&mut self, packet: &Packet, stamp: Stamp) -> Result<(), Stopped> {
        match self {
            Self::Inline(inline) => inline.packet(packet, stamp),
            Self::Sharded(sharded) => sharded.packet(packet, stamp),
        }
    }

    fn advance(&mut self, now_us: i64) -> Result<(), Stopped> {
        match self {
            Self::Inline(inline) => {
                inline.report(now_us)?;
                inline.attempt(|sink| sink.flush(now_us))
            }
            Self::Sharded(sharded) => sharded.advance(now_us),
        }
    }

    fn restart(&mut self, before_us: i64) -> Result<(), Stopped> {
        match self {
            Self::Inline(inline) => {
                inline.end(before_us);
                inline.attempt(Sink::restart)
            }
            Self::Sharded(sharded) => sharded.restart(before_us),
        }
    }
}

/// The whole pipeline on the caller's thread.
#[derive(Debug)]
struct Inline<S: Sink> {
    table: FlowTable,
    sink: S,
    packets: usize,
    failure: Option<S::Error>,
}

impl<S: Sink> Inline<S> {
    #[inline]
    fn packet(&mut self, packet: &Packet, stamp: Stamp) -> Result<(), Stopped> {
        self.table.observe(packet, stamp);
        self.packets += 1;
        if self.packets < BATCH {
            return Ok(());
        }
        self.report(stamp.clock_us)
    }

    fn report(&mut self, now_us: i64) -> Result<(), Stopped> {
        self.packets = 0;
        let Self { table, sink, failure, .. } = self;
        table.report(now_us, |report| give(sink, failure, &report));
        self.standing()
    }

    fn end(&mut self, now_us: i64) {
        let Self { table, sink, failure, .. } = self;
        table.finish(now_us, |report| give(sink, failure, &report));
    }

    fn attempt(
        &mut self,
        action: impl FnOnce(&mut S) -> Result<(), S::Error>,
    ) -> Result<(), Stopped> {
        if self.failure.is_none() {
            self.failure = action(&mut self.sink).err();
        }
        self.standing()
    }

    fn standing(&self) -> Result<(), Stopped> {
        if self.failure.is_some() { Err(Stopped) } else { Ok(()) }
    }
}
