//! The decorator this crate is about.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use socketry_connection::{Address, Connection, Sleep};
use socketry_server::{Accept, Control, State, Watch};

use crate::{Gate, GatedConnection, gate::Admission, shared::Waiter};

/// Takes the connections of the server inside, and lets in whom its [`Gate`] lets in.
///
/// - **Nothing is read** of a connection, so whoever is refused has cost one accept and one close.
///   Put it below TLS: there a flood is refused before any handshake.
/// - **Whoever is refused is one error**, of which none is fatal, and is closed at once.
/// - **A place lives in the connection**, a [`GatedConnection`], and is free when that is dropped.
///   A server that waits for a place is woken at once, whether the connection is dropped in this
///   task, in another, or on another thread.
/// - **With [`AtLimit::Pause`](socketry_server::AtLimit::Pause)** nobody is taken from the server
///   inside while there is no room in all, be it of places or of the rate; what it has under way
///   goes on meanwhile. A timer on the gate's clock ends the wait for the rate. Somebody taken
///   already, while another server at the same gate took the last place, waits in here.
/// - **Closing** ends it also while it waits for room. What was under way inside and comes out after
///   the close finds a place or is refused; nobody waits any more.
///
/// Its [`Control`] and address are those of the server inside.
///
/// # Examples
///
/// ```
/// use futures_lite::AsyncWriteExt;
/// use socketry_server::{Accept, AcceptExt};
/// use socketry_server_gate::{Gate, GateServer, GateSettings, Rate};
///
/// /// Greets whoever comes, and nobody more often than twice a second.
/// async fn greet(inside: impl Accept) {
///     let mut settings = GateSettings::default();
///     settings.rate_per_prefix = Some(Rate::per_second(2));
///     let mut server = GateServer::new(inside, Gate::new(settings));
///     while let Some(accepted) = server.accept().await {
///         let greeted = match accepted {
///             Ok(mut connection) => connection.write_all(b"hello\n").await,
///             Err(error) => Err(error),
///         };
///         if let Err(error) = greeted {
///             eprintln!("{error}"); // the server goes on
///         }
///     }
/// }
/// # let (server, handle) = socketry_testing::scripted_server();
/// # let clients: Vec<_> = (0..3).map(|_| {
/// #     let end = |port: u16| std::net::SocketAddr::from(([127, 0, 0, 1], port)).into();
/// #     let (ours, theirs) = socketry_testing::pair_between(end(50_000), end(80));
/// #     handle.push(theirs);
/// #     ours
/// # }).collect();
/// # handle.finish();
/// # futures_lite::future::block_on(async {
/// #     greet(server).await;
/// #     let mut greeted = Vec::new();
/// #     for mut client in clients {
/// #         let mut heard = String::new();
/// #         futures_lite::AsyncReadExt::read_to_string(&mut client, &mut heard).await.unwrap();
/// #         greeted.push(heard.len());
/// #     }
/// #     assert_eq!(greeted, [6, 6, 0]);
/// # });
/// ```
pub struct GateServer<A: Accept> {
    inner: A,
    gate: Gate,
    waiter: Waiter,
    control: Control,
    watch: Watch,
    /// Whoever was taken when there was room, and found none.
    held: Option<A::Connection>,
    /// What ends the wait for the rate, and when.
    timer: Option<(Instant, Sleep)>,
}

impl<A: Accept> GateServer<A> {
    /// Lets in from `inner` whom `gate` lets in.
    pub fn new(inner: A, gate: Gate) -> Self {
        let control = inner.control();
        Self {
            waiter: gate.waiter(),
            watch: control.watch(),
            control,
            inner,
            gate,
            held: None,
            timer: None,
        }
    }

    /// The server inside.
    pub fn get_ref(&self) -> &A {
        &self.inner
    }

    /// The server inside, to change it.
    pub fn get_mut(&mut self) -> &mut A {
        &mut self.inner
    }

    /// Takes the server out. Connections that are in stay in, and count; somebody who waits in here
    /// for a place is closed.
    pub fn into_inner(self) -> A {
        self.inner
    }

    /// Who may come in, and who is in.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Ready when somebody may be taken from the server inside: there is room, newcomers who find
    /// none are to be refused, or the server is closed and its end has to be heard.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.gate.is_pausing() {
            let Err(refusal) = self.waiter.check_room(self.gate.now(), cx) else {
                break;
            };
            if self.watch.poll_state(cx) == State::Closed {
                break;
            }
            ready!(self.poll_timer(refusal.until(), cx));
        }
        self.timer = None;
        Poll::Ready(())
    }

    /// Ready at `until`, or never.
    fn poll_timer(&mut self, until: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        if self.timer.as_ref().map(|(until, _)| *until) != until {
            self.timer = until.map(|until| (until, Sleep::until(self.gate.clock(), until)));
        }
        match &mut self.timer {
            Some((_, sleep)) => {
                ready!(Pin::new(sleep).poll(cx));
                self.timer = None;
                Poll::Ready(())
            }
            None => Poll::Pending,
        }
    }

    /// Whoever waits in here, or else the next one from the server inside.
    fn poll_newcomer(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<A::Connection>>> {
        match self.held.take() {
            Some(held) => Poll::Ready(Some(Ok(held))),
            None => self.inner.poll_accept(cx),
        }
    }

    /// Decides what becomes of a newcomer; `None` if it waits for room.
    fn admit(
        &mut self,
        newcomer: A::Connection,
    ) -> Option<io::Result<GatedConnection<A::Connection>>> {
        let remote = newcomer.remote_address();
        let ip = remote.as_ref().and_then(Address::ip);
        match self.gate.admit(ip, !self.control.is_closed()) {
            Admission::Admitted(place) => Some(Ok(GatedConnection::new(newcomer, place))),
            Admission::Refused(refusal) => {
                drop(newcomer); // before the error is told
                Some(Err(refusal.into_error(remote)))
            }
            Admission::Waits => {
                self.held = Some(newcomer);
                None
            }
        }
    }
}

/// # Errors
///
/// - A newcomer who is not allowed in: a [`NotAdmitted`](crate::NotAdmitted) of kind
///   [`PermissionDenied`](io::ErrorKind::PermissionDenied).
/// - A newcomer over a limit: a [`LimitReached`](socketry_server::LimitReached) of kind
///   [`QuotaExceeded`](io::ErrorKind::QuotaExceeded).
/// - Those of the server inside, unchanged.
///
/// # Cancel safety
///
/// Whoever was taken from the server inside and waits belongs to this server and not to a poll: a
/// poll that is given up loses nobody.
impl<A: Accept> Accept for GateServer<A> {
    type Connection = GatedConnection<A::Connection>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Self::Connection>>> {
        loop {
            if self.poll_room(cx).is_pending() {
                let Poll::Pending = self.inner.poll_progress(cx);
                return Poll::Pending;
            }
            match ready!(self.poll_newcomer(cx)) {
                Some(Ok(newcomer)) => {
                    if let Some(result) = self.admit(newcomer) {
                        return Poll::Ready(Some(result));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        self.inner.poll_progress(cx)
    }

    fn local_address(&self) -> Option<Address> {
        self.inner.local_address()
    }

    fn control(&self) -> Control {
        self.inner.control()
    }
}

impl<A: Accept + fmt::Debug> fmt::Debug for GateServer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateServer")
            .field("inner", &self.inner)
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}
