//! What the API server does with a request.

use serde_json::{Value, json};

use super::asked::{Answered, Asked, is_dry_run_known};
use super::kinds::Origin;
use super::log::Logs;
use super::merge::Force;
use super::plan::{Plan, When};
use super::read::{self, InitialEvents};
use super::rights::{Deed, User, forbidden, review, user};
use super::status::Status;
use super::store::Store;
use super::target::{Hand, Persist, Target};
use super::{discovery, protobuf, tracing};
use crate::support::double::fault::Fault;
use crate::support::double::http::{Answer, Request};
use crate::support::double::server::Service;

/// An API server.
#[derive(Debug)]
pub struct Kube {
    /// Objects and versions.
    pub store: Store,
    /// Who is let in.
    pub users: Vec<User>,
    /// What was asked and answered, in order.
    pub log: Vec<Answered>,
    /// What containers print.
    pub logs: Logs,
    /// What goes wrong, and the moments at which a test steps in.
    pub plan: Plan,
    /// Groups whose definitions nobody has installed.
    pub absent: Vec<&'static str>,
    /// Whether a watch may begin with all there is.
    pub initial_events: InitialEvents,
    /// Its version: `v1.33.1`.
    pub version: String,
}

impl Service for Kube {
    fn answer(&mut self, request: &Request) -> Answer {
        let (asked, target) = Asked::of(request);
        let fault = self.plan.fault(&asked);
        let mut answer = match fault {
            Some(Fault::Status(401)) => Status::unauthorized().answer(),
            Some(Fault::Status(code)) => Status::trouble(code, None).answer(),
            Some(Fault::Busy(wait_s)) => Status::trouble(429, Some(wait_s)).answer(),
            Some(Fault::ErrorBody) => Status::trouble(500, None).answer(),
            Some(Fault::Reset | Fault::Hang) => Answer::refused(500, ""),
            _ => self.carry_out(request, &asked, target.as_ref()),
        };
        answer.fault = fault;
        self.log.push(Answered { asked, status: answer.status });
        answer.with("content-type", "application/json")
    }

    /// It always says by its status how it went.
    fn error_body(&self) -> Option<String> {
        None
    }
}

impl Kube {
    fn carry_out(&mut self, request: &Request, asked: &Asked, target: Option<&Target>) -> Answer {
        if asked.is_write() {
            self.step_in(When::Before, asked);
        }
        let answer = self.decided(request, asked, target);
        let answer = answer.unwrap_or_else(|status| status.answer());
        if answer.has_taken {
            self.step_in(When::After, asked);
        }
        answer
    }

    fn step_in(&mut self, when: When, asked: &Asked) {
        if let Some(act) = self.plan.act(when, asked) {
            act(self);
        }
    }

    fn decided(
        &mut self,
        request: &Request,
        asked: &Asked,
        target: Option<&Target>,
    ) -> Result<Answer, Status> {
        let user = user(&self.users, request)?.clone();
        let path: Vec<_> = asked.path.split('/').filter(|step| !step.is_empty()).collect();
        let Some(target) = target else {
            return match (asked.verb, &*path) {
                ("get", ["healthz" | "livez" | "readyz"]) => Ok(Answer::refused(200, "ok")),
                ("create", ["apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"]) => {
                    let asked = match media(request) {
                        media if protobuf::is_meant(media) => protobuf::review(&request.body),
                        _ => request.json(),
                    };
                    let asked = asked.ok_or_else(|| Status::bad_request("no review"))?;
                    Ok(said(201, &review(&user, &asked)))
                }
                ("get", path) => discovery::answer(path, &self.version, &self.absent)
                    .map(|answer| said(200, &answer))
                    .ok_or_else(Status::no_such_path),
                _ => Err(Status::no_such_path()),
            };
        };
        may(&user, asked, target)?;
        if self.absent.contains(&target.kind.group) {
            return Err(Status::no_such_path());
        }
        is_dry_run_known(request)?;
        let is_writable = target.kind.origin != Origin::Aggregated
            && (target.subresource.is_empty() || target.subresource == "status");
        match asked.verb {
            "get" if (target.kind.resource, &*target.subresource) == ("pods", "log") => {
                let pod = self.store.get(target.kind, &target.namespace, &target.name);
                pod.ok_or_else(|| Status::not_found(target.kind, &target.name))?;
                self.logs.answer(&target.namespace, &target.name, request)
            }
            "get" => {
                let found = self.store.get(target.kind, &target.namespace, &target.name);
                let found = found.ok_or_else(|| Status::not_found(target.kind, &target.name));
                found.map(|object| said(200, object))
            }
            "list" => read::list(&mut self.store, target.kind, &target.namespace, request)
                .map(|list| said(200, &list)),
            "watch" => {
                let initial = self.initial_events;
                read::watch(&mut self.store, target.kind, &target.namespace, request, initial)
            }
            "create" | "update" | "patch" | "delete" if is_writable => {
                self.write(request, asked, target)
            }
            _ => Err(Status::no_such_verb()),
        }
    }

