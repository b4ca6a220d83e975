//! The door to what can make TLS worthless.

use std::sync::Arc;

use socketry_connection_tls::rustls::client::danger::ServerCertVerifier;

use crate::{ClientTlsBuilder, settings::Trust};

/// Checks less than TLS needs to be worth anything: [`ClientTlsBuilder::dangerous`].
///
/// Whoever stands between the two and is not noticed reads and writes everything. What is still
/// checked, always: that the server has the key to the certificate that it shows.
#[derive(Clone, Debug)]
#[must_use = "each of its methods gives the builder back"]
pub struct DangerousClientTls(ClientTlsBuilder);

impl ClientTlsBuilder {
    /// Checks less than TLS needs to be worth anything.
    pub fn dangerous(self) -> DangerousClientTls {
        DangerousClientTls(self)
    }
}

impl DangerousClientTls {
    /// Accepts certificates whoever has signed them, also those that have expired, are revoked or
    /// are for something else. The name is still checked, against what the certificate says of
    /// itself. [Roots](ClientTlsBuilder::roots) are not loaded.
    ///
    /// Together with [pins](ClientTlsBuilder::pins) this is safe: the server has to be the one that
    /// is known. That is the way to servers whose certificate is none that a client should trust,
    /// and cannot be mended: what `openssl req -x509` makes signs itself and says that it is an
    /// authority (`CA:TRUE`), which is refused as a root and as a leaf. Those without a name in
    /// `subjectAltName` need [`accept_any_name`](Self::accept_any_name), too.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_connector_tls::{CertificatePin, ClientTls};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let pin = "60:B8:75:75:44:7D:CB:A2:A3:6B:7D:11:AC:09:FB:24:\
    ///            A9:DB:40:6F:EE:12:D2:CC:90:18:05:17:61:6E:8A:18";
    /// let tls = ClientTls::builder()
    ///     .pins([pin.parse::<CertificatePin>()?])
    ///     .dangerous()
    ///     .accept_any_certificate()
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn accept_any_certificate(mut self) -> ClientTlsBuilder {
        self.0.settings_mut().trust = Trust::Anybody;
        self.0
    }

    /// Accepts certificates for other names. All else is still checked: whoever has a certificate of
    /// a trusted authority, for any name, can play the server.
    ///
    /// With [roots](ClientTlsBuilder::roots) it is [`Unsupported`](std::io::ErrorKind::Unsupported)
    /// on Windows, Android and Apple's systems, whose verifiers do not tell one from the other.
    pub fn accept_any_name(mut self) -> ClientTlsBuilder {
        self.0.settings_mut().any_name = true;
        self.0
    }

    /// Has certificates checked by `verifier`, names and signatures included. Pins are still
    /// checked, of what it accepts.
    pub fn verifier(mut self, verifier: Arc<dyn ServerCertVerifier>) -> ClientTlsBuilder {
        self.0.settings_mut().trust = Trust::Verifier(verifier);
        self.0
    }
}
