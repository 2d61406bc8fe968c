//! Images of pods.

use jiff::civil::Date;

/// The longest text that is kept, in characters: no name of an image is as long.
const LONGEST: usize = 1_024;

/// The image of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodImage {
    /// The image, as the pod names it.
    pub image: String,
    /// The digest of its manifest (`sha256:…`), where the node says it and a registry may know it.
    pub digest: Option<String>,
}

impl PodImage {
    /// The image that a container names, and that its node knows by `id`.
    pub(super) fn of(image: &str, id: &str) -> Self {
        Self { image: bounded(image), digest: manifest_digest(id).map(str::to_owned) }
    }
}

/// The digest of the manifest by which a registry knows what runs, of the id that a node has for it. A
/// bare `sha256:…` is that of its configuration, and what was brought to the node as a file has one that
/// no registry knows, under a name that containerd makes up: `import-2026-05-17`.
fn manifest_digest(id: &str) -> Option<&str> {
    let (name, digest) = id.rsplit_once('@')?;
    let last = name.rsplit('/').next().unwrap_or_default();
    let is_import = last.strip_prefix("import-").is_some_and(|day| day.parse::<Date>().is_ok());
    let (algorithm, digits) = digest.split_once(':')?;
    let is_digest = matches!((algorithm, digits.len()), ("sha256", 64) | ("sha512", 128))
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_digest && !is_import).then_some(digest)
}

/// A text that is not endless; one that was cut is no name any more.
fn bounded(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::record::{Object, Pod, PodObject};

    const DIGITS: &str = "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";

    fn pod(status: &Value) -> Pod {
        let pod = json!({
            "metadata": { "name": "web", "namespace": "shop" },
            "spec": {
                "initContainers": [{ "name": "init", "image": "shop/init:1" }],
                "containers": [
                    { "name": "web", "image": "shop/web:1" },
                    { "name": "proxy", "image": "envoy" },
                    { "name": "nothing" },
                ],
                "ephemeralContainers": [{ "name": "debug", "image": "busybox:1.36" }],
            },
            "status": status,
        });
        serde_json::from_value::<PodObject>(pod).unwrap().record()
    }

    #[test]
    fn a_pod_has_the_images_of_its_containers_and_the_digests_that_its_node_says() {
        let pod = pod(&json!({
            "initContainerStatuses": [
                { "name": "init", "imageID": format!("docker-pullable://shop/init@sha256:{DIGITS}") },
            ],
            "containerStatuses": [
                { "name": "proxy", "imageID": format!("sha256:{DIGITS}") },
                { "name": "web", "imageID": format!("docker.io/shop/web@sha256:{DIGITS}") },
            ],
            "ephemeralContainerStatuses": [
                { "name": "debug", "imageID": format!("docker.io/library/busybox@sha256:{DIGITS}") },
            ],
        }));
        let digest = format!("sha256:{DIGITS}");
        let parts = |one: &PodImage| (one.image.clone(), one.digest.clone());
        let expected = [
            ("shop/init:1", Some(digest.as_str())),
            ("shop/web:1", Some(&digest)),
            ("envoy", None),
            ("busybox:1.36", Some(&digest)),
        ];
        let expected =
            expected.map(|(image, digest)| (image.to_owned(), digest.map(str::to_owned)));
        assert_eq!(pod.images.iter().map(parts).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_pod_that_has_not_started_has_images_without_digests() {
        let pod = pod(&json!({ "containerStatuses": [{ "name": "web", "imageID": "" }] }));
        assert!(pod.images.len() == 4 && pod.images.iter().all(|one| one.digest.is_none()));
    }

    #[test]
    fn what_no_registry_knows_is_no_digest_of_a_manifest() {
        let known = |name: &str| manifest_digest(&format!("{name}@sha256:{DIGITS}")).is_some();
        assert!(known("docker.io/shop/import-service") && known("host:5000/web"));
        assert!(!known("docker.io/library/import-2026-05-17"));
        for id in ["", "web", "web@", "web@sha256:12", "web@md5:00", "web@sha256:../../etc"] {
            assert_eq!(manifest_digest(id), None, "{id}");
        }
    }

    #[test]
    fn a_name_that_was_cut_is_no_name() {
        let long = bounded(&"a".repeat(5_000));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with('…'));
    }
}
