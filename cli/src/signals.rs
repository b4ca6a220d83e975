//! What signals say.

use std::io::{self, IsTerminal};

use async_signal::{Signal, Signals};
use futures_lite::{StreamExt, future};

const SIGNALS: [Signal; 4] = [Signal::Term, Signal::Int, Signal::Hup, Signal::Usr2];

/// What whoever runs this process wants of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wish {
    /// It shall let nobody in any more, and end when all clients have.
    Drain,
    /// It shall end at once.
    End,
    /// It shall replace its workers.
    Reset,
}

/// The wishes as they come. While this lives, no signal of theirs ends the process by itself.
#[derive(Debug)]
pub(crate) struct Wishes {
    signals: Signals,
    meaning: Meaning,
}

impl Wishes {
    /// Begins to listen to signals.
    ///
    /// # Errors
    ///
    /// If the system lets no signal be listened to.
    pub(crate) fn new() -> io::Result<Self> {
        let has_terminal = io::stdin().is_terminal();
        let meaning = Meaning { has_terminal, is_draining: false };
        Ok(Self { signals: Signals::new(SIGNALS)?, meaning })
    }

    /// Whether it was to end, before now.
    pub(crate) fn is_draining(&self) -> bool {
        self.meaning.is_draining
    }

    /// Waits for the next one.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped.
    pub(crate) async fn next(&mut self) -> io::Result<Wish> {
        match self.signals.next().await {
            Some(signal) => Ok(self.meaning.of(signal?)),
            None => future::pending().await, // no signal comes any more
        }
    }
}

/// What a signal means depends on what has been.
#[derive(Debug)]
struct Meaning {
    has_terminal: bool,
    is_draining: bool,
}

impl Meaning {
    fn of(&mut self, signal: Signal) -> Wish {
        match signal {
            Signal::Usr2 => Wish::Reset,
            // A service is told to look again; a terminal says that it has been closed.
            Signal::Hup if !self.has_terminal => Wish::Reset,
            _ if self.is_draining => Wish::End,
            _ => {
                self.is_draining = true;
                Wish::Drain
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the signals mean, one after the other.
    fn wishes<const N: usize>(has_terminal: bool, signals: [Signal; N]) -> [Wish; N] {
        let mut meaning = Meaning { has_terminal, is_draining: false };
        signals.map(|signal| meaning.of(signal))
    }

    #[test]
    fn the_first_signal_to_stop_drains_and_the_second_ends() {
        for second in [Signal::Term, Signal::Int] {
            assert_eq!(wishes(false, [Signal::Term, second]), [Wish::Drain, Wish::End]);
        }
    }

    #[test]
    fn a_reset_on_the_way_changes_nothing_about_that() {
        let signals = [Signal::Usr2, Signal::Int, Signal::Usr2, Signal::Int];
        assert_eq!(wishes(true, signals), [Wish::Reset, Wish::Drain, Wish::Reset, Wish::End]);
    }

    #[test]
    fn a_hangup_resets_a_service_and_stops_what_runs_in_a_terminal_that_is_closed() {
        assert_eq!(wishes(false, [Signal::Hup]), [Wish::Reset]);
        assert_eq!(wishes(true, [Signal::Hup]), [Wish::Drain]);
    }
}
