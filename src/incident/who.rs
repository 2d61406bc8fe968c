//! What the cluster says an address is.

use std::fmt;
use std::sync::Arc;

/// What kind of thing has an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WhoKind {
    /// A pod.
    Pod,
    /// A service, by one of its cluster addresses.
    Service,
    /// A node, or pods that share its network.
    Node,
}

impl WhoKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Pod, Self::Service, Self::Node];

    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Service => "service",
            Self::Node => "node",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What manages a pod: `Deployment` and its name, not the `ReplicaSet` in between.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Workload {
    /// `Deployment`, `StatefulSet`, `DaemonSet`, `Job`, `CronJob` or whatever owns the pod.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Who had an address at a moment. Where there is none, the address is outside of the cluster or
/// nobody's that the cluster knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Who {
    /// What it is.
    pub kind: WhoKind,
    /// Its namespace; empty for a node.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What manages the pod; none for others, and for a pod on its own.
    pub workload: Option<Workload>,
    /// The service the pod is behind, the first by name; none for others.
    pub service: Option<String>,
}

impl Who {
    /// The short name that lists show and filters are matched with: `shop/web` for each pod of the
    /// workload `web`, `shop/db` for the service or the lone pod `db`, `node/worker-1` for a node.
    #[must_use]
    pub fn label(&self) -> String {
        let name = self.workload.as_ref().map_or(&self.name, |workload| &workload.name);
        format!("{}/{name}", self.place())
    }

    /// The name of the service that the pod is behind: `shop/web`.
    #[must_use]
    pub fn service_name(&self) -> Option<String> {
        self.service.as_ref().map(|service| format!("{}/{service}", self.namespace))
    }

    /// The same with every name as long as such names can be, and nothing in them that no such name
    /// has.
    pub(super) fn bounded(self: &Arc<Self>) -> Arc<Self> {
        let Self { namespace, name, workload, service, .. } = &**self;
        let of_workload = workload.iter().flat_map(|workload| [&workload.kind, &workload.name]);
        if [namespace, name].into_iter().chain(of_workload).chain(service).all(|text| is_name(text))
        {
            return Arc::clone(self);
        }
        Arc::new(Self {
            kind: self.kind,
            namespace: as_name(namespace),
            name: as_name(name),
            workload: workload.as_ref().map(|workload| Workload {
                kind: as_name(&workload.kind),
                name: as_name(&workload.name),
            }),
            service: service.as_deref().map(as_name),
        })
    }

    fn place(&self) -> &str {
        match self.kind {
            WhoKind::Node => "node",
            WhoKind::Pod | WhoKind::Service => &self.namespace,
        }
    }
}

/// The longest name that an object of a cluster can have.
const LONGEST: usize = 253;

const fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_')
}

fn is_name(text: &str) -> bool {
    text.len() <= LONGEST && text.chars().all(is_of_name)
}

fn as_name(text: &str) -> String {
    let letters = text.chars().take(LONGEST);
    letters.map(|letter| if is_of_name(letter) { letter } else { '?' }).collect()
}

/// The full name: `shop/web-7f9c`, `node/worker-1`.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.place(), self.name)
    }
}
