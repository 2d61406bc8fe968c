//! Feature vectors to what the model is fed.
//!
//! The model reads the last vectors of a context in sequence. What they are made of belongs to
//! [`crate::feature`].

mod sequence;

pub use sequence::{LENGTH, Scope, Sequence, Sequences};
