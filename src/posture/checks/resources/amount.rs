//! What a container asks for, and what it may have at most.

use crate::posture::cursor::Cursor;
use crate::posture::pod::{Container, Role};

/// The request that a container lacks.
pub(super) fn unrequested<'a>(
    container: &Container<'a>,
    resource: &'static str,
) -> Option<Cursor<'a>> {
    let resources = container.fields.get("resources");
    let (requests, limits) = (resources.get("requests"), resources.get("limits"));
    // Kubernetes requests what the limit is. Whoever writes limits alone means it so; beside other
    // requests one was forgotten.
    let is_meant = requests.is_empty() && !limits.get(resource).is_empty();
    missing(container, requests.get(resource)).filter(|_| !is_meant)
}

/// The limit that a container lacks.
pub(super) fn unlimited<'a>(
    container: &Container<'a>,
    resource: &'static str,
) -> Option<Cursor<'a>> {
    missing(container, container.fields.at_path(&["resources", "limits", resource]))
}

fn missing<'a>(container: &Container<'_>, amount: Cursor<'a>) -> Option<Cursor<'a>> {
    // Ephemeral containers have no resources of their own.
    (container.role != Role::Ephemeral && amount.is_empty()).then_some(amount)
}
