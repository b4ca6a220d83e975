//! What a process under test does over and over, and what counts as once.

use clap::ValueEnum;

/// What a process does. One that connects is told where to; one that listens says where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Work {
    /// Connects and drops.
    Connect,
    /// Connects, says a message, hears it back, drops.
    Churn,
    /// Says a message and hears it back, again and again on the same connections.
    Ping,
    /// Sends as much as it can.
    Send,
    /// Receives as much as it can.
    Receive,
    /// Connects and says nothing.
    Hold,
    /// Connects to a name of which one address is dead, with a connector that is new, and drops.
    Race,
    /// The same once more with the same connector; only that is counted.
    RaceAgain,
    /// Accepts and drops.
    Accept,
    /// Accepts and answers each message with itself, until the client ends.
    Echo,
    /// Accepts, answers one message with itself, and closes.
    EchoOnce,
    /// Accepts and reads everything.
    Drain,
    /// Accepts and sends as much as it can.
    Fill,
    /// Accepts and waits for the client to say something.
    Idle,
    /// Accepts all clients, and then says each message to all of them.
    Broadcast,
}

impl Work {
    /// Whether it listens; if not, it connects.
    pub(crate) fn listens(self) -> bool {
        match self {
            Self::Connect | Self::Churn | Self::Ping | Self::Send | Self::Receive | Self::Hold => {
                false
            }
            Self::Race | Self::RaceAgain => false,
            Self::Accept | Self::Echo | Self::EchoOnce | Self::Drain | Self::Fill | Self::Idle => {
                true
            }
            Self::Broadcast => true,
        }
    }

    /// Whether it is about how long a connect takes.
    pub(crate) fn races(self) -> bool {
        matches!(self, Self::Race | Self::RaceAgain)
    }

    /// What is counted.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::Connect | Self::Churn | Self::Hold | Self::Race | Self::RaceAgain => "connection",
            Self::Accept | Self::EchoOnce | Self::Idle => "connection",
            Self::Ping => "round trip",
            Self::Echo | Self::Broadcast => "message",
            Self::Send | Self::Receive | Self::Drain | Self::Fill => "64 KiB",
        }
    }
}

/// What a message is: 64 bytes, in both directions.
pub(crate) const MESSAGE: usize = 64;

/// How much of a stream counts as one operation.
pub(crate) const CHUNK: usize = 64 * 1024;
