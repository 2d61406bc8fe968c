//! The one task that has images scanned for an engine: one at a time, while it hears who asks and what
//! runs.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use super::board::Board;
use super::{ScanAsk, ScansStatus};
use crate::cluster::World;
use crate::posture::image::ImageName;
use crate::trivy::{Freshness, Step, Trivy};

/// How often at most it is looked at what runs, in a cluster that changes all the time.
const AGAIN_EVERY: Duration = Duration::from_secs(2);

/// What the task works with and on. It outlives a task that broke off by a fault of its own.
#[derive(Debug)]
pub(super) struct Work {
    trivy: Trivy,
    board: Board,
    ears: Ears,
}

/// Where it is told what there is to see; must not wait.
pub(super) type Publish = dyn Fn(ScansStatus) + Send + Sync;

impl Work {
    /// Nothing is known yet.
    pub(super) fn new(
        trivy: Trivy,
        asked: mpsc::Receiver<ScanAsk>,
        worlds: watch::Receiver<Arc<World>>,
    ) -> Self {
        let ears = Ears { asked, worlds, due: Instant::now() };
        Self { trivy, board: Board::default(), ears }
    }

    /// Has images scanned until nobody can ask any more. Dropped, it ends Trivy.
    pub(super) async fn run(&mut self, publish: &Publish) {
        let Self { trivy, board, ears } = self;
        board.give_up();
        board.take(&ears.world());
        loop {
            if board.is_to_be_shown() {
                publish(board.status());
            }
            let is_open = match board.begin(now_us()) {
                Some((image, freshness)) => {
                    let next = (&image, freshness);
                    scan(next, trivy, board, ears, publish).await
                }
                None => attend(trivy, board, ears).await,
            };
            if !is_open {
                return;
            }
        }
    }
}

/// Has an image scanned, and attends to what comes meanwhile; whether anybody can still ask.
async fn scan(
    (image, freshness): (&ImageName, Freshness),
    trivy: &Trivy,
    board: &mut Board,
    ears: &mut Ears,
    publish: &Publish,
) -> bool {
    let (tell, mut steps) = watch::channel(Step::Started);
    let told = |step: Step| {
        tell.send_replace(step);
    };
    let scan = trivy.scan(image, freshness, &told);
    tokio::pin!(scan);
    loop {
        if board.is_to_be_shown() {
            publish(board.status());
        }
        tokio::select! {
            biased;
            scanned = &mut scan => {
                board.end(scanned);
                return true;
            }
            Ok(()) = steps.changed() => board.step(*steps.borrow_and_update()),
            is_open = attend(trivy, board, ears) => {
                if !is_open {
                    return false;
                }
            }
        }
    }
}

/// Deals with what comes next; whether anybody can still ask. Given up, it has lost nothing.
async fn attend(trivy: &Trivy, board: &mut Board, ears: &mut Ears) -> bool {
    tokio::select! {
        biased;
        heard = ears.next() => match heard {
            Heard::Asked(ask) => board.ask(ask, trivy, now_us()),
            Heard::World(world) => board.take(&world),
            Heard::Nobody => return false,
        },
        // Reports that are kept are looked for between two words of others.
        () = yield_now(), if board.has_unlooked() => board.look(trivy),
    }
    true
}

/// Where it is heard who asks and what runs.
#[derive(Debug)]
struct Ears {
    asked: mpsc::Receiver<ScanAsk>,
    worlds: watch::Receiver<Arc<World>>,
    /// When a newer world may be looked at.
    due: Instant,
}

/// What was heard.
enum Heard {
    /// Somebody asks.
    Asked(ScanAsk),
    /// Something else runs than before.
    World(Arc<World>),
    /// Nobody can ask any more.
    Nobody,
}

impl Ears {
    /// The newest world.
    fn world(&mut self) -> Arc<World> {
        self.due = Instant::now() + AGAIN_EVERY;
        Arc::clone(&self.worlds.borrow_and_update())
    }

    /// Waits for the next word. Given up, it has lost nothing.
    async fn next(&mut self) -> Heard {
        let Self { asked, worlds, due } = self;
        let newer = async {
            sleep_until(*due).await;
            if worlds.changed().await.is_err() {
                // Where nobody says anything any more, the last word stands.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            ask = asked.recv() => ask.map_or(Heard::Nobody, Heard::Asked),
            () = newer => Heard::World(self.world()),
        }
    }
}

/// The wall clock.
fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}
