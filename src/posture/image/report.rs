//! Reports of Trivy, in its JSON of schema version 2.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::summary::ScanSummary;
use super::{Vulnerability, VulnerabilitySeverity};

/// The schema that is read.
const SCHEMA: u64 = 2;

/// Vulnerabilities of a report.
const MOST: usize = 100_000;

/// Characters of a text in it.
const LONGEST: usize = 512;

/// Where a vulnerability is listed of which CISA knows that it is exploited.
const EXPLOITED: &str = "https://www.cisa.gov/known-exploited-vulnerabilities";

/// What Trivy found in an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageReport {
    /// What was scanned, as Trivy names it.
    pub artifact: String,
    /// The digest by which a registry knows it, `sha256:…`; none where the report is not about an image,
    /// or no registry has it.
    pub digest: Option<String>,
    /// When Trivy made the report, in µs since the epoch; none where it does not say.
    pub created_us: Option<i64>,
    /// The operating system in it: `alpine 3.19.1`.
    pub os: Option<String>,
    /// Whether nobody mends that system any more.
    pub is_end_of_life: bool,
    /// Vulnerabilities, the most urgent first.
    pub vulnerabilities: Vec<Vulnerability>,
    /// Secrets that lie in it.
    pub secrets: usize,
    /// Whether nothing was found in it that could be looked up: no packages of a system that Trivy knows,
    /// and none of a language. It may be anything but clean. What only Trivy's log says, that a system has
    /// no packages, a report does not.
    pub is_blank: bool,
}

/// Why a text is no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAReport {
    /// It is no JSON, or of another form.
    #[error("it is no report of Trivy in JSON: {0}")]
    Form(String),
    /// It is another kind of document.
    #[error("it is {0}, and no report of Trivy (`trivy image --format json`)")]
    Other(&'static str),
    /// It has another schema.
    #[error("its schema version is {0}, and {SCHEMA} is what is understood")]
    Schema(u64),
    /// It is endless.
    #[error("it tells of more than {MOST} vulnerabilities")]
    Long,
}

impl ImageReport {
    /// Reads a report.
    pub fn parse(text: &[u8]) -> Result<Self, NotAReport> {
        let written: Written =
            serde_json::from_slice(text).map_err(|error| NotAReport::Form(error.to_string()))?;
        match &written {
            Written { bom_format: Some(_), .. } => {
                return Err(NotAReport::Other("a list of components (CycloneDX)"));
            }
            Written { spdx_version: Some(_), .. } => {
                return Err(NotAReport::Other("a list of packages (SPDX)"));
            }
            Written { schema_version: None, .. } => {
                return Err(NotAReport::Other("another document"));
            }
            Written { schema_version: Some(SCHEMA), .. } => {}
            Written { schema_version: Some(other), .. } => return Err(NotAReport::Schema(*other)),
        }
        written.report()
    }

    /// What stands out of it.
    #[must_use]
    pub fn summary(&self) -> ScanSummary {
        ScanSummary::of(self)
    }
}

/// A report as it is written. What is missing or null is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    #[serde(rename = "bomFormat")]
    bom_format: Option<String>,
    #[serde(rename = "spdxVersion")]
    spdx_version: Option<String>,
    #[serde(rename = "SchemaVersion")]
    schema_version: Option<u64>,
    #[serde(rename = "CreatedAt", deserialize_with = "nullable")]
    created_at: String,
    #[serde(rename = "ArtifactName", deserialize_with = "nullable")]
    artifact_name: String,
    #[serde(rename = "Metadata", deserialize_with = "nullable")]
    metadata: Metadata,
    #[serde(rename = "Results", deserialize_with = "nullable")]
    results: Vec<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Metadata {
    #[serde(rename = "OS")]
    os: Option<System>,
    #[serde(deserialize_with = "nullable")]
    repo_digests: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct System {
    #[serde(deserialize_with = "nullable")]
    family: String,
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(rename = "EOSL")]
    eosl: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Part {
    #[serde(deserialize_with = "nullable")]
    target: String,
    #[serde(deserialize_with = "nullable")]
    class: String,
    #[serde(deserialize_with = "nullable")]
    vulnerabilities: Vec<Found>,
    #[serde(deserialize_with = "nullable")]
    secrets: Vec<serde::de::IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Found {
    #[serde(rename = "VulnerabilityID", deserialize_with = "nullable")]
    id: String,
    #[serde(deserialize_with = "nullable")]
    severity: String,
    #[serde(deserialize_with = "nullable")]
    pkg_name: String,
    #[serde(deserialize_with = "nullable")]
    installed_version: String,
    #[serde(deserialize_with = "nullable")]
    fixed_version: String,
    #[serde(deserialize_with = "nullable")]
    title: String,
    #[serde(rename = "PrimaryURL", deserialize_with = "nullable")]
    primary_url: String,
    #[serde(deserialize_with = "nullable")]
    references: Vec<String>,
}

impl Written {
    fn report(self) -> Result<ImageReport, NotAReport> {
        let Self { artifact_name, created_at, metadata, results, .. } = self;
        let is_blank = !results.iter().any(Part::lists_packages);
        let secrets = results.iter().map(|part| part.secrets.len()).sum();
        if results.iter().map(|part| part.vulnerabilities.len()).sum::<usize>() > MOST {
            return Err(NotAReport::Long);
        }
        let mut vulnerabilities: Vec<_> = results.into_iter().flat_map(Part::found).collect();
        // What is as urgent stays in the order of the report, which is always the same.
        vulnerabilities.sort_by_key(|one| std::cmp::Reverse(one.urgency()));
        let is_end_of_life = metadata.os.as_ref().is_some_and(|os| os.eosl);
        Ok(ImageReport {
            artifact: cut(&artifact_name),
            digest: metadata.digest(),
            created_us: made_us(&created_at),
            os: metadata.os.map(|os| cut(format!("{} {}", os.family, os.name).trim())),
            is_end_of_life,
            vulnerabilities,
            secrets,
            is_blank,
        })
    }
}

impl Metadata {
    /// By which a registry knows the image.
    fn digest(&self) -> Option<String> {
        let digests = self.repo_digests.iter().filter_map(|one| one.split_once('@'));
        digests.map(|(_, digest)| cut(digest)).find(|digest| !digest.is_empty())
    }
}

impl Part {
    /// Whether packages were looked up. Trivy has not always named the class.
    fn lists_packages(&self) -> bool {
        match self.class.as_str() {
            "os-pkgs" | "lang-pkgs" => true,
            "" => self.secrets.is_empty(),
            _ => !self.vulnerabilities.is_empty(),
        }
    }

    fn found(self) -> impl Iterator<Item = Vulnerability> {
        let target = cut(&self.target);
        self.vulnerabilities.into_iter().map(move |found| Vulnerability {
            is_exploited: found.references.iter().any(|one| one.starts_with(EXPLOITED)),
            id: cut(&found.id),
            severity: VulnerabilitySeverity::named(&found.severity),
            package: cut(&found.pkg_name),
            installed: cut(&found.installed_version),
            fixed: Some(cut(&found.fixed_version)).filter(|version| !version.is_empty()),
            title: cut(&found.title),
            url: cut(&found.primary_url),
            target: target.clone(),
        })
    }
}

/// When it was made; whoever writes no time at all writes the year 1.
fn made_us(written: &str) -> Option<i64> {
    let made: Timestamp = written.parse().ok()?;
    Some(made.as_microsecond()).filter(|made_us| *made_us > 0)
}

/// A text of the report, not endless and on one line.
fn cut(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(LONGEST).map(plain).collect()
}

/// Reads null as what is empty.
fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
