//! Server-side apply in the double, held to the code that the API server itself merges with.

use crate::support::double::kube::fields::shown;
use crate::support::double::kube::managers::{Managers, Operation};
use crate::support::double::kube::merge::{Force, Writer, apply, update};
use crate::support::oracle::Oracle;
use fastrand::Rng;
use serde_json::{Map, Value, json};

/// How many objects are written to, and how often each.
const SEQUENCES: usize = 300;
const STEPS: usize = 14;

/// Who writes; the first of them apply.
const WRITERS: [&str; 5] = ["argocd", "helm", "weir", "controller", "kubectl"];
const APPLIERS: usize = 3;

/// An object, and who owns what of it.
struct Written {
    object: Value,
    managers: Managers,
}

impl Written {
    fn blank() -> Self {
        let object = json!({ "metadata": { "name": "web" }, "spec": {} });
        Self { object, managers: Managers::default() }
    }

    /// Does one step; returns the conflicts that it was refused for.
    fn take(&mut self, step: &Value) -> Vec<String> {
        let manager = step["by"].as_str().expect("a name");
        let (subresource, api_version, ignored, time) = ("", "v1", &[][..], "2026-01-01T00:00:00Z");
        let writer = Writer { manager, subresource, api_version, ignored, time };
        let managers = self.managers.clone();
        if step["apply"] == false {
            self.managers = update(&self.object, &step["object"], managers, writer);
            self.object = step["object"].clone();
            return Vec::new();
        }
        let force = if step["force"] == true { Force::Yes } else { Force::No };
        match apply(&self.object, &step["object"], managers, writer, force) {
            Ok((mut object, managers)) => {
                if object["spec"].is_null() {
                    object["spec"] = json!({});
                }
                (self.object, self.managers) = (object, managers);
                Vec::new()
            }
            Err(conflicts) => {
                let said = conflicts
                    .iter()
                    .map(|one| format!("{} {}", one.manager.name, shown(&one.path)));
                let mut said: Vec<_> = said.collect();
                said.sort();
                said
            }
        }
    }

    /// As the other says it.
    fn state(&self, conflicts: &[String]) -> Value {
        let managers = self.managers.0.iter();
        let managers: Map<_, _> = managers
            .map(|(manager, owned)| (manager.name.clone(), owned.fields.fields_v1()))
            .collect();
        json!({ "object": self.object, "managers": managers, "conflicts": conflicts })
    }
}

/// Some of `all`, each as `value` has it.
fn some(random: &mut Rng, all: &[&str], value: &mut dyn FnMut(&mut Rng) -> Value) -> Value {
    let chosen: Vec<_> = all.iter().filter(|_| random.bool()).collect();
    chosen.into_iter().map(|name| ((*name).to_owned(), value(random))).collect::<Map<_, _>>().into()
}

fn text(random: &mut Rng) -> Value {
    ["1", "2", "3"][random.usize(..3)].into()
}

fn named(random: &mut Rng, all: &[&str], fill: &dyn Fn(&mut Rng, &mut Value)) -> Value {
    let mut chosen: Vec<_> = all.iter().filter(|_| random.bool()).collect();
    random.shuffle(&mut chosen);
    let one = |name: &&str| {
        let mut one = json!({ "name": name });
        fill(random, &mut one);
        one
    };
    chosen.into_iter().map(one).collect()
}

/// A part of an object, as an applier or an updater might have it.
fn part(random: &mut Rng, name: &str) -> Value {
    match name {
        "annotations" => some(random, &["a", "b", "weir.dev/limit"], &mut text),
        "finalizers" => {
            let chosen = ["x/1", "x/2", "x/3"].into_iter().filter(|_| random.bool());
            chosen.map(Value::from).collect()
        }
        "rules" => json!([{ "host": text(random) }]),
        "labels" | "selector" => some(random, &["app", "tier"], &mut text),
        "limit" => some(random, &["average", "burst"], &mut |random| random.u8(1..4).into()),
        "containers" => named(random, &["web", "proxy", "log"], &|random, one| {
            if random.bool() {
                one["image"] = text(random);
            }
            if random.bool() {
                one["env"] = named(random, &["HOST", "PORT"], &|random, variable| {
                    if random.bool() {
                        variable["value"] = text(random);
                    }
                });
            }
        }),
        _ => text(random),
    }
}

