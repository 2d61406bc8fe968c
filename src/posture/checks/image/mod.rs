//! What is run.

mod image_digest;
mod image_latest;
mod image_pull_policy;

use crate::posture::check::Check;

pub(super) const CHECKS: &[&Check] =
    &[&image_latest::CHECK, &image_digest::CHECK, &image_pull_policy::CHECK];
