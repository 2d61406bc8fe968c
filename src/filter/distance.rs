//! The name that was probably meant.

/// The known name closest to `written`, if it is close at all.
pub(crate) fn closest(
    written: &str,
    known: impl IntoIterator<Item = &'static str>,
) -> Option<&'static str> {
    let distances = known.into_iter().map(|name| (distance(written, name), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    // Of a short name little may be left.
    (distance <= (name.len() / 2).clamp(1, 3)).then_some(name)
}

/// `; did you mean …?`, or nothing.
pub(crate) fn hint(written: &str, known: impl IntoIterator<Item = &'static str>) -> String {
    closest(written, known).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// Letters to add, remove or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    // What is much longer than any name is none of them.
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(40).collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, of_a) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, of_b) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(of_a != of_b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_a_letter_or_two_is_forgiven_and_no_more() {
        let known = ["score", "src", "severity", "dos-flood"];
        assert_eq!(closest("scoer", known), Some("score"));
        assert_eq!(closest("srv", known), Some("src"));
        assert_eq!(closest("dos-floods", known), Some("dos-flood"));
        assert_eq!(closest("weight", known), None);
        assert_eq!(closest("", known), None);
    }
}
