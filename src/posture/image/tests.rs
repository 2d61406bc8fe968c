use super::*;

const DIGEST: &str = "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";

#[test]
fn only_the_name_of_an_image_is_one() {
    for name in ["nginx", "shop/web:1.4", "localhost:5000/web", "[::1]:5000/web"] {
        assert_eq!(name.parse::<ImageName>().unwrap().as_str(), name);
    }
    let long = "a".repeat(5_000);
    for text in [
        "",
        "--config=/etc/passwd",
        "-o",
        "$(x)",
        "`x`",
        "web;x",
        "web\n--output=/etc/passwd",
        "web\0",
        "web 1",
        "../web",
        "/etc/passwd",
        "file:///etc/passwd",
        "@",
        &long,
    ] {
        assert!(text.parse::<ImageName>().is_err(), "{text:?}");
    }
}

#[test]
fn a_name_that_is_pinned_has_a_digest() {
    let pinned: ImageName = format!("shop/web:1.4@{DIGEST}").parse().unwrap();
    assert_eq!(pinned.digest(), Some(DIGEST));
    let name: ImageName = "host:5000/web:1.4".parse().unwrap();
    assert_eq!(name.digest(), None);
    assert_eq!(name.at(DIGEST).as_str(), format!("host:5000/web:1.4@{DIGEST}"));
    assert_eq!(name.at("no digest"), name);
}

/// A report with these vulnerabilities: id, severity, version in which it is mended, reference.
fn report(vulnerabilities: &[(&str, &str, &str, &str)]) -> ImageReport {
    let of = |(id, severity, fixed, reference): &(&str, &str, &str, &str)| {
        serde_json::json!({
            "VulnerabilityID": id, "Severity": severity, "FixedVersion": fixed, "PkgName": "musl",
            "InstalledVersion": "1.0", "References": [reference], "Title": "two\nlines",
        })
    };
    let all: Vec<_> = vulnerabilities.iter().map(of).collect();
    let report = serde_json::json!({
        "SchemaVersion": 2,
        "ArtifactName": "shop/web:1.4",
        "Metadata": {
            "OS": { "Family": "alpine", "Name": "3.9.4", "EOSL": true },
            "ImageID": "sha256:1",
            "RepoDigests": [format!("shop/web@{DIGEST}")],
        },
        "Results": [
            { "Target": "shop/web:1.4 (alpine 3.9.4)", "Vulnerabilities": all },
            { "Target": "/app/key.pem", "Secrets": [{ "RuleID": "private-key" }] },
            { "Target": "nothing", "Vulnerabilities": null },
        ],
    });
    ImageReport::parse(report.to_string().as_bytes()).unwrap()
}

#[test]
fn what_is_exploited_comes_first_and_then_what_is_worse_and_can_be_mended() {
    let exploited = "https://www.cisa.gov/known-exploited-vulnerabilities-catalog?search=x";
    let report = report(&[
        ("LOW-FIXED", "LOW", "1.1", ""),
        ("CRITICAL", "CRITICAL", "", ""),
        ("CRITICAL-FIXED", "CRITICAL", "1.1", ""),
        ("EXPLOITED", "MEDIUM", "", exploited),
        ("ODD", "TERRIBLE", "", ""),
    ]);
    let ids: Vec<_> = report.vulnerabilities.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["EXPLOITED", "CRITICAL-FIXED", "CRITICAL", "LOW-FIXED", "ODD"]);
    assert_eq!(report.digest.as_deref(), Some(DIGEST));
    assert_eq!(report.vulnerabilities[0].title, "two lines");

    let summary = report.summary();
    let counts = VulnerabilityCounts { critical: 2, medium: 1, low: 1, unknown: 1, high: 0 };
    assert_eq!(summary.counts, counts);
    let fixable = VulnerabilityCounts { critical: 1, low: 1, ..VulnerabilityCounts::default() };
    assert_eq!((summary.fixable, summary.exploited, summary.secrets), (fixable, 1, 1));
    assert_eq!(summary.os.as_deref(), Some("alpine 3.9.4"));
    assert!(summary.is_end_of_life);
    assert_eq!(summary.worst(), Some(VulnerabilitySeverity::Critical));
    let critical: Vec<_> = summary.critical().map(|one| one.id.as_str()).collect();
    assert_eq!(critical, ["EXPLOITED", "CRITICAL-FIXED", "CRITICAL"]);
}

#[test]
fn only_a_registry_says_by_which_digest_an_image_is_known() {
    let parse = |text: &str| ImageReport::parse(text.as_bytes()).unwrap();
    let local = parse(r#"{"SchemaVersion": 2, "Metadata": {"ImageID": "sha256:1"}}"#);
    assert_eq!((local.digest, local.created_us), (None, None));
    let made = parse(r#"{"SchemaVersion": 2, "CreatedAt": "2026-11-30T16:24:43.268456081Z"}"#);
    assert_eq!(made.created_us, Some(1_796_055_883_268_456));
    for written in ["null", "\"\"", "\"today\"", "\"0001-01-01T00:00:00Z\""] {
        let text = format!(r#"{{"SchemaVersion": 2, "CreatedAt": {written}}}"#);
        assert_eq!(parse(&text).created_us, None, "{written}");
    }
}

#[test]
fn an_image_without_packages_is_blank() {
    let is_blank = |results: &str| {
        let text = format!(r#"{{"SchemaVersion": 2, "Results": [{results}]}}"#);
        ImageReport::parse(text.as_bytes()).unwrap().is_blank
    };
    let secret = r#"{"Target": "/key", "Class": "secret", "Secrets": [{"RuleID": "private-key"}]}"#;
    assert!(is_blank("") && is_blank(secret));
    assert!(is_blank(r#"{"Target": "/key", "Secrets": [{"RuleID": "private-key"}]}"#));
    for class in ["os-pkgs", "lang-pkgs"] {
        let clean = format!(r#"{{"Target": "web", "Class": "{class}"}}"#);
        assert!(!is_blank(&clean) && !is_blank(&format!("{secret}, {clean}")), "{class}");
    }
    assert!(!is_blank(r#"{"Target": "web (alpine 3.9.4)"}"#));
}

#[test]
fn what_is_no_report_is_named() {
    let said = |text: &str| ImageReport::parse(text.as_bytes()).unwrap_err().to_string();
    assert!(said("").contains("no report of Trivy in JSON"), "{}", said(""));
    assert!(said("[]").contains("no report of Trivy"), "{}", said("[]"));
    assert!(said(r#"{"bomFormat": "CycloneDX"}"#).contains("CycloneDX"));
    assert!(said(r#"{"spdxVersion": "SPDX-2.3"}"#).contains("SPDX"));
    assert!(said(r#"{"SchemaVersion": 3}"#).contains("schema version is 3"));
    assert!(said("{}").contains("another document"));
}
