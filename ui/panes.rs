//! What stands on the screen, one file a pane or page. All of it is drawn from a snapshot.
//!
//! A [`View`] keeps only what the operator chose in it: a row, an order, how far it is scrolled. It
//! decides nothing about the cluster; which keys reach it is decided by [`crate::console`].

pub(crate) mod agents;
pub(crate) mod alerts;
pub(crate) mod answer;
pub(crate) mod chrome;
pub(crate) mod conversation;
pub(crate) mod decisions;
pub(crate) mod endpoint;
pub(crate) mod event;
pub(crate) mod events;
pub(crate) mod facts;
pub(crate) mod flow;
pub(crate) mod flows;
pub(crate) mod help;
pub(crate) mod image;
pub(crate) mod images;
pub(crate) mod incident;
pub(crate) mod limit;
pub(crate) mod limits;
pub(crate) mod listing;
pub(crate) mod map;
pub(crate) mod mutes;
pub(crate) mod outbox;
pub(crate) mod palette;
pub(crate) mod policies;
pub(crate) mod policy;
pub(crate) mod policy_editor;
pub(crate) mod process;
pub(crate) mod proposal;
pub(crate) mod scan;
pub(crate) mod scores;
pub(crate) mod scroll;
pub(crate) mod smell;
pub(crate) mod smells;
pub(crate) mod status;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use weir::engine::{ImageStatus, Snapshot};
use weir::filter;
use weir::incident::Incident;
use weir::policy::PolicyStatus;
use weir::respond::LimitStatus;
use weir::store::{Entry, Mute};

use self::policy_editor::PolicyEditor;
use self::smells::Smells;
use crate::console::{Motion, Sieve};
use crate::format;
use crate::look::Look;
use crate::text;

/// What is shown, and how.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    /// What is shown.
    pub(crate) snapshot: Arc<Snapshot>,
    /// What of it.
    pub(crate) sieve: Arc<Sieve>,
    /// How.
    pub(crate) look: Look,
}

impl Scene {
    /// The things that the filter lets through.
    pub(crate) fn sifted<T: filter::Subject>(&self, all: &[Arc<T>]) -> Vec<Arc<T>> {
        let now_us = self.look.now_us;
        all.iter().filter(|one| self.sieve.lets(&***one, now_us)).cloned().collect()
    }

    /// What the filter does to these things, for a title: ` · 2 of 45 by class:dos*`.
    pub(crate) fn sifting<T: filter::Subject>(&self, all: &[Arc<T>]) -> String {
        if self.sieve.is_empty() {
            return String::new();
        }
        let shown = format::count(self.sifted(all).len() as u64);
        let filter = text::clean(self.sieve.text());
        format!(" · {shown} of {} by {filter}", format::count(all.len() as u64))
    }
}

/// Whether keys go to a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Focus {
    /// They do.
    Here,
    /// They go elsewhere.
    Elsewhere,
}

/// A thing about which something can be done.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    /// An incident.
    Incident(Arc<Incident>),
    /// An entry of the outbox.
    Entry(Arc<Entry>),
    /// A mute.
    Mute(Mute),
    /// An Ingress and its limit.
    Limit(Arc<LimitStatus>),
    /// A policy.
    Policy(Arc<PolicyStatus>),
    /// An image.
    Image(Arc<ImageStatus>),
}

/// A pane or a page. Areas are those inside its frame.
pub(crate) trait View: std::fmt::Debug {
    /// What its frame says.
    fn title(&self, scene: &Scene) -> String;

    /// Draws it.
    fn render(&self, scene: &Scene, focus: Focus, area: Rect, buffer: &mut Buffer);

    /// Moves the selection, or what is seen.
    fn step(&mut self, _scene: &Scene, _motion: Motion, _area: Rect) {}

    /// Selects what stands at `position`.
    fn point(&mut self, _scene: &Scene, _position: Position, _area: Rect) {}

    /// What the selected row looks like in detail.
    fn open(&self, _scene: &Scene) -> Option<Box<dyn View>> {
        None
    }

    /// The selected row, or all of it, as text.
    fn copy(&self, _scene: &Scene) -> Option<String> {
        None
    }

    /// What the selected row is, for whoever wants to do something about it.
    fn subject(&self, _scene: &Scene) -> Option<Subject> {
        None
    }

    /// Orders by the next column.
    fn sort(&mut self) {}

    /// Turns the order round.
    fn reverse(&mut self) {}

    /// Whether it is where policies are written.
    fn lists_policies(&self) -> bool {
        false
    }

    /// Whether it is where images are listed.
    fn lists_images(&self) -> bool {
        false
    }

    /// The page of smells that it is.
    fn smells(&self) -> Option<&Smells> {
        None
    }

    /// The page of smells that it is, to be told what was found.
    fn smells_mut(&mut self) -> Option<&mut Smells> {
        None
    }

    /// The editor that it is, to be read.
    fn editor(&self) -> Option<&PolicyEditor> {
        None
    }

    /// The editor that it is, to be written in.
    fn editor_mut(&mut self) -> Option<&mut PolicyEditor> {
        None
    }

    /// Takes over what a newer snapshot says of what it shows.
    fn refresh(&mut self, _snapshot: &Snapshot) {}
}