const PARTS: [(&str, &[&str]); 2] = [
    ("metadata", &["annotations", "labels", "finalizers"]),
    ("spec", &["note", "rules", "selector", "limit", "containers"]),
];

fn config(random: &mut Rng) -> Value {
    let mut config = json!({ "metadata": { "name": "web" } });
    for (holder, names) in PARTS {
        for name in names {
            if random.u8(..3) == 0 {
                config[holder][name] = part(random, name);
            }
        }
    }
    config
}

/// `live` with one or two parts of it changed, or gone.
fn changed(random: &mut Rng, live: &Value) -> Value {
    let mut object = live.clone();
    for _ in 0..random.u8(1..3) {
        let (holder, names) = PARTS[random.usize(..2)];
        let name = names[random.usize(..names.len())];
        let members = object[holder].as_object_mut().expect("it is there");
        match random.u8(..4) {
            0 => drop(members.remove(name)),
            1 => {
                let whole = part(random, name);
                let is_empty = |whole: &Value| *whole == json!({}) || *whole == json!([]);
                if is_empty(&whole) {
                    members.remove(name);
                } else {
                    members.insert(name.into(), whole);
                }
            }
            _ => {
                let more = part(random, name);
                match (members.get_mut(name), more) {
                    (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
                    (Some(_), _) | (None, Value::Object(_) | Value::Array(_)) => {}
                    (None, more) => drop(members.insert(name.into(), more)),
                }
            }
        }
    }
    object
}

fn step(random: &mut Rng, live: &Value) -> Value {
    let by = random.usize(..WRITERS.len());
    let apply = by < APPLIERS;
    let object = if apply { config(random) } else { changed(random, live) };
    json!({ "by": WRITERS[by], "apply": apply, "force": random.bool(), "object": object })
}

#[test]
fn what_becomes_of_an_object_and_its_owners_is_what_the_api_server_says() {
    let Some(oracle) = Oracle::go("managed_fields") else { return };
    let mut random = Rng::with_seed(5);
    let (mut sequences, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..SEQUENCES {
        let mut written = Written::blank();
        let (mut steps, mut states) = (Vec::new(), Vec::new());
        for _ in 0..STEPS {
            let step = step(&mut random, &written.object);
            let conflicts = written.take(&step);
            states.push(written.state(&conflicts));
            steps.push(step);
        }
        sequences.push(Value::from(steps));
        ours.push(Value::from(states));
    }
    let theirs = oracle.json(&[], &Value::from(sequences.clone()).to_string());
    let mut refused = 0;
    for (at, steps) in sequences.iter().enumerate() {
        for (number, step) in steps.as_array().expect("steps").iter().enumerate() {
            let (ours, after) = (&ours[at][number], &theirs[at][number]);
            let before = number.checked_sub(1).map(|before| &theirs[at][before]);
            refused += usize::from(after["conflicts"] != json!([]));
            assert_eq!(ours, after, "sequence {at}, step {number}: {step:#} on {before:#?}");
        }
    }
    println!("{} steps, of which {refused} were refused", SEQUENCES * STEPS);
    assert!(refused > SEQUENCES, "{refused} conflicts are too few to show anything");
}

#[test]
fn managed_fields_are_read_and_written_alike() {
    let entry = json!({
        "manager": "argocd",
        "operation": "Apply",
        "apiVersion": "networking.k8s.io/v1",
        "time": "2026-01-01T00:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {
            "f:metadata": { "f:annotations": { ".": {}, "f:a": {} } },
            "f:spec": { "f:containers": { "k:{\"name\":\"web\"}": { ".": {}, "f:image": {} } } },
        },
    });
    let mut object = json!({ "metadata": { "managedFields": [entry] } });
    let before = object.clone();
    let managers = Managers::of(&object).expect("it can be read");
    assert!(managers.0.keys().all(|manager| manager.operation == Operation::Apply));
    managers.write_into(&mut object);
    assert_eq!(object, before);
}
