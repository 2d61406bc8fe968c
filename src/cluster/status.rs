//! Whether there is a cluster, and how fresh what is known of it is.

use super::Error;

/// Whether the API server answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Link {
    /// No cluster is asked for, or none is to be found: why, and how to mend it.
    Absent(String),
    /// It has not answered yet.
    #[default]
    Connecting,
    /// It answers.
    Up,
    /// It does not answer any more, or refuses: what is known may be old.
    Down {
        /// Since when, in µs since the epoch.
        since_us: i64,
        /// What it said last, or why it could not be asked.
        why: String,
    },
}

/// One kind of objects that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchStatus {
    /// `pods`, `ingresses`: the resource as RBAC names it.
    pub resource: &'static str,
    /// Objects known.
    pub objects: u64,
    /// When the API server was last heard on it, in µs since the epoch; none before the first list.
    pub heard_us: Option<i64>,
    /// Why the last try failed, where it did.
    pub failure: Option<String>,
    /// The HTTP status with which it was refused, where it was.
    pub refused: Option<u16>,
}

/// The cluster and how it is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterStatus {
    /// Whether it answers.
    pub link: Link,
    /// The context of the kubeconfig, or `in-cluster`; empty where there is no cluster.
    pub context: String,
    /// Its version; empty until it said so.
    pub version: String,
    /// Every kind that is watched, from the first moment on; empty where nothing is watched yet.
    pub watches: Vec<WatchStatus>,
}

impl ClusterStatus {
    /// That all objects of `resource` have been listed once, so that what is not known of them is not
    /// there; else why not.
    pub fn listed(&self, resource: &'static str) -> Result<(), Error> {
        let watch = self.watches.iter().find(|watch| watch.resource == resource);
        if watch.is_some_and(|watch| watch.heard_us.is_some()) {
            return Ok(());
        }
        let failure = watch.and_then(|watch| watch.failure.clone());
        let why = failure.unwrap_or_else(|| match &self.link {
            Link::Absent(why) | Link::Down { why, .. } => why.clone(),
            Link::Connecting | Link::Up => "the API server has not listed them yet".to_owned(),
        });
        let status = watch.and_then(|watch| watch.refused);
        Err(Error::Unlisted { resource, status, why })
    }

    /// Why what is known of `resource` may be old; nothing where it is followed.
    #[must_use]
    pub fn may_be_old(&self, resource: &str) -> Option<&str> {
        if let Link::Down { why, .. } = &self.link {
            return Some(why);
        }
        let watch = self.watches.iter().find(|watch| watch.resource == resource);
        watch.and_then(|watch| watch.failure.as_deref())
    }
}
