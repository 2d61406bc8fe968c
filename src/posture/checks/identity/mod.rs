//! As whom a pod speaks to the API server.

mod account;
mod automount;
mod dangling;
mod default_bound;
mod default_open;
mod default_used;
mod explicit;

use crate::posture::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &automount::CHECK,
    &default_used::CHECK,
    &explicit::CHECK,
    &dangling::CHECK,
    &default_open::CHECK,
    &default_bound::CHECK,
];
