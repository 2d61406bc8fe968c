//! What is done about an attack: which limit, at which Ingress, for how long, and how it is undone.
//!
//! Pure: it looks at objects and arrivals that it is given, at a time that it is given, and says what
//! the next step is. Objects are read and written by [`crate::cluster`]; [`crate::engine`] carries
//! steps out and knows both. Because a step follows from the objects alone, whoever looks at them
//! next, after whatever crash, goes on where the last one stopped.

mod arrival;
mod controller;
mod decision;
mod effect;
mod lease;
mod ledger;
mod limit;
mod mode;
mod name;
pub mod plan;
mod preview;
mod refusal;
mod request;
mod rule;
mod status;

pub use arrival::{Answer, Arrival, ArrivalKind, Reset, ResetBy};
pub use controller::{Controller, Fields, serving};
pub use decision::{Decision, DecisionKind};
pub use effect::Effect;
pub use lease::{Election, LeaseStep};
pub use ledger::{LEDGER, Ledger, LedgerValue, Reading, ValueState};
pub use limit::{Burst, Limit};
pub use mode::Mode;
pub use name::IngressName;
pub use preview::{ClientPreview, Preview};
pub use refusal::Refusal;
pub use request::LimitRequest;
pub use rule::{AllowedNetwork, ResponseRule, Scope};
pub use status::{Held, LimitStatus, SetValue, Standing};
