//! The loop around the console: waits for what happens, draws what changed, does what is asked for.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::Event;
use jiff::Timestamp;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::getpgrp;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until};
use weir::engine::{Command, Handle, Snapshot};
use weir::store::{By, NewMute};

use super::deeds::{Deeds, Wish};
use super::pace::{Pace, Urgency};
use super::scout::{Scout, ScoutOptions};
use super::{Console, ConsoleOptions, Effect, Message, Muting};
use crate::terminal::Screen;
use crate::terminal::input::{self, Input};

/// How long a question that came by itself is seen before keys answer it: what was typed before was
/// not meant for it.
const READING: Duration = Duration::from_millis(400);

/// Why the console could not be shown, or not any longer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no terminal to show it on, or it does not do what is asked of it.
    #[error("show the console on the terminal")]
    Terminal(#[source] io::Error),
    /// Nothing that is typed or signalled would arrive.
    #[error("listen to the terminal and to signals")]
    Listen(#[source] io::Error),
    /// A thread panicked; its message is on the terminal that was given back for it.
    #[error("a part of the program failed; its message stands above")]
    Panicked,
}

/// Shows the console until the operator leaves it or a signal ends it; then asks the engine to end.
///
/// The terminal is given back whatever the outcome.
pub(crate) async fn run(
    handle: Handle,
    options: ConsoleOptions,
    by: By,
    scouting: ScoutOptions,
) -> Result<(), Error> {
    let screen = Screen::enter(options.mouse).map_err(Error::Terminal)?;
    let inputs = input::listen().map_err(Error::Listen)?;
    let size = Screen::size().map_err(Error::Terminal)?;
    let console = Console::new(handle.snapshot(), options, size);
    let deeds = Deeds::new(handle.clone(), by);
    let scout = Scout::new(handle.clone(), scouting);
    let pace = Pace::drawn(Instant::now());
    let mut session = Session { screen, console, pace, deeds, scout, answers: None };
    let outcome = session.follow(handle.clone(), inputs).await;
    handle.stop();
    outcome
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    Leave,
}

#[derive(Debug)]
struct Session {
    screen: Screen,
    console: Console,
    pace: Pace,
    deeds: Deeds,
    scout: Scout,
    /// When keys begin to answer a question that came by itself.
    answers: Option<Instant>,
}

impl Session {
    async fn follow(
        &mut self,
        mut handle: Handle,
        mut inputs: Receiver<Input>,
    ) -> Result<(), Error> {
        let mut has_engine = true;
        self.draw()?;
        loop {
            let (due, answers) = (self.pace.due(), self.answers);
            let next = tokio::select! {
                () = sleep_until(answers.unwrap_or_else(Instant::now)), if answers.is_some() => {
                    self.answers = None;
                    self.console.let_answer();
                    self.pace.ask(Urgency::Prompt);
                    Next::GoOn
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.draw()?;
                    Next::GoOn
                }
                input = inputs.recv() => match input {
                    Some(input) => self.take(input)?,
                    None => Next::Leave,
                },
                told = self.deeds.next() => self.tell(told, Urgency::Prompt)?,
                told = self.scout.next() => self.tell(told, Urgency::Prompt)?,
                newer = handle.changed(), if has_engine => {
                    has_engine = newer.is_some();
                    self.heed(newer)?
                }
            };
            if next == Next::Leave {
                return Ok(());
            }
        }
    }

    fn draw(&mut self) -> Result<(), Error> {
        if !self.screen.is_taken() {
            return Err(Error::Panicked);
        }
        let Self { screen, console, pace, answers, .. } = self;
        screen.draw(console.size(), |picture| console.draw(picture)).map_err(Error::Terminal)?;
        let now = Instant::now();
        *pace = Pace::drawn(now);
        if console.shows_unread() {
            answers.get_or_insert(now + READING);
        }
        Ok(())
    }

    fn take(&mut self, input: Input) -> Result<Next, Error> {
        match input {
            Input::Terminal(event) => self.tell(Message::Input(event), Urgency::Prompt),
            Input::Lost(error) => Err(Error::Terminal(error)),
            Input::End => Ok(Next::Leave),
            Input::Stop if !input::has_shell() => self.tell(Message::NoShell, Urgency::Prompt),
            Input::Stop => {
                self.screen.give_back();
                input::stop().map_err(Error::Terminal)?;
                // At once: a picture may be due before the signal that we go on has come through.
                self.resume()
            }
            Input::Continue => self.resume(),
        }
    }

    /// Takes the terminal again, which may have become another size meanwhile.
    fn resume(&mut self) -> Result<Next, Error> {
        self.screen.take().map_err(Error::Terminal)?;
        let size = Screen::size().map_err(Error::Terminal)?;
        self.tell(Message::Input(Event::Resize(size.width, size.height)), Urgency::Prompt)
    }

    /// Takes a newer snapshot, or that there will be none.
    fn heed(&mut self, newer: Option<Arc<Snapshot>>) -> Result<Next, Error> {
        let Some(newer) = newer else { return self.tell(Message::EngineEnded, Urgency::Prompt) };
        let urgency = urgency(self.console.newest(), &newer);
        self.tell(Message::Snapshot(newer), urgency)
    }

    fn tell(&mut self, message: Message, urgency: Urgency) -> Result<Next, Error> {
        self.pace.ask(urgency);
        if matches!(message, Message::Proposed(_) | Message::Policy(..)) {
            self.answers = None;
        }
        let done = match self.console.update(message) {
            None => Ok(()),
            Some(Effect::Quit) => return Ok(Next::Leave),
            Some(Effect::Copy(text)) => self.screen.copy(&text),
            // What comes of it is told later.
            Some(Effect::Act(command)) => {
                self.deeds.begin(Wish::Act(command));
                Ok(())
            }
            Some(Effect::Limit(wish)) => {
                self.deeds.begin(Wish::Limit(wish));
                Ok(())
            }
            Some(Effect::Policy(wish, asker)) => {
                self.deeds.begin(Wish::Policy(wish, asker));
                Ok(())
            }
            Some(Effect::Scan(wish)) => {
                if let Some(refused) = self.deeds.scan(wish) {
                    self.console.update(refused);
                }
                Ok(())
            }
            Some(Effect::Smells(wish)) => {
                self.scout.begin(wish);
                Ok(())
            }
            Some(Effect::Mute(muting)) => {
                self.deeds.begin(Wish::Act(Command::Mute(from_now_on(muting))));
                Ok(())
            }
            Some(Effect::Mouse(mouse)) => self.screen.set_mouse(mouse),
            // Whoever started us and waits for us is to stop too, as under a shell.
            Some(Effect::Suspend) => killpg(getpgrp(), Signal::SIGTSTP).map_err(io::Error::from),
        };
        done.map(|()| Next::GoOn).map_err(Error::Terminal)
    }
}

/// The mute that was written, by the wall clock.
fn from_now_on(Muting { filter, span, reason }: Muting) -> NewMute {
    let span_us = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    let expires_us = Timestamp::now().as_microsecond().saturating_add(span_us);
    NewMute { filter, reason, expires_us }
}

/// Whether the operator must see at once what `newer` says.
fn urgency(seen: &Snapshot, newer: &Snapshot) -> Urgency {
    let is_first = seen.now_us == 0 || seen.conversations.is_empty();
    let is_news = seen.source.state != newer.source.state
        || seen.incidents.len() != newer.incidents.len()
        || seen.store.failure.is_some() != newer.store.failure.is_some()
        || seen.mutes != newer.mutes
        || seen.scans.at_work.is_some() != newer.scans.at_work.is_some()
        || seen.tetragon.policies.len() != newer.tetragon.policies.len();
    if is_first || is_news { Urgency::Prompt } else { Urgency::Calm }
}
