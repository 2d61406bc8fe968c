//! What runs the model.

use std::fmt;

/// What runs the model: one of two engines behind the same code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Backend {
    /// Tract, inside the binary.
    #[default]
    Tract,
    /// ONNX Runtime, loaded from a library; its version as the library tells it.
    OnnxRuntime(String),
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tract => f.write_str("tract"),
            Self::OnnxRuntime(version) => write!(f, "onnxruntime {version}"),
        }
    }
}
