//! The side of the process that leaves.

use std::{io, time::Duration};

use crate::{
    NamedSocket, Phase,
    channel::Channel,
    deadline::before,
    error::Side,
    meeting_point::MeetingPoint,
    message::{Frame, Message, OUT_OF_TURN},
    peer::check_user,
    settings::Settings,
};

/// How long the system is left alone after it could not accept. Otherwise a process that is out of
/// descriptors would ask without end.
const REST: Duration = Duration::from_millis(50);

/// What a later process connects to, in order to take over: see [`Handover::offer`].
///
/// Dropping it withdraws the offer and removes its socket file at once.
///
/// [`Handover::offer`]: crate::Handover::offer
#[derive(Debug)]
pub struct Offer {
    /// `None` once somebody has taken over.
    meeting_point: Option<MeetingPoint>,
    settings: Settings,
    needs_rest: bool,
}

impl Offer {
    pub(crate) fn new(meeting_point: MeetingPoint, settings: Settings) -> Self {
        Self { meeting_point: Some(meeting_point), settings, needs_rest: false }
    }

    /// Waits for a successor, passes it the sockets, and waits until it says that it serves.
    ///
    /// `sockets` is asked when a successor is there, for duplicates of whatever this process listens
    /// on by then. Until then there are none, so that a server that is closed meanwhile is closed.
    /// The duplicates are closed as soon as they are sent.
    ///
    /// After `Ok` the successor serves, and nobody else can connect here: close the servers, finish
    /// with the clients they have accepted, and end. Servers that own a file leave it to the
    /// successor if its lock was passed along.
    ///
    /// # Errors
    ///
    /// Each of them concerns one successor, and nothing has changed for this process: it serves, it
    /// still offers, and this may be called again. A [`HandoverFailed`](crate::HandoverFailed) says
    /// in which [`Phase`] it was:
    ///
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): somebody connected who runs as
    ///   another user.
    /// - [`UnexpectedEof`](io::ErrorKind::UnexpectedEof): it has ended, or decided not to serve.
    /// - [`TimedOut`](io::ErrorKind::TimedOut): it did not say in [time](crate::Handover::timeout)
    ///   that it serves.
    /// - [`InvalidData`](io::ErrorKind::InvalidData): it is another program.
    /// - What `sockets` returns, of which the successor is told, and
    ///   [`InvalidInput`](io::ErrorKind::InvalidInput) for a name that is empty or longer than 255
    ///   bytes, or more than 4096 sockets.
    /// - What the system says if it cannot accept, above all that descriptors have run out. The next
    ///   call takes a short rest first.
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected), at once, if a successor has taken over
    /// already.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has handed nothing on: this process serves and still offers. A successor that was there
    /// is told so by the end of its connection.
    pub async fn hand_on(
        &mut self,
        sockets: impl FnOnce() -> io::Result<Vec<NamedSocket>>,
    ) -> io::Result<()> {
        if self.needs_rest {
            self.settings.sleep(REST).await;
            self.needs_rest = false;
        }
        let mut exchange = Exchange { channel: self.successor().await?, phase: Phase::Identifying };
        let ready = exchange.until_ready(&self.settings, sockets);
        let outcome = before(self.settings.deadline(), ready).await;
        self.settings.explain(Side::Leaver, exchange.phase, outcome)?;
        // From here to the end nothing waits, so that dropping the future cannot fall in between.
        // The successor may offer as soon as it hears that this process is gone from here.
        self.meeting_point = None;
        exchange.channel.try_send(&Frame::gone());
        Ok(())
    }

    async fn successor(&mut self) -> io::Result<Channel> {
        let accepted = match &self.meeting_point {
            Some(meeting_point) => meeting_point.accept().await,
            None => Err(io::Error::new(
                io::ErrorKind::NotConnected,
                "a successor has taken over already",
            )),
        };
        self.needs_rest = accepted.is_err() && self.meeting_point.is_some();
        self.settings.explain(Side::Leaver, Phase::Connecting, Some(accepted))
    }
}

/// What is under way with one successor.
struct Exchange {
    channel: Channel,
    phase: Phase,
}

impl Exchange {
    async fn until_ready(
        &mut self,
        settings: &Settings,
        sockets: impl FnOnce() -> io::Result<Vec<NamedSocket>>,
    ) -> io::Result<()> {
        let checked = check_user(&self.channel, &settings.address);
        self.tell_refusal(checked)?;
        self.phase = Phase::Asking;
        let request = self.channel.receive().await;
        match self.tell_refusal(request)? {
            Message::Request => {}
            _ => return self.tell_refusal(Err(OUT_OF_TURN.into())),
        }
        self.phase = Phase::Passing;
        let sockets = sockets();
        self.pass(self.tell_refusal(sockets)?).await?;
        self.phase = Phase::Starting;
        match self.channel.receive().await? {
            // It may have given up while this process was busy, and have gone since.
            Message::Ready => self.channel.check_open(),
            _ => Err(OUT_OF_TURN.into()),
        }
    }

    async fn pass(&self, sockets: Vec<NamedSocket>) -> io::Result<()> {
        let frames = Frame::sockets(&sockets);
        for frame in self.tell_refusal(frames)? {
            self.channel.send(&frame).await?;
        }
        Ok(())
    }

    /// Lets the successor know why it gets nothing.
    fn tell_refusal<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        outcome.inspect_err(|error| self.channel.try_send(&Frame::refusal(&error.to_string())))
    }
}
