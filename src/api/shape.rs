//! Limits, what was decided about them, policies, smells and images as programs read them: from the API,
//! and from `weir limit -o json`, `weir policy -o json` and `weir smells --format json`.
//!
//! Every member is always there; what is not known or not so is null. Times are RFC 3339 in UTC.

mod decision;
mod limit;
mod outcome;
mod policy;
mod scan;
mod smells;
mod vulnerability;

pub use self::decision::DecisionShape;
pub use self::limit::{LimitShape, LimitStatusShape};
pub use self::outcome::{AppliedShape, PreviewShape, RevertedShape};
pub use self::policy::{PolicyAppliedShape, PolicyDeletedShape, PolicyShape};
pub use self::scan::{AlertImageShape, ImageShape, ScanShape};
pub use self::smells::SmellsShape;
