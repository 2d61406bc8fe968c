//! Finds the API server: a kubeconfig, the service account of the pod, or none.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use hyper::header::{HeaderValue, USER_AGENT};
use kube::client::ClientBuilder;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Error;
use super::credential::{trouble, unusable};
use super::place::{Place, Site};
use super::read_only::ReadOnly;
use super::words::{cause, said};
use crate::settings::Environment;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// How long the API server may be silent on a connection; a watch ends sooner by itself.
const SILENT: Duration = Duration::from_mins(2);

/// How long a program that gets credentials may take.
const PROGRAM: Duration = Duration::from_secs(20);

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
    /// [`Place::read`] and [`Self::connect`] at once, for whoever is not root.
    pub async fn find(options: &Options, environment: &Environment) -> Result<Found, Error> {
        Self::connect(Place::read(options, environment)?).await
    }

    /// What talks to the cluster at `place`. Nothing is asked yet, but a program that the kubeconfig
    /// names is run, for at most 20 seconds.
    ///
    /// Must be called in a tokio runtime, after [`crate::notify::prepare`], and without root.
    pub async fn connect(place: Place) -> Result<Found, Error> {
        let Place { site, options } = place;
        match site {
            Site::Kubeconfig(config, path) => {
                Self::by_kubeconfig(*config, &path, &options).await.map(Found::Cluster)
            }
            Site::Pod { namespace, name } => {
                Self::in_cluster(namespace, name, &options).await.map(Found::Cluster)
            }
            Site::Nothing => Ok(Found::Nothing(
                "no cluster: there is no kubeconfig at ~/.kube/config and this is no pod; `weir \
                 doctor` says more"
                    .to_owned(),
            )),
        }
    }

    /// The API server at `url`, with no credentials.
    pub fn at(url: &str, options: &Options) -> Result<Self, Error> {
        let url = url.parse().map_err(|error| Error::Client { why: cause(&error) })?;
        let client = client(Config::new(url), options)
            .map_err(|error| Error::Client { why: cause(&error) })?;
        Ok(Self { client, context: options.context.clone(), own_pod: None })
    }

    async fn by_kubeconfig(all: Kubeconfig, path: &Path, options: &Options) -> Result<Self, Error> {
        let failed = |why| Error::Kubeconfig { path: path.to_owned(), why };
        let context = all.current_context.clone().unwrap_or_default();
        let names_proxy = names_proxy(&all, &context);
        let config = Config::from_custom_kubeconfig(all, &KubeConfigOptions::default()).await;
        let mut config = config.map_err(|error| failed(unusable(&error)))?;
        if names_proxy {
            let why = "it names a proxy (`proxy-url`), and Weir goes through none";
            return Err(failed(why.to_owned()));
        }
        // As towards everybody else, a proxy that the environment names does not count.
        config.proxy_url = None;
        Ok(Self { client: client_apart(config, options).await?, context, own_pod: None })
    }

    async fn in_cluster(
        namespace: Option<String>,
        name: String,
        options: &Options,
    ) -> Result<Self, Error> {
        let config =
            Config::incluster().map_err(|error| Error::ServiceAccount { why: cause(&error) })?;
        let namespace = namespace.unwrap_or_else(|| config.default_namespace.clone());
        let own_pod = (!name.is_empty() && !namespace.is_empty()).then_some((namespace, name));
        let client = client_apart(config, options).await?;
        Ok(Self { client, context: IN_CLUSTER.to_owned(), own_pod })
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

/// Whether the cluster of `context` is to be reached through a proxy.
fn names_proxy(all: &Kubeconfig, context: &str) -> bool {
    let named = all.contexts.iter().find(|one| one.name == context);
    let name = named.and_then(|one| one.context.as_ref()).map(|context| &context.cluster);
    let cluster = name.and_then(|name| all.clusters.iter().find(|one| one.name == *name));
    let proxy = cluster.and_then(|one| one.cluster.as_ref()?.proxy_url.as_deref());
    proxy.is_some_and(|proxy| !proxy.is_empty())
}

/// Makes a client, and runs the program that gets its credentials. A thread of its own waits for
/// that, which is left alone if it takes too long.
async fn client_apart(config: Config, options: &Options) -> Result<kube::Client, Error> {
    let program = config.auth_info.exec.as_ref().and_then(|exec| exec.command.clone());
    let named = program.map(|program| format!(" (`{}`)", said(&program))).unwrap_or_default();
    let failed = |why: String| Error::Client { why: format!("{why}{named}") };
    let (tell, told) = oneshot::channel();
    let (runtime, options) = (Handle::current(), options.clone());
    let run = move || {
        let _entered = runtime.enter();
        // Nobody may wait any more.
        tell.send(client(config, &options)).ok();
    };
    let spawned = thread::Builder::new().name("credentials".into()).spawn(run);
    spawned.map_err(|error| failed(cause(&error)))?;
    match timeout(PROGRAM, told).await {
        Ok(Ok(Ok(client))) => Ok(client),
        Ok(Ok(Err(error))) => Err(failed(trouble(&error).unwrap_or_else(|| cause(&error)))),
        Ok(Err(_)) => Err(failed("what makes a client broke off".to_owned())),
        Err(_) => Err(failed(format!(
            "the program that gets the credentials did not end within {} s",
            PROGRAM.as_secs()
        ))),
    }
}

fn client(mut config: Config, options: &Options) -> Result<kube::Client, kube::Error> {
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(SILENT);
    config.reset_reader_on_write = true;
    let name = HeaderValue::from_static(concat!("weir/", env!("CARGO_PKG_VERSION")));
    config.headers.push((USER_AGENT, name));
    // Whoever asks knows better whether and when to ask again.
    config.default_retry = false;
    let builder = ClientBuilder::try_from(config)?;
    Ok(if options.is_read_only {
        builder.with_layer(&tower::layer::layer_fn(ReadOnly)).build()
    } else {
        builder.build()
    })
}
