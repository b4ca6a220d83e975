//! What workers are asked about.

use crate::Peer;

/// What has happened on a connection: [`Worker::answer`](crate::Worker::answer) is asked about it.
///
/// The events of one connection come one after the other, each after the last has been answered:
/// one `Connected`, any number of `Data`, and one `Closed`, if the worker's side has not failed before.
/// The events of different connections go to the workers of the pool side by side.
///
/// # Examples
///
/// ```
/// use socketry_server_workers::{Answer, Event};
///
/// /// Greets, says everything again, and minds no goodbye.
/// fn echo(event: Event<'_>) -> Option<Answer> {
///     match event {
///         Event::Connected(peer) => Some(Answer::respond(format!("hello {}\r\n", peer.server()))),
///         Event::Data(_, message) => Some(Answer::respond(message)),
///         _ => None,
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A client has connected; it has not been read yet.
    Connected(&'a Peer),
    /// A whole message has come, with its delimiter or the length in front of it.
    Data(&'a Peer, &'a [u8]),
    /// The connection is closed, by whichever side. What is answered is not minded.
    Closed(&'a Peer),
}

impl<'a> Event<'a> {
    /// Whose event it is.
    pub fn peer(&self) -> &'a Peer {
        match self {
            Self::Connected(peer) | Self::Data(peer, _) | Self::Closed(peer) => peer,
        }
    }

    /// The message; empty if it is none of [`Data`](Self::Data).
    pub fn message(&self) -> &'a [u8] {
        match self {
            Self::Data(_, message) => message,
            Self::Connected(_) | Self::Closed(_) => &[],
        }
    }
}
