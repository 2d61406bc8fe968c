//! Whether a cluster is watched.

use serde::{Deserialize, Serialize};

/// Whether a cluster is watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Where packets are live and one is to be found. A capture that is replayed is of another time,
    /// and perhaps of another cluster.
    #[default]
    Auto,
    /// It is, with captures that are replayed too; nothing is changed on account of these.
    On,
    /// It is not.
    Off,
}
