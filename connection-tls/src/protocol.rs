//! What is spoken: versions, cipher suites, groups, application protocols.

use std::{fmt, io, str::FromStr, sync::Arc};

use rustls::{
    SupportedCipherSuite, SupportedProtocolVersion,
    crypto::{CryptoProvider, SupportedKxGroup},
    version::{TLS12, TLS13},
};

use self::names::{choose, invalid, names_of_group, names_of_suite};
use crate::provider::{default_provider, every_group};

mod names;

/// What is spoken, on either side, and by which cryptography.
///
/// Without a choice made it is what the cryptography has, in its order, in TLS 1.2 and 1.3, and no
/// application protocol.
///
/// # Post-quantum key exchange
///
/// With the feature `aws-lc-rs` the group preferred by default is `X25519MLKEM768`, a hybrid with
/// ML-KEM: what was recorded stays secret even if X25519 is broken one day by a quantum computer. It
/// costs some more computing and memory in each full handshake, and makes the first message of each
/// side longer by more than a kilobyte, so that the client's takes two packets, which a few old
/// middleboxes do not expect. Who has no use for it names the others:
///
/// ```
/// use socketry_connection_tls::Protocol;
///
/// let protocol = Protocol::new().key_exchange_groups(["X25519", "P-256", "P-384"]);
/// assert_eq!(protocol.resolve()?.provider.kx_groups.len(), 3);
/// # std::io::Result::Ok(())
/// ```
///
/// # Examples
///
/// ```
/// use socketry_connection_tls::{Protocol, TlsVersion};
///
/// let protocol = Protocol::new()
///     .min_version(TlsVersion::Tls13)
///     .suites(["TLS_AES_128_GCM_SHA256"])
///     .key_exchange_groups(["X25519"])
///     .alpn(["h2", "http/1.1"]);
/// assert_eq!(protocol.resolve()?.provider.cipher_suites.len(), 1);
///
/// let error = Protocol::new().suites(["RC4-SHA"]).resolve().unwrap_err();
/// assert!(error.to_string().starts_with("invalid cipher suite \"RC4-SHA\": choose from "));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Protocol {
    min: Option<TlsVersion>,
    max: Option<TlsVersion>,
    suites: Option<Vec<String>>,
    groups: Option<Vec<String>>,
    alpn: Vec<Vec<u8>>,
    provider: Option<Arc<CryptoProvider>>,
}

/// A version of TLS that can be spoken. Older ones are broken, and not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

/// A [`Protocol`] as the configurations of rustls take it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ResolvedProtocol {
    /// The cryptography, with the suites and groups that were chosen.
    pub provider: Arc<CryptoProvider>,
    /// The versions.
    pub versions: Vec<&'static SupportedProtocolVersion>,
    /// The application protocols.
    pub alpn: Vec<Vec<u8>>,
}

