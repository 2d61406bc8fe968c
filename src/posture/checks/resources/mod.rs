//! CPU and memory.

mod amount;
mod cpu_limits;
mod cpu_requests;
mod mem_limits;
mod mem_requests;

use crate::posture::check::Check;

pub(super) const CHECKS: &[&Check] =
    &[&cpu_requests::CHECK, &cpu_limits::CHECK, &mem_requests::CHECK, &mem_limits::CHECK];
