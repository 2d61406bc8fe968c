//! What makes manifests hard to live with.

mod annotations_required;
mod dashboard_tiller;
mod default_namespace;
mod deprecated_api;
mod dup_env;
mod name_valid;
mod selector_mismatch;

use crate::posture::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &default_namespace::CHECK,
    &deprecated_api::CHECK,
    &selector_mismatch::CHECK,
    &annotations_required::CHECK,
    &dup_env::CHECK,
    &dashboard_tiller::CHECK,
    &name_valid::CHECK,
];
