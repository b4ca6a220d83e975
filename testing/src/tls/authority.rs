//! A certificate authority of the test.

use std::fmt;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, NameConstraints,
    RevokedCertParams, SerialNumber, date_time_ymd,
};

use crate::{TestCertificate, TestIdentity, tls::serial};

/// A certificate authority that is made for one test and trusted by nobody else.
///
/// Each has a name and a key of its own, so that two of them are strangers.
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
pub struct TestAuthority {
    name: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// What stands between its certificates and the root, itself included, in DER and PEM: nothing
    /// if it is the root.
    intermediates: Vec<(Vec<u8>, String)>,
}

impl TestAuthority {
    /// A new root, with a name and a key of its own.
    pub fn new() -> Self {
        Self::root(format!("authority {} of a test", serial::next()))
    }

    /// Another root of the same name, with another key: what it issues looks like this one's, but
    /// for the signature.
    pub fn impostor(&self) -> Self {
        Self::root(self.name.clone())
    }

    /// An authority under this one. What it issues has the certificates of all that stand between
    /// it and the root in its chain.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_testing::TestAuthority;
    ///
    /// let root = TestAuthority::new();
    /// let intermediate = root.intermediate();
    /// assert_eq!(intermediate.issue(["localhost"]).chain_der().len(), 2);
    ///
    /// let incomplete = intermediate.certificate(["localhost"]).without_intermediates();
    /// assert_eq!(incomplete.issue().chain_der().len(), 1);
    /// ```
    pub fn intermediate(&self) -> Self {
        self.constrained([], [])
    }

    /// An authority under this one that may only issue names under those that are `permitted`, if
    /// there are any, and none under those that are `excluded` (RFC 5280, section 4.2.1.10).
    ///
    /// Each is a host name, which stands for itself and all below it, or a network such as
    /// `192.0.2.0/24`. The authority issues what it is asked for all the same: it is for the peer
    /// to see that it had no right to.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_testing::TestAuthority;
    ///
    /// let authority = TestAuthority::new().constrained(["example.com"], ["bad.example.com"]);
    /// let good = authority.issue(["www.example.com"]);
    /// let bad = authority.issue(["www.example.org"]);
    /// # assert_eq!(good.chain_der().len(), bad.chain_der().len());
    /// ```
    pub fn constrained<'a>(
        &self,
        permitted: impl IntoIterator<Item = &'a str>,
        excluded: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let name = format!("authority {} of a test", serial::next());
        let mut params = params(&name);
        params.use_authority_key_identifier_extension = true;
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: permitted.into_iter().map(subtree).collect(),
            excluded_subtrees: excluded.into_iter().map(subtree).collect(),
        });
        let issuer = CertifiedIssuer::signed_by(params, key(), &self.issuer)
            .expect("these parameters are valid");
        let mut intermediates = vec![(issuer.der().to_vec(), issuer.pem())];
        intermediates.extend_from_slice(&self.intermediates);
        Self { name, issuer, intermediates }
    }

    /// A certificate for `names`, which are host names, wildcards or IP addresses, with its key.
    ///
    /// # Panics
    ///
    /// If a name is none.
    pub fn issue<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> TestIdentity {
        self.certificate(names).issue()
    }

    /// A certificate for `names` as [`issue`](Self::issue) makes it, of which more can be said
    /// before it is made.
    ///
    /// # Panics
    ///
    /// If a name is none.
    pub fn certificate<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> TestCertificate<'_> {
        TestCertificate::by(Some(self), names)
    }

    /// The list of what this authority has revoked, which says that it is complete and good until
    /// the year 4096.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_testing::TestAuthority;
    ///
    /// let authority = TestAuthority::new();
    /// let (good, stolen) = (authority.issue(["a.test"]), authority.issue(["b.test"]));
    /// let revocations = authority.revocations([&stolen]);
    /// assert!(revocations.pem().starts_with("-----BEGIN X509 CRL-----"));
    /// # drop(good);
    /// ```
    pub fn revocations<'a>(
        &self,
        revoked: impl IntoIterator<Item = &'a TestIdentity>,
    ) -> TestRevocations {
        let revoked = revoked.into_iter().map(|identity| RevokedCertParams {
            serial_number: SerialNumber::from(identity.serial),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(4096, 1, 1),
            crl_number: SerialNumber::from(serial::next()),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).expect("these parameters are valid");
        let pem = list.pem().expect("a list can be written in PEM");
        TestRevocations { der: list.der().to_vec(), pem }
    }

    /// The certificate of the authority, in PEM.
    pub fn certificate_pem(&self) -> String {
        self.issuer.pem()
    }

    /// The certificate of the authority, in DER.
    pub fn certificate_der(&self) -> Vec<u8> {
        self.issuer.der().to_vec()
    }

    pub(super) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    /// In DER and PEM, lowest first.
    pub(super) fn intermediates(&self) -> &[(Vec<u8>, String)] {
        &self.intermediates
    }

    fn root(name: String) -> Self {
        let issuer =
            CertifiedIssuer::self_signed(params(&name), key()).expect("these parameters are valid");
        Self { name, issuer, intermediates: Vec::new() }
    }
}

impl Default for TestAuthority {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TestAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestAuthority").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A list of revoked certificates (CRL).
#[derive(Clone, Debug)]
pub struct TestRevocations {
    der: Vec<u8>,
    pem: String,
}

impl TestRevocations {
    /// In DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// In PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from(serial::next()));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key of the default kind can be made")
}

fn subtree(name: &str) -> GeneralSubtree {
    match name.parse() {
        Ok(network) => GeneralSubtree::IpAddress(network),
        Err(()) => GeneralSubtree::DnsName(name.into()),
    }
}
