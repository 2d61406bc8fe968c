//! Flags that are settings, by what they are about.

use clap::Args;
use serde::Serialize;

use super::SETTINGS;

/// Settings of logging; named as their keys.
#[expect(clippy::struct_field_names, reason = "the keys begin with the same word")]
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = SETTINGS)]
pub(crate) struct LogFlags {
    /// Least urgent log line written: error, warn, info, debug or trace
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// How a log line looks: text or json
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
    /// File that log lines are appended to, instead of standard error
    #[arg(long, global = true, value_name = "PATH")]
    log_file: Option<String>,
}

/// Settings of the model; named as their keys.
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = SETTINGS)]
pub(crate) struct ModelFlags {
    /// What this sensor is called; part of the identity of incidents
    #[arg(long, value_name = "NAME")]
    sensor: Option<String>,
    /// Model to score with, an ONNX file with its JSON file beside it
    #[arg(long, value_name = "PATH")]
    model: Option<String>,
    /// Library of ONNX Runtime that is to run the model
    #[arg(long, value_name = "PATH")]
    ort_lib: Option<String>,
    /// How many false incidents may come, from which follows how much evidence makes one, such as 4/hour or 1/day
    #[arg(long, value_name = "NUMBER/TIME")]
    alert_budget: Option<String>,
    /// Threads that run the model; the result is the same with any number
    #[arg(long, value_name = "NUMBER")]
    inference_threads: Option<String>,
}

/// Settings of what is watched and where incidents go; named as their keys.
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = SETTINGS)]
pub(crate) struct PlaceFlags {
    /// Interfaces to watch, with commas between them [default: the one with the default route]
    #[arg(long, value_name = "NAMES")]
    interface: Option<String>,
    /// Database of incidents and users
    #[arg(long, value_name = "PATH")]
    database: Option<String>,
    /// Where the API listens, beside the console too
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

/// Settings of the cluster; named as their keys.
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = SETTINGS)]
pub(crate) struct ClusterFlags {
    /// Whether a cluster is watched: auto, on or off
    #[arg(long, value_name = "REACH")]
    cluster: Option<String>,
    /// Kubeconfig of the cluster
    #[arg(long, value_name = "PATH")]
    kubeconfig: Option<String>,
    /// Context in the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

/// Settings of Tetragon; named as their keys.
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = SETTINGS)]
pub(crate) struct TetragonFlags {
    /// Where an agent of Tetragon is heard: auto, none, `unix://PATH`, HOST:PORT, `file://PATH`, cluster
    /// or cluster:PORT; several may be given
    #[arg(long, value_name = "WHERE", value_delimiter = ',')]
    tetragon: Option<Vec<String>>,
    /// Namespace whose events nobody wants; several may be given
    #[arg(long, value_name = "NAMESPACE", value_delimiter = ',')]
    tetragon_deny_namespaces: Option<Vec<String>>,
    /// Memory in MiB for events
    #[arg(long, value_name = "MIB")]
    tetragon_mib: Option<String>,
}

/// Settings of scans of images; named as their keys.
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = SETTINGS)]
pub(crate) struct ScanFlags {
    /// Trivy, the program that scans images: a path, or a name that is looked for in PATH
    #[arg(long, value_name = "PROGRAM")]
    trivy: Option<String>,
    /// Trivy server that knows the vulnerabilities [default: Trivy has a database of its own]
    #[arg(long, value_name = "URL")]
    trivy_server: Option<String>,
    /// Folder in which Trivy keeps its database [default: where it does by itself]
    #[arg(long, value_name = "PATH")]
    trivy_cache: Option<String>,
    /// Whether Trivy fetches no newer database, and asks nobody but the registry: true or false
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    trivy_offline: Option<String>,
    /// How long the scan of an image may take
    #[arg(long, value_name = "DURATION")]
    trivy_timeout: Option<String>,
}

/// Settings of the response; named as their keys.
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = SETTINGS)]
pub(crate) struct ResponseFlags {
    /// How far Weir goes by itself about an attack: observe, dry-run or enforce
    #[arg(long, value_name = "MODE")]
    response: Option<String>,
}

/// Settings of the console; named as their keys.
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = SETTINGS)]
pub(crate) struct ScreenFlags {
    /// Colours of the console: auto, dark, light or mono
    #[arg(long, value_name = "THEME")]
    theme: Option<String>,
    /// Characters the console draws with: auto, unicode or ascii
    #[arg(long, value_name = "GLYPHS")]
    glyphs: Option<String>,
    /// Whether the console takes the mouse: true or false
    #[arg(long, value_name = "BOOL")]
    mouse: Option<String>,
    /// Whether the console only shows, and changes nothing: true or false
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    read_only: Option<String>,
}

/// Settings of flows; named as their keys.
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = SETTINGS)]
pub(crate) struct FlowFlags {
    /// Cut a flow that lasts longer than this
    #[arg(long, value_name = "DURATION")]
    active_timeout: Option<String>,
    /// End a flow that has been silent for this long
    #[arg(long, value_name = "DURATION")]
    idle_timeout: Option<String>,
    /// Silence within a flow that ends a period of activity
    #[arg(long, value_name = "DURATION")]
    activity_gap: Option<String>,
    /// Flows open at once; over it the longest idle is evicted
    #[arg(long, value_name = "NUMBER")]
    max_flows: Option<String>,
    /// Threads that flows are spread over; the result is the same with any number
    #[arg(long, value_name = "NUMBER")]
    shards: Option<String>,
    /// Packets to let through, in the filter language of libpcap
    #[arg(long, value_name = "BPF")]
    filter: Option<String>,
    /// Bytes kept of a live frame
    #[arg(long, value_name = "BYTES")]
    snap_length: Option<String>,
    /// Memory in MiB shared with the kernel for each live interface
    #[arg(long, value_name = "MIB")]
    ring_mib: Option<String>,
    /// How fast capture files are replayed: max, 1 (as recorded) or so many times as fast
    #[arg(long, value_name = "SPEED")]
    speed: Option<String>,
}

/// Settings of verbs that write to a cluster; named as their keys.
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = SETTINGS)]
pub(crate) struct WriterFlags {
    /// Kubeconfig of the cluster
    #[arg(long, global = true, value_name = "PATH")]
    kubeconfig: Option<String>,
    /// Context in the kubeconfig [default: its current one]
    #[arg(long, global = true, value_name = "NAME")]
    context: Option<String>,
    /// Database whose audit is told
    #[arg(long, global = true, value_name = "PATH")]
    database: Option<String>,
    /// Whether nothing is changed: true or false
    #[arg(
        long,
        global = true,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    read_only: Option<String>,
}
