//! A certificate chain with its key.

use std::{fmt, path::PathBuf};

use crate::TestDir;

/// A certificate chain with its private key, which belong together.
#[derive(Clone)]
pub struct TestIdentity {
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) chain_pem: String,
    pub(super) key: Vec<u8>,
    pub(super) key_pem: String,
    pub(super) serial: u64,
}

/// Where an identity was written to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdentityFiles {
    /// The certificates, in PEM.
    pub certificate: PathBuf,
    /// The private key, in PEM (PKCS#8).
    pub key: PathBuf,
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

    /// Writes both into a directory, as `<name>.pem` and `<name>.key`, over those that were there.
    ///
    /// # Panics
    ///
    /// If they cannot be written.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_testing::{TestAuthority, TestDir};
    ///
    /// let dir = TestDir::new();
    /// let files = TestAuthority::new().issue(["localhost"]).write_to(&dir, "server");
    /// assert!(files.certificate.ends_with("server.pem"));
    /// assert!(std::fs::read_to_string(files.key)?.contains("PRIVATE KEY"));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn write_to(&self, dir: &TestDir, name: &str) -> IdentityFiles {
        IdentityFiles {
            certificate: dir.write(format!("{name}.pem"), &self.chain_pem),
            key: dir.write(format!("{name}.key"), &self.key_pem),
        }
    }
}

impl fmt::Debug for TestIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestIdentity")
            .field("serial", &self.serial)
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}
