//! Making a connection secure.

use std::{
    future::{Future, poll_fn},
    io,
    pin::pin,
    sync::Arc,
    task::Poll,
};

use futures_rustls::{LazyConfigAcceptor, TlsConnector};
use rustls::{
    ClientConfig, ServerConfig,
    pki_types::ServerName,
    server::{Acceptor, ClientHello},
};
use socketry_connection::{Connection, Sleep};

use crate::{
    HandshakeFailed, HandshakeFailure, TlsConnection, TlsInfo, TlsOptions, transport::Transport,
};

impl TlsOptions {
    /// Secures `inner` as its client, if the server proves to be `name`.
    pub async fn connect<C: Connection>(
        &self,
        inner: C,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
    ) -> Result<TlsConnection<C>, HandshakeFailed> {
        let target = name.to_str().into_owned();
        let sni = match &name {
            ServerName::DnsName(name) if config.enable_sni => Some(name.as_ref().to_string()),
            _ => None,
        };
        let connector = TlsConnector::from(config);
        let handshake = connector.connect(name, Transport::new(inner)).into_fallible();
        match self.in_time(handshake).await {
            Some(Ok(stream)) => {
                let (transport, session) = stream.into_inner();
                Ok(TlsConnection::new(transport.inner, session.into(), sni, self))
            }
            Some(Err((error, _transport))) => {
                let failure = HandshakeFailure::of(&error);
                let info = TlsInfo { server_name: sni, ..TlsInfo::default() };
                Err(HandshakeFailed::to(target, failure, error, info))
            }
            None => {
                let info = TlsInfo { server_name: sni, ..TlsInfo::default() };
                Err(HandshakeFailed::to(target, self.timed_out(), timed_out(), info))
            }
        }
    }

    /// Secures `inner` as its server, with the configuration that `choose` has for the client's
    /// first message.
    pub async fn accept<C: Connection>(
        &self,
        inner: C,
        choose: impl FnOnce(&ClientHello<'_>) -> io::Result<Arc<ServerConfig>>,
    ) -> Result<TlsConnection<C>, HandshakeFailed> {
        let remote = inner.remote_address();
        let mut info = TlsInfo::default();
        let handshake = async {
            let acceptor = LazyConfigAcceptor::new(Acceptor::default(), Transport::new(inner));
            let start = acceptor.await.map_err(|error| (HandshakeFailure::of(&error), error))?;
            let hello = start.client_hello();
            info.server_name = hello.server_name().map(Into::into);
            let config = choose(&hello).map_err(|error| (HandshakeFailure::Refused, error))?;
            let accept = start.into_stream(config).into_fallible();
            accept.await.map_err(|(error, _)| (HandshakeFailure::of(&error), error))
        };
        let ended = self.in_time(handshake).await;
        match ended {
            Some(Ok(stream)) => {
                let (transport, session) = stream.into_inner();
                Ok(TlsConnection::new(transport.inner, session.into(), info.server_name, self))
            }
            Some(Err((failure, error))) => Err(HandshakeFailed::from(remote, failure, error, info)),
            None => Err(HandshakeFailed::from(remote, self.timed_out(), timed_out(), info)),
        }
    }

    /// `None` if the time was up before.
    async fn in_time<F: Future>(&self, handshake: F) -> Option<F::Output> {
        let mut handshake = pin!(handshake);
        let mut sleep = None;
        poll_fn(|cx| {
            if let Poll::Ready(output) = handshake.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            let Some(within) = self.handshake_within else {
                return Poll::Pending;
            };
            let sleep = sleep.get_or_insert_with(|| Sleep::after(self.clock.as_ref(), within));
            pin!(sleep).poll(cx).map(|()| None)
        })
        .await
    }

    fn timed_out(&self) -> HandshakeFailure {
        HandshakeFailure::TimedOut { after: self.handshake_within.unwrap_or_default() }
    }
}

impl HandshakeFailure {
    fn of(error: &io::Error) -> Self {
        use rustls::{CertificateError as Certificate, Error};
        if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) {
            return Self::PeerGone;
        }
        let payload = error.get_ref().and_then(|error| error.downcast_ref::<Error>());
        match payload {
            Some(Error::InvalidCertificate(certificate)) => match certificate {
                Certificate::Expired | Certificate::ExpiredContext { .. } => Self::Expired,
                Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                    Self::NotYetValid
                }
                Certificate::NotValidForNameContext { presented, .. } => {
                    Self::WrongName { names: presented.clone() }
                }
                Certificate::UnknownIssuer => Self::UnknownIssuer,
                Certificate::Revoked => Self::Revoked,
                _ => Self::BadCertificate,
            },
            Some(Error::AlertReceived(alert)) => Self::Alert(*alert),
            Some(Error::NoCertificatesPresented) => Self::NoCertificate,
            Some(Error::PeerIncompatible(_)) => Self::NothingInCommon,
            Some(Error::NoApplicationProtocol) => Self::NoProtocolInCommon,
            Some(Error::InvalidMessage(_)) => Self::NotTls,
            _ => Self::Other,
        }
    }
}

fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}
