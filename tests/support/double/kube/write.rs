//! Writes: what the API server does around the merge of [`super::merge`].

use serde_json::{Value, json};

use super::kinds::{Kind, Origin};
use super::managers::{Managers, is_reset};
use super::merge::{self, Force, Writer};
use super::object::{born, complete, is_same, now, patched, unmanaged};
use super::status::{Cause, Status};
use super::store::Store;
use super::target::{Hand, Persist, Target};
use super::validate;

impl Store {
    /// `POST`.
    pub fn create(&mut self, target: &Target, body: &Value, hand: &Hand) -> Result<Value, Status> {
        validate::decoded(target.kind, body)?;
        if !text(&body["metadata"]["resourceVersion"]).is_empty() {
            return Err(Status::unnamed(
                "resourceVersion should not be set on objects to be created",
            ));
        }
        self.has_namespace(target)?;
        if self.get(target.kind, &target.namespace, &target.name).is_some() {
            return Err(Status::already_exists(target.kind, &target.name));
        }
        let mut object = born(target, body);
        let blank = born(target, &target.kind.blank());
        let (api_version, time) = (target.kind.api_version(), now());
        let managers = Managers::of(body).unwrap_or_default();
        let new = unmanaged(&object);
        let writer = target.writer(hand, &api_version, &time);
        merge::update(&unmanaged(&blank), &new, managers, writer).write_into(&mut object);
        self.commit(target, None, object, hand.persist)
    }

    /// `PUT`.
    pub fn replace(&mut self, target: &Target, body: &Value, hand: &Hand) -> Result<Value, Status> {
        validate::decoded(target.kind, body)?;
        let Some(live) = self.get(target.kind, &target.namespace, &target.name).cloned() else {
            // Leases and their like may be made by a `PUT`.
            return match target.kind.origin {
                Origin::BuiltInChecked => self.create(target, body, hand),
                _ => Err(Status::not_found(target.kind, &target.name)),
            };
        };
        if text(&body["metadata"]["resourceVersion"]).is_empty()
            && target.kind.origin != Origin::BuiltIn
        {
            let cause = Cause {
                reason: "FieldValueInvalid",
                message: "Invalid value: 0x0: must be specified for an update".into(),
                field: "metadata.resourceVersion".into(),
            };
            return Err(Status::invalid(target.kind, &target.name, &[cause]));
        }
        self.update(target, &live, body, hand)
    }

    /// `PATCH` with a merge patch (RFC 7386).
    pub fn merge(&mut self, target: &Target, patch: &Value, hand: &Hand) -> Result<Value, Status> {
        let live = self.get(target.kind, &target.namespace, &target.name).cloned();
        let live = live.ok_or_else(|| Status::not_found(target.kind, &target.name))?;
        if !patch.is_object() {
            return Err(Status::bad_request("error decoding patch: json: cannot unmarshal"));
        }
        let mut object = live.clone();
        patched(&mut object, patch.clone());
        validate::decoded(target.kind, &object)?;
        self.update(target, &live, &object, hand)
    }

    /// `PATCH` with an apply patch.
    pub fn apply(
        &mut self,
        target: &Target,
        config: &Value,
        hand: &Hand,
        force: Force,
    ) -> Result<Value, Status> {
        validate::config(target.kind, config)?;
        let found = self.get(target.kind, &target.namespace, &target.name).cloned();
        if found.is_none() {
            self.has_namespace(target)?;
        }
        let live = found.clone().unwrap_or_else(|| born(target, &target.kind.blank()));
        is_current(target, &live, config, found.is_some())?;
        let (api_version, time) = (target.kind.api_version(), now());
        let writer = target.writer(hand, &api_version, &time);
        let mut managers = Managers::of(&live).unwrap_or_default();
        if found.is_some() && managers.0.is_empty() {
            // What was there before anybody was counted belongs to somebody too.
            let before = Writer { manager: "before-first-apply", ..writer };
            let blank = born(target, &target.kind.blank());
            managers = merge::update(&unmanaged(&blank), &unmanaged(&live), managers, before);
        }
        let mut config = unmanaged(config);
        if let Some(metadata) = config["metadata"].as_object_mut() {
            for kept in ["resourceVersion", "uid", "creationTimestamp", "generation"] {
                metadata.remove(kept);
            }
        }
        if let Some(members) = config.as_object_mut() {
            members.retain(|name, _| {
                !target.ignored().contains(&&*format!("f:{name}")) || name == "metadata"
            });
        }
        let (mut object, managers) =
            merge::apply(&unmanaged(&live), &config, managers, writer, force)
                .map_err(|conflicts| merge::refusal(&conflicts))?;
        complete(target.kind, &mut object);
        managers.write_into(&mut object);
        self.commit(target, found.as_ref(), object, hand.persist)
    }

