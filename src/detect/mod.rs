//! Feature vectors to verdicts.
//!
//! The model reads the last vectors of a context in sequence and says of each flow what it is and
//! how unusual. What vectors are made of belongs to [`crate::feature`], what becomes of verdicts to
//! [`crate::incident`]; threads, batches and queues belong to [`crate::engine`].

mod backend;
mod class;
mod score;
mod sequence;
mod verdict;

pub use backend::Backend;
pub use class::{CLASSES, Class};
pub use score::Score;
pub use sequence::{LENGTH, Scope, Sequence, Sequences};
pub use verdict::{FlowSummary, Reason, Verdict};
