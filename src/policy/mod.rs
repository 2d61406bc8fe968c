//! What a `TracingPolicy` says and would do: read from YAML or JSON with the place of every fault,
//! compared with another, refused where it would harm, and joined with what the agents made of it.
//!
//! What may stand in a policy is a table made from the schemas of Tetragon's own definitions; an API
//! server that knows better has the last word by its dry run. A policy is text from outside: at most
//! 256 KiB, 64 levels deep, and whatever it says, it is a [`Policy`] or a list of [`Problem`]s.
//!
//! Pure: objects and texts come in as arguments. Who reads and writes them is
//! [`crate::engine`]; how an agent or an API server is reached belongs to [`crate::tetragon`] and
//! [`crate::cluster`].

mod bare;
mod check;
mod danger;
mod diff;
mod head;
mod join;
mod kill;
mod name;
mod problem;
mod read;
mod schema;
mod standing;
mod template;
#[cfg(test)]
mod tests;
mod yaml;

use serde_json::Value;

use crate::document::{self, Fault, Limits, Node};

pub use bare::bare;
pub use danger::Guarded;
pub use diff::diff;
pub use join::joined;
pub use name::{PolicyMode, PolicyName};
pub use problem::Problem;
pub use standing::{AgentPolicy, Counters, LoadState, PolicyStatus, Standing};
pub use template::{TEMPLATES, Template};
pub use yaml::yaml;

/// How much a policy may hold.
const LIMITS: Limits =
    Limits { what: "a policy", bytes: 256 * 1024, documents: 1, depth: 64, values: 50_000 };

/// A policy that the API server may be asked to take: `apiVersion`, `kind`, names and every member
/// are as its schema wants them.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    name: PolicyName,
    manifest: Value,
}

impl From<Fault> for Problem {
    fn from(Fault { at, message }: Fault) -> Self {
        Self { line: at.line, column: at.column, message }
    }
}

impl Policy {
    /// The policy that `text` says; else all that is wrong with it, in order of lines, at most 100.
    pub fn from_yaml(text: &str) -> Result<Self, Vec<Problem>> {
        let node = document::one(text, &LIMITS);
        Self::from_node(node.map_err(|fault| vec![fault.into()])?)
    }

    /// The policy that `object` is; else all that is wrong with it. There are no lines: each fault
    /// begins with where in the object it is.
    pub fn from_json(object: Value) -> Result<Self, Vec<Problem>> {
        Self::from_node(Node::from_json(object))
    }

    fn from_node(node: Node) -> Result<Self, Vec<Problem>> {
        let (name, manifest) = head::object(node)?;
        Ok(Self { name, manifest: bare(manifest) })
    }

    /// The policy that kills whatever is started from a file of this name, or from this path. It
    /// names no mode, so that it acts.
    pub fn killing(policy_name: &str, command_name: &str) -> Result<Self, Problem> {
        kill::killing(policy_name, command_name)
    }

    /// Which.
    #[must_use]
    pub const fn name(&self) -> &PolicyName {
        &self.name
    }

    /// The object, without what servers add.
    #[must_use]
    pub const fn manifest(&self) -> &Value {
        &self.manifest
    }

    /// The same policy in this mode.
    #[must_use]
    pub fn with_mode(mut self, mode: PolicyMode) -> Self {
        read::set_mode(&mut self.manifest, mode);
        self
    }

    /// The mode that it asks for; none where it asks for none, and the agent enforces it.
    #[must_use]
    pub fn mode(&self) -> Option<PolicyMode> {
        read::mode(&self.manifest)
    }

    /// What it hooks: `kprobe tcp_connect`, `tracepoint sock/inet_sock_set_state`.
    #[must_use]
    pub fn hooks(&self) -> Vec<String> {
        read::hooks(&self.manifest)
    }

    /// What it does to processes where it acts: `sigkill`, `override`; empty where it only tells.
    #[must_use]
    pub fn actions(&self) -> Vec<String> {
        read::actions(&self.manifest)
    }

    /// What of the cluster and of Weir it would break, each in a sentence that says how to narrow
    /// it; empty where nothing is to be feared, as of every policy in monitor mode.
    #[must_use]
    pub fn dangers(&self, guarded: &Guarded) -> Vec<String> {
        danger::dangers(self, guarded)
    }

    /// As YAML, in the order in which people write it.
    #[must_use]
    pub fn yaml(&self) -> String {
        yaml(&self.manifest)
    }
}