    fn write(
        &mut self,
        request: &Request,
        asked: &Asked,
        target: &Target,
    ) -> Result<Answer, Status> {
        let persist = if asked.is_dry_run { Persist::No } else { Persist::Yes };
        let hand = Hand { manager: asked.manager.clone(), persist };
        let is_known = self.store.get(target.kind, &target.namespace, &target.name).is_some();
        let status = if asked.verb == "create" || !is_known { 201 } else { 200 };
        let object = match asked.verb {
            "delete" => return self.delete(request, target, persist),
            "create" => {
                let body = body(request)?;
                let target = &Target { name: name_of(&body)?, ..target.clone() };
                is_of_url(target, &body)?;
                is_as_strict(request, target, &body)?;
                self.store.create(target, &body, &hand)?
            }
            "update" => {
                let body = body(request)?;
                is_of_url(target, &body)?;
                is_as_strict(request, target, &body)?;
                self.store.replace(target, &body, &hand)?
            }
            _ => self.patch(request, target, &hand)?,
        };
        Ok(Answer { has_taken: persist == Persist::Yes, ..said(status, &object) })
    }

    fn patch(&mut self, request: &Request, target: &Target, hand: &Hand) -> Result<Value, Status> {
        let force = match request.parameter("force").as_deref() {
            Some("true" | "1") => Force::Yes,
            _ => Force::No,
        };
        match media(request).split(';').next().unwrap_or_default().trim() {
            "application/apply-patch+yaml" => {
                if request.parameter("fieldManager").unwrap_or_default().is_empty() {
                    return Err(Status::no_manager());
                }
                let config = body(request)?;
                is_of_url(target, &config)?;
                self.store.apply(target, &config, hand, force)
            }
            "application/merge-patch+json" if force == Force::No => {
                self.store.merge(target, &body(request)?, hand)
            }
            "application/merge-patch+json" => Err(Status::bad_option(
                "PatchOptions",
                "force",
                "Forbidden: may not be specified for non-apply patch",
            )),
            _ => Err(Status::unsupported_media()),
        }
    }

    fn delete(
        &mut self,
        request: &Request,
        target: &Target,
        persist: Persist,
    ) -> Result<Answer, Status> {
        let options = if request.body.is_empty() { json!({}) } else { body(request)? };
        let persist = if options["dryRun"] == json!(["All"]) { Persist::No } else { persist };
        let text = |name: &str| options["preconditions"][name].as_str().unwrap_or_default();
        let gone = self.store.delete(target, [text("uid"), text("resourceVersion")], persist)?;
        Ok(Answer { has_taken: persist == Persist::Yes, ..said(200, &gone) })
    }
}

fn said(status: u16, body: &Value) -> Answer {
    Answer::refused(status, body.to_string())
}

fn media(request: &Request) -> &str {
    request.header("content-type").unwrap_or_default()
}

/// JSON or YAML.
fn body(request: &Request) -> Result<Value, Status> {
    let wrong = |error: serde_yaml::Error| {
        Status::bad_request(format!("error decoding the body of the request: {error}"))
    };
    if protobuf::is_meant(media(request)) {
        return Err(Status::unsupported_media());
    }
    request.json().map_or_else(|| serde_yaml::from_slice(&request.body).map_err(wrong), Ok)
}

fn name_of(body: &Value) -> Result<String, Status> {
    let name = body["metadata"]["name"].as_str().unwrap_or_default();
    let missing = "name or generateName is required";
    if name.is_empty() { Err(Status::bad_request(missing)) } else { Ok(name.into()) }
}

fn is_of_url(target: &Target, body: &Value) -> Result<(), Status> {
    let said = |member: &str| body["metadata"][member].as_str().unwrap_or_default();
    let (name, namespace) = (said("name"), said("namespace"));
    if !name.is_empty() && name != target.name {
        let at = &target.name;
        let why =
            format!("the name of the object ({name}) does not match the name on the URL ({at})");
        return Err(Status::bad_request(why));
    }
    if !namespace.is_empty() && namespace != target.namespace {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

/// Whether all of a body is known to its kind, where the client wants that.
fn is_as_strict(request: &Request, target: &Target, body: &Value) -> Result<(), Status> {
    match request.parameter("fieldValidation").as_deref() {
        Some("Strict") => tracing::strict(target.kind, body),
        _ => Ok(()),
    }
}

fn may(user: &User, asked: &Asked, target: &Target) -> Result<(), Status> {
    let resource = match &*target.subresource {
        "" => target.kind.resource.to_owned(),
        subresource => format!("{}/{subresource}", target.kind.resource),
    };
    let namespace = &*target.namespace;
    let deed = Deed { verb: asked.verb, group: target.kind.group, resource: &resource, namespace };
    if user.rights.allow(deed) {
        return Ok(());
    }
    Err(forbidden(user, target.kind, &target.name, deed))
}
