//! What the kernel refuses a container.

mod any;
mod apparmor;
mod seccomp;
mod selinux;
mod sysctls;

use crate::posture::check::Check;

pub(super) const CHECKS: &[&Check] =
    &[&seccomp::CHECK, &any::CHECK, &apparmor::CHECK, &selinux::CHECK, &sysctls::CHECK];
