//! Who may do what in the cluster.

mod admin;
mod anonymous;
mod authenticated;
mod bound_exec;
mod csr;
mod delete;
mod escalate;
mod exec;
mod impersonate;
mod masters;
mod network;
mod pods;
mod rule;
mod secrets;
mod tokens;
mod webhooks;
mod wildcard;

use crate::posture::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &admin::CHECK,
    &wildcard::CHECK,
    &secrets::CHECK,
    &exec::CHECK,
    &escalate::CHECK,
    &pods::CHECK,
    &network::CHECK,
    &webhooks::CHECK,
    &csr::CHECK,
    &anonymous::CHECK,
    &authenticated::CHECK,
    &masters::CHECK,
    &tokens::CHECK,
    &delete::CHECK,
    &bound_exec::CHECK,
    &impersonate::CHECK,
];
