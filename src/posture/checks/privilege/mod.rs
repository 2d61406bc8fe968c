//! What a process may do to its container and its node.

mod capability;
mod caps_added;
mod caps_drop;
mod caps_netraw;
mod caps_sysadmin;
mod escalation;
mod gid;
mod missing_context;
mod privileged;
mod readonly_rootfs;
mod root;
mod uid;

use crate::posture::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &privileged::CHECK,
    &escalation::CHECK,
    &root::CHECK,
    &uid::CHECK,
    &gid::CHECK,
    &caps_added::CHECK,
    &caps_netraw::CHECK,
    &caps_sysadmin::CHECK,
    &caps_drop::CHECK,
    &readonly_rootfs::CHECK,
    &missing_context::CHECK,
];
