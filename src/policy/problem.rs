//! What is wrong with a policy, and where.

use std::fmt;

/// A fault of a policy that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its line, counted from 1; 0 where the policy came without lines, as JSON does.
    pub line: usize,
    /// Its column in characters, counted from 1; 0 where there are no lines.
    pub column: usize,
    /// What is wrong there, and how to mend it, in one line.
    pub message: String,
}

impl Problem {
    /// A fault that belongs to no line.
    #[must_use]
    pub const fn nowhere(message: String) -> Self {
        Self { line: 0, column: 0, message }
    }
}

/// As compilers say it: `line 3, column 5: …`; without lines the message alone.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => f.write_str(&self.message),
            (line, column) => write!(f, "line {line}, column {column}: {}", self.message),
        }
    }
}

impl std::error::Error for Problem {}
