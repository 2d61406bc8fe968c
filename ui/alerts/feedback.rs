//! `weir alerts feedback`: what somebody says of alerts who has looked.

use weir::incident::{Feedback, Status};

use super::act::done;
use super::{Error, find};
use crate::paper::{Paper, aside};
use crate::visit::Visit;
use crate::words;

/// Say of alerts whether they were attacks
///
/// Where nothing was wrong, as much evidence as an alert has by now is accepted where it is: of that
/// class, at that service or from that host, the next incident needs more than half as much again. A
/// running weir heeds it at once, every later one too; `weir baseline show` lists what is accepted. The
/// alert is not over by that, so `weir alerts resolve` it too if it is to leave the list.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Ids of alerts, or what they begin with
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    said: Said,
}

#[derive(Debug, Clone, Copy, clap::Args)]
#[group(required = true, multiple = false)]
struct Said {
    /// Nothing was wrong: accept as much of the same
    #[arg(long = "false")]
    is_false: bool,
    /// It was an attack: take back that it was not
    #[arg(long = "true")]
    is_true: bool,
}

impl From<Said> for Feedback {
    fn from(said: Said) -> Self {
        // Clap sees to it that it is one of both.
        if said.is_true && !said.is_false { Self::True } else { Self::False }
    }
}

/// Takes feedback on alerts.
pub(super) fn run(args: &Args, visit: &Visit, paper: &mut Paper) -> Result<(), Error> {
    let feedback = Feedback::from(args.said);
    // All are looked for first: a mistyped one changes nothing.
    let reader = visit.reader()?;
    let ids = args.ids.iter().map(|id| find(&reader, id)).collect::<Result<Vec<_>, _>>()?;
    let mut actions = visit.actions()?;
    for id in ids {
        let alert = actions.feedback(id, feedback, &visit.by)?;
        let mark = alert.feedback.as_ref().map(|(_, mark)| mark);
        let what = format!("is {}, said", words::feedback(feedback));
        paper.line(&done(&alert, &what, mark))?;
        if feedback == Feedback::False && alert.status != Status::Resolved {
            aside(&format!(
                "alert {id} is still {}; `weir alerts resolve {id}` ends it",
                alert.status.name()
            ));
        }
    }
    Ok(())
}
