//! What is outside as the settings want it: the cluster, the response in it, and policies.

use std::net::SocketAddr;

use weir::cluster::{self, Place};
use weir::engine::{Abroad, Policing};
use weir::respond::ResponseOptions;
use weir::settings::{Reach, Settings};

/// Which cluster is watched and guarded, and how far the response goes there.
pub(super) fn abroad(
    settings: &Settings,
    place: Result<Place, cluster::Error>,
    listen: Option<SocketAddr>,
    is_live: bool,
) -> Abroad {
    let is_named = settings.kubeconfig.is_some() || !settings.context.is_empty();
    let absent = match settings.cluster {
        Reach::Off => Some("no cluster: `cluster` is `off` in the settings"),
        Reach::Auto if !(is_live || is_named) => Some(
            "no cluster: a capture is replayed, which may be of another; with `--cluster on` the \
             cluster of today is watched beside it",
        ),
        Reach::Auto | Reach::On => None,
    };
    let held_back = match (settings.read_only, is_live) {
        (true, _) => Some("Weir runs with `read-only`, which changes nothing in the cluster"),
        (false, false) => {
            Some("a capture is replayed: it is not what the cluster goes through now")
        }
        (false, true) => None,
    };
    Abroad {
        place,
        response: ResponseOptions {
            mode: settings.response,
            rules: settings.response_rules.clone(),
            at_once: usize::try_from(settings.response_at_once).unwrap_or(usize::MAX),
            allowlist: settings.response_allowlist.clone(),
            never: settings.response_never.clone(),
            held_back: held_back.map(str::to_owned),
        },
        monitors: settings.response_monitors.clone(),
        listen,
        lease_namespace: Some(settings.lease_namespace.clone()).filter(|name| !name.is_empty()),
        undoes: is_live && !settings.read_only,
        is_needed: is_named || settings.cluster == Reach::On,
        absent: absent.map(str::to_owned),
    }
}

/// What may be done to policies of Tetragon.
pub(crate) fn policing(settings: &Settings) -> Policing {
    let lease = Some(settings.lease_namespace.clone()).filter(|name| !name.is_empty());
    Policing { is_read_only: settings.read_only, guarded: lease.into_iter().collect() }
}
