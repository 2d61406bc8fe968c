//! What is looked at for smells, and what came of it.

use std::fmt;

use weir::cluster::Link;

use super::prompt::Prompt;
use super::{Console, Effect};
use crate::panes::smells::Smells;
use crate::smells::findings::Findings;
use crate::text;

/// Where smells are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SmellsPlace {
    /// In what runs in the cluster.
    Cluster,
    /// In a file or a folder, as somebody wrote it.
    Path(String),
}

/// As people are told of it.
impl fmt::Display for SmellsPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => f.write_str("the cluster"),
            Self::Path(path) => f.write_str(&text::clean(path)),
        }
    }
}

/// Something that is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SmellsWish {
    /// Tells it from all others of this console.
    pub(crate) number: u64,
    /// What it is.
    pub(crate) place: SmellsPlace,
}

/// What came of a look.
#[derive(Debug)]
pub(crate) struct SmellsNews {
    /// The number of the wish.
    pub(crate) number: u64,
    /// What was found, or why nothing could be looked at.
    pub(crate) outcome: Result<Findings, String>,
}

impl Console {
    /// Shows the page of smells. One that is opened looks at the cluster at once, where there is one.
    pub(super) fn show_smells(&mut self) -> Option<Effect> {
        if self.views.raise_smells() {
            return None;
        }
        if self.has_cluster() {
            return self.smell(SmellsPlace::Cluster);
        }
        self.lay(Smells::default());
        None
    }

    /// Looks at the cluster, or says why that cannot be.
    pub(super) fn smell_cluster(&mut self) -> Option<Effect> {
        if let Link::Absent(why) = &self.snapshot.cluster.link {
            self.notice = Some(text::clean(why));
            return None;
        }
        self.smell(SmellsPlace::Cluster)
    }

    /// Asks which file or folder is to be looked at.
    pub(super) fn ask_path(&mut self) {
        let before = self.top().smells().and_then(Smells::path).unwrap_or_default();
        self.prompt = Some(Prompt::path(before));
    }

    /// Looks at the file or folder that was written.
    pub(super) fn smell_path(&mut self) -> Option<Effect> {
        let path = self.prompt.as_ref().map(|prompt| prompt.text().trim().to_owned())?;
        if path.is_empty() {
            self.notice = Some("write the path of a file or a folder, or leave it with esc".into());
            return None;
        }
        self.prompt = None;
        self.smell(SmellsPlace::Path(path))
    }

    /// Has something looked at, and shows the page that waits for it.
    fn smell(&mut self, place: SmellsPlace) -> Option<Effect> {
        if !self.views.raise_smells() && !self.lay_any(Box::new(Smells::default())) {
            return None;
        }
        self.looks += 1;
        let wish = SmellsWish { number: self.looks, place };
        self.views.smells_mut()?.begin(wish.clone());
        Some(Effect::Smells(wish))
    }

    /// Takes what came of a look, if its page is still there.
    pub(super) fn smelled(&mut self, news: SmellsNews) {
        if let Some(page) = self.views.smells_mut() {
            page.take(news);
        }
    }

    /// Whether there is a cluster, whether it answers or not.
    pub(super) fn has_cluster(&self) -> bool {
        !matches!(self.snapshot.cluster.link, Link::Absent(_))
    }
}
