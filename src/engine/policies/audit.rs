//! What is put on record of policies.

use serde_json::{Value, json};

use super::{PolicyApplied, PolicyClient, PolicyDeleted, PolicyError};
use crate::engine::keeper::with_causes;
use crate::policy::PolicyName;
use crate::store::By;

/// What was asked for, and how it was before, as far as that was found out.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// The object, or what agents had.
    pub(super) object: Value,
    /// Why it would harm, where it was done all the same.
    pub(super) forced: Vec<String>,
}

impl<O> PolicyClient<O> {
    pub(super) fn applied(&self, by: &By, before: &Before, applied: &PolicyApplied) {
        if applied.is_dry_run {
            return;
        }
        let after = json!({
            "object": applied.written.body,
            "how": applied.written.how,
            "forced": before.forced,
            "notes": applied.notes,
        });
        let name = applied.status.name.to_string();
        self.parts.audit.note(by, "policy.apply", &name, &before.object, &after);
    }

    pub(super) fn deleted(&self, by: &By, before: &Before, deleted: &PolicyDeleted) {
        if !deleted.is_dry_run {
            let name = deleted.name.to_string();
            self.parts.audit.note(by, "policy.delete", &name, &before.object, &Value::Null);
        }
    }

    /// Puts on record that nothing came of what `by` asked for, as far as is known.
    pub(super) fn failed(&self, by: &By, name: &PolicyName, asked: &Value, error: &PolicyError) {
        let what = match error {
            PolicyError::Unsure { .. } => "policy.unsure",
            _ => "policy.refuse",
        };
        let after = json!({ "why": with_causes(error) });
        self.parts.audit.note(by, what, &name.to_string(), asked, &after);
    }
}
