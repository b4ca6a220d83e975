//! The server's side.

use std::{io, sync::Arc};

use socketry_connection::Clock;
use socketry_connection_tls::{Roots, rustls::KeyLogFile};
use socketry_server::Accept;
use socketry_server_tls::{ClientCertificates, ServerTls, TlsServer, WhenFull};

use super::{Common, Spoken, options, with_files};
use crate::{ClientCertificatesConfig, TlsServerConfig};

impl TlsServerConfig {
    /// The handle that this describes, for what needs one: to reload it
    /// ([`ServerTls::reload`]), or to secure a connection that is in use ([`ServerTls::upgrade`]).
    ///
    /// Limits of handshakes and the watching of files are no part of the handle; give the
    /// configuration to [`ServerBuilder::config`](crate::ServerBuilder::config) for them. Reads all
    /// files, which blocks for a moment.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), if an option has no meaning or there is no
    /// identity; what is wrong with one, with its file and line.
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    pub fn to_server(&self) -> io::Result<ServerTls> {
        self.to_server_on(None)
    }

    /// The same on a clock.
    pub(crate) fn to_server_on(&self, clock: Option<&Arc<dyn Clock>>) -> io::Result<ServerTls> {
        if self.identity.is_none() && self.names.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a server needs a certificate and its key: give TlsServerConfig::identity, in a file as [tls.identity], or a ServerTls to Server::builder().tls(..)",
            ));
        }
        let options = options(self.common(), clock);
        let mut builder = ServerTls::builder()
            .refuse_unknown_names(self.refuse_unknown_names)
            .client_certificates(self.to_client_certificates()?)
            .protocol(self.spoken().to_protocol())
            .sessions(self.sessions)
            .tickets(self.tickets)
            .options(options);
        if let Some(identity) = &self.identity {
            builder = builder.identity(identity.load()?);
        }
        for (name, identity) in &self.names {
            builder = builder.identity_for(name, identity.load()?);
        }
        if self.key_log {
            builder = builder.key_log(Arc::new(KeyLogFile::new()));
        }
        builder.build()
    }

    /// Puts `tls` over a server that takes connections.
    pub(crate) fn around<A: Accept>(
        &self,
        inner: A,
        tls: ServerTls,
        clock: Option<&Arc<dyn Clock>>,
    ) -> TlsServer<A> {
        let mut server = TlsServer::new(inner, tls)
            .most_handshakes(self.most_handshakes)
            .most_handshakes_per_address(self.most_handshakes_per_address)
            .when_full(if self.refuse_when_full { WhenFull::Refuse } else { WhenFull::Wait });
        if let Some(interval) = self.watch_files {
            server = server.watching(interval);
        }
        if let Some(clock) = clock {
            server = server.with_clock(clock.clone());
        }
        server
    }

    fn to_client_certificates(&self) -> io::Result<ClientCertificates> {
        let named = [&self.client_ca_files, &self.client_ca_dirs, &self.client_revocation_files];
        let is_silent = named.iter().all(|paths| paths.is_empty());
        let [files, dirs, revocations] = named;
        let roots = with_files(Roots::none(), files, dirs, revocations);
        match self.client_certificates {
            ClientCertificatesConfig::Optional => Ok(ClientCertificates::Optional(roots)),
            ClientCertificatesConfig::Required => Ok(ClientCertificates::Required(roots)),
            ClientCertificatesConfig::None if is_silent => Ok(ClientCertificates::None),
            ClientCertificatesConfig::None => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the files for verifying clients have no effect, because clients are not asked for certificates; set client_certificates to \"required\" or \"optional\", or take the files out",
            )),
        }
    }

    fn common(&self) -> Common {
        Common {
            handshake_timeout: self.handshake_timeout,
            close_timeout: self.close_timeout,
            allow_truncation: self.allow_truncation,
        }
    }

    fn spoken(&self) -> Spoken<'_> {
        Spoken {
            alpn: &self.alpn,
            min_version: self.min_version,
            max_version: self.max_version,
            suites: &self.suites,
            key_exchange_groups: &self.key_exchange_groups,
        }
    }
}
