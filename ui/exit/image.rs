//! Statuses of the verb on images.

use weir::trivy;

use super::Status;
use crate::scan;

impl Status {
    /// None where a cause decides.
    pub(super) fn of_scan(error: &scan::Error) -> Option<Self> {
        match error {
            scan::Error::Found(_) => Some(Self::Findings),
            scan::Error::Trivy(error) | scan::Error::Unscanned { first: error, .. } => {
                Some(Self::of_trivy(error))
            }
            scan::Error::Survey(error) => Some(Self::of_survey(error)),
            scan::Error::Cluster(error) => Some(Self::of_cluster(error)),
            scan::Error::Privilege(error) => Self::of_capture(error),
            scan::Error::Interrupted => Some(Self::Interrupted),
            scan::Error::Signal(_) | scan::Error::Tasks(_) | scan::Error::Print(_) => None,
        }
    }

    fn of_trivy(error: &trivy::Error) -> Self {
        match error {
            trivy::Error::Missing { .. }
            | trivy::Error::Cache { .. }
            | trivy::Error::NoDatabase { .. }
            | trivy::Error::Server { .. }
            | trivy::Error::Limited { .. }
            | trivy::Error::Unreachable { .. }
            | trivy::Error::TimedOut { .. }
            | trivy::Error::Failed { .. } => Self::Unavailable,
            trivy::Error::NotFound { .. } | trivy::Error::Long { .. } | trivy::Error::Report(_) => {
                Self::Data
            }
            trivy::Error::Refused { .. } => Self::Permission,
            trivy::Error::Start { source, .. } | trivy::Error::Scratch { source } => {
                Self::of(source)
            }
        }
    }
}
