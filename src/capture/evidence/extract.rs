//! The packets of single flows out of the ring, as a pcapng file.
//!
//! The ring is read twice, first to count, because what was found is said at the head of the file.
//! All segments are opened before the first is read: one that is removed meanwhile is still read,
//! and what is written meanwhile is not.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::io::Write;
use std::path::Path;

use super::segment::{self, Segment};
use super::wanted::Wanted;
use super::{Error, Found, block};
use crate::capture;
use crate::incident::{FlowSpan, rfc3339};
use crate::packet::{Decoder, Frame, LinkType, Packet};

/// How much later than a packet its successor may have come into the ring, in µs: interfaces hand
/// over what they gathered several times a second.
const DISORDER_US: i64 = 2_000_000;

/// Bytes of packets that wait for others that may be earlier.
const MOST_WAITING: usize = 16 << 20;

/// Bytes that are written at a time.
const WRITE: usize = 64 << 10;

/// Writes the packets of `spans` that are still in the ring in `folder` as pcapng, under a comment
/// that begins with `about` and says what was found and what was not.
///
/// Packets of one run of an engine come in the order of time. Memory is bounded by the number of
/// spans, not of packets; the file is never longer than the ring.
pub fn extract(
    folder: &Path,
    spans: &[FlowSpan],
    about: &str,
    out: &mut dyn Write,
) -> Result<Found, Error> {
    let segments = opened(folder)?;
    let mut wanted = Wanted::new(spans);
    let mut oldest_us = None::<i64>;
    visit(&segments, |segment, frame, decoder| {
        oldest_us = Some(oldest_us.map_or(frame.time_us, |oldest| oldest.min(frame.time_us)));
        if let Some(packet) = decoded(&wanted, frame, decoder)
            && let Some(window) = wanted.window(&packet)
        {
            window.sight(segment.name.run, frame.link, packet.time_us);
        }
        Ok(())
    })?;
    let found = Found { oldest_us, ..wanted.found() };
    let runs: BTreeSet<u32> = wanted.runs().collect();
    let is_redacted =
        segments.iter().any(|segment| !segment.keeps_payload && runs.contains(&segment.name.run));
    let links = wanted.links();
    let mut sorted = Sorted::new(out, &comment(about, &found, is_redacted), &links);
    let mut run = None;
    visit(&segments, |segment, frame, decoder| {
        if run != Some(segment.name.run) {
            run = Some(segment.name.run);
            sorted.release(0)?;
        }
        if let Some(packet) = decoded(&wanted, frame, decoder)
            && wanted.window(&packet).is_some_and(|window| window.is_of(segment.name.run))
        {
            sorted.push(frame)?;
        }
        Ok(())
    })?;
    sorted.finish()?;
    Ok(found)
}

/// All segments of the ring, oldest first.
fn opened(folder: &Path) -> Result<Vec<Segment>, Error> {
    let failed = |doing, path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { doing, path, source }
    };
    let names = segment::names(folder).map_err(failed("list folder", folder))?;
    let mut segments = Vec::new();
    for name in names {
        let path = folder.join(name.to_string());
        segments.extend(Segment::open(folder, name).map_err(failed("open", &path))?);
    }
    Ok(segments)
}

/// Shows every frame of the ring, in its order, with the decoder of its run.
fn visit(
    segments: &[Segment],
    mut show: impl FnMut(&Segment, &Frame<'_>, &mut Decoder) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut run = None;
    let mut decoder = Decoder::default();
    for segment in segments {
        if run != Some(segment.name.run) {
            run = Some(segment.name.run);
            decoder = Decoder::default();
        }
        let failed = |source| Error::File { doing: "read", path: segment.path.clone(), source };
        let Some(mut reader) = segment.frames().map_err(failed)? else { continue };
        loop {
            match reader.next_frame() {
                Ok(Some(frame)) => show(segment, &frame, &mut decoder)?,
                Err(capture::Error::Read { source, .. }) => return Err(failed(source)),
                // What a kill has left of a frame is none.
                Ok(None) | Err(_) => break,
            }
        }
    }
    Ok(())
}

fn decoded(wanted: &Wanted, frame: &Frame<'_>, decoder: &mut Decoder) -> Option<Packet> {
    if wanted.may_hold(frame.time_us) { decoder.decode(frame).ok() } else { None }
}

/// What is said at the head of the file, in one line.
fn comment(about: &str, found: &Found, is_redacted: bool) -> String {
    let Found { packets, flows, flows_gone, flows_cut, oldest_us } = *found;
    let about: String =
        about.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    let mut text = format!(
        "{about}; packets: {packets}; flows: {flows} of {}; flows of which nothing is left: \
         {flows_gone}; flows whose beginning is not there any more: {flows_cut}; ",
        flows + flows_gone
    );
    match oldest_us {
        Some(oldest_us) => {
            text.push_str("oldest packet kept of any flow: ");
            text.push_str(&rfc3339(oldest_us));
        }
        None => text.push_str("no packet is kept of any flow"),
    }
    if is_redacted {
        text.push_str("; payload was not kept");
    }
    text
}

/// A pcapng file whose packets are put in order on the way into it.
struct Sorted<'a> {
    out: &'a mut dyn Write,
    links: &'a [LinkType],
    /// What is to be written next.
    ready: Vec<u8>,
    /// Blocks by time, then as they came.
    waiting: BinaryHeap<Reverse<(i64, u64, Vec<u8>)>>,
    waiting_bytes: usize,
    pushed: u64,
    newest_us: i64,
}

impl<'a> Sorted<'a> {
    fn new(out: &'a mut dyn Write, comment: &str, links: &'a [LinkType]) -> Self {
        let mut ready = Vec::with_capacity(WRITE);
        block::section(comment, &mut ready);
        for link in links {
            block::interface(*link, &mut ready);
        }
        Self {
            out,
            links,
            ready,
            waiting: BinaryHeap::new(),
            waiting_bytes: 0,
            pushed: 0,
            newest_us: i64::MIN,
        }
    }

    fn push(&mut self, frame: &Frame<'_>) -> Result<(), Error> {
        let Frame { time_us, link, wire_len, bytes } = *frame;
        let interface = self.links.iter().position(|one| *one == link).unwrap_or_default();
        let interface = u32::try_from(interface).unwrap_or_default();
        let mut packet = Vec::with_capacity(block::packet_len(bytes.len()));
        block::packet(&block::Packet { interface, time_us, wire_len, bytes }, &mut packet);
        self.waiting_bytes += packet.len();
        self.waiting.push(Reverse((time_us, self.pushed, packet)));
        self.pushed += 1;
        self.newest_us = self.newest_us.max(time_us);
        self.release(MOST_WAITING)
    }

    /// Writes what no other can precede any more, and more where more than `most` bytes wait.
    fn release(&mut self, most: usize) -> Result<(), Error> {
        let is_settled = self.newest_us.saturating_sub(DISORDER_US);
        while let Some(Reverse((time_us, ..))) = self.waiting.peek()
            && (*time_us < is_settled || self.waiting_bytes > most)
            && let Some(Reverse((_, _, packet))) = self.waiting.pop()
        {
            self.waiting_bytes -= packet.len();
            self.ready.extend(packet);
            if self.ready.len() >= WRITE {
                self.write()?;
            }
        }
        if self.waiting.is_empty() {
            self.newest_us = i64::MIN;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Error> {
        self.release(0)?;
        self.write()?;
        self.out.flush().map_err(Error::Output)
    }

    fn write(&mut self) -> Result<(), Error> {
        self.out.write_all(&self.ready).map_err(Error::Output)?;
        self.ready.clear();
        Ok(())
    }
}
