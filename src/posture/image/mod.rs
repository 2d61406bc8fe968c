//! What is known to be wrong with images: reports of Trivy, and what stands out of them.
//!
//! Pure: how a report is come by is the business of [`crate::trivy`]. A report is text from outside, and
//! an image's name is too: [`ImageName`] holds only what cannot be taken for anything else.

mod name;
mod reference;
mod report;
mod severity;
mod summary;
#[cfg(test)]
mod tests;
mod vulnerability;

pub use name::{ImageName, NotAnImage};
pub(in crate::posture) use reference::Reference;
pub use report::{ImageReport, NotAReport};
pub use severity::VulnerabilitySeverity;
pub use summary::{ScanSummary, VulnerabilityCounts};
pub use vulnerability::Vulnerability;
