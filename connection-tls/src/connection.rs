//! The connection this crate is about.

use std::{fmt, future::poll_fn, io};

use rustls::CommonState;
use socketry_connection::{AbortHandle, Address, Attributes, Connection};

use crate::{abort::Aborts, session::Session};

mod stream;

/// A connection under TLS: what is written is encrypted, what is read is decrypted.
///
/// [`TlsOptions::connect`](crate::TlsOptions::connect) and
/// [`TlsOptions::accept`](crate::TlsOptions::accept) make it, over any [`Connection`], TLS
/// included. Its addresses are those of the connection below, as `tls://`; its attributes are the
/// same set, with a [`TlsInfo`](crate::TlsInfo) in it.
///
/// # Reading
///
/// A read returns what has been decrypted, and reads from the connection below only when there is
/// nothing, about a record at once (16 KiB). It holds no buffer while it waits, but for a record of
/// which a part has come. While reading it also does what TLS asks for beside the data: it takes session tickets,
/// answers key updates, and sends alerts. So a connection that only reads keeps working, and what
/// an earlier write could not get rid of leaves while reading, too.
///
/// # Writing
///
/// A write becomes records, and the records leave at once, in one vectored write to the connection
/// below. If that does not take all of them the rest is kept, 64 KiB at most, and goes out with
/// the next write, flush, close or read, whichever comes first; no more is taken before it has
/// gone. [`flush`](futures_io::AsyncWrite::poll_flush) is ready when all has gone.
///
/// # The two ends of the stream
///
/// TLS says by itself that a side has ended (close_notify), so that nobody on the way can cut a
/// stream in silence. Each direction ends on its own:
///
/// - **The peer ends** its writing: a read returns 0. Writing goes on working.
/// - **The stream below ends** without close_notify: a read fails with
///   [`UnexpectedEof`](io::ErrorKind::UnexpectedEof), because something may be missing, unless
///   [`Truncation::Allow`](crate::Truncation::Allow) says that the protocol above would notice.
///   Writing goes on working.
/// - **`close().await`** ends our writing: what was written, close_notify, then the end of the
///   stream below (FIN). Reading goes on working. A write after it is
///   [`BrokenPipe`](io::ErrorKind::BrokenPipe).
/// - **[`shutdown`](Self::shutdown)** ends both: it closes, and reads until the peer has ended.
/// - **Drop** ends the connection at once. Nothing is sent, neither what was not flushed nor
///   close_notify: a stream that was given up half way must not look complete to the peer.
///
/// `close` alone is not enough before dropping, where the last bytes matter: if the peer has sent
/// anything that was not read, and a TLS 1.3 server sends session tickets that nobody asks for,
/// the system answers the drop with a reset (RST), which lets the peer lose what it has not read
/// yet. Read to the end first, or use `shutdown`.
///
/// # Two tasks
///
/// One task may read while another one writes, each through a half of the connection
/// (`futures_lite::io::split`). Where the reading side has to write it shares the wait with the
/// writer: neither is forgotten, and they do not wake each other in turns.
///
/// # Errors
///
/// Those of the connection below are handed on unchanged. What the peer does wrong, and an alert
/// from it, is a [`SessionFailed`](crate::SessionFailed); every read and write after it says so again.
///
/// A read never fails because something could not be written: the writer is told. A write to a
/// peer that has gone says what the peer had said before it went, if that was an alert. After the
/// first error a writer gets `BrokenPipe`, and nothing is tried any more.
///
/// # Cancel safety
///
/// A read that is `Pending` has taken nothing, a write that is `Pending` has taken nothing either;
/// both may be dropped and begun anew. `close` and `shutdown` go on where they were.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
/// use socketry_connection_tls::{TlsOptions, default_provider, rustls};
/// use socketry_testing::{TestAuthority, pair};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let authority = TestAuthority::new();
/// let (client_config, server_config) = configure(&authority)?;
///
/// let (ours, theirs) = pair(); // any two ends of a connection
/// let options = TlsOptions::new();
/// future::block_on(async {
///     let (client, server) = future::zip(
///         options.connect(ours, "localhost".try_into()?, client_config),
///         options.accept(theirs, |_hello| Ok(server_config)),
///     )
///     .await;
///     let (mut client, mut server) = (client?, server?);
///
///     let client = async {
///         client.write_all(b"request").await?;
///         client.close().await?; // the client has said all, and may still read
///         let mut answer = String::new();
///         client.read_to_string(&mut answer).await?;
///         Ok(answer)
///     };
///     let server = async {
///         let mut request = String::new();
///         server.read_to_string(&mut request).await?; // to the client's close_notify
///         server.write_all(b"answer").await?;
///         server.shutdown().await // nothing is lost, however fast it is dropped now
///     };
///     let (answer, ()) = future::try_zip(client, server).await?;
///     assert_eq!(answer, "answer");
///     Ok(())
/// })
/// # }
/// #
/// # type Configs = (Arc<rustls::ClientConfig>, Arc<rustls::ServerConfig>);
/// # fn configure(authority: &TestAuthority) -> Result<Configs, Box<dyn std::error::Error>> {
/// #     let mut roots = rustls::RootCertStore::empty();
/// #     roots.add(authority.certificate_der().into())?;
/// #     let client = rustls::ClientConfig::builder_with_provider(default_provider()?)
/// #         .with_safe_default_protocol_versions()?
/// #         .with_root_certificates(roots)
/// #         .with_no_client_auth();
/// #     let identity = authority.issue(["localhost"]);
/// #     let chain = identity.chain_der().iter().map(|one| one.clone().into()).collect();
/// #     let key = rustls::pki_types::PrivateKeyDer::try_from(identity.key_der().to_vec())?;
/// #     let server = rustls::ServerConfig::builder_with_provider(default_provider()?)
/// #         .with_safe_default_protocol_versions()?
/// #         .with_no_client_auth()
/// #         .with_single_cert(chain, key)?;
/// #     Ok((client.into(), server.into()))
/// # }
/// ```
pub struct TlsConnection<C> {
    inner: C,
    session: Box<Session>,
    aborts: Aborts,
}

