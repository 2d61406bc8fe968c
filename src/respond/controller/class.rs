//! Which controller serves an Ingress, by the objects alone: where no watch is at hand.

use serde_json::Value;

use super::{Controller, other};
use crate::respond::Refusal;

const OLD_CLASS: &str = "kubernetes.io/ingress.class";
const DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";

/// The controller that serves `ingress`, where `classes` are all `IngressClass` objects: by
/// `spec.ingressClassName`, else the old annotation, else the default class.
pub fn serving(ingress: &Value, classes: &[Value]) -> Result<Controller, Refusal> {
    let annotation = |object: &Value, name: &str| {
        object["metadata"]["annotations"].get(name)?.as_str().map(ToOwned::to_owned)
    };
    let named = ingress["spec"]["ingressClassName"].as_str().map(ToOwned::to_owned);
    let found = match named.or_else(|| annotation(ingress, OLD_CLASS)) {
        Some(name) => classes
            .iter()
            .find(|class| class["metadata"]["name"] == name.as_str())
            .ok_or_else(|| unknown(&name, "there is no IngressClass of this name"))?,
        None => {
            let is_default = |class: &&Value| annotation(class, DEFAULT).as_deref() == Some("true");
            let mut defaults = classes.iter().filter(is_default);
            match (defaults.next(), defaults.next()) {
                (Some(class), None) => class,
                (None, _) => {
                    return Err(unknown(
                        "",
                        "it names no class, and no IngressClass is the default; set \
                         `spec.ingressClassName`",
                    ));
                }
                (Some(_), Some(_)) => {
                    return Err(unknown(
                        "",
                        "it names no class, and more than one is the default; set \
                         `spec.ingressClassName`",
                    ));
                }
            }
        }
    };
    Controller::of_class(found["spec"]["controller"].as_str().unwrap_or_default())
}

fn unknown(class: &str, why: &str) -> Refusal {
    let controller = if class.is_empty() {
        "what serves this Ingress".to_owned()
    } else {
        format!("the class `{}`", other::plain(class))
    };
    Refusal::Unsupported { controller, why: why.to_owned() }
}
