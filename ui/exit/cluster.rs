//! Statuses of the verbs on a cluster.

use weir::cluster;
use weir::engine::{LimitError, PolicyError};
use weir::respond::Refusal;

use super::Status;
use crate::{consent, limit, map, policy, smells, survey};

impl Status {
    pub(super) fn of_limit(error: &limit::Error) -> Option<Self> {
        match error {
            limit::Error::Visit(error) => Some(Self::of_visit(error)),
            limit::Error::Limit(error) => Some(Self::of_limit_error(error)),
            limit::Error::Refused(error) => Some(Self::of_refusal(error)),
            limit::Error::Input(error) => Some(Self::of_input(error)),
            limit::Error::Store(error) => Self::of_store(error),
            limit::Error::NoAlert(_) => Some(Self::Data),
            limit::Error::Consent(error) => Self::of_consent(error),
            limit::Error::Interrupted => Some(Self::Interrupted),
            limit::Error::Survey(error) => Some(Self::of_survey(error)),
            limit::Error::Signal(_) | limit::Error::Tasks(_) | limit::Error::Print(_) => None,
        }
    }

    pub(super) fn of_policy(error: &policy::Error) -> Option<Self> {
        match error {
            policy::Error::Visit(error) => Some(Self::of_visit(error)),
            policy::Error::Policy(error) => Some(Self::of_policy_error(error)),
            policy::Error::Consent(error) => Self::of_consent(error),
            policy::Error::Survey(error) => Some(Self::of_survey(error)),
            policy::Error::Cluster(error) => Some(Self::of_cluster(error)),
            policy::Error::Differs(_) => Some(Self::Findings),
            policy::Error::Invalid { .. }
            | policy::Error::Empty(_)
            | policy::Error::TooMuch { .. }
            | policy::Error::NotLoaded(_)
            | policy::Error::Dangerous(_) => Some(Self::Data),
            policy::Error::Read { .. } | policy::Error::Tasks(_) | policy::Error::Print(_) => None,
        }
    }

    /// None where a cause decides.
    const fn of_consent(error: &consent::Error) -> Option<Self> {
        match error {
            consent::Error::ReadOnly(_) => Some(Self::Permission),
            consent::Error::NobodyToAsk => Some(Self::Usage),
            consent::Error::Declined => Some(Self::Interrupted),
            consent::Error::Ask(_) => None,
        }
    }

    fn of_policy_error(error: &PolicyError) -> Self {
        match error {
            PolicyError::Cluster(error) => Self::of_cluster(error),
            PolicyError::Invalid(_) | PolicyError::Dangerous(_) | PolicyError::NoPolicy(_) => {
                Self::Data
            }
            PolicyError::Nowhere(_)
            | PolicyError::NotInstalled
            | PolicyError::Unsure { .. }
            | PolicyError::Agent(_)
            | PolicyError::Silent(_)
            | PolicyError::Busy
            | PolicyError::Ended => Self::Unavailable,
        }
    }

    pub(super) fn of_smells(error: &smells::Error) -> Option<Self> {
        match error {
            smells::Error::Found(_) => Some(Self::Findings),
            smells::Error::Unread(_) => Some(Self::Unread),
            smells::Error::Baseline(smells::BaselineError::Invalid { .. }) => Some(Self::Data),
            smells::Error::Survey(error) => Some(Self::of_survey(error)),
            smells::Error::Cluster(error) => Some(Self::of_cluster(error)),
            smells::Error::Privilege(error) => Self::of_capture(error),
            smells::Error::Baseline(_) | smells::Error::Tasks(_) | smells::Error::Print(_) => None,
        }
    }

    pub(super) fn of_map(error: &map::Error) -> Option<Self> {
        match error {
            map::Error::Survey(error) => Some(Self::of_survey(error)),
            map::Error::Privilege(error) => Self::of_capture(error),
            map::Error::Tasks(_) | map::Error::Print(_) => None,
        }
    }

    pub(super) fn of_survey(error: &survey::Error) -> Self {
        match error {
            survey::Error::Cluster(error) => Self::of_cluster(error),
            survey::Error::Nothing(_) | survey::Error::Silent(_) => Self::Unavailable,
        }
    }

    fn of_limit_error(error: &LimitError) -> Self {
        match error {
            LimitError::Refused(refusal) => Self::of_refusal(refusal),
            LimitError::Cluster(error) => Self::of_cluster(error),
            LimitError::NoIngress(_) | LimitError::NoLimit(_) => Self::Data,
            LimitError::NoCluster(_)
            | LimitError::Unsure { .. }
            | LimitError::Busy
            | LimitError::Ended => Self::Unavailable,
        }
    }

    /// What could not be meant is usage; what this Ingress does not allow is not.
    const fn of_refusal(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Name { .. }
            | Refusal::NoLimit
            | Refusal::Absurd { .. }
            | Refusal::BurstOfNothing
            | Refusal::ManyAllowed { .. } => Self::Usage,
            Refusal::Unable { .. } | Refusal::Unsupported { .. } | Refusal::Guarded(_) => {
                Self::Data
            }
        }
    }

    pub(super) fn of_cluster(error: &cluster::Error) -> Self {
        match (error, error.status()) {
            (cluster::Error::ReadOnly { .. }, _) | (_, Some(401 | 403)) => Self::Permission,
            (_, Some(400 | 404 | 422)) => Self::Data,
            (cluster::Error::Kubeconfig { .. } | cluster::Error::NoKubeconfig { .. }, _) => {
                Self::Usage
            }
            _ => Self::Unavailable,
        }
    }
}
