//! What the operator may choose, read from every place it can be written, and checked once.
//!
//! Defaults stand in one [`Default`]; the settings file lies over them, the environment over that
//! and flags on top. Each place is a table of the same keys, so [`Resolved`] knows where every
//! value came from, and one check reports all that is wrong at once. This is the only module that
//! reads the environment. What a setting does is up to the module that takes it: a filter is
//! compiled by [`crate::capture`], an interface is looked for there.

mod environment;
mod error;
mod file;
mod key;
mod layer;
mod mask;
mod reach;
mod render;
mod secret;
mod state;
mod trivy;
mod value;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::detect::AlertBudget;
use crate::posture::Ignore;
use crate::respond::{AllowedNetwork, IngressName, Mode, ResponseRule};
use crate::tetragon::Wish;

pub use environment::{Environment, Invoker};
pub use error::{Error, Problem};
pub use file::SettingsFile;
pub use layer::{Origin, Resolved};
pub use mask::masked;
pub use reach::Reach;
pub use secret::Secret;
pub use state::{database_path, state_folder};
pub use value::{Glyphs, LogFormat, LogLevel, Speed, Theme};

/// Complete settings; every field has a working default.
///
/// The names of the fields are the keys of the settings file and the flags with `-` for `_`, and
/// the environment variables in capitals behind `WEIR_`.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Interfaces to capture on; none means the one with the default route.
    #[serde(deserialize_with = "key::names")]
    pub interface: Vec<String>,
    /// Capture filter in the language of libpcap; empty lets everything through.
    #[serde(deserialize_with = "key::text")]
    pub filter: String,
    /// How many bytes of a frame a live capture keeps, 128 to 262 144.
    #[serde(deserialize_with = "key::whole::<_, _, 128, 262_144>")]
    pub snap_length: u32,
    /// Size of the kernel's capture ring in mebibytes, 64 to 2047 (libpcap counts it in an `i32`).
    #[serde(deserialize_with = "key::whole::<_, _, 64, 2_047>")]
    pub ring_mib: u32,
    /// How long a flow may last before it is cut, 1 µs to 24 h.
    #[serde(with = "key::duration")]
    pub active_timeout: Duration,
    /// How long a flow may be silent before it ends, 1 µs to 24 h.
    #[serde(with = "key::duration")]
    pub idle_timeout: Duration,
    /// The silence within a flow that ends a period of activity, 1 µs to 24 h.
    #[serde(with = "key::duration")]
    pub activity_gap: Duration,
    /// How many flows may be open at once, 1 to 1 000 000 000; over it the longest idle is evicted.
    #[serde(deserialize_with = "key::whole::<_, _, 1, 1_000_000_000>")]
    pub max_flows: usize,
    /// Over how many threads flows are spread, 1 to 64; results do not depend on it.
    #[serde(deserialize_with = "key::whole::<_, _, 1, 64>")]
    pub shards: usize,
    /// How fast capture files are replayed.
    pub speed: Speed,
    /// What this sensor is called in incidents, 1 to 63 characters; part of their identity.
    #[serde(deserialize_with = "key::sensor")]
    pub sensor: String,
    /// Where the API listens; none means not at all, or `127.0.0.1:8080` with `--api`. Written as
    /// an empty text in the file.
    #[serde(with = "key::optional_address")]
    pub listen: Option<SocketAddr>,
    /// The database; none means `weir.db` in the state folder. Written as an empty text in the file.
    #[serde(with = "key::optional_path")]
    pub database: Option<PathBuf>,
    /// The model, an ONNX file with its JSON file beside it; none means the one chosen by
    /// `weir model use`, else the one in the binary. Written as an empty text in the file.
    #[serde(with = "key::optional_path")]
    pub model: Option<PathBuf>,
    /// Library of ONNX Runtime that is to run the model; none means tract, which is in the binary.
    /// Written as an empty text in the file.
    #[serde(with = "key::optional_path")]
    pub ort_lib: Option<PathBuf>,
    /// How many false incidents may come in some time: a number from 0.001 to 1000 and `/hour`, `/day` or
    /// `/week`. How much evidence makes an incident follows from it.
    pub alert_budget: AlertBudget,
    /// How long after its end an attack that returns is the same incident, 1 µs to 24 h.
    #[serde(with = "key::duration")]
    pub reopen_within: Duration,
    /// For how many days an incident that is over is kept, 1 to 3650.
    #[serde(deserialize_with = "key::whole::<_, _, 1, 3_650>")]
    pub retention_days: u32,
    /// How large the database may become in mebibytes, 16 to 1 048 576, before the oldest incidents go.
    #[serde(deserialize_with = "key::whole::<_, _, 16, 1_048_576>")]
    pub retention_mib: u32,
    /// How many mebibytes of packets are kept on disk as evidence, 0 (none) to 1 048 576.
    #[serde(deserialize_with = "key::whole::<_, _, 0, 1_048_576>")]
    pub evidence_mib: u32,
    /// How many bytes of a frame are kept as evidence, 64 to 262 144.
    #[serde(deserialize_with = "key::whole::<_, _, 64, 262_144>")]
    pub evidence_snap_length: u32,
    /// Whether evidence holds payload, or headers alone.
    pub evidence_payload: bool,
    /// For how long packets are kept as evidence, 1 µs to 24 h.
    #[serde(with = "key::duration")]
    pub evidence_retention: Duration,
    /// Slack's incoming webhook; none means what `SLACK_WEBHOOK_URL` names. As all secrets it has no
    /// flag. Written as an empty text in the file.
    #[serde(with = "key::optional_secret")]
    pub slack_webhook_url: Option<Secret>,
    /// Token of a Slack bot, instead of a webhook; none means what `SLACK_BOT_TOKEN` holds. Written as
    /// an empty text in the file.
    #[serde(with = "key::optional_secret")]
    pub slack_token: Option<Secret>,
    /// Channel that the bot writes to, by name or id.
    #[serde(deserialize_with = "key::text")]
    pub slack_channel: String,
    /// Where Slack's Web API is.
    #[serde(deserialize_with = "key::url")]
    pub slack_api_url: String,
    /// `databaseURL` of a Firebase Realtime Database; empty for none.
    #[serde(deserialize_with = "key::url")]
    pub firebase_url: String,
    /// Its service-account key; none means what `GOOGLE_APPLICATION_CREDENTIALS` names, else
    /// `service-key.json` in the working folder. Written as an empty text in the file.
    #[serde(with = "key::optional_path")]
    pub firebase_key_file: Option<PathBuf>,
    /// Where Alertmanager is; empty for nowhere.
    #[serde(deserialize_with = "key::url")]
    pub alertmanager_url: String,
    /// A webhook of the operator's own; none means none. Written as an empty text in the file.
    #[serde(with = "key::optional_secret")]
    pub webhook_url: Option<Secret>,
    /// What its messages are signed with. Written as an empty text in the file.
    #[serde(with = "key::optional_secret")]
    pub webhook_secret: Option<Secret>,
    /// Whether a cluster is watched.
    pub cluster: Reach,
    /// The kubeconfig; none means what `KUBECONFIG` names, else `~/.kube/config`, else the service
    /// account of the pod. Written as an empty text in the file.
    #[serde(with = "key::optional_path")]
    pub kubeconfig: Option<PathBuf>,
    /// The context in it; empty means the current one.
    #[serde(deserialize_with = "key::text")]
    pub context: String,
    /// Namespace of the Lease by which several Weirs agree on who undoes limits; empty means that of
    /// the pod, or of the context.
    #[serde(deserialize_with = "key::text")]
    pub lease_namespace: String,
    /// Where agents of Tetragon are heard: `auto` (its socket on this host, if it is there), `none`,
    /// `unix://PATH`, `HOST:PORT`, `file://PATH` (what an agent exports), `cluster` (what the agents of
    /// the cluster export, through the log of their pods) or `cluster:PORT` (the same agents over gRPC).
    #[serde(with = "key::wishes")]
    pub tetragon: Vec<Wish>,
    /// Namespaces whose events nobody wants: an agent heard over gRPC does not send them.
    #[serde(deserialize_with = "key::namespaces")]
    pub tetragon_deny_namespaces: Vec<String>,
    /// How many mebibytes of events are remembered, 1 to 4096.
    #[serde(deserialize_with = "key::whole::<_, _, 1, 4_096>")]
    pub tetragon_mib: u32,
    /// How far Weir goes by itself about an attack.
    pub response: Mode,
    /// Where it goes less far or farther: `namespace/NAME=MODE`, `class/NAME=MODE`. Of several that
    /// fit, the least far counts.
    pub response_rules: Vec<ResponseRule>,
    /// At how many Ingresses Weir sets limits by itself at once, 1 to 100.
    #[serde(deserialize_with = "key::whole::<_, _, 1, 100>")]
    pub response_at_once: u32,
    /// Networks that no limit of Weir's holds: `CIDR until TIME REASON`.
    pub response_allowlist: Vec<AllowedNetwork>,
    /// Namespaces whose pods no limit of Weir's holds: what watches the cluster.
    pub response_monitors: Vec<String>,
    /// Ingresses that Weir never limits by itself: `NAMESPACE/NAME`.
    pub response_never: Vec<IngressName>,
    /// Smells in manifests that are let be: `CHECK [namespace=…] [kind=…] [name=…] [file=…] because REASON`.
    pub smells_ignore: Vec<Ignore>,
    /// The program that scans images: a path, or a name that is looked for in `PATH`.
    #[serde(deserialize_with = "key::program")]
    pub trivy: PathBuf,
    /// The Trivy server that knows the vulnerabilities; empty where Trivy has a database of its own.
    #[serde(deserialize_with = "key::url")]
    pub trivy_server: String,
    /// Where Trivy keeps that database and layers that it has seen; none means where it does by itself.
    /// Written as an empty text in the file.
    #[serde(with = "key::optional_path")]
    pub trivy_cache: Option<PathBuf>,
    /// Whether Trivy is to fetch no newer database, and to ask nobody but the registry.
    pub trivy_offline: bool,
    /// How long the scan of an image may take, 1 µs to 24 h.
    #[serde(with = "key::duration")]
    pub trivy_timeout: Duration,
    /// Threads that run the model, 1 to 64; results do not depend on it.
    #[serde(deserialize_with = "key::whole::<_, _, 1, 64>")]
    pub inference_threads: usize,
    /// Colours of the console.
    pub theme: Theme,
    /// Which characters the console draws with.
    pub glyphs: Glyphs,
    /// Whether the console takes the mouse.
    pub mouse: bool,
    /// Whether the console only shows, and changes nothing.
    pub read_only: bool,
    /// The least urgent log line that is written.
    pub log_level: LogLevel,
    /// How a log line looks.
    pub log_format: LogFormat,
    /// Where log lines go; none means standard error. Written as an empty text in the file.
    #[serde(with = "key::optional_path")]
    pub log_file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            interface: Vec::new(),
            filter: String::new(),
            snap_length: 2_048,
            ring_mib: 64,
            active_timeout: Duration::from_mins(2),
            idle_timeout: Duration::from_mins(2),
            activity_gap: Duration::from_secs(5),
            max_flows: 1 << 20,
            shards: 1,
            speed: Speed::Max,
            sensor: "weir".into(),
            listen: None,
            database: None,
            model: None,
            ort_lib: None,
            alert_budget: AlertBudget::default(),
            reopen_within: Duration::from_mins(30),
            retention_days: 90,
            retention_mib: 1_024,
            evidence_mib: 64,
            evidence_snap_length: 256,
            evidence_payload: false,
            evidence_retention: Duration::from_hours(1),
            slack_webhook_url: None,
            slack_token: None,
            slack_channel: String::new(),
            slack_api_url: "https://slack.com/api".into(),
            firebase_url: String::new(),
            firebase_key_file: None,
            alertmanager_url: String::new(),
            webhook_url: None,
            webhook_secret: None,
            cluster: Reach::Auto,
            kubeconfig: None,
            context: String::new(),
            lease_namespace: String::new(),
            tetragon: vec![Wish::Auto],
            tetragon_deny_namespaces: Vec::new(),
            tetragon_mib: 64,
            response: Mode::Observe,
            response_rules: Vec::new(),
            response_at_once: 3,
            response_allowlist: Vec::new(),
            response_monitors: vec!["monitoring".into()],
            response_never: Vec::new(),
            smells_ignore: Vec::new(),
            trivy: "trivy".into(),
            trivy_server: String::new(),
            trivy_cache: None,
            trivy_offline: false,
            trivy_timeout: Duration::from_mins(10),
            inference_threads: 1,
            theme: Theme::Auto,
            glyphs: Glyphs::Auto,
            mouse: true,
            read_only: false,
            log_level: LogLevel::Warn,
            log_format: LogFormat::Text,
            log_file: None,
        }
    }
}

impl Settings {
    /// The library of ONNX Runtime that is to run the model: the one set, else the one that
    /// `environment` names.
    #[must_use]
    pub fn ort_library<'a>(&'a self, environment: &'a Environment) -> Option<&'a Path> {
        self.ort_lib.as_deref().or_else(|| environment.ort_lib())
    }
}

#[cfg(test)]
mod tests;
