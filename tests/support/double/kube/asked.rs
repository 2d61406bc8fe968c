//! A request, as the API server understands it.

use super::kinds::{Kind, Scope};
use super::status::Status;
use super::target::Target;
use crate::support::double::http::{Request, decoded};

/// What a request asks for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    pub verb: &'static str,
    /// Its path.
    pub path: String,
    /// Its query, as it was sent.
    pub query: String,
    /// The resource in it; empty where it asks for none.
    pub resource: String,
    /// Empty for all, and for what has none.
    pub namespace: String,
    /// Empty for a whole collection.
    pub name: String,
    /// Who writes: the field manager, or the first word of the user agent.
    pub manager: String,
    /// Whether nothing is to stay.
    pub is_dry_run: bool,
}

/// One that was answered.
#[derive(Debug, Clone)]
pub struct Answered {
    /// What was asked.
    pub asked: Asked,
    /// The status of the answer.
    pub status: u16,
}

impl Asked {
    /// What `request` asks for, and of what.
    pub fn of(request: &Request) -> (Self, Option<Target>) {
        let path = request.url.path().to_owned();
        let steps: Vec<_> = path.split('/').filter(|step| !step.is_empty()).map(decoded).collect();
        let target = target(&steps.iter().map(String::as_str).collect::<Vec<_>>());
        let text = |name: &str| request.parameter(name).unwrap_or_default();
        let of_one = target.as_ref().is_some_and(|target| !target.name.is_empty());
        let verb = match &*request.method {
            "GET" if of_one => "get",
            "GET" if matches!(&*text("watch"), "true" | "1") => "watch",
            "GET" if target.is_some() => "list",
            "GET" => "get",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" if of_one => "delete",
            "DELETE" => "deletecollection",
            _ => "",
        };
        let agent = request.header("user-agent").unwrap_or_default();
        let manager = match &*text("fieldManager") {
            "" => agent.split('/').next().unwrap_or_default().to_owned(),
            manager => manager.to_owned(),
        };
        let of_target = |part: fn(&Target) -> &str| target.as_ref().map_or("", part).to_owned();
        let asked = Self {
            verb,
            query: request.url.query().unwrap_or_default().into(),
            resource: of_target(|target| target.kind.resource),
            namespace: of_target(|target| &target.namespace),
            name: of_target(|target| &target.name),
            manager,
            is_dry_run: !text("dryRun").is_empty(),
            path,
        };
        (asked, target)
    }

    /// Whether it changes something that stays.
    pub fn is_write(&self) -> bool {
        matches!(self.verb, "create" | "update" | "patch" | "delete")
            && !self.is_dry_run
            && !self.resource.is_empty()
    }
}

/// What a path names.
fn target(steps: &[&str]) -> Option<Target> {
    let (group, version, rest) = match *steps {
        ["api", version, ref rest @ ..] => ("", version, rest),
        ["apis", group, version, ref rest @ ..] => (group, version, rest),
        _ => return None,
    };
    let of = |resource: &str, [namespace, name, subresource]: [&str; 3]| {
        let kind = Kind::at(group, version, resource)?;
        let is_placed = match kind.scope {
            Scope::Cluster => namespace.is_empty(),
            Scope::Namespaced => !namespace.is_empty() || name.is_empty(),
        };
        let [namespace, name, subresource] = [namespace, name, subresource].map(str::to_owned);
        is_placed.then_some(Target { kind, namespace, name, subresource })
    };
    match *rest {
        ["namespaces"] => of("namespaces", [""; 3]),
        ["namespaces", name] => of("namespaces", ["", name, ""]),
        ["namespaces", name, "status"] => of("namespaces", ["", name, "status"]),
        ["namespaces", namespace, resource] => of(resource, [namespace, "", ""]),
        ["namespaces", namespace, resource, name] => of(resource, [namespace, name, ""]),
        ["namespaces", namespace, resource, name, below] => of(resource, [namespace, name, below]),
        [resource] => of(resource, [""; 3]),
        [resource, name] => of(resource, ["", name, ""]),
        [resource, name, below] => of(resource, ["", name, below]),
        _ => None,
    }
}

/// Whether the query's `dryRun` is one the API server knows.
pub fn is_dry_run_known(request: &Request) -> Result<(), Status> {
    match request.parameter("dryRun").as_deref() {
        None | Some("All") => Ok(()),
        Some(other) => {
            let message = format!("Unsupported value: {other:?}: supported values: \"All\"");
            Err(Status::bad_option("PatchOptions", "dryRun", &message))
        }
    }
}
