//! Which certificates and keys belong together, and which can be used at all.

use std::{fs, io::ErrorKind, sync::Arc};

use socketry_connection_tls::{
    Identity, IdentityLoader, LoadFailed, Protocol, Roots, default_provider,
    rustls::{
        Error, SignatureAlgorithm, SignatureScheme,
        crypto::{CryptoProvider, KeyProvider},
        pki_types::PrivateKeyDer,
        sign::{CertifiedKey, Signer, SigningKey},
    },
};
use socketry_testing::{TestAuthority, TestDir, TestIdentity, TestKey};

use crate::support::openssl;

fn issued(kind: TestKey) -> TestIdentity {
    TestAuthority::new().certificate(["a.example"]).with_key(kind).issue()
}

#[test]
fn a_certificate_that_stands_behind_another_one_is_told_by_its_number() {
    let (own, other) = (issued(TestKey::P256), issued(TestKey::P256));
    let chain = [other.chain_pem(), own.chain_pem()].concat();
    let error = Identity::from_pem(chain, own.key_pem()).load().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(
        error.to_string(),
        "the private key, line 1: this private key does not belong to the first certificate (the \
         certificate), but to number 2: put that one first"
    );
}

#[test]
fn every_certificate_in_der_is_parsed_and_a_bad_one_is_told_by_its_number() {
    let own = issued(TestKey::P256);
    let chain = [own.chain_der()[0].clone(), b"0 is where DER begins".to_vec()];
    let error = Identity::from_der(chain, own.key_der()).load().unwrap_err();
    assert!(error.to_string().starts_with("certificate 2: "), "{error}");
}

#[test]
fn a_certificate_without_extensions_is_refused_with_what_it_lacks() {
    let folder = TestDir::new();
    openssl(
        &folder,
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -subj /CN=a -out a.csr",
    );
    openssl(&folder, "x509 -req -in a.csr -key key.pem -out cert.pem");
    let path = folder.path().join("cert.pem");
    let error = Identity::from_files(&path, folder.path().join("key.pem")).load().unwrap_err();
    let start = format!("{}:1: this certificate is of version 1", path.display());
    assert!(error.to_string().starts_with(&start), "{error}");
}

#[cfg(feature = "aws-lc-rs")]
#[test]
fn a_key_over_the_curve_p_521_is_read() {
    let folder = TestDir::new();
    openssl(
        &folder,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-521 -nodes -keyout key.pem -subj /CN=a -out cert.pem",
    );
    let path = |name| folder.path().join(name);
    assert!(Identity::from_files(path("cert.pem"), path("key.pem")).load().is_ok());
}

#[test]
fn a_key_that_the_cryptography_does_not_know_is_told_with_file_and_line() {
    let folder = TestDir::new();
    openssl(&folder, "req -x509 -newkey ed448 -nodes -keyout key.pem -subj /CN=a -out cert.pem");
    let path = |name| folder.path().join(name);
    let error = Identity::from_files(path("cert.pem"), path("key.pem")).load().unwrap_err();
    let start = format!("{}:1: this private key cannot be used", path("key.pem").display());
    assert!(error.to_string().starts_with(&start), "{error}");
}

#[test]
fn blocks_that_are_no_certificates_for_tls_are_told_apart() {
    let folder = TestDir::new();
    let own = issued(TestKey::P256);
    fs::write(folder.path().join("cert.pem"), own.chain_pem()).unwrap();
    fs::write(folder.path().join("key.pem"), own.key_pem()).unwrap();
    openssl(&folder, "x509 -in cert.pem -trustout -out trusted.pem");
    openssl(&folder, "req -new -key key.pem -subj /CN=a -out asked.pem");
    openssl(&folder, "pkcs12 -export -in cert.pem -inkey key.pem -passout pass:a -out both.p12");
    let utf_16 = own.chain_pem().encode_utf16().flat_map(u16::to_le_bytes);
    let utf_16: Vec<u8> = [0xff, 0xfe].into_iter().chain(utf_16).collect();
    fs::write(folder.path().join("wide.pem"), utf_16).unwrap();
    for (name, words) in [
        ("trusted.pem", ":1: this is a certificate with OpenSSL's notes on trust"),
        ("asked.pem", ": there is no block of a certificate in it, only: CERTIFICATE REQUEST"),
        ("both.p12", "comes out with: openssl pkcs12 -in"),
        ("wide.pem", ": it is text in UTF-16"),
    ] {
        let path = folder.path().join(name);
        let error = Identity::from_files(&path, folder.path().join("key.pem")).load().unwrap_err();
        assert!(error.to_string().contains(words), "{name}: {error}");
    }
}

