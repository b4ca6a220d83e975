//! The side of the process that takes over.

use std::{fmt, io, time::Duration};

use crate::{
    NamedSocket, Phase,
    channel::Channel,
    deadline::before,
    error::Side,
    meeting_point::connect,
    message::{Frame, MOST_SOCKETS, Message, OUT_OF_TURN},
    peer::check_user,
    settings::Settings,
};

/// How long the successor waits before it connects again to somebody whose backlog is full.
const PAUSE: Duration = Duration::from_millis(10);

/// The sockets of an earlier process, which goes on serving until [`ready`](Self::ready).
///
/// Dropped before that, it closes whatever was not taken, and the earlier process knows that this
/// one will not serve. All are closed on exec.
///
/// # Examples
///
/// ```
/// use std::{io, net::TcpListener};
///
/// use socketry_server_handover::Inherited;
///
/// async fn serve(mut inherited: Inherited) -> io::Result<Vec<TcpListener>> {
///     let mut listeners = Vec::new();
///     while let Some(socket) = inherited.take("web") {
///         listeners.push(socket.socket.into()); // with a server: from_fd, which checks it
///     }
///     for name in inherited.names() {
///         eprintln!("{name} is served no more");
///     }
///     inherited.ready().await?;
///     Ok(listeners)
/// }
/// ```
#[must_use = "dropping it tells the earlier process that this one will not serve"]
pub struct Inherited {
    channel: Channel,
    settings: Settings,
    sockets: Vec<NamedSocket>,
}

impl Inherited {
    /// Takes over from whoever offers; `None` if nobody does.
    pub(crate) async fn take_from(settings: &Settings) -> io::Result<Option<Self>> {
        let mut phase = Phase::Connecting;
        let taking = take(settings, &mut phase);
        let outcome = before(settings.deadline(), taking).await;
        let taken = settings.explain(Side::Successor, phase, outcome)?;
        Ok(taken.map(|(channel, sockets)| Self { channel, settings: settings.clone(), sockets }))
    }

    /// The names of the sockets that nobody has taken, in the order in which they were handed on.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sockets.iter().map(|socket| socket.name.as_str())
    }

    /// Takes the first socket of this name; `None` if there is none (any more).
    pub fn take(&mut self, name: &str) -> Option<NamedSocket> {
        let index = self.sockets.iter().position(|socket| socket.name == name)?;
        Some(self.sockets.remove(index))
    }

    /// Tells the earlier process that this one serves, and returns when it is known that it leaves.
    ///
    /// Offer the sockets right after it ([`Handover::offer`](crate::Handover::offer)): the place is
    /// free then, and a process that is started meanwhile finds nobody there.
    ///
    /// What nobody has taken is closed. Whoever waited there for the earlier process is lost with it.
    ///
    /// # Errors
    ///
    /// A [`HandoverFailed`](crate::HandoverFailed) in the phase [`Starting`](Phase::Starting):
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) if the earlier process has ended, or has
    /// given this one up; [`TimedOut`](io::ErrorKind::TimedOut) if it does not answer. It may serve
    /// on, then: give back what was taken, and begin again with
    /// [`Handover::take`](crate::Handover::take), or end.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped it is not known whether the earlier process leaves.
    pub async fn ready(self) -> io::Result<()> {
        let Self { channel, settings, sockets } = self;
        drop(sockets);
        let outcome = before(settings.deadline(), relieve(&channel)).await;
        settings.explain(Side::Successor, Phase::Starting, outcome)
    }
}

impl fmt::Debug for Inherited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inherited")
            .field("from", &self.settings.address)
            .field("sockets", &self.sockets)
            .finish()
    }
}

/// Lets the earlier process leave.
async fn relieve(channel: &Channel) -> io::Result<()> {
    channel.send(&Frame::ready()).await?;
    match channel.receive().await? {
        Message::Gone => Ok(()),
        _ => Err(OUT_OF_TURN.into()),
    }
}

async fn take(
    settings: &Settings,
    phase: &mut Phase,
) -> io::Result<Option<(Channel, Vec<NamedSocket>)>> {
    let channel = loop {
        match connect(&settings.address) {
            Ok(Some(channel)) => break channel,
            Ok(None) => return Ok(None),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => settings.sleep(PAUSE).await,
                io::ErrorKind::Interrupted => {}
                _ => return Err(error),
            },
        }
    };
    *phase = Phase::Identifying;
    check_user(&channel, &settings.address)?;
    *phase = Phase::Asking;
    let asked = channel.send(&Frame::request()).await;
    // Also if it has closed its end: it may have said why before.
    let mut message = match (asked, channel.receive().await) {
        (Err(_), Ok(refusal @ Message::Refusal(_))) => refusal,
        (Err(error), _) => return Err(error),
        (Ok(()), message) => message?,
    };
    *phase = Phase::Passing;
    let mut sockets = Vec::new();
    loop {
        match message {
            Message::Sockets(more) if sockets.len() + more.len() <= MOST_SOCKETS => {
                sockets.extend(more);
            }
            Message::End(count) if count == sockets.len() => return Ok(Some((channel, sockets))),
            Message::Refusal(reason) => {
                return Err(io::Error::new(io::ErrorKind::ConnectionRefused, reason));
            }
            _ => return Err(OUT_OF_TURN.into()),
        }
        message = channel.receive().await?;
    }
}
