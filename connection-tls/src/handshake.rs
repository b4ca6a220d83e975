//! Making a connection secure.

use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use futures_lite::AsyncWriteExt;
use futures_rustls::{LazyConfigAcceptor, TlsConnector};
use rustls::{
    AlertDescription, ClientConfig, ContentType, ServerConfig,
    pki_types::ServerName,
    server::{Acceptor, ClientHello},
};
use socketry_connection::{Address, Connection, Sleep};

use crate::{
    HandshakeFailed, HandshakeFailure, TlsConnection, TlsInfo, TlsOptions,
    explain::{Evidence, Explanation, Side},
    failed::Peer,
    reads::Reads,
    remembered::{Certificates, refused_during},
    session::Session,
    transport::Transport,
};

impl TlsOptions {
    /// Secures `inner` as its client, if the server proves to be `name`.
    ///
    /// Nothing may be left to read in `inner` of what was said before; for that there is
    /// [`Plain`](crate::Plain). The configuration is one for all connections: what a resumption
    /// needs is kept in it.
    ///
    /// # Errors
    ///
    /// [`HandshakeFailed`], in one line, with what is known of the peer by then. It names the
    /// address of the connection; whoever knows the target better says so
    /// ([`with_target`](HandshakeFailed::with_target)). It is an [`io::Error`] by `?`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the connection, at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{io, sync::Arc};
    ///
    /// use socketry_connection::Connection;
    /// use socketry_connection_tls::{
    ///     TlsConnection, TlsOptions,
    ///     rustls::{ClientConfig, pki_types::ServerName},
    /// };
    ///
    /// async fn secure<C: Connection>(
    ///     plain: C,
    ///     name: ServerName<'static>,
    ///     config: Arc<ClientConfig>,
    /// ) -> io::Result<TlsConnection<C>> {
    ///     Ok(TlsOptions::new().connect(plain, name, config).await?)
    /// }
    /// ```
    pub async fn connect<C: Connection>(
        &self,
        inner: C,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
    ) -> Result<TlsConnection<C>, HandshakeFailed> {
        let info = TlsInfo::begun(match &name {
            ServerName::DnsName(name) if config.enable_sni => Some(name.as_ref()),
            _ => None,
        });
        let reads = Reads::default();
        let mut transport = Transport::new(inner, &reads);
        let handshake = async {
            let handshake = TlsConnector::from(config).connect(name, &mut transport);
            let stream = handshake.into_fallible().await.map_err(|(error, _)| error)?;
            let (transport, session) = stream.into_inner();
            transport.flush().await?;
            Ok(session)
        };
        let (ended, refused) = self.in_time(handshake, &reads).await;
        let error = match ended {
            Some(Ok(session)) => {
                return Ok(self.secured(transport, session.into(), info.server_name()));
            }
            Some(Err(error)) => Some(error),
            None => None,
        };
        let peer = Peer::To(transport.inner.remote_address().map(Address::with_tls));
        let Some(error) = error else {
            return Err(HandshakeFailed::timed_out(peer, self.within(), info));
        };
        let first_bytes = transport.first_bytes();
        let evidence = Evidence { side: Side::Client, first_bytes, certificates: &refused };
        let explanation = evidence.explain(&error);
        Err(HandshakeFailed::new(peer, explanation, error, info.with_refused(&refused)))
    }

