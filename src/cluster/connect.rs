//! Finds the API server: a kubeconfig, the service account of the pod, or none.

use std::path::PathBuf;

/// Which cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The kubeconfig; none means what `KUBECONFIG` names, else `~/.kube/config`, else the service
    /// account of the pod.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it; empty means the current one.
    pub context: String,
    /// Whether nothing is to be changed, whoever asks: the client itself refuses to send it.
    pub is_read_only: bool,
}

/// The API server of a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    client: kube::Client,
    context: String,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The client holds credentials.
        f.debug_struct("Cluster").field("context", &self.context).finish_non_exhaustive()
    }
}

impl Cluster {
    /// The context of the kubeconfig, or `in-cluster`.
    #[must_use]
    pub fn context(&self) -> &str {
        &self.context
    }

    /// What talks to it.
    #[must_use]
    pub const fn client(&self) -> &kube::Client {
        &self.client
    }
}