impl<C: Connection> TlsConnection<C> {
    pub(crate) fn new(inner: C, session: Box<Session>) -> Self {
        Self { inner, session, aborts: Aborts::default() }
    }

    /// The connection below.
    pub fn get_ref(&self) -> &C {
        &self.inner
    }

    /// The connection below. Whoever reads from it or writes to it breaks the stream above.
    pub fn get_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Takes the connection below out. What is on the way between the two is lost: what was read
    /// ahead, and what was not flushed. Nothing is sent, close_notify neither.
    pub fn into_inner(self) -> C {
        self.inner
    }

    /// The session as rustls has it: what was agreed upon, and how it stands.
    ///
    /// What does not change any more is in the [`TlsInfo`](crate::TlsInfo) among the attributes,
    /// which is found through every wrapper.
    pub fn session(&self) -> &CommonState {
        self.session.rustls()
    }

    /// Derives a secret that both sides have and nobody else (RFC 5705, RFC 8446 section 7.5), to
    /// bind something else to this very session.
    ///
    /// It fills `output`; both sides have to name the same `label`, `context` and length.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if `output` is empty, longer than can be
    /// derived, or the session has failed.
    pub fn export_keying_material(
        &self,
        output: &mut [u8],
        label: &[u8],
        context: Option<&[u8]>,
    ) -> io::Result<()> {
        let exported = self.session.rustls().export_keying_material(output, label, context);
        exported.map(drop).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
    }

    /// Changes the keys of both directions (TLS 1.3, RFC 8446 section 4.6.3), from the next record
    /// on. The request leaves with the next write, flush or read.
    ///
    /// Nobody has to: keys are changed by themselves before they have encrypted too much.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) under TLS 1.2;
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) after `close`.
    pub fn refresh_keys(&mut self) -> io::Result<()> {
        self.session.refresh_keys(&self.inner)
    }

    /// Ends the connection so that nothing is lost: writes what was written, close_notify and the
    /// end of the stream, and reads until the peer has ended too. What it reads is discarded.
    ///
    /// All of it together takes as long as
    /// [`close_within`](crate::TlsOptions::close_within) says at most. Then drop the connection.
    ///
    /// # Errors
    ///
    /// Of the connection below, if it fails before the peer has ended: the last bytes may not have
    /// arrived. [`TimedOut`](io::ErrorKind::TimedOut) if the peer does not read, or does not end.
    /// An end of the peer without close_notify is none: nobody misses what would have come.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the connection as it is by then; another call goes on, in the
    /// time that is left.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        poll_fn(|cx| {
            self.aborts.check()?;
            self.session.poll_shutdown(&mut self.inner, cx)
        })
        .await
    }
}

impl<C: Connection> Connection for TlsConnection<C> {
    fn local_address(&self) -> Option<Address> {
        self.inner.local_address().map(Address::with_tls)
    }

    fn remote_address(&self) -> Option<Address> {
        self.inner.remote_address().map(Address::with_tls)
    }

    fn attributes(&self) -> &Attributes {
        self.inner.attributes()
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        self.inner.attributes_mut()
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        let inner = self.inner.abort_handle()?;
        Some(self.aborts.handle(inner))
    }
}

impl<C: fmt::Debug> fmt::Debug for TlsConnection<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnection").field("inner", &self.inner).finish_non_exhaustive()
    }
}