    /// Secures `inner` as its server, with the configuration that `choose` has for the client's
    /// first message.
    ///
    /// Nothing may be left to read in `inner` of what was said before; for that there is
    /// [`Plain`](crate::Plain). A client that `choose` refuses is told so by an alert.
    ///
    /// # Errors
    ///
    /// [`HandshakeFailed`], in one line, with what is known of the client by then: a client that
    /// speaks something else is refused with the first bytes that it has sent. It is an
    /// [`io::Error`] by `?`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the connection, at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{io, sync::Arc};
    ///
    /// use socketry_connection::Connection;
    /// use socketry_connection_tls::{TlsConnection, TlsOptions, rustls::ServerConfig};
    ///
    /// async fn secure<C: Connection>(
    ///     plain: C,
    ///     default: Arc<ServerConfig>,
    ///     internal: Arc<ServerConfig>,
    /// ) -> io::Result<TlsConnection<C>> {
    ///     let choose = |hello: &rustls::server::ClientHello<'_>| match hello.server_name() {
    ///         Some("internal.example.org") => Ok(internal),
    ///         Some(_) => Ok(default),
    ///         None => Err(io::Error::new(io::ErrorKind::NotFound, "clients have to send a name")),
    ///     };
    ///     Ok(TlsOptions::new().accept(plain, choose).await?)
    /// }
    /// # use socketry_connection_tls::rustls;
    /// ```
    pub async fn accept<C: Connection>(
        &self,
        inner: C,
        choose: impl FnOnce(&ClientHello<'_>) -> io::Result<Arc<ServerConfig>>,
    ) -> Result<TlsConnection<C>, HandshakeFailed> {
        let peer = Peer::From(inner.remote_address());
        let mut info = TlsInfo::default();
        let reads = Reads::default();
        let mut transport = Transport::new(inner, &reads);
        let handshake = async {
            let start = LazyConfigAcceptor::new(Acceptor::default(), &mut transport).await?;
            let hello = start.client_hello();
            info = TlsInfo::begun(hello.server_name());
            let config = match choose(&hello) {
                Ok(config) => config,
                Err(error) => {
                    drop(start);
                    // It is over, whether or not the client hears of it.
                    let _ = transport.write_all(&alert(&error)).await;
                    return Err(Fault::Choice(error));
                }
            };
            let accept = start.into_stream(config).into_fallible();
            let stream = accept.await.map_err(|(error, _)| error)?;
            let (transport, session) = stream.into_inner();
            transport.flush().await?;
            Ok(session)
        };
        let (ended, refused) = self.in_time(handshake, &reads).await;
        let (explanation, error) = match ended {
            Some(Ok(session)) => {
                return Ok(self.secured(transport, session.into(), info.server_name()));
            }
            Some(Err(Fault::Choice(error))) => {
                let failure = HandshakeFailure::Refused;
                let (words, kind) = (error.to_string(), error.kind());
                (Explanation { failure, words, kind }, error)
            }
            Some(Err(Fault::Tls(error))) => {
                let first_bytes = transport.first_bytes();
                let evidence = Evidence { side: Side::Server, first_bytes, certificates: &refused };
                (evidence.explain(&error), error)
            }
            None => return Err(HandshakeFailed::timed_out(peer, self.within(), info)),
        };
        Err(HandshakeFailed::new(peer, explanation, error, info.with_refused(&refused)))
    }

    fn secured<C: Connection>(
        &self,
        transport: Transport<'_, C>,
        session: rustls::Connection,
        server_name: Option<&str>,
    ) -> TlsConnection<C> {
        let Transport { mut inner, records, is_cut, .. } = transport;
        inner.attributes_mut().insert(TlsInfo::of(&session, server_name));
        TlsConnection::new(inner, Box::new(Session::new(session, records, is_cut, self)))
    }

    /// What comes of `handshake`, or `None` if the time is up before; and the certificates that were
    /// refused in it.
    async fn in_time<F: Future>(
        &self,
        handshake: F,
        reads: &Reads,
    ) -> (Option<F::Output>, Certificates) {
        let mut handshake = pin!(handshake);
        let mut sleep = None;
        let mut refused = Certificates::new();
        let ended = poll_fn(|cx| {
            loop {
                reads.begin_poll();
                let (poll, certificates) = refused_during(|| handshake.as_mut().poll(cx));
                if let Some(certificates) = certificates {
                    refused = certificates;
                }
                if let Poll::Ready(output) = poll {
                    return Poll::Ready(Some(output));
                }
                if !reads.are_due() {
                    break;
                }
            }
            let Some(within) = self.handshake_within else {
                return Poll::Pending;
            };
            let sleep = sleep.get_or_insert_with(|| Sleep::after(self.clock.as_ref(), within));
            Pin::new(sleep).poll(cx).map(|()| None)
        });
        let ended = ended.await;
        (ended, refused)
    }

    fn within(&self) -> Duration {
        self.handshake_within.unwrap_or_default()
    }
}

/// A fatal alert as long as nothing is encrypted: that the name is unknown, or that the client may
/// not come in.
fn alert(error: &io::Error) -> [u8; 7] {
    const FATAL: u8 = 2;

    let description = match error.kind() {
        io::ErrorKind::NotFound => AlertDescription::UnrecognisedName,
        _ => AlertDescription::AccessDenied,
    };
    [ContentType::Alert.into(), 3, 3, 0, 2, FATAL, description.into()]
}

/// What has ended the handshake of a server.
enum Fault {
    /// Whoever chooses the configuration has refused.
    Choice(io::Error),
    Tls(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Tls(error)
    }
}
