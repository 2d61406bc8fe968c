//! `weir scan --cluster`: every image that runs, at the digest that runs.

use std::fs;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::double::fault::Fault;
use crate::support::trivy::{FakeTrivy, report, vulnerability};
use crate::{Stage, pod};

const WEB: &str = "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";
const DB: &str = "sha256:4e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";

/// A pod whose only container runs this image, and whose node says at which digest.
fn running(name: &str, image: &str, digest: &str, owner: Option<(&str, &str)>) -> Value {
    let mut pod = pod(name, "10.244.0.1");
    pod["spec"]["containers"] = json!([{ "name": "it", "image": image }]);
    let id = format!("docker.io/{image}@{digest}");
    pod["status"]["containerStatuses"] = json!([{ "name": "it", "imageID": id }]);
    let owners = owner
        .into_iter()
        .map(|(kind, name)| json!({ "kind": kind, "name": name, "controller": true }));
    pod["metadata"]["ownerReferences"] = owners.collect();
    pod
}

/// A Trivy that finds something critical in `shop/db`, something low elsewhere, and that no registry
/// has `shop/gone`.
fn trivy() -> FakeTrivy {
    let trivy = FakeTrivy::doing(
        "printf '%s\\n' \"$*\" >> \"$here/calls\"\n\
         case \"$*\" in\n\
         *shop/gone*) echo 'FATAL Fatal error remote error: MANIFEST_UNKNOWN: no' >&2; exit 1;;\n\
         *shop/db*) cat \"$here/db.json\";;\n\
         *) cat \"$here/web.json\";;\nesac",
    );
    let critical = vulnerability("CVE-2024-90001", "CRITICAL", "", "a buffer overflows");
    let low = vulnerability("CVE-2024-90003", "LOW", "3.1.5-r0", "a key takes long to check");
    for (name, report) in [("db.json", report(DB, &[critical])), ("web.json", report(WEB, &[low]))]
    {
        fs::write(trivy.path(name), report.to_string()).expect("a report");
    }
    trivy
}

impl Stage {
    /// Scans what runs in the cluster.
    fn scan(&self, trivy: &FakeTrivy, rest: &str) -> Output {
        let (program, database) = (trivy.path("trivy"), trivy.path("state/weir.db"));
        let (program, database) = (program.display(), database.display());
        self.weir(&format!("scan --cluster --trivy {program} --database {database} {rest}"))
    }
}

#[test]
fn every_image_that_runs_is_scanned_once_at_its_digest_with_who_runs_it() {
    let stage = Stage::new();
    stage.seed(running("web-a", "shop/web:1", WEB, Some(("StatefulSet", "web"))));
    stage.seed(running("web-b", "shop/web:1", WEB, Some(("StatefulSet", "web"))));
    stage.seed(running("lone", "shop/db:2", DB, None));
    let trivy = trivy();
    let output = stage.scan(&trivy, "--format json");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let images = json["images"].as_array().expect("a list");
    // The worst comes first.
    let names: Vec<_> = images.iter().map(|image| &image["image_name"]).collect();
    assert_eq!(names, ["shop/db:2", "shop/web:1"]);
    assert_eq!((&images[0]["digest"], &images[1]["digest"]), (&DB.into(), &WEB.into()));
    let workload = |kind, name| json!([{ "namespace": "default", "kind": kind, "name": name }]);
    assert_eq!(images[0]["workloads"], workload("Pod", "lone"));
    assert_eq!(images[1]["workloads"], workload("StatefulSet", "web"));
    let calls = fs::read_to_string(trivy.path("calls")).expect("calls");
    assert!(calls.contains(&format!("-- shop/db:2@{DB}\n")), "{calls}");
    assert!(calls.contains(&format!("-- shop/web:1@{WEB}\n")), "{calls}");
    // What is kept is not asked for again.
    let again = stage.scan(&trivy, "");
    let text = String::from_utf8_lossy(&again.stdout);
    assert_eq!(trivy.runs(), 2, "{text}");
    assert!(text.contains(" runs in       StatefulSet default/web\n"), "{text}");
    let summary = "\n2 images, 1 with critical vulnerabilities (none of them mendable)\n";
    assert!(text.ends_with(summary), "{text}");
}

#[test]
fn an_image_that_no_registry_has_is_told_and_the_others_are_scanned() {
    let stage = Stage::new();
    stage.seed(running("web", "shop/web:1", WEB, None));
    stage.seed(running("gone", "shop/gone:1", DB, None));
    stage.seed(running("odd", "Not/An Image", DB, None));
    let output = stage.scan(&trivy(), "");
    assert_eq!(output.status.code(), Some(65), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("1 image left out"), "{said}");
    assert!(said.contains("scan shop/gone:1@sha256:"), "{said}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("shop/web:1\n"), "{text}");
    assert!(
        text.ends_with("none with critical vulnerabilities, 1 could not be scanned\n"),
        "{text}"
    );
}

#[test]
fn pods_that_may_not_be_read_are_no_cluster_without_images() {
    let stage = Stage::new();
    stage.api.with(|kube| kube.plan.fail(9, Fault::Status(403), |asked| asked.resource == "pods"));
    let trivy = trivy();
    let output = stage.scan(&trivy, "");
    assert_eq!((output.status.code(), trivy.runs()), (Some(77), 0), "{output:?}");
}
