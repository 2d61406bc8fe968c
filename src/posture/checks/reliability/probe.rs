//! Probes that containers should have.

use crate::posture::cursor::Cursor;
use crate::posture::pod::{Container, Role};

/// The probe of this name that a container lacks.
pub(super) fn missing<'a>(container: &Container<'a>, name: &'static str) -> Option<Cursor<'a>> {
    let probe = container.fields.get(name);
    // What is done once it ends needs no probe.
    let ends = matches!(container.pod.object.kind, "Job" | "CronJob");
    (container.role == Role::Main && !ends && probe.is_empty()).then_some(probe)
}
