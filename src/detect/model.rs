//! A model: its graph, and the manifest that says what the graph is fed and what it answers.

use std::borrow::Cow;
use std::fmt;

use super::budget::AlertBudget;
use super::error::Error;
use super::manifest::{MANIFEST_BYTES, Manifest};

/// Largest graph.
const ONNX_BYTES: usize = 16 << 20;

/// A model whose manifest fits it and this program.
#[derive(Clone, PartialEq)]
pub struct Model {
    /// What it says of itself.
    pub manifest: Manifest,
    pub(super) onnx: Cow<'static, [u8]>,
}

impl Model {
    /// The largest file of a graph or a manifest that is worth reading, in bytes.
    pub const MAX_BYTES: usize = ONNX_BYTES;

    /// The model made of a graph in ONNX and its manifest in JSON.
    pub fn new(onnx: Vec<u8>, manifest: &[u8]) -> Result<Self, Error> {
        Self::checked(onnx.into(), manifest)
    }

    /// The model in the binary.
    pub fn built_in() -> Result<Self, Error> {
        let onnx = include_bytes!("../../models/clstm.onnx");
        let manifest = include_bytes!("../../models/clstm.json");
        Self::checked(onnx.as_slice().into(), manifest)
    }

    /// The same model whose incidents need as much evidence as costs no more than `budget`.
    #[must_use]
    pub fn within(mut self, budget: AlertBudget) -> Self {
        self.manifest.spend(budget);
        self
    }

    fn checked(onnx: Cow<'static, [u8]>, manifest: &[u8]) -> Result<Self, Error> {
        let parts =
            [("graph", onnx.len(), ONNX_BYTES), ("manifest", manifest.len(), MANIFEST_BYTES)];
        if let Some((part, bytes, limit)) = parts.into_iter().find(|(_, is, limit)| is > limit) {
            return Err(Error::TooLarge { part, bytes, limit });
        }
        Ok(Self { manifest: Manifest::read(manifest, &onnx)?, onnx })
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("manifest", &self.manifest).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_in_the_binary_fits_the_binary() {
        assert_eq!(Model::built_in().unwrap().manifest.name, "clstm-3");
    }

    #[test]
    fn a_damaged_graph_is_refused() {
        let mut onnx = include_bytes!("../../models/clstm.onnx").to_vec();
        onnx[1_000] ^= 1;
        let refused = Model::new(onnx, include_bytes!("../../models/clstm.json"));
        assert!(matches!(refused, Err(Error::Mismatch { .. })), "{refused:?}");
    }

    #[test]
    fn files_larger_than_any_model_are_refused() {
        let refused = Model::new(vec![0; ONNX_BYTES + 1], b"{}");
        assert!(matches!(refused, Err(Error::TooLarge { part: "graph", .. })), "{refused:?}");
        let refused = Model::new(Vec::new(), &vec![b' '; MANIFEST_BYTES + 1]);
        assert!(matches!(refused, Err(Error::TooLarge { part: "manifest", .. })), "{refused:?}");
    }
}
