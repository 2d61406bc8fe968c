//! Every check on its own examples, and manifests as they come.

use super::*;

fn scan(text: &str) -> Report {
    let mut manifests = Manifests::default();
    manifests.add("test.yaml", text.as_bytes());
    let faults = &manifests.sources()[0].faults;
    assert!(faults.is_empty(), "{faults:?} in\n{text}");
    manifests.scan(&Rules::default())
}

fn finds(check: &Check, text: &str) -> bool {
    scan(text).findings.iter().any(|finding| finding.check.id == check.id)
}

#[test]
fn every_check_finds_its_smell_and_is_content_once_it_is_mended() {
    for check in all() {
        assert!(finds(check, check.failing), "{} finds nothing in\n{}", check.id, check.failing);
        assert!(!finds(check, check.passing), "{} finds something in\n{}", check.id, check.passing);
    }
}

#[test]
fn no_check_lacks_what_it_says() {
    for check in all() {
        let Check { id, title, why, mend, references, .. } = check;
        assert!(
            id.strip_prefix("WEIR-").is_some_and(|number| number.parse::<u16>().is_ok()),
            "{id}"
        );
        assert!(!title.is_empty() && !title.ends_with('.') && title.len() <= 72, "{id}: {title}");
        assert!(why.ends_with('.') && why.len() <= 400, "{id}: {why}");
        assert!(!references.is_empty(), "{id}");
        let mut manifests = Manifests::default();
        manifests.add("mend", mend.as_bytes());
        let faults = &manifests.sources()[0].faults;
        assert!(faults.iter().all(|fault| fault.message.contains("no object")), "{id}: {faults:?}");
    }
    let mut ids: Vec<_> = all().map(|check| check.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all().count(), "an id stands for one check");
}
