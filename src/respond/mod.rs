//! What is done about an attack: which limit, at which Ingress, for how long, and how it is undone.
//!
//! Pure: it looks at objects and arrivals that it is given, at a time that it is given, and says what
//! the next step is. Objects are read and written by [`crate::cluster`]; [`crate::engine`] carries
//! steps out and knows both. Because a step follows from the objects alone, whoever looks at them
//! next, after whatever crash, goes on where the last one stopped.

mod arrival;
mod choose;
mod controller;
mod decision;
mod effect;
mod escalation;
#[cfg(test)]
mod fixture;
mod guard;
mod lease;
mod ledger;
mod limit;
mod limiter;
mod mode;
mod name;
mod obstacle;
pub mod plan;
mod preview;
mod refusal;
mod request;
mod response;
mod rule;
mod site;
mod status;
mod table;
mod usual;

pub use arrival::{Answer, Arrival, ArrivalKind, Reset, ResetBy};
pub use choose::{Case, Choice};
pub use controller::{Controller, Fields, serving};
pub use decision::{Decision, DecisionKind};
pub use effect::{Effect, Measured};
pub use guard::Surroundings;
pub use lease::{Election, LeaseStep};
pub use ledger::{LEDGER, Ledger, LedgerValue, Reading, ValueState};
pub use limit::{Burst, Limit};
pub use limiter::{Asker, Limiter, Ruling};
pub use mode::Mode;
pub use name::IngressName;
pub use obstacle::{Matter, Obstacle};
pub use preview::{ClientPreview, Preview};
pub use refusal::Refusal;
pub use request::LimitRequest;
pub use response::{Act, Outcome, Response, ResponseOptions, Scene};
pub use rule::{AllowedNetwork, ResponseRule, Scope};
pub use site::{Site, SiteRoute, Traffic, preview_at};
pub use status::{Held, LimitStatus, SetValue, Standing};
pub use table::{Asked, Remedy};
pub use usual::Usual;
