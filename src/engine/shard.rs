//! The flow table shared among threads, and their reports merged back into one order.
//!
//! ```text
//!            ┌► shard 0 ─┐
//! caller ────┤           ├──► merge ──► sink
//!            └► shard 1 ─┘
//! ```
//! Every queue is bounded, and a full one makes its writer wait: memory is bounded and nothing is
//! dropped. Work goes to the shards in the order in which the merge asks for its results, so no
//! thread ever waits for one that waits for it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::sink::{BATCH, Sink, Stopped, give};
use crate::flow::{Counts, Flow, FlowTable, Order, Report, Row, Share, Stamp, State, Timeouts};
use crate::packet::{Packet, Tuple};

/// Batches that may wait for a shard.
const WAITING_BATCHES: usize = 8;

/// Chunks of reports that may wait for the merge.
const WAITING_CHUNKS: usize = 8;

/// Reports in a chunk; a report is below 1 KiB.
const CHUNK: usize = 256;

/// What the end of a batch means to the sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Proceed,
    /// Hand on what is held back; it is so late in packet time, in µs since the epoch.
    Flush(i64),
    Restart,
    End,
}

/// Packets for a shard, and the time up to which it then reports.
struct Work {
    packets: Vec<(Packet, Stamp)>,
    now_us: i64,
    then: Then,
}

/// A report that owns its flow.
#[expect(clippy::large_enum_variant, reason = "nearly all are rows")]
enum Owned {
    Opened(Order, Tuple),
    Row(Order, State, Flow),
}

/// What a shard says to the merge.
enum Said {
    Reports(Vec<Owned>),
    Done(Then),
}

type Merged<S> = (S, Option<<S as Sink>::Error>);

/// The caller's end.
#[derive(Debug)]
pub(super) struct Sharded<S: Sink> {
    share: Share,
    packets: Vec<Vec<(Packet, Stamp)>>,
    pending: usize,
    shards: Vec<(SyncSender<Work>, JoinHandle<Counts>)>,
    merge: JoinHandle<Merged<S>>,
}

impl<S: Sink> Sharded<S> {
    pub(super) fn start(
        share: Share,
        max_flows: usize,
        timeouts: Timeouts,
        sink: S,
    ) -> std::io::Result<Self> {
        let mut shards = Vec::new();
        let mut streams = Vec::new();
        for number in 0..share.shards() {
            let (work, to_do) = sync_channel(WAITING_BATCHES);
            let (say, said) = sync_channel(WAITING_CHUNKS);
            let table = FlowTable::new(share, number, max_flows, timeouts);
            let thread = Builder::new().name(format!("flow-{number}"));
            shards.push((work, thread.spawn(move || run(table, &to_do, &say))?));
            streams.push(Stream { said, reports: Vec::new().into_iter().peekable(), then: None });
        }
        let merge = Builder::new().name("merge".into()).spawn(move || merge(sink, streams))?;
        let packets = (0..share.shards()).map(|_| Vec::new()).collect();
        Ok(Self { share, packets, pending: 0, shards, merge })
    }

    #[inline]
    pub(super) fn packet(&mut self, packet: &Packet, stamp: Stamp) -> Result<(), Stopped> {
        let shard = self.share.shard(&packet.tuple);
        self.packets[shard].push((*packet, stamp));
        self.pending += 1;
        if self.pending < BATCH {
            return Ok(());
        }
        self.send(stamp.clock_us, Then::Proceed)
    }

    pub(super) fn advance(&mut self, now_us: i64) -> Result<(), Stopped> {
        self.send(now_us, Then::Flush(now_us))
    }

    pub(super) fn restart(&mut self, before_us: i64) -> Result<(), Stopped> {
        self.send(before_us, Then::Restart)
    }

    pub(super) fn finish(mut self, now_us: i64) -> (S, Option<S::Error>, Counts) {
        // A shard that is gone has been stopped by the merge, which knows why.
        self.send(now_us, Then::End).ok();
        let mut flows = Counts::default();
        for (work, shard) in self.shards {
            drop(work);
            let counts = joined(shard);
            flows.opened += counts.opened;
            flows.evicted += counts.evicted;
        }
        let (sink, failure) = joined(self.merge);
        (sink, failure, flows)
    }