#[test]
fn both_in_one_file_are_one_file_to_watch() {
    let folder = TestDir::new();
    let path = folder.path().join("both.pem");
    let own = issued(TestKey::P256);
    fs::write(&path, [own.chain_pem(), own.key_pem()].concat()).unwrap();
    let identity = Identity::from_file(&path).load().unwrap();
    assert_eq!(identity.files().collect::<Vec<_>>(), [path.as_path()]);
}

#[test]
fn a_key_whose_public_half_is_not_told_has_to_sign_for_the_certificate() {
    for kind in [TestKey::P256, TestKey::P384, TestKey::Ed25519, TestKey::Rsa2048] {
        let (own, other) = (issued(kind), issued(kind));
        assert!(reticent(Identity::from_pem(own.chain_pem(), own.key_pem())).load().is_ok());
        let swapped = reticent(Identity::from_pem(own.chain_pem(), other.key_pem()));
        let error = swapped.load().unwrap_err();
        assert!(error.to_string().contains("does not belong to the certificate"), "{error}");
    }
}

#[test]
fn a_key_is_checked_with_the_cryptography_that_it_is_used_with() {
    let own = issued(TestKey::P256);
    let identity = Identity::from_pem(own.chain_pem(), own.key_pem()).load().unwrap();
    let provider = CryptoProvider { key_provider: &Keyless, ..provider() };
    let error = identity.certified_key(&provider).unwrap_err();
    let failed = error.get_ref().unwrap().downcast_ref::<LoadFailed>().unwrap();
    assert_eq!(failed.line(), Some(1));
    let loader = Identity::from_pem(own.chain_pem(), own.key_pem()).provider(provider.into());
    assert!(loader.load().is_err());
}

#[test]
fn an_identity_with_a_signer_is_what_was_given() {
    let own = issued(TestKey::P256);
    let loaded = Identity::from_pem(own.chain_pem(), own.key_pem()).load().unwrap();
    let signer = loaded.certified_key(&provider()).unwrap();
    let identity = Identity::from_signer(signer.clone());
    assert!(identity.chain().eq(loaded.chain()));
    assert_eq!(identity.files().count(), 0);
    let reloaded: Arc<CertifiedKey> =
        identity.reload().unwrap().certified_key(&provider()).unwrap();
    assert!(Arc::ptr_eq(&reloaded, &signer));
}

#[test]
fn descriptions_go_to_any_thread() {
    fn any_thread<T: Send + Sync + Unpin + Clone + 'static>() {}

    any_thread::<Identity>();
    any_thread::<IdentityLoader>();
    any_thread::<Roots>();
    any_thread::<Protocol>();
}

fn provider() -> CryptoProvider {
    Arc::unwrap_or_clone(default_provider().unwrap())
}

/// Checked with cryptography that tells the public half of no key.
fn reticent(loader: IdentityLoader) -> IdentityLoader {
    loader.provider(Arc::new(CryptoProvider { key_provider: &Reticent, ..provider() }))
}

#[derive(Debug)]
struct Reticent;

impl KeyProvider for Reticent {
    fn load_private_key(&self, der: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Ok(Arc::new(ReticentKey(provider().key_provider.load_private_key(der)?)))
    }
}

#[derive(Debug)]
struct ReticentKey(Arc<dyn SigningKey>);

impl SigningKey for ReticentKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        self.0.choose_scheme(offered)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

#[derive(Debug)]
struct Keyless;

impl KeyProvider for Keyless {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General("no key is known here".into()))
    }
}
