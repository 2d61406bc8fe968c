//! Weir guards a Kubernetes cluster's network. This library is its engine and knows no screen.
//!
//! The pure core takes time and bytes as arguments, so that a file and a live interface give the
//! same answer: [`packet`] (bytes to packets), [`flow`] (packets to flows), [`feature`] (flows to
//! feature vectors), [`detect`] (vectors to verdicts), [`incident`] (verdicts to incidents).
//!
//! The edges each know one outside system: [`capture`] (interfaces and capture files), [`export`]
//! (CSV and Parquet files), [`store`] (the database), [`notify`] (who is told of incidents),
//! [`cluster`] (the Kubernetes API), [`tetragon`] (what processes do), [`trivy`] (what is wrong with images). [`respond`] says what is done
//! about an attack, [`correlate`] which process is behind a flow, [`policy`] what a `TracingPolicy` would do.
//!
//! [`api`] is the face for programs; the one for people is the binary's.
//!
//! [`posture`] finds what manifests allow that they should not, and reads what is known of images. [`document`] reads YAML and JSON from outside.
//! [`filter`] is the language in which people say which of all this they want to see.
//!
//! [`engine`] is the only place that knows both sides. [`settings`] and [`telemetry`] serve all.

pub mod api;
pub mod capture;
pub mod cluster;
pub mod correlate;
pub mod detect;
pub mod document;
pub mod engine;
pub mod export;
pub mod feature;
pub mod filter;
pub mod flow;
pub mod incident;
pub mod notify;
pub mod packet;
pub mod policy;
pub mod posture;
pub mod respond;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod tetragon;
pub mod trivy;
