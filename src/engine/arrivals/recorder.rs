//! What one source of packets writes arrivals to.

use std::sync::Arc;

use super::Arrivals;
use super::batch::Batch;
use super::entry::{Found, What};
use crate::engine::inference::Pace;
use crate::flow::{Clock, Step};
use crate::packet::application::{Host, Message, Segment};
use crate::packet::{Decoder, Frame, Packet, TcpFlags, protocol};
use crate::respond::ResetBy;

/// What one source of packets writes to. It never waits on a live capture: where a reader is at the
/// store, what was found is handed over the next time. A replay hands each over at once, so that what
/// is read depends on the capture alone. The rest is handed over when it is dropped.
#[derive(Debug)]
pub(in crate::engine) struct ArrivalRecorder {
    arrivals: Arc<Arrivals>,
    pace: Pace,
    clock: Clock,
    batch: Batch,
}

impl ArrivalRecorder {
    pub(super) fn new(arrivals: Arc<Arrivals>, pace: Pace, clock: Clock) -> Self {
        Self { arrivals, pace, clock, batch: Batch::default() }
    }

    /// Looks into `frame`, the last that became a packet: `packet`.
    #[inline]
    pub(in crate::engine) fn observe(
        &mut self,
        decoder: &Decoder,
        frame: &Frame<'_>,
        packet: &Packet,
    ) {
        if let Step::Back(_) = self.clock.observe(packet.time_us) {
            self.batch.restart();
        }
        if packet.tuple.protocol != protocol::TCP {
            return;
        }
        if packet.flags.contains(TcpFlags::RST) {
            self.reset(packet);
        } else if packet.payload_len > 0
            && let Some(segment) = decoder.segment(frame, packet)
        {
            self.segment(&segment, packet);
        }
    }

    /// Hands over what was found.
    pub(in crate::engine) fn hand_over(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let store = match self.pace {
            Pace::Live => self.arrivals.try_locked(),
            Pace::Replay => Some(self.arrivals.locked()),
        };
        if let Some(mut store) = store {
            store.take(&self.batch, self.clock.now_us());
            self.batch.clear();
        }
    }

    #[cfg(test)]
    pub(super) const fn batch(&self) -> &Batch {
        &self.batch
    }

    #[inline]
    fn segment(&mut self, segment: &Segment<'_>, packet: &Packet) {
        for (message, number) in segment.messages().zip(0_u32..) {
            self.message(message, packet, (segment.sequence, number));
        }
    }

    fn message(&mut self, message: Message<'_>, packet: &Packet, place: (u32, u32)) {
        if self.batch.is_full() {
            self.arrivals.lose();
            return;
        }
        let batch = &mut self.batch;
        let mut room = [0; Host::LONGEST];
        let mut host = |host: Option<Host<'_>>| host.map(|host| batch.text(host.lower(&mut room)));
        let (tuple, what) = match message {
            Message::Request(request) => {
                let host = host(request.host);
                let path = request.path.map(|path| batch.text(path));
                (packet.tuple, What::Request { host, path, head: request.head })
            }
            Message::ClientHello(hello) => {
                let host = host(hello.server_name);
                (packet.tuple, What::Handshake { host, head: hello.head })
            }
            Message::Http2 => (packet.tuple, What::Http2),
            // That the answer will come is no answer yet (RFC 9110, 15.2).
            Message::Answer(100 | 102..=199) => return,
            Message::Answer(status) => (packet.tuple.reversed(), What::Answer { status }),
        };
        let print = self.arrivals.print(&(packet.tuple, place));
        batch.push(Found { at_us: packet.time_us, tuple, print, what });
        self.hand_over_at_once();
    }

    fn reset(&mut self, packet: &Packet) {
        if self.batch.is_full() {
            self.arrivals.lose();
            return;
        }
        // Each segment that comes after is answered with another one.
        let print = self.arrivals.print(&packet.tuple.canonical());
        let what = What::Reset { by: ResetBy::Client };
        self.batch.push(Found { at_us: packet.time_us, tuple: packet.tuple, print, what });
        self.hand_over_at_once();
    }

    fn hand_over_at_once(&mut self) {
        if self.pace == Pace::Replay {
            self.hand_over();
        }
    }
}

impl Drop for ArrivalRecorder {
    fn drop(&mut self) {
        self.pace = Pace::Replay;
        self.hand_over();
    }
}
