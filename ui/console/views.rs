//! The panes, and what lies over them.

use weir::engine::Snapshot;

use super::Pane;
use crate::panes::View;
use crate::panes::alerts::Alerts;
use crate::panes::events::Events;
use crate::panes::flows::Flows;
use crate::panes::help::Help;
use crate::panes::limits::Limits;
use crate::panes::policy_editor::{EditorId, PolicyEditor};
use crate::panes::scores::Scores;
use crate::panes::smells::Smells;

/// Pages that can lie one over the other.
const DEEPEST: usize = 8;

/// Everything that can be looked at, with what was chosen in it.
#[derive(Debug, Default)]
pub(super) struct Views {
    panes: Panes,
    /// What was opened, the newest last.
    pages: Vec<Box<dyn View>>,
    help: Option<Help>,
}

#[derive(Debug, Default)]
struct Panes {
    flows: Flows,
    scores: Scores,
    alerts: Alerts,
    events: Events,
    limits: Limits,
}

impl Panes {
    fn of(&mut self, pane: Pane) -> &mut dyn View {
        match pane {
            Pane::Flows => &mut self.flows,
            Pane::Scores => &mut self.scores,
            Pane::Alerts => &mut self.alerts,
            Pane::Events => &mut self.events,
            Pane::Limits => &mut self.limits,
        }
    }
}

impl Views {
    /// A pane.
    pub(super) fn pane(&self, pane: Pane) -> &dyn View {
        match pane {
            Pane::Flows => &self.panes.flows,
            Pane::Scores => &self.panes.scores,
            Pane::Alerts => &self.panes.alerts,
            Pane::Events => &self.panes.events,
            Pane::Limits => &self.panes.limits,
        }
    }

    /// A pane, to change what was chosen in it.
    pub(super) fn pane_mut(&mut self, pane: Pane) -> &mut dyn View {
        self.panes.of(pane)
    }

    /// What hides the panes, if anything does.
    pub(super) fn cover(&self) -> Option<&dyn View> {
        let help = self.help.as_ref().map(|help| help as &dyn View);
        help.or_else(|| self.pages.last().map(AsRef::as_ref))
    }

    /// What hides the panes, else `pane`, to change what was chosen in it.
    pub(super) fn top_mut(&mut self, pane: Pane) -> &mut dyn View {
        match (&mut self.help, self.pages.last_mut()) {
            (Some(help), _) => help,
            (None, Some(last)) => last.as_mut(),
            (None, None) => self.panes.of(pane),
        }
    }

    /// The editor, where it lies on top.
    pub(super) fn editor(&self) -> Option<&PolicyEditor> {
        self.cover()?.editor()
    }

    /// The editor, where it lies on top, to be written in.
    pub(super) fn editor_mut(&mut self) -> Option<&mut PolicyEditor> {
        match (&self.help, self.pages.last_mut()) {
            (None, Some(last)) => last.editor_mut(),
            _ => None,
        }
    }

    /// The editor of this number, wherever it lies.
    pub(super) fn editor_of(&mut self, id: EditorId) -> Option<&mut PolicyEditor> {
        let mut editors = self.pages.iter_mut().filter_map(|page| page.editor_mut());
        editors.find(|editor| editor.id() == id)
    }

    /// The page of smells, wherever it lies.
    pub(super) fn smells_mut(&mut self) -> Option<&mut Smells> {
        self.pages.iter_mut().find_map(|page| page.smells_mut())
    }

    /// Lays the page of smells over all else, if there is one; says whether there is.
    pub(super) fn raise_smells(&mut self) -> bool {
        let at = self.pages.iter().position(|page| page.smells().is_some());
        if let Some(at) = at {
            let page = self.pages.remove(at);
            self.pages.push(page);
            self.help = None;
        }
        at.is_some()
    }

    /// Lays a page over what is seen, where there is room for one more; says whether there was.
    #[must_use]
    pub(super) fn open(&mut self, page: Box<dyn View>) -> bool {
        let has_room = self.pages.len() < DEEPEST;
        if has_room {
            // What is opened is seen, above all what is asked about.
            self.help = None;
            self.pages.push(page);
        }
        has_room
    }

    /// Takes away what lies on top; says whether there was anything.
    pub(super) fn close(&mut self) -> bool {
        self.help.take().is_some() || self.pages.pop().is_some()
    }

    /// Takes away all that hides the panes.
    pub(super) fn uncover(&mut self) {
        self.help = None;
        self.pages.clear();
    }

    /// Shows or hides the help.
    pub(super) fn toggle_help(&mut self) {
        self.help = match self.help {
            Some(_) => None,
            None => Some(Help::default()),
        };
    }

    /// Lets the pages take over what a newer snapshot says of what they show.
    pub(super) fn refresh(&mut self, snapshot: &Snapshot) {
        for page in &mut self.pages {
            page.refresh(snapshot);
        }
    }
}
