//! What comes from outside: keys, the mouse, and signals, in one bounded queue.
//!
//! Reading a terminal blocks, for ever where it was hung up, and has a thread of its own; signals
//! have another. At a full queue both wait: what is typed stays with the system.

use std::io;
use std::thread::Builder;

use crossterm::event::{self, Event};
use nix::unistd::{getpgrp, getsid};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Inputs that wait; a second of fast typing.
const DEPTH: usize = 64;

/// Something from outside.
#[derive(Debug)]
pub(crate) enum Input {
    /// The terminal was touched.
    Terminal(Event),
    /// The terminal cannot be read any more.
    Lost(io::Error),
    /// Someone asks the process to end, or hung up.
    End,
    /// Someone asks the process to stop for a while.
    Stop,
    /// The process goes on after having been stopped.
    Continue,
}

/// Starts to listen, for as long as the process lives.
///
/// Once nobody reads the queue any more, signals do what they do by default.
pub(crate) fn listen() -> io::Result<Receiver<Input>> {
    let (sender, inputs) = mpsc::channel(DEPTH);
    let signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT])?;
    let to_signals = sender.clone();
    Builder::new().name("signals".into()).spawn(move || pass_on(signals, &to_signals))?;
    Builder::new().name("input".into()).spawn(move || read(&sender))?;
    Ok(inputs)
}

/// Whether somebody is there who can let a stopped process go on: whoever leads the session has
/// nobody above, and would be stopped for ever.
pub(crate) fn has_shell() -> bool {
    getsid(None).is_ok_and(|session| session != getpgrp())
}

/// Stops the process until it is told to go on.
pub(crate) fn stop() -> io::Result<()> {
    emulate_default_handler(SIGTSTP)
}

fn pass_on(mut signals: Signals, inputs: &Sender<Input>) {
    for signal in signals.forever() {
        let input = match signal {
            SIGTSTP => Input::Stop,
            SIGCONT => Input::Continue,
            _ => Input::End,
        };
        if inputs.blocking_send(input).is_err() {
            // Should the system refuse, the next signal asks again.
            emulate_default_handler(signal).ok();
        }
    }
}

fn read(inputs: &Sender<Input>) {
    loop {
        let event = event::read();
        let is_last = event.is_err();
        let input = event.map_or_else(Input::Lost, Input::Terminal);
        if inputs.blocking_send(input).is_err() || is_last {
            return;
        }
    }
}
