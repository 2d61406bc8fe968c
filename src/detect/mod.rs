//! Feature vectors to verdicts.
//!
//! The model reads the last vectors of one client at one service in sequence and says of each flow
//! what it is. What vectors are made of belongs to [`crate::feature`], what becomes of verdicts to
//! [`crate::incident`]; threads, batches and queues belong to [`crate::engine`].

mod backend;
mod budget;
mod class;
mod error;
mod explain;
mod manifest;
mod model;
mod registers;
mod runtime;
mod scaling;
mod score;
mod scorer;
mod sequence;
mod shift;
mod usual;
mod verdict;
mod weight;
mod words;

pub use backend::Backend;
pub use budget::AlertBudget;
pub use class::{CLASSES, Class};
pub use error::Error;
pub use explain::{Explanation, Loss};
pub use manifest::{Manifest, Thresholds};
pub use model::Model;
pub use registers::settle;
pub use runtime::Runtime;
pub use scaling::Scaling;
pub use score::Score;
pub use scorer::{Output, Scorer};
pub use sequence::{LENGTH, Sequence, Sequences};
pub use shift::{Shift, ShiftGauge};
pub use usual::{Known, Service, Usual};
pub use verdict::{FlowSummary, Reason, Verdict};
pub use weight::{Weight, Weights};