impl Protocol {
    /// As the cryptography has it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The oldest version to speak. By default 1.2.
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.min = Some(version);
        self
    }

    /// The newest version to speak. By default 1.3.
    pub fn max_version(mut self, version: TlsVersion) -> Self {
        self.max = Some(version);
        self
    }

    /// The only cipher suites to speak, the preferred one first. By default all that the cryptography
    /// has.
    ///
    /// They go by their names in the [registry of IANA] (`TLS_AES_128_GCM_SHA256`,
    /// `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`), in OpenSSL (`ECDHE-RSA-AES128-GCM-SHA256`), or in
    /// rustls (`TLS13_AES_128_GCM_SHA256`), in capitals or not. Each is for one version, and a version
    /// of which none is named is not spoken.
    ///
    /// [registry of IANA]: https://www.iana.org/assignments/tls-parameters/tls-parameters.xhtml
    pub fn suites(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.suites = Some(names.into_iter().map(|name| name.as_ref().into()).collect());
        self
    }

    /// The only groups to exchange keys in, the preferred one first: `X25519MLKEM768`, `X25519`,
    /// `secp256r1` (or `P-256`), `secp384r1`, in capitals or not. By default those that the
    /// cryptography prefers; there may be more to name.
    pub fn key_exchange_groups(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.groups = Some(names.into_iter().map(|name| name.as_ref().into()).collect());
        self
    }

    /// The application protocols to speak, the preferred one first (ALPN, RFC 7301): `h2`,
    /// `http/1.1`. If both sides have some and none in common, the handshake fails. By default none:
    /// then they are not spoken of.
    pub fn alpn(mut self, names: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        self.alpn = names.into_iter().map(|name| name.as_ref().to_vec()).collect();
        self
    }

    /// The cryptography, of whose suites and groups the named ones are. By default that of
    /// [`default_provider`].
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// What was chosen, as rustls takes it.
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput), if a name is none of those that there are,
    ///   which are listed, or stands there twice, or if nothing is left to speak.
    /// - [`Unsupported`](io::ErrorKind::Unsupported), if there is no cryptography in this build.
    pub fn resolve(&self) -> io::Result<ResolvedProtocol> {
        let mut provider = match &self.provider {
            Some(provider) => provider.clone(),
            None => default_provider()?,
        };
        if let Some(names) = &self.suites {
            let names_of = |suite: &SupportedCipherSuite| names_of_suite(suite.suite());
            let suites = choose("cipher suite", names, &provider.cipher_suites, names_of)?;
            Arc::make_mut(&mut provider).cipher_suites = suites;
        }
        if let Some(names) = &self.groups {
            let known = match &self.provider {
                Some(provider) => provider.kx_groups.clone(),
                None => every_group(),
            };
            let names_of = |group: &&'static dyn SupportedKxGroup| names_of_group(group.name());
            let groups = choose("key exchange group", names, &known, names_of)?;
            Arc::make_mut(&mut provider).kx_groups = groups;
        }
        let versions = self.versions(&provider)?;
        self.check_alpn()?;
        Ok(ResolvedProtocol { provider, versions, alpn: self.alpn.clone() })
    }

    /// The versions for which there are a suite and a group.
    fn versions(
        &self,
        provider: &CryptoProvider,
    ) -> io::Result<Vec<&'static SupportedProtocolVersion>> {
        let min = self.min.unwrap_or(TlsVersion::Tls12);
        let max = self.max.unwrap_or(TlsVersion::Tls13);
        if min > max {
            return Err(invalid(format!(
                "invalid TLS versions: the oldest to speak ({min}) is newer than the newest ({max})"
            )));
        }
        // The newest first, as rustls prefers it.
        let versions: Vec<_> = [(TlsVersion::Tls13, &TLS13), (TlsVersion::Tls12, &TLS12)]
            .into_iter()
            .filter(|(version, _)| (min..=max).contains(version))
            .map(|(_, version)| version)
            .filter(|version| {
                let mut suites = provider.cipher_suites.iter();
                let mut groups = provider.kx_groups.iter();
                suites.any(|suite| suite.version().version == version.version)
                    && groups.any(|group| group.usable_for_version(version.version))
            })
            .collect();
        if versions.is_empty() {
            let range = if min == max { min.to_string() } else { format!("{min} to {max}") };
            return Err(invalid(format!(
                "nothing is left to speak: TLS {range} needs a cipher suite and a key exchange \
                 group of its own, and one of them is not among those that were named"
            )));
        }
        Ok(versions)
    }

    fn check_alpn(&self) -> io::Result<()> {
        for (index, name) in self.alpn.iter().enumerate() {
            let shown = name.escape_ascii();
            if !(1..=255).contains(&name.len()) {
                return Err(invalid(format!(
                    "invalid application protocol \"{shown}\": a name has 1 to 255 bytes"
                )));
            }
            if self.alpn[..index].contains(name) {
                return Err(invalid(format!(
                    "invalid application protocols: \"{shown}\" stands there twice"
                )));
            }
        }
        // Each has a byte for its length, and all have two (RFC 7301, section 3.1).
        match self.alpn.iter().map(|name| name.len() + 1).sum::<usize>() {
            0..=0xfffd => Ok(()),
            _ => Err(invalid("invalid application protocols: they do not fit into a message")),
        }
    }
}

impl TlsVersion {
    fn text(self) -> &'static str {
        match self {
            Self::Tls12 => "1.2",
            Self::Tls13 => "1.3",
        }
    }
}

/// Prints as `1.2` or `1.3`.
impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Reads what it prints.
///
/// # Errors
///
/// [`InvalidInput`](io::ErrorKind::InvalidInput), if it is neither.
impl FromStr for TlsVersion {
    type Err = io::Error;

    fn from_str(text: &str) -> io::Result<Self> {
        let both = [Self::Tls12, Self::Tls13].into_iter();
        both.into_iter().find(|version| version.text() == text).ok_or_else(|| {
            invalid(format!(
                "invalid TLS version {text:?}: write 1.2 or 1.3; others are not spoken"
            ))
        })
    }
}
