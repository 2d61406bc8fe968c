//! How far a scan is.

/// How far a scan is, as Trivy's log tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Step {
    /// Trivy was started.
    #[default]
    Started,
    /// It fetches the database of vulnerabilities.
    Database,
    /// It fetches and reads the image.
    Image,
    /// It looks up what it found in the image.
    Packages,
}

impl Step {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Started => "starting Trivy",
            Self::Database => "fetching the database of vulnerabilities",
            Self::Image => "fetching the image",
            Self::Packages => "looking up its packages",
        }
    }

    /// The step that a line of Trivy's log tells of, if it does.
    pub(super) fn told_by(line: &str) -> Option<Self> {
        if line.contains("[vulndb]") || line.contains("[javadb]") {
            Some(Self::Database)
        } else if line.contains("Vulnerability scanning is enabled") {
            Some(Self::Image)
        } else if line.contains("Detecting vulnerabilities") || line.contains("Detected OS") {
            Some(Self::Packages)
        } else {
            None
        }
    }
}
