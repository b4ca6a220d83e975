//! The place where the two processes meet.

use std::{io, sync::Arc, time::Duration};

use socketry_connection::{Clock, UnixAddress};

use crate::{
    Inherited, Offer, Phase, error::Side, meeting_point::MeetingPoint, settings::Settings,
};

/// Where one process of a program hands its listening sockets on to the next: a Unix socket.
///
/// Both processes make the same value: the earlier one [offers](Self::offer) its sockets, the later
/// one [takes](Self::take) them over, and then offers them itself.
///
/// # Who may take part
///
/// Processes of the same user, and root: each side asks the system who is at the other end
/// (`SO_PEERCRED`), and the socket file has the mode 0600. Where the system does not say who is at
/// the other end (other systems than Linux), the file alone protects it. The directory should be
/// one in which only those can make files who are trusted with the sockets.
///
/// # Examples
///
/// Both sides in one process:
///
/// ```
/// use std::{io, net::TcpListener};
///
/// use futures_lite::future::{block_on, try_zip};
/// use socketry_server_handover::{Handover, NamedSocket, UnixAddress};
///
/// # let name = format!("socketry-handover-type-{}", std::process::id());
/// # let path = std::env::temp_dir().join(name);
/// let handover = Handover::new(UnixAddress::from_path(&path)?);
/// assert!(block_on(handover.take())?.is_none()); // nobody offers anything yet
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let mut offer = handover.offer()?;
/// let leaving = offer.hand_on(|| Ok(vec![NamedSocket::new("web", listener.try_clone()?)]));
/// let following = async {
///     let mut inherited = handover.take().await?.unwrap();
///     let web = TcpListener::from(inherited.take("web").unwrap().socket);
///     inherited.ready().await?;
///     io::Result::Ok(web)
/// };
/// let ((), web) = block_on(try_zip(leaving, following))?;
/// assert_eq!(web.local_addr()?, listener.local_addr()?);
/// # Ok::<(), io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Handover {
    settings: Settings,
}

impl Handover {
    /// Meets at `address`: a path, or on Linux an abstract name. The other side may take 60 seconds.
    pub fn new(address: UnixAddress) -> Self {
        let timeout = Duration::from_secs(60);
        Self { settings: Settings { address, timeout, clock: None } }
    }

    /// How long the other side may take, from the moment in which the two have met to the end of
    /// what is waited for. By default 60 seconds.
    ///
    /// [`Offer::hand_on`] gives the successor so long to take the sockets, to start, and to say that
    /// it serves. [`take`](Self::take) and [`Inherited::ready`] each give the leaver so long.
    /// Zero lets nobody take any time: only what is there already counts. [`Duration::MAX`] means
    /// that there is no limit.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// Takes the time from `clock` instead of the system.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.settings.clock = Some(clock);
        self
    }

    /// Where the processes meet.
    pub fn address(&self) -> &UnixAddress {
        &self.settings.address
    }

    /// Lets a later process connect, and take over whatever [`Offer::hand_on`] hands on.
    ///
    /// A socket file that a dead process has left is replaced. Nothing else ever is. (Two processes
    /// that begin to offer at one path in the very same moment may both succeed; then the later one
    /// of them is found.)
    ///
    /// # Errors
    ///
    /// A [`HandoverFailed`](crate::HandoverFailed) in the phase [`Offering`](Phase::Offering), with
    /// the system's kind and number; [`AddrInUse`](io::ErrorKind::AddrInUse) if another process
    /// offers its sockets there or something else is at the path,
    /// [`Unsupported`](io::ErrorKind::Unsupported) for an abstract name on a system other than
    /// Linux. Nothing is left behind.
    pub fn offer(&self) -> io::Result<Offer> {
        let opened = MeetingPoint::open(&self.settings.address);
        let opened = self.settings.explain(Side::Leaver, Phase::Offering, Some(opened));
        Ok(Offer::new(opened?, self.settings.clone()))
    }

    /// Takes the sockets over from the process that offers them; `None` if nobody does, because
    /// there is no such file, or nobody listens on it. Then this process is the first, and opens
    /// its sockets by itself. (On systems other than Linux it also looks as if nobody did while 16
    /// other processes wait there.)
    ///
    /// The other process goes on serving until [`Inherited::ready`].
    ///
    /// # Errors
    ///
    /// A [`HandoverFailed`](crate::HandoverFailed):
    ///
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the socket belongs to another user,
    ///   or its process runs as one.
    /// - [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): the other process does not hand
    ///   them on, for the reason that it gives.
    /// - [`UnexpectedEof`](io::ErrorKind::UnexpectedEof): it has gone meanwhile, or another process
    ///   was faster. Take again: it is clear then who is there.
    /// - [`TimedOut`](io::ErrorKind::TimedOut): it was silent.
    /// - [`InvalidData`](io::ErrorKind::InvalidData): it is another program.
    /// - `EMFILE`: there are not enough descriptors for all sockets.
    ///
    /// Whatever was received until then is closed, and the other process goes on as if nobody had
    /// come.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection and whatever was received; the other process goes
    /// on as if nobody had come.
    pub async fn take(&self) -> io::Result<Option<Inherited>> {
        Inherited::take_from(&self.settings).await
    }
}
