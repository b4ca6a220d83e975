//! Which certificate is for which name.

use std::{borrow::Cow, collections::HashMap, io, sync::Arc};

use socketry_connection_tls::rustls::{
    client::verify_server_name,
    pki_types::ServerName,
    server::{ClientHello, ParsedCertificate, ResolvesServerCert},
    sign::CertifiedKey,
};

/// A name that a client may ask for.
///
/// Names are compared as DNS does it: the case of a letter does not matter, nor a dot at the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    Host(String),
    /// Every host that is one label below this domain.
    Below(String),
}

impl Name {
    /// Reads `www.example.com` or `*.example.com`.
    pub(crate) fn parse(text: &str) -> io::Result<Self> {
        let domain = text.strip_prefix("*.");
        let host = normal(domain.unwrap_or(text));
        match ServerName::try_from(&*host) {
            Ok(ServerName::DnsName(_)) if domain.is_some() => Ok(Self::Below(host.into_owned())),
            Ok(ServerName::DnsName(_)) => Ok(Self::Host(host.into_owned())),
            Ok(_) => Err(bad(text, "clients send no IP addresses as names: give `identity`")),
            Err(_) if !text.is_ascii() => Err(bad(text, "write it in ASCII, as xn--...")),
            Err(_) => Err(bad(text, "it has to be www.example.com or *.example.com")),
        }
    }
}

/// The one way to write `host`, which costs nothing if it is written so.
fn normal(host: &str) -> Cow<'_, str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => host.to_ascii_lowercase().into(),
        false => host.into(),
    }
}

fn bad(text: &str, why: &str) -> io::Error {
    let text = format!("the name {text:?} for an identity is none: {why}");
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// The certificates of a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Certificates {
    default: Option<Arc<CertifiedKey>>,
    hosts: HashMap<String, Arc<CertifiedKey>>,
    below: HashMap<String, Arc<CertifiedKey>>,
    refuses_unknown: bool,
}

impl Certificates {
    /// Only the certificate for those who ask for no name, and for unknown ones unless they are
    /// refused.
    pub(crate) fn new(default: Option<Arc<CertifiedKey>>, refuses_unknown: bool) -> Self {
        Self { default, refuses_unknown, ..Self::default() }
    }

    pub(crate) fn insert(&mut self, name: Name, key: Arc<CertifiedKey>) {
        match name {
            Name::Host(host) => self.hosts.insert(host, key),
            Name::Below(domain) => self.below.insert(domain, key),
        };
    }

    /// The one for `name`: that of the host, of the wildcard, or else the default.
    pub(crate) fn find(&self, name: Option<&str>) -> Option<&Arc<CertifiedKey>> {
        let Some(name) = name.map(normal) else {
            return self.default.as_ref();
        };
        let below = || self.below.get(name.split_once('.')?.1);
        let unknown = || {
            let default = self.default.as_ref()?;
            (!self.refuses_unknown || is_for(default, &name)).then_some(default)
        };
        self.hosts.get(&*name).or_else(below).or_else(unknown)
    }
}

/// Whether a certificate says that it is for `name`.
fn is_for(key: &CertifiedKey, name: &str) -> bool {
    let leaf = key.cert.first().and_then(|leaf| ParsedCertificate::try_from(leaf).ok());
    match (leaf, ServerName::try_from(name)) {
        (Some(leaf), Ok(name)) => verify_server_name(&leaf, &name).is_ok(),
        _ => false,
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.find(hello.server_name()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use socketry_connection_tls::{default_provider, rustls::pki_types::PrivateKeyDer};
    use socketry_testing::TestAuthority;

    use super::*;

    fn key(names: &[&str]) -> Arc<CertifiedKey> {
        let identity = TestAuthority::new().issue(names.iter().copied());
        let key = PrivateKeyDer::try_from(identity.key_der().to_vec()).unwrap();
        let provider = default_provider().unwrap();
        let key = provider.key_provider.load_private_key(key).unwrap();
        let chain = identity.chain_der().iter().map(|der| der.clone().into()).collect();
        Arc::new(CertifiedKey::new(chain, key))
    }

    fn certificates(names: &[&str]) -> Certificates {
        let default = key(&["default.test", "*.default.test"]);
        let mut certificates = Certificates::new(Some(default), false);
        for name in names {
            certificates.insert(Name::parse(name).unwrap(), key(&[name.trim_end_matches('.')]));
        }
        certificates
    }

    /// Whether `name` gets the certificate that was given for `expected`.
    fn gets(certificates: &Certificates, name: &str, expected: &str) -> bool {
        certificates.find(Some(name)).is_some_and(|key| is_for(key, &expected.replace('*', "x")))
    }

    #[test]
    fn a_host_goes_before_its_wildcard() {
        let certificates = certificates(&["www.example.com", "*.example.com"]);
        let exact = certificates.find(Some("www.example.com")).unwrap();
        assert!(is_for(exact, "www.example.com") && !is_for(exact, "ftp.example.com"));
        assert!(gets(&certificates, "ftp.example.com", "*.example.com"));
    }

    #[test]
    fn a_wildcard_is_for_one_label() {
        let certificates = certificates(&["*.example.com"]);
        assert!(gets(&certificates, "example.com", "default.test"));
        assert!(gets(&certificates, "a.b.example.com", "default.test"));
    }

    #[test]
    fn case_and_a_dot_at_the_end_do_not_matter() {
        let certificates = certificates(&["WWW.Example.Com.", "*.Example.org."]);
        assert!(gets(&certificates, "www.example.COM", "www.example.com"));
        assert!(gets(&certificates, "www.example.com.", "www.example.com"));
        assert!(gets(&certificates, "Www.example.org", "*.example.org"));
    }

    #[test]
    fn who_names_nobody_gets_the_default() {
        let certificates = certificates(&["www.example.com"]);
        let default = certificates.default.clone().unwrap();
        assert!(Arc::ptr_eq(certificates.find(None).unwrap(), &default));
    }

    #[test]
    fn an_unknown_name_is_refused_if_that_is_asked_for() {
        let mut certificates = certificates(&["www.example.com"]);
        certificates.refuses_unknown = true;
        assert!(certificates.find(Some("ftp.example.com")).is_none());
        assert!(certificates.find(None).is_some());
    }

    #[test]
    fn the_names_of_the_default_certificate_are_known() {
        let mut certificates = certificates(&[]);
        certificates.refuses_unknown = true;
        assert!(gets(&certificates, "default.test", "default.test"));
        assert!(gets(&certificates, "WWW.default.test.", "default.test"));
        assert!(certificates.find(Some("other.test")).is_none());
    }

    #[test]
    fn what_is_no_name_is_bad_input_that_says_why() {
        for (text, why) in [
            ("192.0.2.1", "IP addresses"),
            ("*.192.0.2.1", "IP addresses"),
            ("b\u{fc}cher.example", "xn--"),
            ("", "www.example.com"),
            ("*", "www.example.com"),
            ("*.*.example.com", "www.example.com"),
            ("www.*.com", "www.example.com"),
            ("example.com:443", "www.example.com"),
        ] {
            let error = Name::parse(text).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
