//! What of the node is within reach of a container.

mod host_aliases;
mod host_ipc;
mod host_network;
mod host_pid;
mod host_port;
mod host_process;
mod hostpath;
mod hostpath_sensitive;
mod hostpath_writable;
mod proc_mount;
mod runtime_socket;

use crate::posture::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &host_pid::CHECK,
    &host_ipc::CHECK,
    &host_network::CHECK,
    &runtime_socket::CHECK,
    &hostpath::CHECK,
    &hostpath_sensitive::CHECK,
    &hostpath_writable::CHECK,
    &host_port::CHECK,
    &proc_mount::CHECK,
    &host_process::CHECK,
    &host_aliases::CHECK,
];
