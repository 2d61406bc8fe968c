//! Why a model is refused or cannot be run.

use std::path::PathBuf;

use super::backend::Backend;

/// Why a model is refused or cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The graph or the manifest is larger than any model of this kind.
    #[error("check the model: its {part} has {bytes} B and may have {limit} B")]
    TooLarge {
        /// Which of the two.
        part: &'static str,
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// The manifest is not JSON of the form that is read. Why is part of the text, because it
    /// quotes the file and is shown only without what a terminal would obey.
    #[error("read the manifest of the model: {0}")]
    Syntax(String),
    /// The model was made for something else than what runs here.
    #[error("check the model: {what} is {model} in the model and {here} here")]
    Mismatch {
        /// What differs.
        what: String,
        /// What the model says.
        model: String,
        /// What is there.
        here: String,
    },
    /// The manifest says something that can never be right.
    #[error("check the model: {0}")]
    Invalid(String),
    /// The library of ONNX Runtime could not be loaded.
    #[error("load ONNX Runtime from `{}`", path.display())]
    Library {
        /// As given.
        path: PathBuf,
        /// What the loader said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The library is older than the interface that is used of it.
    #[error("load ONNX Runtime from `{}`: it is version {version}, needed is 1.{needed} or newer", path.display())]
    LibraryVersion {
        /// As given.
        path: PathBuf,
        /// As the library tells it.
        version: String,
        /// The least minor version.
        needed: u32,
    },
    /// This process runs models on something else already.
    #[error("run the model on {asked}: this process runs models on {running} already")]
    Settled {
        /// What runs them.
        running: Backend,
        /// What was asked for.
        asked: String,
    },
    /// The backend could not be set up.
    #[error("set up {backend}")]
    Setup {
        /// Which.
        backend: Backend,
        /// What it said.
        source: ort::Error,
    },
    /// The backend does not take the graph. What it says quotes the graph, as above.
    #[error("load the graph of the model into {backend}: {reason}")]
    Graph {
        /// Which.
        backend: Backend,
        /// What it said.
        reason: String,
    },
    /// The graph lacks an input or an output.
    #[error("check the model: its graph has no {0}")]
    Missing(&'static str),
    /// The graph failed on an input. What the backend says quotes the graph, as above.
    #[error("run the model: {0}")]
    Run(String),
    /// An output has another shape than the classes and the batch give.
    #[error("run the model: its output `{output}` is {found:?} and not {expected:?}")]
    Shape {
        /// Its name.
        output: &'static str,
        /// Its dimensions.
        found: Vec<i64>,
        /// What they should be.
        expected: Vec<i64>,
    },
    /// An output is no number.
    #[error("run the model: its output `{0}` is not a finite number")]
    NotFinite(&'static str),
    /// The backend panicked; the panic's own message has been printed.
    #[error("run the model: what runs it broke off by a fault of its own")]
    Panicked,
}

impl From<ort::Error> for Error {
    fn from(error: ort::Error) -> Self {
        Self::Run(shown(error.message(), REASON_CHARS))
    }
}

/// Longest reason of a backend that is passed on.
pub(super) const REASON_CHARS: usize = 300;

/// `text` on one line and cut short, with nothing in it that a terminal would obey.
pub(super) fn shown(text: &str, most: usize) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown = String::new();
    for letter in words.chars().take(most) {
        match letter {
            // Quotes are no danger.
            '"' | '\'' => shown.push(letter),
            _ => shown.extend(letter.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_one_short_line_that_no_terminal_obeys() {
        assert_eq!(shown("a\n \"b\"\u{1b}[31m\u{202e} c", 11), "a \"b\"\\u{1b}[31m\\u{202e}");
    }
}
