//! What the watch shows of Ingresses: enough to know which of them to look at.

use crate::cluster::{Ingress, ServedBy, World};
use crate::respond::{Controller, IngressName, LEDGER, LimitStatus, Refusal};

/// An Ingress as the watch shows it.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Seen {
    pub(in crate::engine) name: IngressName,
    pub(in crate::engine) controller: Result<Controller, Refusal>,
    pub(in crate::engine) annotations: Vec<(String, String)>,
}

impl Seen {
    pub(super) fn annotation(&self, field: &str) -> Option<&str> {
        let found = self.annotations.iter().find(|(name, _)| name == field);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn ledger(&self) -> Option<&str> {
        self.annotation(LEDGER)
    }

    /// How it stands, by what the watch shows.
    pub(super) fn status(&self, now_us: i64) -> LimitStatus {
        let controller = self.controller.clone().map_err(|why| why.to_string());
        LimitStatus::read(self.name.clone(), controller, |field| self.annotation(field), now_us)
    }

    /// Whether something of Weir's may be left there, with or without a ledger.
    pub(super) fn may_hold(&self) -> bool {
        let is_field = |name: &str| {
            Controller::ALL.into_iter().any(|controller| controller.annotations().contains(&name))
        };
        self.controller == Ok(Controller::Traefik)
            || self.annotations.iter().any(|(name, _)| name == LEDGER || is_field(name))
    }
}

/// Every Ingress that the watch shows.
pub(in crate::engine) fn survey(world: &World) -> Vec<Seen> {
    let seen = |ingress: &Ingress| {
        let name = IngressName::new(&ingress.namespace, &ingress.name).ok()?;
        let annotations = ingress.annotations.clone();
        Some(Seen { name, controller: controller(ingress), annotations })
    };
    world.ingresses().iter().filter_map(|ingress| seen(ingress)).collect()
}

/// How every Ingress of `world` stands at `now_us` of the wall clock, in order of their names.
#[must_use]
pub fn standings(world: &World, now_us: i64) -> Vec<LimitStatus> {
    survey(world).iter().map(|seen| seen.status(now_us)).collect()
}

/// What serves the Ingress `name`, as the watch shows it.
pub fn serving(world: &World, name: &IngressName) -> Result<Controller, Refusal> {
    let Some(ingress) = world.ingress(name.namespace(), name.name()) else {
        return Err(Refusal::Guarded(format!(
            "what serves the Ingress {name} is not known: it may be new, or Ingresses may not be \
             listed"
        )));
    };
    controller(ingress)
}

fn controller(ingress: &Ingress) -> Result<Controller, Refusal> {
    match &ingress.served_by {
        ServedBy::Controller { controller, images, .. } => Controller::running(controller, images),
        ServedBy::Unknown(why) => Err(Refusal::Unsupported {
            controller: "what serves this Ingress".to_owned(),
            why: why.clone(),
        }),
    }
}
