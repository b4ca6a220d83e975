//! A server whose key is too weak for all cryptography here.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
};

use socketry_connection_tls::rustls::{
    Error, ServerConfig, SignatureAlgorithm, SignatureScheme,
    sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey},
};
use socketry_testing::{TestDir, TestIdentity};

use crate::support::{identity_of, provider};

/// What a server with a weak RSA key presents. It signs with the program `openssl`, of Debian's
/// package of that name; the key is in `dir`.
pub(crate) fn weak_server_config(identity: &TestIdentity, dir: &TestDir) -> ServerConfig {
    let key = Arc::new(WeakKey(identity.write_to(dir, "weak").key));
    let resolver = SingleCertAndKey::from(CertifiedKey::new(identity_of(identity).0, key));
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver))
}

#[derive(Clone, Debug)]
struct WeakKey(PathBuf);

impl SigningKey for WeakKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&self.scheme()).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for WeakKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut openssl = Command::new("openssl")
            .args(["dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss"])
            .args(["-sigopt", "rsa_pss_saltlen:digest", "-sign"])
            .arg(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program openssl runs: install Debian's package openssl");
        openssl.stdin.take().unwrap().write_all(message).unwrap();
        let output = openssl.wait_with_output().unwrap();
        assert!(output.status.success(), "openssl has not signed");
        Ok(output.stdout)
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PSS_SHA256
    }
}
