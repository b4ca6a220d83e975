//! What is done, by how many.

use std::io;

/// What the side under test does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// Clients connect, say a word, hear it back, and close.
    Churn,
    /// The same, with about 100 us of work at each connection, as a handshake would be.
    Work,
    /// The same for eight clients, with as much work as TLS has: about 100 us before each connection
    /// and 200 us after it, so that no turn of a task is short.
    Handshakes,
    /// The same as `Churn`, with a rest of 15 ms after eight connections.
    Bursts,
    /// A server says back what one client says, who then says the next word.
    Ping,
    /// The same with 64 clients, who all speak at once.
    Echo,
    /// The same on three threads.
    EchoThreads,
}

impl Load {
    pub(crate) const ALL: [Self; 7] = [
        Self::Churn,
        Self::Work,
        Self::Handshakes,
        Self::Bursts,
        Self::Ping,
        Self::Echo,
        Self::EchoThreads,
    ];

    /// How many connections there are at a time.
    pub(crate) fn connections(self) -> usize {
        match self {
            Self::Ping => 1,
            Self::Handshakes => 8,
            _ => 64,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Churn => "churn",
            Self::Work => "work",
            Self::Handshakes => "handshakes",
            Self::Bursts => "bursts",
            Self::Ping => "ping",
            Self::Echo => "echo",
            Self::EchoThreads => "echo-threads",
        }
    }

    pub(crate) fn read(name: &str) -> io::Result<Self> {
        let found = Self::ALL.into_iter().find(|load| load.name() == name);
        found.ok_or_else(|| io::Error::other(format!("no such load: {name}")))
    }

    pub(crate) fn is_server(self) -> bool {
        matches!(self, Self::Ping | Self::Echo | Self::EchoThreads)
    }
}
