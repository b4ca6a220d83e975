//! The client's side.

use std::{io, sync::Arc};

use socketry_connection::Clock;
use socketry_connection_tls::{Roots, rustls::KeyLogFile};
use socketry_connector::Host;
use socketry_connector_tls::{CertificatePin, ClientTls};

use super::{Common, Spoken, options, with_files};
use crate::{TlsConfig, TrustedRoots};

impl TlsConfig {
    /// The handle that this describes, for what needs one: to secure a connection that is in use
    /// ([`ClientTls::upgrade`]), or to share it among connectors.
    ///
    /// Reads the files of the identity, which blocks for a moment; roots are loaded when they are
    /// first needed.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), if an option has no meaning; what is wrong with
    /// the identity, with its file and line.
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    pub fn to_client(&self) -> io::Result<ClientTls> {
        self.to_client_on(None)
    }

    /// The same on a clock.
    pub(crate) fn to_client_on(&self, clock: Option<&Arc<dyn Clock>>) -> io::Result<ClientTls> {
        self.check()?;
        let options = options(self.common(), clock);
        let pins: Vec<CertificatePin> =
            self.pins.iter().map(|pin| pin.parse()).collect::<Result<_, _>>()?;
        let mut builder = ClientTls::builder()
            .roots(self.to_roots())
            .protocol(self.spoken().to_protocol())
            .pins(pins)
            .sni(self.sni)
            .sessions(self.sessions)
            .options(options);
        if let Some(identity) = &self.identity {
            builder = builder.identity(identity.load()?);
        }
        if let Some(name) = &self.server_name {
            builder = builder.server_name(name.parse::<Host>()?);
        }
        if self.key_log {
            builder = builder.key_log(Arc::new(KeyLogFile::new()));
        }
        if !self.verify_certificate {
            builder = builder.dangerous().accept_any_certificate();
        }
        if !self.verify_name {
            builder = builder.dangerous().accept_any_name();
        }
        builder.build()
    }

    /// Refuses what looks like safety and is none.
    fn check(&self) -> io::Result<()> {
        let is_named = self.roots.is_some()
            || !self.ca_files.is_empty()
            || !self.ca_dirs.is_empty()
            || !self.revocation_files.is_empty();
        match self.verify_certificate || !is_named {
            true => Ok(()),
            false => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the roots that are named have no effect, because certificates are not verified; take verify_certificate = false out, or the roots",
            )),
        }
    }

    fn to_roots(&self) -> Roots {
        let usual = match self.ca_files.is_empty() && self.ca_dirs.is_empty() {
            true => TrustedRoots::Platform,
            false => TrustedRoots::None,
        };
        let roots = match self.roots.unwrap_or(usual) {
            TrustedRoots::Platform => Roots::platform(),
            TrustedRoots::Mozilla => Roots::mozilla(),
            TrustedRoots::None => Roots::none(),
        };
        with_files(roots, &self.ca_files, &self.ca_dirs, &self.revocation_files)
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
