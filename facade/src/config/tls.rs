//! TLS as plain data: what both sides have in common, and the client's side.

use std::{fmt, path::PathBuf, time::Duration};

use super::{Setting, Timeout};

/// How a client secures its connections.
///
/// In a file:
///
/// ```toml
/// [tls]
/// ca_files = ["/etc/ssl/company.pem"] # instead of those whom the system trusts
/// alpn = ["h2", "http/1.1"]
/// min_version = "1.3"
///
/// [tls.identity]
/// certificate = "client.pem"
/// key = "client.key"
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(default, deny_unknown_fields, expecting = "true, false, or a table of TLS options")
)]
#[non_exhaustive]
pub struct TlsConfig {
    /// Whether the server's certificate has to be signed by somebody who is trusted. By default
    /// on. **Off, anybody on the way can be the server**, unless [`pins`](Self::pins) hold it.
    pub verify_certificate: bool,
    /// Whether the server's certificate has to be for the name of the host. By default on. **Off,
    /// anybody with a certificate can be the server.**
    pub verify_name: bool,
    /// The name that the server has to prove, in place of the host's. By default none.
    pub server_name: Option<String>,
    /// Whether the server is told the name that is asked for (SNI). By default on.
    pub sni: bool,
    /// Who is trusted: by default the system's, or none if there are files or folders below.
    pub roots: Option<TrustedRoots>,
    /// Files of certificates, in PEM or DER, that are trusted; instead of the system's, unless
    /// [`roots`](Self::roots) names those too.
    pub ca_files: Vec<PathBuf>,
    /// Folders of such files, whose names have no meaning.
    pub ca_dirs: Vec<PathBuf>,
    /// Files of certificate revocation lists, in PEM or DER.
    pub revocation_files: Vec<PathBuf>,
    /// The only certificates that are taken, whoever has signed them: `sha256//` and the SHA-256 of
    /// the public key in base64, or the SHA-256 of the certificate in hexadecimal. By default none,
    /// which means any.
    pub pins: Vec<String>,
    /// What the client shows to a server that asks who it is. By default nothing.
    pub identity: Option<IdentityConfig>,
    /// The application protocols to propose, the preferred one first. By default none.
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
    /// For how many servers sessions are kept, to be resumed. By default 256; 0 for none.
    pub sessions: usize,
    /// How long a handshake may take. By default on, which means 10 seconds. The timeout of the
    /// whole call is another one.
    pub handshake_timeout: Setting<Timeout>,
    /// How long closing may wait for a peer that does not read. By default 5 seconds.
    #[cfg_attr(feature = "serde", serde(with = "super::duration"))]
    pub close_timeout: Duration,
    /// Whether the end of a stream counts although the peer has not said that it was the end. By
    /// default off: it is an error then, because anybody on the way can cut a stream.
    pub allow_truncation: bool,
    /// Whether the keys of sessions are written to the file that the environment variable
    /// `SSLKEYLOGFILE` names. By default off. Whoever reads that file can read the connections.
    pub key_log: bool,
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self {
            verify_certificate: true,
            verify_name: true,
            server_name: None,
            sni: true,
            roots: None,
            ca_files: Vec::new(),
            ca_dirs: Vec::new(),
            revocation_files: Vec::new(),
            pins: Vec::new(),
            identity: None,
            alpn: Vec::new(),
            min_version: None,
            max_version: None,
            suites: Vec::new(),
            key_exchange_groups: Vec::new(),
            sessions: 256,
            handshake_timeout: Setting::On,
            close_timeout: Duration::from_secs(5),
            allow_truncation: false,
            key_log: false,
        }
    }
}

/// A certificate with its private key, in files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(deny_unknown_fields, expecting = "a table with `certificate` and `key`, each a path")
)]
#[non_exhaustive]
pub struct IdentityConfig {
    /// The certificate and those between it and a root, in PEM or DER.
    pub certificate: PathBuf,
    /// The private key, in PEM or DER. By default none, which means that the file of the certificate
    /// is PEM and has the key in it as well.
    #[cfg_attr(feature = "serde", serde(default))]
    pub key: Option<PathBuf>,
    /// The passphrase of an encrypted key. By default none.
    #[cfg_attr(feature = "serde", serde(default))]
    pub passphrase: Option<Passphrase>,
}

impl IdentityConfig {
    /// The certificate and the key in these files.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { certificate: certificate.into(), key: Some(key.into()), passphrase: None }
    }
}

/// A passphrase. `Debug` does not show it, but a configuration that is written has it.
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Passphrase(String);

impl Passphrase {
    /// The passphrase itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Passphrase {
    fn from(passphrase: String) -> Self {
        Self(passphrase)
    }
}

impl From<&str> for Passphrase {
    fn from(passphrase: &str) -> Self {
        Self(passphrase.into())
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// Who is trusted besides those who are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum TrustedRoots {
    /// Whom the system trusts, as the system decides it.
    Platform,
    /// Whom Mozilla trusts, as it was when this was built. Needs the feature `mozilla-roots`.
    Mozilla,
    /// Nobody.
    None,
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum TlsVersion {
    /// RFC 5246.
    #[cfg_attr(feature = "serde", serde(rename = "1.2"))]
    V1_2,
    /// RFC 8446.
    #[cfg_attr(feature = "serde", serde(rename = "1.3"))]
    V1_3,
}
