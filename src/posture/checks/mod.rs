//! All checks, a file each.

mod control_plane;
mod hardening;
mod host_access;
mod hygiene;
mod identity;
mod image;
mod network;
mod privilege;
mod rbac;
mod reliability;
mod resources;
mod secrets;

use super::check::Check;

/// All checks, by id.
pub fn all() -> impl Iterator<Item = &'static Check> {
    const CATEGORIES: [&[&Check]; 12] = [
        privilege::CHECKS,
        host_access::CHECKS,
        hardening::CHECKS,
        identity::CHECKS,
        rbac::CHECKS,
        resources::CHECKS,
        reliability::CHECKS,
        network::CHECKS,
        image::CHECKS,
        secrets::CHECKS,
        hygiene::CHECKS,
        control_plane::CHECKS,
    ];
    CATEGORIES.into_iter().flatten().copied()
}

/// The check of this id, however it is capitalized.
#[must_use]
pub fn named(id: &str) -> Option<&'static Check> {
    all().find(|check| check.id.eq_ignore_ascii_case(id))
}