    fn send(&mut self, now_us: i64, then: Then) -> Result<(), Stopped> {
        self.pending = 0;
        for ((work, _), packets) in self.shards.iter().zip(&mut self.packets) {
            let room = Vec::with_capacity(packets.capacity());
            let packets = std::mem::replace(packets, room);
            work.send(Work { packets, now_us, then }).map_err(|_| Stopped)?;
        }
        Ok(())
    }
}

/// The result of a thread; its panic goes on in the caller.
fn joined<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// One shard: until there is no more work, or no one to report to.
fn run(mut table: FlowTable, to_do: &Receiver<Work>, say: &SyncSender<Said>) -> Counts {
    for Work { packets, now_us, then } in to_do {
        for (packet, stamp) in &packets {
            table.observe(packet, *stamp);
        }
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut is_heard = true;
        let sink = |report: Report<'_>| {
            chunk.push(Owned::from(report));
            if chunk.len() == CHUNK {
                let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK));
                is_heard &= say.send(Said::Reports(full)).is_ok();
            }
        };
        match then {
            Then::Proceed | Then::Flush(_) => table.report(now_us, sink),
            Then::Restart | Then::End => table.finish(now_us, sink),
        }
        is_heard &= say.send(Said::Reports(chunk)).is_ok() && say.send(Said::Done(then)).is_ok();
        if !is_heard {
            break;
        }
    }
    table.counts()
}

/// What one shard says, batch by batch.
struct Stream {
    said: Receiver<Said>,
    reports: std::iter::Peekable<std::vec::IntoIter<Owned>>,
    /// How the current batch ended, once it has.
    then: Option<Then>,
}

impl Stream {
    /// The order of the next report of this batch; none at the batch's end.
    fn next_order(&mut self) -> Option<Order> {
        loop {
            if let Some(report) = self.reports.peek() {
                return Some(report.order());
            }
            if self.then.is_some() {
                return None;
            }
            match self.said.recv() {
                Ok(Said::Reports(reports)) => self.reports = reports.into_iter().peekable(),
                Ok(Said::Done(then)) => self.then = Some(then),
                Err(_) => self.then = Some(Then::End),
            }
        }
    }
}

/// Gives the reports of all shards to `sink` in one order, batch by batch.
fn merge<S: Sink>(mut sink: S, mut streams: Vec<Stream>) -> Merged<S> {
    let mut failure = None;
    loop {
        while let Some((_, stream)) = streams
            .iter_mut()
            .filter_map(|stream| Some((stream.next_order()?, stream)))
            .min_by_key(|(order, _)| *order)
        {
            if let Some(report) = stream.reports.next() {
                give(&mut sink, &mut failure, &report.borrowed());
            }
        }
        let then = streams.iter_mut().filter_map(|stream| stream.then.take()).last();
        let done = match then {
            _ if failure.is_some() => return (sink, failure),
            Some(Then::Proceed) => Ok(()),
            Some(Then::Flush(now_us)) => sink.flush(now_us),
            Some(Then::Restart) => sink.restart(),
            Some(Then::End) | None => return (sink, failure),
        };
        failure = done.err();
    }
}

impl From<Report<'_>> for Owned {
    fn from(report: Report<'_>) -> Self {
        match report {
            Report::Opened { order, tuple } => Self::Opened(order, tuple),
            Report::Row(row) => Self::Row(row.order, row.state, row.flow.clone()),
        }
    }
}

impl Owned {
    const fn order(&self) -> Order {
        match self {
            Self::Opened(order, _) | Self::Row(order, ..) => *order,
        }
    }

    const fn borrowed(&self) -> Report<'_> {
        match self {
            Self::Opened(order, tuple) => Report::Opened { order: *order, tuple: *tuple },
            Self::Row(order, state, flow) => {
                Report::Row(Row { order: *order, state: *state, flow })
            }
        }
    }
}
