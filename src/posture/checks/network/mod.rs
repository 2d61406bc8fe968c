//! Who reaches whom.

mod ingress_dangling;
mod ingress_host;
mod ingress_nginx_eol;
mod ingress_nginx_snippet;
mod ingress_tls;
mod networkpolicy_dangling;
mod networkpolicy_missing;
mod policy;
mod port_names;
mod privileged_port;
mod service_dangling;
mod service_external_ip;
mod service_type;
mod ssh_port;

use crate::posture::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &networkpolicy_missing::CHECK,
    &networkpolicy_dangling::CHECK,
    &ingress_nginx_snippet::CHECK,
    &service_type::CHECK,
    &service_dangling::CHECK,
    &ingress_dangling::CHECK,
    &ingress_tls::CHECK,
    &ssh_port::CHECK,
    &privileged_port::CHECK,
    &service_external_ip::CHECK,
    &ingress_host::CHECK,
    &port_names::CHECK,
    &ingress_nginx_eol::CHECK,
];
