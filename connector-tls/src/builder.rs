//! Choosing how a client speaks TLS.

use std::{fmt, io, sync::Arc};

use socketry_connection_tls::{
    Identity, Protocol, Roots, TlsOptions,
    rustls::{KeyLog, client::ClientSessionStore},
};
use socketry_connector::Host;

use crate::{
    CertificatePin, ClientTls,
    name::server_name,
    settings::{Sessions, Settings, Trust},
    setup::Setup,
};

/// Chooses how a client speaks TLS: [`ClientTls::builder`].
///
/// Nothing is checked and nothing read before [`build`](Self::build).
///
/// # Examples
///
/// Servers of one's own, whose clients show certificates, too:
///
/// ```
/// use socketry_connector_tls::{ClientTls, Identity, Protocol, Roots, TlsVersion};
///
/// # fn main() -> std::io::Result<()> {
/// # let authority = socketry_testing::TestAuthority::new();
/// # let client = authority.issue(["client.example"]);
/// # let (authority, certificate, key) =
/// #     (authority.certificate_pem(), client.chain_pem().to_string(), client.key_pem().to_string());
/// let tls = ClientTls::builder()
///     .roots(Roots::none().with_pem(authority)) // or with_pem_file("/etc/own/ca.pem")
///     .identity(Identity::from_pem(certificate, key).load()?)
///     .protocol(Protocol::new().min_version(TlsVersion::Tls13).alpn(["h2", "http/1.1"]))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "the configuration is made by `build`"]
pub struct ClientTlsBuilder {
    settings: Settings,
    options: TlsOptions,
    name: Option<Host>,
}

impl ClientTls {
    /// Trusts whom the system trusts, and speaks what the default provider has: TLS 1.2 and 1.3.
    ///
    /// Never fails: what is missing is said by the first connect.
    pub fn new() -> Self {
        let config = Setup::new(|| Settings::default().draft()?.config());
        Self::from_parts(config, TlsOptions::new(), None)
    }

    /// Chooses more.
    pub fn builder() -> ClientTlsBuilder {
        ClientTlsBuilder { settings: Settings::default(), options: TlsOptions::new(), name: None }
    }
}

impl Default for ClientTls {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientTlsBuilder {
    /// Whose signatures are trusted. By default those that the system trusts
    /// ([`Roots::platform`]).
    ///
    /// A certificate that has signed itself, and is no authority, is trusted if it is itself among
    /// the roots.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.settings.trust = Trust::Roots(roots);
        self
    }

    /// The certificate that is shown to a server that asks for one. By default none is.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.settings.identity = Some(identity);
        self
    }

    /// Which versions, cipher suites, key exchanges and application protocols (ALPN) are offered,
    /// and whose cryptography is used.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.settings.protocol = protocol;
        self
    }

    /// The server's own certificate has to be one of these, beside all else that is checked of it.
    /// By default, and with none, it may be any.
    ///
    /// As with curl, the pins are compared with the server's certificate and its key, and not with
    /// those of the authorities above it. A session that is resumed was checked when it began.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_connector_tls::{CertificatePin, ClientTls};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let now = "sha256//YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg=".parse::<CertificatePin>()?;
    /// let next = "sha256//Jo4lSZ4aOqf4Kc0LxHYVSYzNGqWGzJXIEBcTc4SFaDs=".parse::<CertificatePin>()?;
    /// let tls = ClientTls::builder().pins([now, next]).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn pins(mut self, pins: impl IntoIterator<Item = CertificatePin>) -> Self {
        self.settings.pins = pins.into_iter().collect();
        self
    }

    /// The name that every server has to prove, and is asked for (SNI), whatever the target. By
    /// default it comes from the target.
    pub fn server_name(mut self, name: Host) -> Self {
        self.name = Some(name);
        self
    }

    /// Whether the server is told the name (SNI), which is not encrypted. By default it is; a
    /// server with several certificates needs it. IP addresses are never told.
    pub fn sni(mut self, sni: bool) -> Self {
        self.settings.sni = sni;
        self
    }

    /// How many sessions are kept in memory to be resumed, which saves a round trip with TLS 1.2 and
    /// certificates with both. By default 256; up to eight go to one server. 0 resumes none.
    pub fn sessions(mut self, count: usize) -> Self {
        self.settings.sessions = Sessions::Kept(count);
        self
    }

    /// Keeps sessions in `store` instead. A session is resumed only by the [`ClientTls`] that has
    /// begun it, so that none goes past what another one checks.
    pub fn session_store(mut self, store: Arc<dyn ClientSessionStore>) -> Self {
        self.settings.sessions = Sessions::In(store);
        self
    }

    /// Hands the keys of all sessions to `key_log`, so that a recording of the network can be read:
    /// [`KeyLogFile`](socketry_connection_tls::rustls::KeyLogFile), say. By default nobody gets them.
    pub fn key_log(mut self, key_log: Arc<dyn KeyLog>) -> Self {
        self.settings.key_log = Some(key_log);
        self
    }

    /// How long a handshake and a close may take, and what an end without warning means.
    pub fn options(mut self, options: TlsOptions) -> Self {
        self.options = options;
        self
    }

    /// Checks what was chosen. Roots are loaded by the first connect, or
    /// [`config`](ClientTls::config).
    ///
    /// # Errors
    ///
    /// Of kind [`InvalidInput`](io::ErrorKind::InvalidInput), if a name is none, or the protocol or
    /// the identity cannot be used; [`Unsupported`](io::ErrorKind::Unsupported), if there is no
    /// cryptography in this build.
    pub fn build(self) -> io::Result<ClientTls> {
        let name = self.name.as_ref().map(server_name).transpose()?;
        let draft = self.settings.draft()?;
        Ok(ClientTls::from_parts(Setup::new(move || draft.config()), self.options, name))
    }

    pub(crate) fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }
}

impl fmt::Debug for ClientTlsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTlsBuilder")
            .field("name", &self.name)
            .field("pins", &self.settings.pins)
            .field("sni", &self.settings.sni)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
