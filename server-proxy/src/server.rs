//! The decorator this crate is about.

use std::{collections::VecDeque, fmt, io, sync::Arc};

use futures_util::stream::FuturesUnordered;
use socketry_connection::Clock;
use socketry_server::{Accept, Signal, Watch};

use crate::{ProxiedConnection, ProxyOptions, reading::Reading};

/// Takes the connections of the server inside, reads the PROXY header with which each begins, and
/// yields them as those of whom the header names.
///
/// It stands right above the listener and below TLS, for the header comes before all else.
///
/// - **Only proxies that are trusted are believed**, by the network they come from. What becomes of
///   others is a choice: by default they are refused before a byte is read.
/// - **A proxy that is trusted has to send a header.** A connection without one, or with one that is
///   not well-formed to the last byte, is one error, a [`ProxyFailed`](crate::ProxyFailed), of which
///   none is fatal.
/// - **A slow proxy holds up nobody.** Headers are read side by side in the task that polls this
///   server, and whoever has sent his comes out. `poll_progress` drives them, too.
/// - **Each header has a deadline**, 5 seconds by default, which is kept as long as the server is
///   polled in one way or the other. **There are so many at once and no more**, 256 by default.
///   Nobody new is taken before all that has ended was taken out, so memory is bounded whatever
///   peers do.
/// - **Closing** takes nobody new. Headers that are being read go on, so that the server has ended
///   when the last one has, after its deadline at the latest. **Pausing** takes nobody new either,
///   and lets the others finish. **Dropping** the server ends all of them at once.
///
/// Its [`Control`](socketry_server::Control) and its [`local_address`](Accept::local_address) are
/// those of the server inside.
///
/// # Why the header cannot be left out
///
/// A server that took what begins no header for data would let clients decide. Where a proxy sends
/// no header, whatever the client sends first comes first, so it could send a header of its own and
/// be whoever it likes. And a client that lets the server speak first would have to wait for the
/// deadline. The protocol itself says not to guess. A proxy that sends no header has to have a
/// listener of its own.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use futures_lite::AsyncWriteExt;
/// use socketry_connection::Connection;
/// use socketry_server::{Accept, AcceptExt, Network};
/// use socketry_server_proxy::{ProxyOptions, ProxyServer};
///
/// /// Tells each client its address.
/// async fn tell(listener: impl Accept, proxies: Network) -> io::Result<()> {
///     let mut server = ProxyServer::new(listener, ProxyOptions::trusting([proxies]));
///     while let Some(accepted) = server.accept().await {
///         match accepted {
///             Ok(mut connection) => {
///                 let text = format!("{:?}\n", connection.remote_address());
///                 connection.write_all(text.as_bytes()).await?;
///             }
///             Err(error) => eprintln!("{error}"), // the server goes on
///         }
///     }
///     Ok(())
/// }
/// ```
pub struct ProxyServer<A: Accept> {
    pub(crate) inner: A,
    pub(crate) inner_is_due: Signal,
    pub(crate) inner_has_ended: bool,
    pub(crate) watch: Watch,
    pub(crate) options: ProxyOptions,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) readings: FuturesUnordered<Reading<A::Connection>>,
    /// What has ended while nobody could take it out.
    pub(crate) ended: VecDeque<io::Result<ProxiedConnection<A::Connection>>>,
    pub(crate) in_a_row: usize,
}

impl<A: Accept> ProxyServer<A> {
    /// Reads the headers of the connections of `inner`, as `options` say.
    pub fn new(inner: A, options: ProxyOptions) -> Self {
        Self {
            watch: inner.control().watch(),
            inner,
            inner_is_due: Signal::new(),
            inner_has_ended: false,
            options,
            clock: None,
            readings: FuturesUnordered::new(),
            ended: VecDeque::new(),
            in_a_row: 0,
        }
    }

    /// Takes the time from `clock` instead of the system.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Whose headers are believed, and what is done for one.
    pub fn options(&self) -> &ProxyOptions {
        &self.options
    }

    /// The server inside.
    pub fn get_ref(&self) -> &A {
        &self.inner
    }

    /// The server inside, to change it.
    pub fn get_mut(&mut self) -> &mut A {
        &mut self.inner
    }

    /// Takes the server out. Connections whose header is being read are dropped.
    pub fn into_inner(self) -> A {
        self.inner
    }
}

impl<A: Accept + fmt::Debug> fmt::Debug for ProxyServer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyServer")
            .field("inner", &self.inner)
            .field("options", &self.options)
            .field("headers", &self.readings.len())
            .finish_non_exhaustive()
    }
}