    /// `DELETE`, if it is still of `uid` and `version`, where those are not empty.
    pub fn delete(
        &mut self,
        target: &Target,
        [uid, version]: [&str; 2],
        persist: Persist,
    ) -> Result<Value, Status> {
        let live = self.get(target.kind, &target.namespace, &target.name);
        let live = live.ok_or_else(|| Status::not_found(target.kind, &target.name))?;
        let [live_uid, live_version] =
            ["uid", "resourceVersion"].map(|name| text(&live["metadata"][name]).to_owned());
        let broken = if !uid.is_empty() && uid != live_uid {
            format!(
                "Precondition failed: UID in precondition: {uid}, UID in object meta: {live_uid}"
            )
        } else if !version.is_empty() && version != live_version {
            format!(
                "Precondition failed: the ResourceVersion in the precondition ({version}) does not \
                 match the ResourceVersion in record ({live_version}). The object might have been modified"
            )
        } else {
            String::new()
        };
        if !broken.is_empty() {
            return Err(Status::conflict(target.kind, &target.name, &broken));
        }
        if persist == Persist::Yes {
            self.set(target.kind, &target.key(), None);
        }
        let details = json!({
            "name": target.name,
            "group": target.kind.group,
            "kind": target.kind.resource,
            "uid": live_uid,
        });
        Ok(json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": details,
        }))
    }

    /// Puts `body` in the place of `live`.
    fn update(
        &mut self,
        target: &Target,
        live: &Value,
        body: &Value,
        hand: &Hand,
    ) -> Result<Value, Status> {
        is_current(target, live, body, true)?;
        let mut object = body.clone();
        for kept in
            ["name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion"]
        {
            object["metadata"][kept] = live["metadata"][kept].clone();
        }
        complete(target.kind, &mut object);
        for kept in target.ignored() {
            let name = kept.strip_prefix("f:").unwrap_or(kept);
            object[name] = live[name].clone();
            if object[name].is_null() {
                object.as_object_mut().map(|members| members.remove(name));
            }
        }
        if is_reset(body) {
            Managers::default().write_into(&mut object);
            return self.commit(target, Some(live), object, hand.persist);
        }
        let managers = Managers::of(body).or_else(|| Managers::of(live));
        // An object of which nobody was ever counted stays so until somebody applies to it.
        if let Some(managers) = managers {
            let (api_version, time) = (target.kind.api_version(), now());
            let writer = target.writer(hand, &api_version, &time);
            let managers = merge::update(&unmanaged(live), &unmanaged(&object), managers, writer);
            managers.write_into(&mut object);
        }
        self.commit(target, Some(live), object, hand.persist)
    }

    /// Puts it there as it is, and its namespace where that is missing.
    pub fn seed(&mut self, target: &Target, object: Value) {
        if self.has_namespace(target).is_err() {
            let kind = Kind::named("namespaces");
            let (name, subresource) = (target.namespace.clone(), String::new());
            let object = super::namespace(&name);
            self.seed(&Target { kind, namespace: String::new(), name, subresource }, object);
        }
        let mut born = born(target, &json!({}));
        patched(&mut born, object);
        self.set(target.kind, &target.key(), Some(born));
    }

    fn has_namespace(&self, target: &Target) -> Result<(), Status> {
        let namespaces = Kind::named("namespaces");
        let is_there =
            target.namespace.is_empty() || self.get(namespaces, "", &target.namespace).is_some();
        if is_there { Ok(()) } else { Err(Status::not_found(namespaces, &target.namespace)) }
    }

    /// Checks what is to be kept, and keeps it where it differs from `live`.
    fn commit(
        &mut self,
        target: &Target,
        live: Option<&Value>,
        mut object: Value,
        persist: Persist,
    ) -> Result<Value, Status> {
        validate::whole(target.kind, &target.name, &object)?;
        if let Some(live) = live {
            if target.kind.counts_generations() && live["spec"] != object["spec"] {
                let generation = live["metadata"]["generation"].as_u64().unwrap_or(1);
                object["metadata"]["generation"] = (generation + 1).into();
            }
            if is_same(live, &object) {
                return Ok(live.clone());
            }
        }
        if persist == Persist::No {
            return Ok(object);
        }
        Ok(self.set(target.kind, &target.key(), Some(object)))
    }
}

/// Whether what `body` says of its version and its identity is so.
fn is_current(target: &Target, live: &Value, body: &Value, exists: bool) -> Result<(), Status> {
    let said = |name: &str| text(&body["metadata"][name]).to_owned();
    let (uid, version) = (said("uid"), said("resourceVersion"));
    let live_uid = text(&live["metadata"]["uid"]);
    if !uid.is_empty() && (!exists || uid != live_uid) {
        let live_uid = if exists { live_uid } else { "" };
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {live_uid}"
        );
        return Err(Status::conflict(target.kind, &target.name, &why));
    }
    if exists && !version.is_empty() && version != text(&live["metadata"]["resourceVersion"]) {
        return Err(Status::stale(target.kind, &target.name));
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
