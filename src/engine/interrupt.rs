//! Signals that ask the process to end: the first lets it end in order, a later one at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Builder;
use std::time::{Duration, SystemTime};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Signals that follow the first sooner mean the same wish: a terminal, a wrapper and a supervisor
/// may all pass it on.
const SAME_WISH: Duration = Duration::from_secs(1);

/// SIGINT and SIGTERM, caught but not yet listened to.
#[derive(Debug)]
pub struct Interrupts(Signals);

impl Interrupts {
    /// Catches both signals from now on. Starts no thread, so that privileges can still be given up.
    pub fn catch() -> io::Result<Self> {
        Signals::new([SIGINT, SIGTERM]).map(Self)
    }

    /// Listens for as long as the process lives; the answer is set at the first signal.
    ///
    /// Whoever waits for input that does not come never sees it: a signal that comes a second later
    /// or more ends the process as if it had not been caught.
    pub fn listen(mut self) -> io::Result<Arc<AtomicBool>> {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let listen = move || {
            let mut first = None;
            for signal in self.0.forever() {
                let since = *first.get_or_insert_with(SystemTime::now);
                asked.store(true, Ordering::Relaxed);
                if since.elapsed().is_ok_and(|passed| passed >= SAME_WISH) {
                    // Should the system refuse, the next signal asks again.
                    emulate_default_handler(signal).ok();
                }
            }
        };
        Builder::new().name("signals".into()).spawn(listen)?;
        Ok(stop)
    }
}
