//! One image after the other.

use weir::trivy::{Freshness, Step, Trivy};

use super::outcome::{Failure, Outcome, Scanned, Wanted};
use crate::cli::Format;
use crate::progress::Doing;
use crate::words::with_causes;

/// Scans all of them; of several, one that fails is told at once.
pub(super) async fn all(
    trivy: &Trivy,
    wanted: Vec<Wanted>,
    freshness: Freshness,
    format: Format,
) -> Outcome {
    let doing = Doing::start();
    let all = wanted.len();
    let mut outcome = Outcome { all, ..Outcome::default() };
    for (number, Wanted { name, target, workloads }) in (1..=all).zip(wanted) {
        let tell = |step: Step| {
            doing.tell(&format!("{number} of {all}: {name}: {}", step.words()));
        };
        match trivy.scan(&target, freshness, &tell).await {
            Ok(mut scan) => {
                if format == Format::Text {
                    // Nobody asks for it, and a cluster has many images.
                    scan.text = Vec::new();
                }
                let summary = scan.report.summary();
                outcome.images.push(Scanned { name, workloads, scan, summary });
            }
            Err(error) => {
                if all > 1 {
                    doing.aside(&with_causes(&error));
                }
                let is_the_same_for_all = error.is_the_same_for_all();
                outcome.failures.push(Failure { name, error });
                if is_the_same_for_all {
                    break;
                }
            }
        }
    }
    outcome
}
