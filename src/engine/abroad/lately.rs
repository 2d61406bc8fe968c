//! What came to an Ingress in the last minutes.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, spawn_blocking};
use tokio::time::timeout;

use super::Mission;
use super::sites::sites;
use crate::engine::arrivals::{Recent, Wanted};
use crate::engine::limits::LimitError;
use crate::respond::{Arrival, IngressName, Limit, Preview, Site, Traffic, preview_at};

/// Arrivals that are asked again for one preview.
const ASKED: usize = 200_000;

/// How long somebody waits for their turn to go through arrivals.
const TURN: Duration = Duration::from_secs(2);

impl Mission {
    /// What `limit` would have meant, found out where nobody waits for it but whoever asks.
    pub(super) async fn preview(
        self: Arc<Self>,
        ingress: IngressName,
        limit: Limit,
    ) -> Result<Preview, LimitError> {
        let turn = timeout(TURN, self.bench.acquire()).await.map_err(|_| LimitError::Busy)?;
        let (world, arrivals) = (self.ledge.world(), Arc::clone(&self.arrivals));
        let previewed = spawn_blocking(move || {
            preview(&sites(&world), &arrivals.recent(), &Wanted::default(), &ingress, &limit)
        });
        let preview = match previewed.await.map_err(JoinError::try_into_panic) {
            Ok(preview) => preview,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            Err(Err(_)) => Err(LimitError::Ended),
        };
        drop(turn);
        preview
    }
}

/// All that is remembered since `since_us`, in µs since the epoch of packet time.
pub(super) fn traffic(recent: &Recent, since_us: i64) -> Traffic {
    let wanted = Wanted { span_us: Some(since_us..=i64::MAX), ..Wanted::default() };
    Traffic {
        arrivals: recent.arrivals(&wanted).collect(),
        answers: recent.answers(&wanted).collect(),
        resets: recent.resets(&wanted).collect(),
    }
}

/// What `limit` at `ingress`, one of `sites`, would have meant to those `recent` arrivals that are
/// `wanted`.
pub fn preview(
    sites: &[Site],
    recent: &Recent,
    wanted: &Wanted<'_>,
    ingress: &IngressName,
    limit: &Limit,
) -> Result<Preview, LimitError> {
    let Some(site) = sites.iter().find(|site| site.ingress == *ingress) else {
        return Err(LimitError::NoIngress(ingress.clone()));
    };
    let limit = limit.clone().checked()?;
    let (arrivals, left_out) = newest(recent.arrivals(wanted).filter(|one| may_be_for(site, one)));
    // Only a limit by connections asks for how long they were in use.
    let is_asked = limit.connections.is_some();
    let answers = if is_asked { recent.answers(wanted).collect() } else { Vec::new() };
    let traffic = Traffic { arrivals, answers, resets: Vec::new() };
    let mut preview = preview_at(sites, ingress, &limit, &traffic)?;
    if left_out > 0 {
        preview.notes.push(format!("{left_out} arrivals of before that are not looked at"));
    }
    Ok(preview)
}

/// Whether an arrival can be for `site` at all: by its host, or because a pod behind it is asked.
fn may_be_for(site: &Site, arrival: &Arrival) -> bool {
    let is_served = |host: &str| {
        let above = host.split_once('.').map(|(_, above)| above);
        site.routes.iter().any(|route| {
            let is_below = || above.is_some() && route.host.strip_prefix("*.") == above;
            route.host.is_empty() || route.host == host || is_below()
        })
    };
    arrival.host.as_deref().is_some_and(is_served) || site.backends.contains(&arrival.server)
}

/// The newest of `arrivals`, and how many are left out.
fn newest(arrivals: impl Iterator<Item = Arrival>) -> (Vec<Arrival>, usize) {
    let mut newest: Vec<_> = arrivals.collect();
    let left_out = newest.len().saturating_sub(ASKED);
    newest.drain(..left_out);
    (newest, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Address;
    use crate::packet::application::Head;
    use crate::respond::{ArrivalKind, Controller, SiteRoute};

    fn address(text: &str) -> Address {
        text.parse::<std::net::IpAddr>().unwrap().into()
    }

    fn site(name: &str, host: &str, backend: &str) -> Site {
        Site {
            ingress: IngressName::new("shop", name).unwrap(),
            controller: Ok(Controller::IngressNginx),
            replicas: 1,
            controller_addresses: vec![address("192.0.2.10")],
            routes: vec![SiteRoute { host: host.into(), path: "/".into() }],
            backends: vec![address(backend)],
            unprotected_by: None,
        }
    }

    fn arrival(at_us: i64, host: Option<&str>, server: &str) -> Arrival {
        Arrival {
            at_us,
            client: address("198.51.100.7"),
            client_port: 40_000,
            server: address(server),
            server_port: 80,
            host: host.map(Into::into),
            path: Some("/".into()),
            kind: ArrivalKind::Request,
            head: Head::Complete,
        }
    }

    #[test]
    fn what_cannot_be_for_an_ingress_is_left_out_and_its_preview_is_the_same() {
        let sites = [
            site("web", "shop.example", "10.244.1.21"),
            site("any", "*.shop.example", "10.244.1.22"),
            site("rest", "", "10.244.1.23"),
        ];
        let hosts = [Some("shop.example"), Some("a.shop.example"), Some("b.example"), None];
        for servers in [&["192.0.2.10", "10.244.1.21"][..], &["10.244.1.22"], &["10.244.1.23"]] {
            let both = servers.iter().flat_map(|server| hosts.map(|host| (host, *server)));
            let arrivals: Vec<_> =
                (0..).zip(both).map(|(at, (host, server))| arrival(at, host, server)).collect();
            let limit = Limit { rps: Some(1), ..Limit::default() };
            for site in &sites {
                let all = Traffic { arrivals: arrivals.clone(), ..Traffic::default() };
                let mut few = all.clone();
                few.arrivals.retain(|arrival| may_be_for(site, arrival));
                let preview = |traffic| preview_at(&sites, &site.ingress, &limit, traffic);
                assert_eq!(preview(&few), preview(&all), "{}, {servers:?}", site.ingress);
            }
        }
        let other = arrival(0, Some("b.example"), "192.0.2.10");
        assert!(!may_be_for(&sites[0], &other) && !may_be_for(&sites[1], &other));
    }

    #[test]
    fn of_very_many_arrivals_the_newest_are_asked() {
        let many = (0..300_000).map(|at_us| arrival(at_us, None, "192.0.2.10"));
        let (newest, left_out) = newest(many);
        assert_eq!((newest.len(), left_out, newest[0].at_us), (200_000, 100_000, 100_000));
    }
}
