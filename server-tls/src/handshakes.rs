//! Handshakes side by side, in the task that polls the server.

use std::{
    future::Future,
    io,
    task::{Context, Poll},
};

use futures_util::stream::{FuturesUnordered, StreamExt};
use socketry_connection::Connection;
use socketry_connection_tls::{TlsConnection, TlsOptions};

use crate::{ServerTls, origin::Origin};

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
pub(crate) fn in_this_task<C: Connection>() -> Box<dyn Handshakes<C>> {
    Box::new(InThisTask { begin: make, under_way: FuturesUnordered::new() })
}

/// Makes one handshake.
pub(crate) async fn make<C: Connection>(job: Job<C>) -> Ended<C> {
    let Job { connection, origin, tls, options } = job;
    let handshake = options.accept(connection, |hello| tls.config_for(hello));
    Ended { origin, result: handshake.await.map_err(io::Error::from) }
}

struct InThisTask<B, F> {
    begin: B,
    under_way: FuturesUnordered<F>,
}

impl<C, B, F> Handshakes<C> for InThisTask<B, F>
where
    B: Fn(Job<C>) -> F + Send + Sync,
    F: Future<Output = Ended<C>> + Send + Sync,
{
    fn begin(&mut self, job: Job<C>) {
        self.under_way.push((self.begin)(job));
    }

    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ended<C>>> {
        self.under_way.poll_next_unpin(cx)
    }
}
