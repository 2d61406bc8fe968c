//! What the agent does with a policy that it is given.

use serde_json::{Value, json};

use super::Agent;

/// What a policy does to processes.
const ACTIONS: &[&str] = &["Sigkill", "Signal", "Override", "NotifyEnforcer"];

/// The policies in an answer to `ListTracingPolicies`, as JSON.
pub fn read(list: &str) -> Vec<Value> {
    let list: Value = serde_json::from_str(list).expect("JSON");
    list["policies"].as_array().cloned().unwrap_or_default()
}

/// Loads a policy. One whose hook the kernel does not have stays, in an error of loading, and the call
/// fails, too.
pub fn add(agent: &mut Agent, yaml: &str) -> Result<(), String> {
    let unread = |why: String| format!("failed to parse tracing policy: {why}");
    let policy: Value = serde_yaml::from_str(yaml).map_err(|error| unread(error.to_string()))?;
    let namespace = match policy["kind"].as_str() {
        Some("TracingPolicy") => "",
        Some("TracingPolicyNamespaced") => {
            policy["metadata"]["namespace"].as_str().unwrap_or("default")
        }
        kind => return Err(unread(format!("unknown kind {kind:?}"))),
    };
    let name = policy["metadata"]["name"].as_str().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| unread("it has no name".into()))?;
    if place(agent, name, namespace).is_ok() {
        return Err(format!("failed to add tracing policy {name}: it exists already"));
    }
    let error = missing(agent, &policy["spec"]).map(|hook| {
        format!("sensor generic_kprobe from collection {name} failed to load: no symbol {hook}")
    });
    let ids = agent.policies.iter().filter_map(|policy| policy["id"].as_str()?.parse().ok());
    let id = ids.fold(agent.given, u64::max) + 1;
    agent.given = id;
    agent.policies.push(json!({
        "id": id.to_string(),
        "name": name,
        "namespace": namespace,
        "enabled": error.is_none(),
        "state": if error.is_none() { "TP_STATE_ENABLED" } else { "TP_STATE_LOAD_ERROR" },
        "error": error.clone().unwrap_or_default(),
        "mode": mode(&policy["spec"]),
        "kernel_memory_bytes": "1024",
        "domain": "grpc",
    }));
    error.map_or(Ok(()), Err)
}

/// Takes a policy out.
pub fn delete(agent: &mut Agent, name: &str, namespace: &str) -> Result<(), String> {
    let at = place(agent, name, namespace)?;
    agent.policies.remove(at);
    Ok(())
}

/// Switches a policy.
pub fn configure(
    agent: &mut Agent,
    [name, namespace]: [&str; 2],
    enable: Option<bool>,
    mode: Option<u64>,
) -> Result<(), String> {
    let at = place(agent, name, namespace)?;
    let policy = &mut agent.policies[at];
    if let Some(is_on) = enable {
        policy["enabled"] = is_on.into();
        policy["state"] = if is_on { "TP_STATE_ENABLED" } else { "TP_STATE_DISABLED" }.into();
    }
    match mode {
        None => {}
        Some(1) if policy["mode"] == "TP_MODE_MONITOR_ONLY" => {
            return Err(format!("tracing policy {name} has no enforcement actions"));
        }
        Some(1) => policy["mode"] = "TP_MODE_ENFORCE".into(),
        Some(2) => policy["mode"] = "TP_MODE_MONITOR".into(),
        Some(other) => return Err(format!("mode {other} is unknown")),
    }
    Ok(())
}

fn place(agent: &Agent, name: &str, namespace: &str) -> Result<usize, String> {
    let is_it = |policy: &Value| {
        policy["name"] == name && policy["namespace"].as_str().unwrap_or_default() == namespace
    };
    let at = agent.policies.iter().position(is_it);
    at.ok_or_else(|| format!("tracing policy {name} does not exist"))
}

/// A hook that the kernel does not have.
fn missing(agent: &Agent, spec: &Value) -> Option<String> {
    let hooks = spec["kprobes"].as_array().into_iter().flatten();
    let mut calls = hooks.filter_map(|hook| hook["call"].as_str());
    calls.find(|call| agent.no_such_hooks.contains(*call)).map(str::to_owned)
}

fn mode(spec: &Value) -> &'static str {
    let acts = ACTIONS.iter().any(|action| spec.to_string().contains(&format!("\"{action}\"")));
    let options = spec["options"].as_array().into_iter().flatten();
    let mut modes = options.filter(|option| option["name"] == "policy-mode");
    match (acts, modes.next().and_then(|option| option["value"].as_str())) {
        (false, _) => "TP_MODE_MONITOR_ONLY",
        (true, Some("monitor")) => "TP_MODE_MONITOR",
        (true, _) => "TP_MODE_ENFORCE",
    }
}
