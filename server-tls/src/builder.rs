//! What a server proves and asks, put together.

use std::{collections::btree_map::Entry, fmt, io, sync::Arc};

use socketry_connection_tls::{
    Identity, Protocol, TlsOptions,
    rustls::{KeyLog, ServerConfig, server::ClientHello},
};

use crate::{
    ServerTls,
    names::Name,
    sources::{ClientCertificates, Sources},
    tls::Choose,
};

impl ServerTls {
    /// Proves to be `identity`, whatever name a client asks for, and leaves the rest as it is by
    /// default: TLS 1.2 and 1.3, no certificates of clients, resumption of 256 sessions.
    ///
    /// # Errors
    ///
    /// Those of [`ServerTlsBuilder::build`].
    pub fn new(identity: Identity) -> io::Result<Self> {
        Self::builder().identity(identity).build()
    }

    /// More than one identity, certificates of clients, and all else that can be said.
    pub fn builder() -> ServerTlsBuilder {
        ServerTlsBuilder::new()
    }
}

/// Puts a [`ServerTls`] together. It opens nothing until [`build`](Self::build).
///
/// # Examples
///
/// Two names, one of which is for whoever asks for no name, and certificates of clients:
///
/// ```
/// use socketry_connection_tls::{Identity, Roots};
/// use socketry_server_tls::{ClientCertificates, ServerTls};
///
/// # let authority = socketry_testing::TestAuthority::new();
/// # let [shop, mail] = ["shop.example", "mail.example"].map(|name| authority.issue([name]));
/// # let authority = authority.certificate_pem();
/// let shop = Identity::from_pem(shop.chain_pem(), shop.key_pem()).load()?;
/// let mail = Identity::from_pem(mail.chain_pem(), mail.key_pem()).load()?;
/// let tls = ServerTls::builder()
///     .identity(shop)
///     .identity_for("mail.example", mail)
///     .client_certificates(ClientCertificates::Optional(Roots::none().with_pem(authority)))
///     .sessions(10_000)
///     .build()?;
/// # let _ = tls;
/// # std::io::Result::Ok(())
/// ```
#[must_use = "a builder does nothing until it builds"]
pub struct ServerTlsBuilder {
    sources: Sources,
    named: Vec<(String, Identity)>,
    options: TlsOptions,
    choose: Option<Choose>,
}

impl ServerTlsBuilder {
    pub(crate) fn new() -> Self {
        Self {
            sources: Sources::new(),
            named: Vec::new(),
            options: TlsOptions::new(),
            choose: None,
        }
    }

    /// What is proved to clients who ask for no name, or for one that no other identity is for.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.sources.default = Some(identity);
        self
    }

    /// What is proved to clients who ask for `name` (SNI, RFC 6066): a host, or `*.example.com` for
    /// all hosts that are one label below `example.com`. The host goes before the wildcard.
    ///
    /// Case does not matter, nor does a dot at the end. A name that is not ASCII is written as DNS
    /// has it, such as `xn--bcher-kva.example`.
    pub fn identity_for(mut self, name: &str, identity: Identity) -> Self {
        self.named.push((name.into(), identity));
        self
    }

    /// Whether clients are refused who ask for a name that is neither that of an identity nor in
    /// the certificate of the default one. By default they get the default one, and decide
    /// themselves.
    ///
    /// Without a default identity they are refused in any case.
    pub fn refuse_unknown_names(mut self, refuse: bool) -> Self {
        self.sources.refuses_unknown = refuse;
        self
    }

    /// Which certificates clients are asked for. By default none.
    pub fn client_certificates(mut self, certificates: ClientCertificates) -> Self {
        self.sources.clients = certificates;
        self
    }

    /// Which versions, cipher suites, key exchange groups and application protocols (ALPN) are
    /// spoken, and whose cryptography is used.
    ///
    /// Of the application protocols that a client names, the first one of this list is spoken. A
    /// client that names others only is refused, one that names none is not.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.sources.protocol = protocol;
        self
    }

    /// How many sessions are kept for clients who come again. By default 256; zero keeps none, so
    /// that nothing is resumed unless there are [tickets](Self::tickets).
    ///
    /// When there are more, the oldest are forgotten.
    pub fn sessions(mut self, most: usize) -> Self {
        self.sources.resumption.sessions = most;
        self
    }

    /// Whether clients keep their sessions themselves, encrypted (RFC 5077): any number of them,
    /// at no cost of memory.
    ///
    /// By default `false`: the server keeps the last 256 sessions, or as many as
    /// [`sessions`](Self::sessions) says, and clients get only a number to ask for theirs by. With
    /// `true` only clients of TLS 1.2 that take no tickets are still remembered there.
    ///
    /// The key is made at run time, is changed every 6 hours, and leaves this process never; so one
    /// process does not know the sessions of another.
    pub fn tickets(mut self, tickets: bool) -> Self {
        self.sources.resumption.tickets = tickets;
        self
    }

    /// Tells the secrets of every session to `key_log`, so that what is recorded on the way can be
    /// read. By default to nobody; the environment (`SSLKEYLOGFILE`) is not asked.
    pub fn key_log(mut self, key_log: Arc<dyn KeyLog>) -> Self {
        self.sources.key_log = Some(key_log);
        self
    }

    /// How long handshakes may take, and how connections end.
    pub fn options(mut self, options: TlsOptions) -> Self {
        self.options = options;
        self
    }

    /// Chooses the whole configuration by the client's first message (ClientHello), as far as
    /// `choose` has one; it is used as it is. For all other clients it is the one that is built
    /// here; they are refused if there is no identity for that.
    ///
    /// It is called in the task of the handshake, and has to return at once.
    pub fn choose(
        mut self,
        choose: impl Fn(&ClientHello<'_>) -> Option<Arc<ServerConfig>> + Send + Sync + 'static,
    ) -> Self {
        self.choose = Some(Box::new(choose));
        self
    }

    /// Makes it.
    ///
    /// It blocks if there are roots for clients' certificates, because their files are read.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is nothing to prove, for a name that is
    /// none or has two identities, and for a protocol that leaves nothing to speak;
    /// [`Unsupported`](io::ErrorKind::Unsupported) for what is not in this build; those of reading
    /// the files of roots. (Files of identities are read by whoever loads them.)
    pub fn build(self) -> io::Result<ServerTls> {
        let Self { mut sources, named, options, choose } = self;
        for (text, identity) in named {
            match sources.by_name.entry(Name::parse(&text)?) {
                Entry::Vacant(place) => drop(place.insert(identity)),
                Entry::Occupied(_) => {
                    return Err(bad(format!(
                        "the name {text:?} has two identities: a name can have one"
                    )));
                }
            }
        }
        if !sources.has_identity() && choose.is_none() {
            return Err(bad(
                "a TLS server needs an identity to prove: give one, as in ServerTls::builder()\
                 .identity(Identity::from_files(\"cert.pem\", \"key.pem\").load()?)"
                    .into(),
            ));
        }
        ServerTls::of(sources, options, choose)
    }
}

fn bad(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

impl fmt::Debug for ServerTlsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTlsBuilder").field("options", &self.options).finish_non_exhaustive()
    }
}
