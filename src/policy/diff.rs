//! What differs between two objects, as people read it.

use std::time::Duration;

use serde_json::Value;
use similar::TextDiff;

use super::{bare, yaml};

/// Lines around a difference that are shown with it.
const AROUND: usize = 3;

/// Lines of a diff; what is longer nobody reads.
const LONGEST: usize = 5_000;

/// How long the shortest diff is looked for; after that one that is longer than it need be will do.
const WITHIN: Duration = Duration::from_millis(200);

/// The unified diff of the YAML of `before` and `after`, without what servers add; none is an object
/// that is not there. Empty where nothing differs; one of more than 5,000 lines says how many are left
/// out.
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
    let diff = TextDiff::configure().timeout(WITHIN).diff_lines(&before, &after);
    let diff = diff.unified_diff().context_radius(AROUND).header(old, new).to_string();
    match diff.match_indices('\n').nth(LONGEST - 1) {
        Some((end, _)) if end + 1 < diff.len() => {
            let (shown, rest) = diff.split_at(end + 1);
            format!("{shown}@@ {} more lines of this diff are left out @@\n", rest.lines().count())
        }
        _ => diff,
    }
}
