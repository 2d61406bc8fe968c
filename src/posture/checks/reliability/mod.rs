//! Whether it goes on when something fails.

mod anti_affinity;
mod cron;
mod hpa;
mod hpa_fixed_replicas;
mod job_cron;
mod naked_pod;
mod pdb_missing;
mod pdb_unsatisfiable;
mod priority_class;
mod probe;
mod probe_liveness;
mod probe_port;
mod probe_readiness;
mod probe_same;
mod replicas;
mod restart_policy;
mod rollout_strategy;
mod scale;
mod statefulset_service;
mod topology_spread;

use crate::posture::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &probe_liveness::CHECK,
    &probe_readiness::CHECK,
    &replicas::CHECK,
    &hpa::CHECK,
    &pdb_missing::CHECK,
    &pdb_unsatisfiable::CHECK,
    &anti_affinity::CHECK,
    &topology_spread::CHECK,
    &rollout_strategy::CHECK,
    &restart_policy::CHECK,
    &job_cron::CHECK,
    &probe_port::CHECK,
    &probe_same::CHECK,
    &hpa_fixed_replicas::CHECK,
    &naked_pod::CHECK,
    &statefulset_service::CHECK,
    &priority_class::CHECK,
];
