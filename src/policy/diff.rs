//! What differs between two objects, as people read it.

use serde_json::Value;
use similar::TextDiff;

use super::{bare, yaml};

/// Lines around a difference that are shown with it.
const AROUND: usize = 3;

/// The unified diff of the YAML of `before` and `after`, without what servers add; none is an object
/// that is not there. Empty where nothing differs.
#[must_use]
pub fn diff(before: Option<&Value>, after: Option<&Value>) -> String {
    let text = |object: Option<&Value>| object.map(|object| yaml(&bare(object.clone())));
    let (before, after) = (text(before), text(after));
    let header = |text: &Option<String>, name| if text.is_some() { name } else { "nothing" };
    let (old, new) = (header(&before, "before"), header(&after, "after"));
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    if before == after {
        return String::new();
    }
    let diff = TextDiff::from_lines(&before, &after);
    diff.unified_diff().context_radius(AROUND).header(old, new).to_string()
}
