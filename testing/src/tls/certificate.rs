//! What a certificate is to be like.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    SerialNumber, date_time_ymd,
};

use crate::{
    TestAuthority, TestIdentity, TestKey,
    tls::{key::Key, serial},
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A certificate that is about to be issued: a good one, unless something else is said.
///
/// It is valid from 1975 to 4096, for a key of its own of the kind [`TestKey::P256`], and does not
/// say for which side it is: it has no extended key usage, so both may use it.
///
/// # Examples
///
/// A server's, that nobody should accept any more:
///
/// ```
/// use socketry_testing::{TestAuthority, TestKey};
///
/// let authority = TestAuthority::new();
/// let server = authority.certificate(["localhost"]).for_servers().expired();
/// let identity = server.with_key(TestKey::Ed25519).issue();
/// assert_eq!(identity.chain_der().len(), 1);
/// ```
#[derive(Debug)]
pub struct TestCertificate<'a> {
    /// `None` if it signs itself.
    authority: Option<&'a TestAuthority>,
    params: CertificateParams,
    serial: u64,
    key: TestKey,
    with_chain: bool,
}

impl<'a> TestCertificate<'a> {
    pub(super) fn by<'n>(
        authority: Option<&'a TestAuthority>,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let serial = serial::next();
        // No host name itself: some look for one in a common name, even beside those that count.
        let subject = format!("certificate {serial} for {}", names.join(" and "));
        let mut params = CertificateParams::new(names).expect("the names are names");
        params.distinguished_name.push(DnType::CommonName, subject);
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(SerialNumber::from(serial));
        Self { authority, params, serial, key: TestKey::default(), with_chain: true }
    }

    /// A certificate for `names` that is signed with its own key, by no authority. It says that it
    /// is none itself.
    ///
    /// With [`as_authority`](Self::as_authority) it is what `openssl req -x509` makes.
    ///
    /// # Panics
    ///
    /// If a name is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_testing::TestCertificate;
    ///
    /// let leaf = TestCertificate::self_signed(["localhost"]).issue();
    /// let by_openssl = TestCertificate::self_signed(["localhost"]).as_authority().issue();
    /// # assert_ne!(leaf.chain_pem(), by_openssl.chain_pem());
    /// ```
    pub fn self_signed<'n>(names: impl IntoIterator<Item = &'n str>) -> TestCertificate<'static> {
        let mut certificate = TestCertificate::by(None, names);
        certificate.params.is_ca = IsCa::ExplicitNoCa;
        certificate
    }

    /// It has expired yesterday, after it was valid for a day.
    pub fn expired(self) -> Self {
        let today = since_1970();
        self.valid(today - 2 * DAY, today - DAY)
    }

    /// It will be valid from tomorrow on, for a day.
    pub fn not_valid_yet(self) -> Self {
        let today = since_1970();
        self.valid(today + DAY, today + 2 * DAY)
    }

    /// It is for servers, and not for clients (extended key usage `serverAuth`); for both, if both
    /// are said.
    pub fn for_servers(mut self) -> Self {
        self.params.insert_extended_key_usage(ExtendedKeyUsagePurpose::ServerAuth);
        self
    }

    /// It is for clients, and not for servers (extended key usage `clientAuth`); for both, if both
    /// are said.
    pub fn for_clients(mut self) -> Self {
        self.params.insert_extended_key_usage(ExtendedKeyUsagePurpose::ClientAuth);
        self
    }

    /// It may itself sign others (basic constraint `CA:TRUE`), though it is used as a leaf.
    pub fn as_authority(mut self) -> Self {
        self.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        self
    }

    /// It has a key of this kind.
    pub fn with_key(mut self, kind: TestKey) -> Self {
        self.key = kind;
        self
    }

    /// The certificates between it and the root are not in its chain, though they are needed.
    pub fn without_intermediates(mut self) -> Self {
        self.with_chain = false;
        self
    }

    /// Makes the key and signs the certificate.
    ///
    /// # Panics
    ///
    /// If a [weak key](TestKey::Rsa1024) is asked for and there is no program that makes one, or if
    /// it is to sign itself.
    pub fn issue(self) -> TestIdentity {
        let key = Key::of(self.key);
        let certificate = self.sign(&key);
        let mut chain = vec![certificate.der().to_vec()];
        let mut chain_pem = certificate.pem();
        if let Some(authority) = self.authority.filter(|_| self.with_chain) {
            for (der, pem) in authority.intermediates() {
                chain.push(der.clone());
                chain_pem.push_str(pem);
            }
        }
        TestIdentity {
            chain,
            chain_pem,
            key: key.to_der(),
            key_pem: key.to_pem(),
            serial: self.serial,
        }
    }

    fn sign(&self, key: &Key) -> Certificate {
        let signed = match (self.authority, key) {
            (Some(authority), key) => self.params.signed_by(key, authority.issuer()),
            (None, Key::Ours(key)) => self.params.self_signed(key),
            (None, Key::Weak(_)) => panic!("a weak key signs nothing here, not even itself"),
        };
        signed.expect("these parameters are valid")
    }

    /// Both are times since 1970.
    fn valid(mut self, from: Duration, until: Duration) -> Self {
        self.params.not_before = date_time_ymd(1970, 1, 1) + from;
        self.params.not_after = date_time_ymd(1970, 1, 1) + until;
        self
    }
}

fn since_1970() -> Duration {
    let passed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    passed.expect("the clock of this machine is later than 1970")
}
