//! Handshakes side by side, in the task that polls the server.

use std::{
    future::{Future, poll_fn},
    io,
    pin::pin,
    task::{Context, Poll},
};

use futures_util::stream::{FuturesUnordered, StreamExt};
use socketry_connection::Connection;
use socketry_connection_tls::{TlsConnection, TlsOptions};

use crate::{ServerTls, origin::Origin, turn::Turn};

/// A handshake that is to be made.
pub(crate) struct Job<C> {
    pub(crate) connection: C,
    pub(crate) origin: Option<Origin>,
    pub(crate) tls: ServerTls,
    pub(crate) options: TlsOptions,
}

/// A handshake that has ended.
pub(crate) struct Ended<C> {
    pub(crate) origin: Option<Origin>,
    pub(crate) result: io::Result<TlsConnection<C>>,
}

/// Handshakes that are under way. Dropping it drops them.
///
/// It is a trait because the future of a handshake has no name, and so none of its handshakes is in
/// a box.
pub(crate) trait Handshakes<C>: Send + Sync {
    /// Begins one more.
    fn begin(&mut self, job: Job<C>);

    /// Lets them go on, until one has ended; `None` if there are none.
    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ended<C>>>;
}

/// The handshakes of a server that has no spawner.
///
/// They make as many steps as `turn` has, and wait for the next one then.
pub(crate) fn in_this_task<C: Connection>(turn: Turn) -> Box<dyn Handshakes<C>> {
    Box::new(InThisTask { begin: make_in_turn, under_way: FuturesUnordered::new(), turn })
}

/// Makes one handshake.
pub(crate) async fn make<C: Connection>(job: Job<C>) -> Ended<C> {
    let Job { connection, origin, tls, options } = job;
    let handshake = options.accept(connection, |hello| tls.config_for(hello));
    Ended { origin, result: handshake.await.map_err(io::Error::from) }
}

/// The same, which waits when enough was done in this turn.
async fn make_in_turn<C: Connection>(job: Job<C>, turn: Turn) -> Ended<C> {
    let mut handshake = pin!(make(job));
    poll_fn(|cx| match turn.take_step() {
        true => handshake.as_mut().poll(cx),
        false => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

struct InThisTask<B, F> {
    begin: B,
    under_way: FuturesUnordered<F>,
    turn: Turn,
}

impl<C, B, F> Handshakes<C> for InThisTask<B, F>
where
    B: Fn(Job<C>, Turn) -> F + Send + Sync,
    F: Future<Output = Ended<C>> + Send + Sync,
{
    fn begin(&mut self, job: Job<C>) {
        self.under_way.push((self.begin)(job, self.turn.clone()));
    }

    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ended<C>>> {
        // It leaves off when two of them have woken themselves, as they do at the end of the turn.
        self.under_way.poll_next_unpin(cx)
    }
}
