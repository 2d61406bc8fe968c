//! Whether it may act at an Ingress: asked before a limit is set, and again while it lasts.

use std::collections::BTreeSet;

use super::{Response, Scene};
use crate::detect::Class;
use crate::respond::guard::Guard;
use crate::respond::obstacle::{Matter, Obstacle};
use crate::respond::{IngressName, Mode};

impl Response {
    /// Whether Weir may still limit an Ingress by itself: what spoke for it when it did may have
    /// changed since.
    pub(super) fn check_again(
        &self,
        ingress: &IngressName,
        scene: &Scene<'_>,
    ) -> Result<(), Obstacle> {
        let site = scene.sites.iter().find(|site| site.ingress == *ingress).ok_or_else(|| {
            Obstacle::new(Matter::NoIngress, format!("the Ingress {ingress} is not known now"))
        })?;
        self.guard(scene, &self.limited()).check_site(site)
    }

    /// Ingresses that it limits, or is about to.
    pub(super) fn limited(&self) -> BTreeSet<IngressName> {
        self.kept.keys().chain(self.pending.keys()).cloned().collect()
    }

    pub(super) fn guard<'a>(
        &'a self,
        scene: &Scene<'a>,
        limited: &'a BTreeSet<IngressName>,
    ) -> Guard<'a> {
        Guard {
            surroundings: scene.surroundings,
            never: &self.options.never,
            at_once: self.options.at_once,
            limited,
            limits: scene.limits,
            incidents: scene.incidents,
        }
    }

    /// Why the settings let it write nothing at an Ingress about an attack of `class`, if they do not:
    /// limits then end when their time is over.
    pub(super) fn why_no_writes(&self, ingress: &IngressName, class: Class) -> Option<String> {
        let options = &self.options;
        let mode = options.mode.for_case(&options.rules, ingress.namespace(), class);
        let by_mode = (mode != Mode::Enforce).then(|| format!("the mode is {}", mode.name()));
        options.held_back.clone().or(by_mode)
    }
}
