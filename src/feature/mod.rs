//! Flows to feature vectors: one catalogue names, describes and orders every feature.
//!
//! CSV header, Parquet schema, model input and reference documentation are all made from
//! [`FEATURES`]. Features of kind [`Kind::Cic`] come from one flow alone, those of kind
//! [`Kind::Context`] from what its source and its target did shortly before. Every value is finite.
//! What is made of vectors belongs to [`crate::detect`], how they are written to [`crate::export`].

mod activity;
mod catalogue;
mod cic;
mod context;
mod contextual;
mod definition;
mod recent;
mod reference;
mod summary;

pub use catalogue::{FEATURES, values};
pub use context::{Context, Contexts};
pub use definition::{Feature, Form, Kind, Unit};
pub use reference::reference;
pub use summary::Summary;

/// Features that come from one flow alone.
pub const CIC_FEATURES: usize = 77;

/// Features that come from the context of a flow.
pub const CONTEXT_FEATURES: usize = 69;

/// All features.
pub const ALL_FEATURES: usize = CIC_FEATURES + CONTEXT_FEATURES;

/// The values of all features, in the order of [`FEATURES`], as the model reads them.
pub type Vector = [f32; ALL_FEATURES];

/// The vector of a flow in its context.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the model reads 32-bit numbers")]
pub fn vector(summary: &Summary<'_>, context: &Context) -> Vector {
    let mut vector = [0.0; ALL_FEATURES];
    for (slot, value) in vector.iter_mut().zip(values(0..FEATURES.len(), summary, context)) {
        *slot = value as f32;
    }
    vector
}
