//! What is spoken: versions, cipher suites, groups, application protocols.

use std::{fmt, io, str::FromStr, sync::Arc};

use rustls::{
    SupportedProtocolVersion,
    crypto::CryptoProvider,
    version::{TLS12, TLS13},
};

use crate::default_provider;

/// What is spoken, on either side, and by which cryptography.
///
/// Without a choice made it is what the cryptography has, in its order, in TLS 1.2 and 1.3, and no
/// application protocol.
///
/// With AWS-LC the group preferred by default is a hybrid with ML-KEM, which holds against quantum
/// computers to come. It costs some computing and a kilobyte or so on each side of a full
/// handshake; who has no use for it names the
/// [`key_exchange_groups`](Self::key_exchange_groups).
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
/// assert!(error.to_string().starts_with("invalid cipher suite \"RC4-SHA\""));
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

    /// The only cipher suites to speak, the preferred one first, by their names in the registry of
    /// IANA or those of OpenSSL: `TLS_AES_128_GCM_SHA256`, `ECDHE-RSA-AES128-GCM-SHA256`.
    pub fn suites(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.suites = Some(names.into_iter().map(|name| name.as_ref().into()).collect());
        self
    }

    /// The only groups to exchange keys in, the preferred one first: `X25519MLKEM768`, `X25519`,
    /// `secp256r1` (or `P-256`), `secp384r1`.
    pub fn key_exchange_groups(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.groups = Some(names.into_iter().map(|name| name.as_ref().into()).collect());
        self
    }

    /// The application protocols to speak, the preferred one first (ALPN, RFC 7301): `h2`,
    /// `http/1.1`. If both sides have some and none in common, the handshake fails.
    pub fn alpn(mut self, names: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        self.alpn = names.into_iter().map(|name| name.as_ref().to_vec()).collect();
        self
    }

    /// The cryptography. By default that of [`default_provider`].
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// What was chosen, as rustls takes it.
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput), if a name is none of those that there are,
    ///   or if nothing is left to speak.
    /// - [`Unsupported`](io::ErrorKind::Unsupported), if there is no cryptography in this build.
    pub fn resolve(&self) -> io::Result<ResolvedProtocol> {
        let provider = match &self.provider {
            Some(provider) => provider.clone(),
            None => default_provider()?,
        };
        let provider = self.choose(provider)?;
        let versions = self.versions(&provider)?;
        self.check_alpn()?;
        Ok(ResolvedProtocol { provider, versions, alpn: self.alpn.clone() })
    }

    fn choose(&self, provider: Arc<CryptoProvider>) -> io::Result<Arc<CryptoProvider>> {
        if self.suites.is_none() && self.groups.is_none() {
            return Ok(provider);
        }
        let mut chosen = (*provider).clone();
        if let Some(names) = &self.suites {
            let all = chosen.cipher_suites.iter().map(|suite| (debug(suite.suite()), *suite));
            chosen.cipher_suites = pick("cipher suite", names, all.collect(), suite_key)?;
        }
        if let Some(names) = &self.groups {
            let all = chosen.kx_groups.iter().map(|group| (debug(group.name()), *group));
            chosen.kx_groups = pick("group for exchanging keys", names, all.collect(), group_key)?;
        }
        Ok(Arc::new(chosen))
    }

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
                provider
                    .cipher_suites
                    .iter()
                    .any(|suite| suite.version().version == version.version)
            })
            .collect();
        if versions.is_empty() {
            let range = if min == max { min.to_string() } else { format!("{min} to {max}") };
            return Err(invalid(format!(
                "nothing is left to speak: none of the cipher suites is one of TLS {range}"
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
        Ok(())
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

/// Those of `all` with these names, in the order of the names.
fn pick<T: Copy>(
    what: &str,
    names: &[String],
    all: Vec<(String, T)>,
    key: fn(&str) -> String,
) -> io::Result<Vec<T>> {
    let known = || all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    if names.is_empty() {
        return Err(invalid(format!("no {what} is left to speak: name one of {}", known())));
    }
    let mut picked = Vec::with_capacity(names.len());
    for name in names {
        let Some((_, found)) = all.iter().find(|(other, _)| key(other) == key(name)) else {
            return Err(invalid(format!("invalid {what} {name:?}: there are {}", known())));
        };
        picked.push(*found);
    }
    Ok(picked)
}

/// What is the same in all names of one suite.
fn suite_key(name: &str) -> String {
    let name = name.to_ascii_uppercase();
    let name = name.strip_prefix("TLS13_").or(name.strip_prefix("TLS_")).unwrap_or(&name);
    let mut key: String = name.replace("_WITH_", "_");
    key.retain(|character| character.is_ascii_alphanumeric());
    // OpenSSL leaves the hash out where there is no other.
    match key.contains("CHACHA20") {
        true => key.trim_end_matches("SHA256").into(),
        false => key,
    }
}

/// What is the same in all names of one group.
fn group_key(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "p-256" | "prime256v1" => "secp256r1".into(),
        "p-384" => "secp384r1".into(),
        "p-521" => "secp521r1".into(),
        other => other.into(),
    }
}

fn debug(name: impl fmt::Debug) -> String {
    format!("{name:?}")
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}
