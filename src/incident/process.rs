//! The processes behind the flows of an incident, and those that were started where it struck.

use serde::{Deserialize, Serialize};

/// A process as far as people need it to find it. Words of other people's programs: whoever shows
/// them takes control characters out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Process {
    /// Path of what it runs.
    pub binary: String,
    /// Its arguments, in one line.
    pub arguments: String,
    /// Its number on the node.
    pub pid: u32,
    /// The user it runs as: the name where it is known, else the number.
    pub user: String,
    /// Path of what its parent runs; empty where it is not known.
    pub parent: String,
    /// Namespace of its pod; empty where it is in none.
    pub namespace: String,
    /// Name of its pod; empty where it is in none.
    pub pod: String,
    /// Name of its container; empty where it is in none.
    pub container: String,
    /// The node it runs on.
    pub node: String,
}

/// What a process did that made it part of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// It opened flows of it.
    Client,
    /// It took flows of it.
    Server,
    /// It was started in a pod that was attacked, during the attack or shortly after it.
    Started,
}

/// A process that is part of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProcessSeen {
    /// What it did.
    pub deed: Deed,
    /// When it did so first, in µs since the epoch.
    pub at_us: i64,
    /// Which.
    pub process: Process,
}
