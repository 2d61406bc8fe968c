//! What nobody else may know.

mod configmap_large;
mod configmap_literal;
mod literal;
mod secret_in_env;
mod secret_in_manifest;
mod secret_large;
mod secret_literal;
mod weight;

use crate::posture::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &secret_in_env::CHECK,
    &secret_literal::CHECK,
    &configmap_large::CHECK,
    &secret_in_manifest::CHECK,
    &secret_large::CHECK,
    &configmap_literal::CHECK,
];
