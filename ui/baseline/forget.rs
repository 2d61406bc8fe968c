//! `weir baseline forget`: what is accepted no more.

use weir::detect::Class;
use weir::incident::Place;
use weir::store::Forgetting;

use super::Error;
use crate::cli::one_of;
use crate::format;
use crate::paper::Paper;
use crate::visit::Visit;

/// Accept no more what was learnt
///
/// All of it, or what fits both of what is said. Alerts keep the feedback that was given on them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What is accepted of this class alone
    #[arg(long, value_name = "CLASS", value_parser = one_of(Class::ALL, Class::name))]
    class: Option<Class>,
    /// What is accepted of this host alone, such as 10.0.0.9, or at this service, such as 80/tcp
    #[arg(long, value_name = "PLACE")]
    place: Option<Place>,
}

/// Forgets it.
pub(super) fn run(args: &Args, visit: &Visit, paper: &mut Paper) -> Result<(), Error> {
    let forgetting = Forgetting { class: args.class, place: args.place };
    let places = visit.actions()?.forget(&forgetting, &visit.by)?;
    let places = format::counted(places, "place");
    Ok(paper.line(&format!("what was accepted at {places} is forgotten"))?)
}
