//! What came to an Ingress in the last minutes.

use crate::cluster::World;
use crate::engine::arrivals::{Arrivals, Recent, Wanted};
use crate::engine::limits::LimitError;
use crate::respond::{IngressName, Limit, Preview, Traffic, preview_at};

use super::sites::sites;

/// All that is remembered since `since_us`, in µs since the epoch of packet time.
pub(super) fn traffic(recent: &Recent, since_us: i64) -> Traffic {
    let wanted = Wanted { span_us: Some(since_us..=i64::MAX), ..Wanted::default() };
    Traffic {
        arrivals: recent.arrivals(&wanted).collect(),
        answers: recent.answers(&wanted).collect(),
        resets: recent.resets(&wanted).collect(),
    }
}

/// What `limit` at `ingress` would have meant to those who came.
pub(super) fn preview(
    world: &World,
    arrivals: &Arrivals,
    ingress: &IngressName,
    limit: &Limit,
) -> Result<Preview, LimitError> {
    let sites = sites(world);
    if !sites.iter().any(|site| site.ingress == *ingress) {
        return Err(LimitError::NoIngress(ingress.clone()));
    }
    let limit = limit.clone().checked()?;
    Ok(preview_at(&sites, ingress, &limit, &traffic(&arrivals.recent(), i64::MIN))?)
}
