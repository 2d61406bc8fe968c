//! Who is who: addresses of incidents and conversations get the names that the cluster has for them.
//!
//! Asked where something changes and when something is shown, by the desk: never on the way of a packet.
//! What the cluster is belongs to [`crate::cluster`], which puts a new [`World`] here whenever
//! something there has changed; the tracker knows of no names.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::cluster::World;
use crate::incident::Who;
use crate::packet::Address;

/// How often at most all that is open is asked for again, in a cluster that changes all the time.
const AGAIN_EVERY: Duration = Duration::from_secs(2);

/// What is known of the cluster, as the desk sees it.
#[derive(Debug)]
pub(super) struct Naming {
    worlds: watch::Receiver<Arc<World>>,
    /// The newest world.
    world: Arc<World>,
    /// When all that is open may be asked for again.
    due: Instant,
    is_new: bool,
}

impl Default for Naming {
    /// There is no cluster.
    fn default() -> Self {
        Self::new(watch::channel(Arc::default()).1)
    }
}

impl Naming {
    /// The names of the newest of `worlds`.
    pub(super) fn new(worlds: watch::Receiver<Arc<World>>) -> Self {
        let world = Arc::clone(&worlds.borrow());
        Self { worlds, world, due: Instant::now(), is_new: true }
    }

    /// Looks for a newer world; whether what is open is to be asked for again.
    pub(super) fn look(&mut self) -> bool {
        // Where nobody says anything any more, the last word stands.
        if self.worlds.has_changed().unwrap_or(false) {
            self.world = Arc::clone(&self.worlds.borrow_and_update());
            self.is_new = true;
        }
        let now = Instant::now();
        let is_due = self.is_new && now >= self.due;
        if is_due {
            (self.is_new, self.due) = (false, now + AGAIN_EVERY);
        }
        is_due
    }

    /// The newest world that was looked at.
    pub(super) const fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Who had `address` at `at_us` of packet time.
    pub(super) fn who(&self, address: Address, at_us: i64) -> Option<Arc<Who>> {
        self.world.who(address, at_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_that_changes_all_the_time_is_not_asked_all_the_time() {
        let (worlds, seen) = watch::channel(Arc::default());
        let mut naming = Naming::new(seen);
        assert!(naming.look(), "what is open before the first world has come");
        let newest = Arc::<World>::default();
        worlds.send_replace(Arc::clone(&newest));
        assert!(!naming.look(), "too soon");
        assert!(Arc::ptr_eq(naming.world(), &newest), "single addresses are asked of the newest");
        naming.due = Instant::now();
        assert!(naming.look());
        naming.due = Instant::now();
        assert!(!naming.look(), "nothing has changed");
    }

    #[test]
    fn without_a_cluster_nobody_has_a_name() {
        let mut naming = Naming::default();
        naming.look();
        naming.due = Instant::now();
        assert!(!naming.look());
        assert_eq!(naming.who(Address::v4([10, 0, 0, 1]), 0), None);
    }
}
