//! Which packets are looked for, and what was seen of them.
//!
//! Flows of one tuple that follow each other are told apart by time; those whose times touch make
//! one window, so that a packet belongs to one window at most and is written once.
//!
//! A capture that is replayed again comes into the ring again. Of a window one run of an engine is
//! therefore chosen, the one that has most of its packets, and the newest of those that have as many.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::Found;
use crate::incident::FlowSpan;
use crate::packet::{LinkType, Packet, Tuple};

/// The flows that are looked for.
#[derive(Debug)]
pub(super) struct Wanted {
    windows: HashMap<Tuple, Vec<Window>, RandomState>,
    first_us: i64,
    last_us: i64,
}

/// Flows of one tuple whose times touch.
#[derive(Debug)]
pub(super) struct Window {
    last_us: i64,
    /// By their first packet.
    spans: Vec<FlowSpan>,
    /// What was seen of it in each run, oldest first.
    sightings: Vec<Sighting>,
}

/// What was seen of a window in one run.
#[derive(Debug)]
struct Sighting {
    run: u32,
    packets: u64,
    /// A bit for each link type.
    links: u8,
    /// Time of the earliest packet of each span.
    earliest_us: Vec<Option<i64>>,
}

impl Wanted {
    pub(super) fn new(spans: &[FlowSpan]) -> Self {
        let mut sorted = spans.to_vec();
        sorted.sort_by_key(|span| (span.first_us, span.last_us));
        // A flow that is told of twice counts once.
        sorted.dedup();
        let mut windows: HashMap<Tuple, Vec<Window>, RandomState> = HashMap::default();
        for span in sorted {
            let windows = windows.entry(span.tuple.canonical()).or_default();
            match windows.last_mut() {
                Some(window) if span.first_us <= window.last_us => {
                    window.last_us = window.last_us.max(span.last_us);
                    window.spans.push(span);
                }
                _ => windows.push(Window {
                    last_us: span.last_us,
                    spans: vec![span],
                    sightings: Vec::new(),
                }),
            }
        }
        Self {
            windows,
            first_us: spans.iter().map(|span| span.first_us).min().unwrap_or(i64::MAX),
            last_us: spans.iter().map(|span| span.last_us).max().unwrap_or(i64::MIN),
        }
    }

    /// Whether a packet of this time may be wanted at all.
    pub(super) fn may_hold(&self, time_us: i64) -> bool {
        self.first_us <= time_us && time_us <= self.last_us
    }

    /// The window that `packet` belongs to.
    pub(super) fn window(&mut self, packet: &Packet) -> Option<&mut Window> {
        let windows = self.windows.get_mut(&packet.tuple.canonical())?;
        let index = windows.partition_point(|window| window.last_us < packet.time_us);
        windows.get_mut(index).filter(|window| window.holds(packet.time_us))
    }

    /// What is found, the time of the ring's oldest frame left open.
    pub(super) fn found(&self) -> Found {
        let mut found = Found::default();
        for window in self.windows.values().flatten() {
            let chosen = window.chosen();
            found.packets += chosen.map_or(0, |chosen| chosen.packets);
            for (index, span) in window.spans.iter().enumerate() {
                let earliest = chosen.and_then(|chosen| *chosen.earliest_us.get(index)?);
                match earliest {
                    Some(earliest_us) => {
                        found.flows += 1;
                        found.flows_cut += u64::from(earliest_us > span.first_us);
                    }
                    None => found.flows_gone += 1,
                }
            }
        }
        found
    }

    /// The link types of what is found, in their order.
    pub(super) fn links(&self) -> Vec<LinkType> {
        let chosen = self.windows.values().flatten().filter_map(Window::chosen);
        let links = chosen.fold(0, |links, sighting| links | sighting.links);
        LinkType::ALL.into_iter().filter(|link| links & 1 << *link as u8 != 0).collect()
    }

    /// The runs that something found is of.
    pub(super) fn runs(&self) -> impl Iterator<Item = u32> {
        self.windows.values().flatten().filter_map(Window::chosen).map(|chosen| chosen.run)
    }
}

impl Window {
    fn holds(&self, time_us: i64) -> bool {
        self.spans.first().is_some_and(|span| span.first_us <= time_us) && time_us <= self.last_us
    }

    /// Counts a packet at `time_us`; runs come one after the other.
    pub(super) fn sight(&mut self, run: u32, link: LinkType, time_us: i64) {
        if self.sightings.last().is_none_or(|newest| newest.run != run) {
            let earliest_us = vec![None; self.spans.len()];
            self.sightings.push(Sighting { run, packets: 0, links: 0, earliest_us });
        }
        let Some(sighting) = self.sightings.last_mut() else { return };
        sighting.packets += 1;
        sighting.links |= 1 << link as u8;
        for (span, earliest_us) in self.spans.iter().zip(&mut sighting.earliest_us) {
            if span.first_us <= time_us && time_us <= span.last_us {
                *earliest_us = Some(earliest_us.map_or(time_us, |other| other.min(time_us)));
            }
        }
    }

    /// Whether its packets are taken from this run.
    pub(super) fn is_of(&self, run: u32) -> bool {
        self.chosen().is_some_and(|chosen| chosen.run == run)
    }

    fn chosen(&self) -> Option<&Sighting> {
        self.sightings.iter().max_by_key(|sighting| sighting.packets)
    }
}
