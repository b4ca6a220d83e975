//! The client's side.

use std::{io, sync::Arc};

use socketry_connection::Clock;
use socketry_connection_tls::{Roots, rustls::KeyLogFile};
use socketry_connector::Host;
use socketry_connector_tls::{CertificatePin, ClientTls};

use super::{Spoken, options};
use crate::{TlsConfig, TrustedRoots};

impl TlsConfig {
    /// Reads the identity's files, and looks at everything else; loads no roots.
    pub(crate) fn to_client(&self, clock: Option<&Arc<dyn Clock>>) -> io::Result<ClientTls> {
        let options = options(self.handshake_timeout, self.allow_truncation, clock);
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

    fn to_roots(&self) -> Roots {
        let usual = match self.ca_files.is_empty() && self.ca_dirs.is_empty() {
            true => TrustedRoots::Platform,
            false => TrustedRoots::None,
        };
        let mut roots = match self.roots.unwrap_or(usual) {
            TrustedRoots::Platform => Roots::platform(),
            TrustedRoots::Mozilla => Roots::mozilla(),
            TrustedRoots::None => Roots::none(),
        };
        for file in &self.ca_files {
            roots = roots.with_pem_file(file);
        }
        for dir in &self.ca_dirs {
            roots = roots.with_pem_dir(dir);
        }
        for file in &self.revocation_files {
            roots = roots.with_revocation_file(file);
        }
        roots
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
