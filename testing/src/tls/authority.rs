//! A certificate authority of the test.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};

/// A certificate authority that is made for one test and trusted by nobody else.
///
/// # Examples
///
/// ```
/// use socketry_testing::TestAuthority;
///
/// let authority = TestAuthority::new();
/// let identity = authority.issue(["localhost", "127.0.0.1"]);
/// assert!(identity.chain_pem().starts_with("-----BEGIN CERTIFICATE-----"));
/// assert_ne!(authority.certificate_der(), identity.chain_der()[0]);
/// ```
#[derive(Debug)]
pub struct TestAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate chain with its private key, which belong together.
#[derive(Clone, Debug)]
pub struct TestIdentity {
    chain: Vec<Vec<u8>>,
    chain_pem: String,
    key: Vec<u8>,
    key_pem: String,
}

impl TestAuthority {
    /// A new authority, with a key of its own.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "the authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key of the default kind can be made");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("these parameters are valid");
        Self { issuer }
    }

    /// A certificate for `names`, which are host names, wildcards or IP addresses, with its key.
    ///
    /// # Panics
    ///
    /// If a name is none.
    pub fn issue<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> TestIdentity {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let mut params = CertificateParams::new(names).expect("the names are names");
        params.distinguished_name.push(DnType::CommonName, "a test");
        let key = KeyPair::generate().expect("a key of the default kind can be made");
        let leaf = params.signed_by(&key, &self.issuer).expect("these parameters are valid");
        TestIdentity {
            chain: vec![leaf.der().to_vec()],
            chain_pem: leaf.pem(),
            key: key.serialize_der(),
            key_pem: key.serialize_pem(),
        }
    }

    /// The certificate of the authority, in PEM.
    pub fn certificate_pem(&self) -> String {
        self.issuer.pem()
    }

    /// The certificate of the authority, in DER.
    pub fn certificate_der(&self) -> Vec<u8> {
        self.issuer.der().to_vec()
    }
}

impl Default for TestAuthority {
    fn default() -> Self {
        Self::new()
    }
}

impl TestIdentity {
    /// The certificates, that of the identity first, each in DER.
    pub fn chain_der(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// The certificates, that of the identity first, in PEM.
    pub fn chain_pem(&self) -> &str {
        &self.chain_pem
    }

    /// The private key in DER (PKCS#8).
    pub fn key_der(&self) -> &[u8] {
        &self.key
    }

    /// The private key in PEM (PKCS#8).
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }
}
