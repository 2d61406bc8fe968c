//! What a `TracingPolicy` says and would do: read from YAML or JSON with the place of every fault,
//! compared with another, refused where it would harm, and joined with what the agents made of it.
//!
//! Pure: objects and texts come in as arguments. Who reads and writes them is
//! [`crate::engine`]; how an agent or an API server is reached belongs to [`crate::tetragon`] and
//! [`crate::cluster`].

mod name;
mod standing;

pub use name::{PolicyMode, PolicyName};
pub use standing::{AgentPolicy, Counters, LoadState, PolicyStatus, Standing};
