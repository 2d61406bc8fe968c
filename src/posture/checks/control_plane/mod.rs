//! Flags of the API server, the kubelet and their like.

mod admission_plugins;
mod anon_auth_flag;
mod audit_policy;
mod authz_mode;
mod cm_gc;
mod encryption_at_rest;
mod flags;
mod insecure_ports;
mod kubelet_misc;
mod legacy_auth_files;
mod profiling;
mod sa_flags;
mod tls_flags;

use crate::posture::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &tls_flags::CHECK,
    &admission_plugins::CHECK,
    &kubelet_misc::CHECK,
    &audit_policy::CHECK,
    &insecure_ports::CHECK,
    &authz_mode::CHECK,
    &sa_flags::CHECK,
    &profiling::CHECK,
    &anon_auth_flag::CHECK,
    &legacy_auth_files::CHECK,
    &encryption_at_rest::CHECK,
    &cm_gc::CHECK,
];
