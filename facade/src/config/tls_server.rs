//! TLS as plain data: the server's side.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::{IdentityConfig, Setting, Timeout, TlsVersion};

/// How a server secures its connections.
///
/// In a file:
///
/// ```toml
/// [tls]
/// alpn = ["h2", "http/1.1"]
/// watch_files = "60s"
///
/// [tls.identity]
/// certificate = "/etc/ssl/example.org.pem"
/// key = "/etc/ssl/example.org.key"
///
/// [tls.names."*.example.net"]
/// certificate = "/etc/ssl/example.net.pem"
/// key = "/etc/ssl/example.net.key"
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(default, deny_unknown_fields, expecting = "a table of TLS options, with an identity")
)]
#[non_exhaustive]
pub struct TlsServerConfig {
    /// What the server shows to clients that ask for no name, or for one that is not among
    /// [`names`](Self::names). Without any identity nobody can be served.
    pub identity: Option<IdentityConfig>,
    /// What it shows to clients that ask for a name: `www.example.org`, or `*.example.org` for every
    /// name with one label before that.
    pub names: BTreeMap<String, IdentityConfig>,
    /// Whether clients are refused that ask for a name which nobody here has. By default off: they
    /// are shown [`identity`](Self::identity).
    pub refuse_unknown_names: bool,
    /// Whether clients have to say who they are. By default not.
    pub client_certificates: ClientCertificatesConfig,
    /// Files of certificates, in PEM or DER, whose signatures make a client known.
    pub client_ca_files: Vec<PathBuf>,
    /// Folders of such files.
    pub client_ca_dirs: Vec<PathBuf>,
    /// Files of certificate revocation lists for clients, in PEM or DER.
    pub client_revocation_files: Vec<PathBuf>,
    /// The application protocols that are spoken, the preferred one first. By default none.
    pub alpn: Vec<String>,
    /// The oldest version to speak. By default 1.2.
    pub min_version: Option<TlsVersion>,
    /// The newest version to speak. By default 1.3.
    pub max_version: Option<TlsVersion>,
    /// The cipher suites to speak, by name, the preferred one first. By default those of the
    /// cryptography in use.
    pub suites: Vec<String>,
    /// The groups for exchanging keys, by name, the preferred one first. By default those of the
    /// cryptography in use.
    pub key_exchange_groups: Vec<String>,
    /// How many sessions the server keeps for clients that come again. By default 256; 0 for none.
    pub sessions: usize,
    /// Whether clients keep their sessions themselves, encrypted (RFC 5077), at no cost of memory
    /// here. By default on.
    pub tickets: bool,
    /// How long a handshake may take. By default on, which means 10 seconds.
    pub handshake_timeout: Setting<Timeout>,
    /// How many handshakes may be under way. By default 256.
    pub most_handshakes: usize,
    /// How many of them may be with one client. By default 32. A client is an IPv4 address, or the
    /// first 64 bits of an IPv6 address, in which one host has as many addresses as it likes.
    pub most_handshakes_per_address: usize,
    /// Whether newcomers are closed when so many handshakes are under way. By default off: they wait
    /// until there is room.
    pub refuse_when_full: bool,
    /// How often the files of certificates and keys are looked at, to be read again if they have
    /// changed. By default never, as with zero.
    #[cfg_attr(feature = "serde", serde(with = "super::duration::option"))]
    pub watch_files: Option<Duration>,
    /// How long closing may wait for a peer that does not read. By default 5 seconds.
    #[cfg_attr(feature = "serde", serde(with = "super::duration"))]
    pub close_timeout: Duration,
    /// Whether the end of a stream counts although the peer has not said that it was the end. By
    /// default off.
    pub allow_truncation: bool,
    /// Whether the keys of sessions are written to the file that the environment variable
    /// `SSLKEYLOGFILE` names. By default off. Whoever reads that file can read the connections.
    pub key_log: bool,
}

impl Default for TlsServerConfig {
    fn default() -> Self {
        Self {
            identity: None,
            names: BTreeMap::new(),
            refuse_unknown_names: false,
            client_certificates: ClientCertificatesConfig::None,
            client_ca_files: Vec::new(),
            client_ca_dirs: Vec::new(),
            client_revocation_files: Vec::new(),
            alpn: Vec::new(),
            min_version: None,
            max_version: None,
            suites: Vec::new(),
            key_exchange_groups: Vec::new(),
            sessions: 256,
            tickets: true,
            handshake_timeout: Setting::On,
            close_timeout: Duration::from_secs(5),
            most_handshakes: 256,
            most_handshakes_per_address: 32,
            refuse_when_full: false,
            watch_files: None,
            allow_truncation: false,
            key_log: false,
        }
    }
}

/// Whether clients have to say who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ClientCertificatesConfig {
    /// They are not asked.
    #[default]
    None,
    /// They are asked, and may show none. One that shows a certificate which nobody who is named
    /// here has signed is refused.
    Optional,
    /// They are asked, and refused unless they are known.
    Required,
}
