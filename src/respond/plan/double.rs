//! Enough of an API server to hold plans to: server-side apply with managed fields, and merge patch.
//! Lists are owned as a whole, as those of an Ingress are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

type Leaf = Vec<String>;

/// Objects by `RESOURCE/NAME`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Server {
    pub(crate) objects: BTreeMap<String, Value>,
    version: u64,
}

/// Status and reason.
pub(crate) type Refused = (u16, String);

const UNOWNED: [&str; 6] =
    ["name", "namespace", "uid", "resourceVersion", "managedFields", "creationTimestamp"];

fn leaves(value: &Value) -> BTreeMap<Leaf, Value> {
    let mut value = value.clone();
    if let Some(object) = value.as_object_mut() {
        object.remove("apiVersion");
        object.remove("kind");
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|name, _| !UNOWNED.contains(&name.as_str()));
        }
    }
    let mut leaves = BTreeMap::new();
    collect(&value, &mut Vec::new(), &mut leaves);
    leaves
}

fn collect(value: &Value, path: &mut Leaf, leaves: &mut BTreeMap<Leaf, Value>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                path.push(name.clone());
                collect(value, path, leaves);
                path.pop();
            }
        }
        _ => drop(leaves.insert(path.clone(), value.clone())),
    }
}

fn set(object: &mut Value, path: &[String], value: Value) {
    let mut at = object;
    for name in path {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[name];
    }
    *at = value;
}

fn remove(object: &mut Value, path: &[String]) {
    let Some((last, inner)) = path.split_last() else { return };
    let mut at = &mut *object;
    for name in inner {
        match at.get_mut(name) {
            Some(inner) => at = inner,
            None => return,
        }
    }
    if let Some(at) = at.as_object_mut() {
        at.remove(last);
        let is_empty = at.is_empty();
        if is_empty && inner.len() > 1 {
            remove(object, inner);
        }
    }
}

/// Who owns what: manager and operation.
pub(crate) type Owners = BTreeMap<(String, String), BTreeSet<Leaf>>;

pub(crate) fn owners(object: &Value) -> Owners {
    let mut owners = Owners::new();
    for entry in object["metadata"]["managedFields"].as_array().into_iter().flatten() {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        let mut leaves = BTreeSet::new();
        read(&entry["fieldsV1"], &mut Vec::new(), &mut leaves);
        owners.insert((text("manager"), text("operation")), leaves);
    }
    owners
}

fn read(fields: &Value, path: &mut Leaf, leaves: &mut BTreeSet<Leaf>) {
    let fields = fields.as_object().unwrap();
    if fields.is_empty() {
        leaves.insert(path.clone());
    }
    for (name, inner) in fields {
        path.push(name.strip_prefix("f:").unwrap().to_owned());
        read(inner, path, leaves);
        path.pop();
    }
}

fn own(object: &mut Value, owners: &Owners) {
    let entry = |((manager, operation), leaves): (&(String, String), &BTreeSet<Leaf>)| {
        let mut fields = Value::Object(Map::new());
        for leaf in leaves {
            let path: Vec<_> = leaf.iter().map(|name| format!("f:{name}")).collect();
            set(&mut fields, &path, json!({}));
        }
        json!({
            "manager": manager, "operation": operation, "apiVersion": "networking.k8s.io/v1",
            "fieldsType": "FieldsV1", "fieldsV1": fields,
        })
    };
    let kept = owners.iter().filter(|(_, leaves)| !leaves.is_empty());
    object["metadata"]["managedFields"] = kept.map(entry).collect();
}

impl Server {
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.objects.get(key)
    }

    pub(crate) fn apply(
        &mut self,
        key: &str,
        body: &Value,
        manager: &str,
    ) -> Result<Value, Refused> {
        let mut object = self.fresh(key, body)?;
        let wanted = leaves(body);
        let mut owners = self.owners_of(key);
        if !self.objects.contains_key(key) {
            owners.clear();
        } else if owners.is_empty() {
            let all = leaves(&object).into_keys().collect();
            owners.insert(("before-first-apply".into(), "Update".into()), all);
        }
        let me = (manager.to_owned(), "Apply".to_owned());
        let before = owners.remove(&me).unwrap_or_default();
        let now = leaves(&object);
        for (leaf, value) in &wanted {
            if now.get(leaf) != Some(value) {
                for owned in owners.values_mut() {
                    owned.remove(leaf);
                }
                set(&mut object, leaf, value.clone());
            }
        }
        for leaf in before {
            if !wanted.contains_key(&leaf) && !owners.values().any(|owned| owned.contains(&leaf)) {
                remove(&mut object, &leaf);
            }
        }
        owners.insert(me, wanted.into_keys().collect());
        own(&mut object, &owners);
        Ok(self.put(key, object))
    }

    pub(crate) fn merge(
        &mut self,
        key: &str,
        patch: &Value,
        manager: &str,
    ) -> Result<Value, Refused> {
        if !self.objects.contains_key(key) {
            return Err((404, "NotFound".into()));
        }
        let mut object = self.fresh(key, patch)?;
        let before = leaves(&object);
        merge(&mut object, patch);
        let after = leaves(&object);
        let mut owners = self.owners_of(key);
        let gone = before.keys().filter(|leaf| !after.contains_key(*leaf));
        let changed = after.iter().filter(|(leaf, value)| before.get(*leaf) != Some(value));
        let changed: Vec<_> = changed.map(|(leaf, _)| leaf.clone()).collect();
        for leaf in gone.chain(&changed) {
            for owned in owners.values_mut() {
                owned.remove(leaf);
            }
        }
        owners.entry((manager.to_owned(), "Update".to_owned())).or_default().extend(changed);
        own(&mut object, &owners);
        Ok(self.put(key, object))
    }

    pub(crate) fn delete(&mut self, key: &str) {
        self.objects.remove(key);
    }

    fn owners_of(&self, key: &str) -> Owners {
        self.objects.get(key).map(owners).unwrap_or_default()
    }

    /// The object as it is, where `body` does not speak of an older one.
    fn fresh(&mut self, key: &str, body: &Value) -> Result<Value, Refused> {
        let Some(object) = self.objects.get(key) else {
            let mut object = body.clone();
            object["metadata"]["uid"] = format!("uid-{key}").into();
            return Ok(object);
        };
        let version = &body["metadata"]["resourceVersion"];
        if !version.is_null() && *version != object["metadata"]["resourceVersion"] {
            return Err((409, "Conflict".into()));
        }
        Ok(object.clone())
    }

    fn put(&mut self, key: &str, mut object: Value) -> Value {
        if self.objects.get(key) != Some(&object) {
            self.version += 1;
            object["metadata"]["resourceVersion"] = self.version.to_string().into();
        }
        self.objects.insert(key.to_owned(), object.clone());
        object
    }
}

fn merge(object: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    for (name, value) in patch {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(name);
        } else {
            merge(&mut object[name], value);
        }
    }
}
