//! The socket of a connection: messages in, answers and what others send out.

use std::{
    future::{Future, poll_fn},
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_lite::AsyncWrite;
use socketry_connection::{BoxConnection, Sleep};

use super::{
    entry::{Entry, Order},
    incoming::{Incoming, Message},
    outgoing::Outgoing,
    registry::Registry,
    terms::Terms,
};
use crate::Peer;

/// How long our side may take to end; and after it the client's.
const END_WITHIN: Duration = Duration::from_secs(5);

/// After so many messages of others in a row, other connections have their turn.
const MAIL_IN_A_ROW: usize = 32;

/// The socket of one connection, and its place in the list.
pub(super) struct Client {
    /// None when its end is complete.
    connection: Option<BoxConnection>,
    pub(super) entry: Arc<Entry>,
    registry: Arc<Registry>,
    terms: Arc<Terms>,
    incoming: Incoming,
    outgoing: Outgoing,
    /// What went wrong with writing while a worker was asked; told when something is to be read or written.
    failed: Option<io::Error>,
    end: End,
    end_timer: Option<Sleep>,
}

/// How far the end of a connection has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It goes on.
    Open,
    /// Our side is being ended, with what is written.
    Closing,
    /// Our side has ended, and the client's has not. Were the socket closed now with something unread, that
    /// would take back what the client has not read yet.
    Lingering,
    /// The socket is closed.
    Closed,
}

/// An answer that is being written.
struct Saying<'a> {
    /// How many messages of others come first.
    before: usize,
    left: &'a [u8],
}

/// Why a connection is no longer of use.
pub(super) enum Lost {
    /// Somebody has told us to end at once.
    Cut,
    /// It has failed.
    Failed(io::Error),
}

impl Client {
    pub(super) fn new(
        mut connection: BoxConnection,
        terms: Arc<Terms>,
        registry: Arc<Registry>,
    ) -> Self {
        let peer = Peer::new(terms.name.clone(), connection.remote_address());
        let abort = connection.abort_handle();
        let entry = Arc::new(Entry::new(peer, terms.options.max_unsent, abort));
        registry.add(entry.clone());
        Self {
            connection: Some(connection),
            entry,
            registry,
            incoming: Incoming::new(&terms),
            outgoing: Outgoing::default(),
            terms,
            failed: None,
            end: End::Open,
            end_timer: None,
        }
    }

    pub(super) fn is_sticky(&self) -> bool {
        self.terms.options.sticky
    }

    /// What `future` comes to; what others send is written meanwhile, and an end goes on. `None` if the
    /// connection is cut.
    pub(super) async fn during<F: Future>(&mut self, mut future: Pin<&mut F>) -> Option<F::Output> {
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            if self.entry.order_for(cx) == Some(Order::Cut) {
                return Poll::Ready(None);
            }
            if self.end != End::Open {
                self.go_on_ending(cx);
            } else if self.failed.is_none() {
                if let Poll::Ready(Err(error)) = self.poll_mail(cx) {
                    self.failed = Some(error);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// The next message; `None` if the client has ended its side, or somebody has told us to end.
    pub(super) async fn hear(&mut self) -> Result<Option<Message>, Lost> {
        self.check()?;
        let heard = poll_fn(|cx| self.poll_hear(cx)).await;
        heard.map_err(|error| self.lost(error))
    }

    fn poll_hear(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Message>>> {
        let order = self.entry.order_for(cx);
        if order == Some(Order::Cut) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let written = self.poll_mail(cx)?;
        if order == Some(Order::Close) {
            ready!(written); // what was sent before comes first
            return Poll::Ready(Ok(None));
        }
        let Some(connection) = &mut self.connection else { return Poll::Ready(Ok(None)) };
        self.incoming.poll_message(connection, &self.terms, cx)
    }

    /// Gives a message back that is answered.
    pub(super) fn put_back(&mut self, message: Message) {
        self.incoming.put_back(message);
    }

    /// Writes an answer, after what others have sent before it.
    pub(super) async fn say(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        self.check()?;
        let mut saying = Saying { before: self.entry.waiting(), left: bytes };
        let said = poll_fn(|cx| self.poll_say(&mut saying, cx)).await;
        said.map_err(|error| self.lost(error))
    }

    fn poll_say(&mut self, saying: &mut Saying<'_>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.entry.order_for(cx) == Some(Order::Cut) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let Self { connection: Some(connection), entry, terms, outgoing, .. } = self else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        ready!(outgoing.poll_mail(connection, entry, terms, &mut saying.before, cx))?;
        saying.before = 0;
        while !saying.left.is_empty() {
            let written = ready!(outgoing.poll_write(connection, saying.left, terms, cx))?;
            saying.left = &saying.left[written..];
        }
        outgoing.poll_flush(connection, terms, cx)
    }

    /// Writes and flushes what others have sent.
    fn poll_mail(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { connection: Some(connection), entry, terms, outgoing, .. } = self else {
            return Poll::Ready(Ok(()));
        };
        let mut most = MAIL_IN_A_ROW;
        ready!(outgoing.poll_mail(connection, entry, terms, &mut most, cx))?;
        if most == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        outgoing.poll_flush(connection, terms, cx)
    }

    fn check(&mut self) -> Result<(), Lost> {
        match self.failed.take() {
            Some(error) => Err(self.lost(error)),
            None => Ok(()),
        }
    }

    /// A connection that was cut fails, too, and that is no failure.
    fn lost(&self, error: io::Error) -> Lost {
        if self.entry.is_cut() { Lost::Cut } else { Lost::Failed(error) }
    }

    /// Takes it off the list: nothing more is sent to it. Its end begins.
    pub(super) fn leave(&mut self) {
        self.entry.leave();
        self.registry.leave(self.entry.peer.id());
        self.end = End::Closing;
    }

    /// Ends our side.
    pub(super) async fn end(&mut self) {
        poll_fn(|cx| match self.go_on_ending(cx) {
            End::Lingering | End::Closed => Poll::Ready(()),
            End::Open | End::Closing => Poll::Pending,
        })
        .await;
    }

    /// Waits for the client to end its side.
    pub(super) async fn linger(&mut self) {
        poll_fn(|cx| match self.go_on_ending(cx) {
            End::Closed => Poll::Ready(()),
            _ => Poll::Pending,
        })
        .await;
    }

    /// Goes as far to the end as is possible now, and says how far that is.
    fn go_on_ending(&mut self, cx: &mut Context<'_>) -> End {
        if self.entry.order_for(cx) == Some(Order::Cut) || self.poll_ended(cx).is_ready() {
            self.connection = None;
            self.end = End::Closed;
        }
        self.end
    }

    /// Ready when there is nothing to wait for any more.
    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(connection) = &mut self.connection else { return Poll::Ready(()) };
        if self.end == End::Closing && Pin::new(&mut *connection).poll_close(cx).is_ready() {
            self.end = End::Lingering;
            self.end_timer = None;
        }
        if self.end == End::Lingering && self.incoming.poll_drop(connection, cx).is_ready() {
            return Poll::Ready(());
        }
        self.terms.poll_late(&mut self.end_timer, END_WITHIN, cx)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.entry.leave();
        self.registry.remove(self.entry.peer.id());
    }
}
