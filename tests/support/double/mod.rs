//! Doubles of the services that Weir speaks to: each keeps what it has taken, refuses what the real one
//! refuses, and fails on command.
//!
//! [`server`] is the socket and knows no service; [`fault`] says how it fails and when a test is
//! called; the other modules are a service each and know no socket. What is right of them about the
//! real services is held against programs that others wrote, in `tests/firebase.rs` and
//! `tests/kube_double.rs`.

pub mod account;
pub mod alertmanager;
pub mod fault;
pub mod firebase;
pub mod http;
pub mod kube;
pub mod query;
pub mod server;
pub mod sinks;
pub mod slack;
pub mod slack_bot;
pub mod story;
pub mod stream;
pub mod tetragon;
pub mod token;
pub mod tree;
pub mod webhook;
