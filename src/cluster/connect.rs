//! Finds the API server: a kubeconfig, the service account of the pod, or none.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper::header::{HeaderValue, USER_AGENT};
use kube::client::ClientBuilder;
use kube::config::{Config, KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::Error;
use super::read_only::ReadOnly;
use super::words::{cause, said};
use crate::settings::Environment;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// How long the API server may be silent on a connection; a watch ends sooner by itself.
const SILENT: Duration = Duration::from_secs(120);

/// Where a pod finds the namespace it is in.
const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// What the context of a pod is called.
const IN_CLUSTER: &str = "in-cluster";

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

/// What was found.
#[derive(Debug, Clone)]
pub enum Found {
    /// A cluster; whether it answers is not known yet.
    Cluster(Cluster),
    /// None, and nobody asked for one by name: why, and how to mend it.
    Nothing(String),
}

/// The API server of a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    client: kube::Client,
    context: String,
    own_pod: Option<(String, String)>,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The client holds credentials.
        f.debug_struct("Cluster").field("context", &self.context).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Looks for a cluster: the kubeconfig of `options`, else those that `KUBECONFIG` names, else
    /// `~/.kube/config`, else the service account of the pod this runs in. Nothing is asked yet.
    ///
    /// It is an error if what was named cannot be used, and none if nothing was named and nothing is
    /// there. Must be called in a tokio runtime, and after [`crate::notify::prepare`].
    pub async fn find(options: &Options, environment: &Environment) -> Result<Found, Error> {
        let named: Vec<PathBuf> = match &options.kubeconfig {
            Some(path) => vec![path.clone()],
            None => there(environment.kubeconfig()),
        };
        if !named.is_empty() {
            return Self::by_kubeconfigs(&named, options).await.map(Found::Cluster);
        }
        let usual = environment.home().map(|home| home.join(".kube/config"));
        if let Some(path) = usual.filter(|path| path.is_file()) {
            return Self::by_kubeconfigs(&[path], options).await.map(Found::Cluster);
        }
        if !options.context.is_empty() {
            return Err(Error::NoKubeconfig { context: options.context.clone() });
        }
        if let Some(pod) = environment.pod() {
            return Self::in_cluster(pod, options).map(Found::Cluster);
        }
        Ok(Found::Nothing(
            "no cluster: there is no kubeconfig at ~/.kube/config and this is no pod; `weir doctor` \
             says more"
                .to_owned(),
        ))
    }

    /// The API server at `url`, with no credentials.
    pub fn at(url: &str, options: &Options) -> Result<Self, Error> {
        let url = url.parse().map_err(|error| Error::Client { why: cause(&error) })?;
        Self::made(Config::new(url), options.context.clone(), None, options)
    }

    async fn by_kubeconfigs(paths: &[PathBuf], options: &Options) -> Result<Self, Error> {
        let first = paths.first().map(PathBuf::as_path).unwrap_or(Path::new(""));
        let mut all = Kubeconfig::default();
        for path in paths {
            let next = Kubeconfig::read_from(path).map_err(|error| unusable(path, &error))?;
            all = all.merge(next).map_err(|error| unusable(path, &error))?;
        }
        let context = Some(options.context.clone()).filter(|context| !context.is_empty());
        let shown = context.clone().or_else(|| all.current_context.clone()).unwrap_or_default();
        let chosen = KubeConfigOptions { context, ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(all, &chosen).await;
        let config = config.map_err(|error| unusable(first, &error))?;
        Self::made(config, shown, None, options)
    }

    fn in_cluster(pod: &str, options: &Options) -> Result<Self, Error> {
        let config =
            Config::incluster().map_err(|error| Error::ServiceAccount { why: cause(&error) })?;
        let namespace = std::fs::read_to_string(NAMESPACE_FILE).unwrap_or_default();
        let namespace = namespace.trim().to_owned();
        let own_pod =
            (!pod.is_empty() && !namespace.is_empty()).then(|| (namespace, pod.to_owned()));
        Self::made(config, IN_CLUSTER.to_owned(), own_pod, options)
    }

    fn made(
        mut config: Config,
        context: String,
        own_pod: Option<(String, String)>,
        options: &Options,
    ) -> Result<Self, Error> {
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = Some(SILENT);
        config.reset_reader_on_write = true;
        let name = HeaderValue::from_static(concat!("weir/", env!("CARGO_PKG_VERSION")));
        config.headers.push((USER_AGENT, name));
        // Whoever asks knows better whether and when to ask again.
        config.default_retry = false;
        let builder = ClientBuilder::try_from(config)
            .map_err(|error| Error::Client { why: said(&error.to_string()) })?;
        let client = if options.is_read_only {
            builder.with_layer(&tower::layer::layer_fn(ReadOnly)).build()
        } else {
            builder.build()
        };
        Ok(Self { client, context, own_pod })
    }

    /// The context of the kubeconfig, or `in-cluster`.
    #[must_use]
    pub fn context(&self) -> &str {
        &self.context
    }

    /// The namespace of the context, of the pod this runs in, or `default`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.client.default_namespace()
    }

    /// Namespace and name of the pod this runs in; none outside of the cluster.
    #[must_use]
    pub fn own_pod(&self) -> Option<(&str, &str)> {
        let (namespace, name) = self.own_pod.as_ref()?;
        Some((namespace, name))
    }

    /// What talks to it.
    #[must_use]
    pub const fn client(&self) -> &kube::Client {
        &self.client
    }
}

/// Those of `paths` that are there, as kubectl has it; the first, if none is.
fn there(paths: &[PathBuf]) -> Vec<PathBuf> {
    let there: Vec<_> = paths.iter().filter(|path| path.exists()).cloned().collect();
    if there.is_empty() { paths.iter().take(1).cloned().collect() } else { there }
}

fn unusable(path: &Path, error: &KubeconfigError) -> Error {
    Error::Kubeconfig { path: path.to_owned(), why: said(&error.to_string()) }
}
