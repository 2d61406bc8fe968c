//! Which images run in a cluster, and who runs them.

use std::collections::BTreeMap;

use super::Running;
use super::status::target;
use crate::cluster::{Pod, PodImage, World};
use crate::incident::Workload;
use crate::posture::image::ImageName;

/// All images that run in a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunningImages {
    /// Each with its digest once, in order of their names.
    pub images: Vec<RunningImage>,
    /// Those whose name is none.
    pub unnamed: usize,
}

/// An image that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningImage {
    /// As pods name it.
    pub image: ImageName,
    /// The digest of its manifest, where nodes say it.
    pub digest: Option<String>,
    /// Which workloads run it; sorted, without doubles.
    pub workloads: Vec<Running>,
    /// Pods that run it, by namespace and name; sorted.
    pub pods: Vec<(String, String)>,
}

/// Every image of the pods in `world` that are not over, with who runs it. One name at two digests is two
/// images.
#[must_use]
pub fn running_images(world: &World) -> RunningImages {
    let mut by_image = BTreeMap::<(&str, Option<&str>), Vec<&Pod>>::new();
    for pod in world.pods().iter().filter(|pod| !pod.phase.is_over()) {
        for PodImage { image, digest } in &pod.images {
            by_image.entry((image.as_str(), digest.as_deref())).or_default().push(pod);
        }
    }
    let mut all = RunningImages::default();
    for ((name, digest), pods) in by_image {
        match name.parse::<ImageName>() {
            Ok(image) => all.images.push(RunningImage::of(image, digest, &pods, world)),
            Err(_) => all.unnamed += 1,
        }
    }
    all
}

impl RunningImage {
    fn of(image: ImageName, digest: Option<&str>, pods: &[&Pod], world: &World) -> Self {
        let mut workloads: Vec<_> = pods.iter().map(|pod| running(pod, world)).collect();
        workloads.sort_unstable_by(|one, other| one.key().cmp(&other.key()));
        workloads.dedup();
        // A pod that has it twice comes twice in a row.
        let mut pods: Vec<_> =
            pods.iter().map(|pod| (pod.namespace.clone(), pod.name.clone())).collect();
        pods.dedup();
        Self { image, digest: digest.map(str::to_owned), workloads, pods }
    }

    /// What of it is scanned: what runs, where that is known.
    #[must_use]
    pub fn target(&self) -> ImageName {
        target(&self.image, self.digest.as_deref())
    }
}

/// What manages a pod, or the pod itself.
fn running(pod: &Pod, world: &World) -> Running {
    let alone = || Workload { kind: "Pod".to_owned(), name: pod.name.clone() };
    let workload = world.workload_of(&pod.namespace, &pod.name).cloned();
    Running { namespace: pod.namespace.clone(), workload: workload.unwrap_or_else(alone) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const DIGEST: &str = "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";
    const OTHER: &str = "sha256:4e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";

    /// A pod of the Deployment `web`, unless `owner` says otherwise, that runs `image` at `digest`.
    fn pod(name: &str, image: &str, digest: &str) -> Value {
        json!({
            "kind": "Pod",
            "metadata": {
                "name": name, "namespace": "shop",
                "ownerReferences": [{ "kind": "ReplicaSet", "name": "web-6d", "controller": true }],
            },
            "spec": { "containers": [{ "name": "web", "image": image }] },
            "status": {
                "phase": "Running",
                "containerStatuses": [{ "name": "web", "imageID": format!("docker.io/shop/web@{digest}") }],
            },
        })
    }

    fn replica_set() -> Value {
        json!({
            "kind": "ReplicaSet",
            "metadata": {
                "name": "web-6d", "namespace": "shop",
                "ownerReferences": [{ "kind": "Deployment", "name": "web", "controller": true }],
            },
        })
    }

    fn images(objects: &[Value]) -> RunningImages {
        running_images(&World::made_of(objects).unwrap())
    }

    fn said(image: &RunningImage) -> (&str, Option<&str>, Vec<String>, usize) {
        let workloads = image.workloads.iter().map(ToString::to_string).collect();
        (image.image.as_str(), image.digest.as_deref(), workloads, image.pods.len())
    }

    #[test]
    fn an_image_is_told_once_with_its_workload_however_many_pods_run_it() {
        let all = images(&[
            pod("web-2", "shop/web:1", DIGEST),
            pod("web-1", "shop/web:1", DIGEST),
            replica_set(),
        ]);
        let [image] = &all.images[..] else { panic!("one image: {all:?}") };
        let deployment = vec!["Deployment shop/web".to_owned()];
        assert_eq!(said(image), ("shop/web:1", Some(DIGEST), deployment, 2));
        let pods = ["web-1", "web-2"].map(|name| ("shop".to_owned(), name.to_owned()));
        assert_eq!(image.pods, pods);
        assert_eq!(image.target().as_str(), format!("shop/web:1@{DIGEST}"));
    }

    #[test]
    fn one_name_at_two_digests_is_two_images() {
        let all = images(&[pod("web-1", "shop/web:1", DIGEST), pod("web-2", "shop/web:1", OTHER)]);
        let digests: Vec<_> = all.images.iter().map(|image| image.digest.as_deref()).collect();
        assert_eq!(digests, [Some(DIGEST), Some(OTHER)]);
    }

    #[test]
    fn a_pod_that_is_over_runs_nothing_and_one_that_nothing_manages_is_its_own_workload() {
        let mut over = pod("web-1", "shop/web:1", DIGEST);
        over["status"]["phase"] = json!("Succeeded");
        let mut alone = pod("db", "postgres:16", "none");
        alone["metadata"]["ownerReferences"] = json!([]);
        alone["spec"]["initContainers"] = json!([{ "name": "init", "image": "postgres:16" }]);
        let all = images(&[over, alone]);
        let [image] = &all.images[..] else { panic!("one image: {all:?}") };
        assert_eq!(said(image), ("postgres:16", None, vec!["Pod shop/db".to_owned()], 1));
        assert_eq!(image.target().as_str(), "postgres:16");
    }

    #[test]
    fn an_image_whose_name_is_none_is_counted() {
        let all = images(&[pod("web-1", "$(IMAGE)", DIGEST), pod("web-2", "nginx", DIGEST)]);
        assert_eq!((all.images.len(), all.unnamed), (1, 1));
        assert_eq!(images(&[]), RunningImages::default());
    }
}
