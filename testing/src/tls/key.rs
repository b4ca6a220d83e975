//! The kinds of keys a certificate can be for.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256,
    PublicKeyData, SignatureAlgorithm,
};

/// The kind of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TestKey {
    /// ECDSA over the curve P-256, which everybody knows and which is made in no time.
    #[default]
    P256,
    /// ECDSA over the curve P-384.
    P384,
    /// Ed25519.
    Ed25519,
    /// RSA with 2048 bits, the least that is accepted today.
    Rsa2048,
    /// RSA with 1024 bits, which is too weak.
    ///
    /// No cryptography of this house makes one, so the program `openssl` does: Debian's package of
    /// that name is needed.
    Rsa1024,
}

/// A key that exists.
pub(super) enum Key {
    Ours(KeyPair),
    Weak(WeakKey),
}

/// What the program `openssl` has made.
pub(super) struct WeakKey {
    public: Vec<u8>,
    pem: Vec<u8>,
    der: Vec<u8>,
}

impl Key {
    /// Makes a key of a kind.
    pub(super) fn of(kind: TestKey) -> Self {
        let algorithm = match kind {
            TestKey::P256 => &PKCS_ECDSA_P256_SHA256,
            TestKey::P384 => &PKCS_ECDSA_P384_SHA384,
            TestKey::Ed25519 => return Self::Ours(ed25519()),
            TestKey::Rsa2048 => &PKCS_RSA_SHA256,
            TestKey::Rsa1024 => return Self::Weak(WeakKey::new()),
        };
        Self::Ours(KeyPair::generate_for(algorithm).expect("AWS-LC makes keys of these kinds"))
    }

    /// In PKCS#8.
    pub(super) fn to_der(&self) -> Vec<u8> {
        match self {
            Self::Ours(key) => key.serialize_der(),
            Self::Weak(key) => key.der.clone(),
        }
    }

    /// In PKCS#8.
    pub(super) fn to_pem(&self) -> String {
        match self {
            Self::Ours(key) => key.serialize_pem(),
            Self::Weak(key) => String::from_utf8_lossy(&key.pem).into_owned(),
        }
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        match self {
            Self::Ours(key) => key.der_bytes(),
            Self::Weak(key) => &key.public,
        }
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self {
            Self::Ours(key) => key.algorithm(),
            Self::Weak(_) => &PKCS_RSA_SHA256,
        }
    }
}

/// A key without its public half, which OpenSSL 3.0 cannot read (PKCS#8 has it from version 2 on,
/// RFC 5958).
fn ed25519() -> KeyPair {
    /// Version 1 of PKCS#8, Ed25519, and a private key of 32 bytes (RFC 8410, section 7).
    const START: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

    let both = KeyPair::generate_for(&PKCS_ED25519).expect("AWS-LC makes keys of this kind");
    // The two versions begin alike, but for the numbers.
    let private = &both.serialized_der()[START.len()..][..32];
    let alone = [START, private].concat();
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&alone.into(), &PKCS_ED25519);
    key.expect("this is the key that was made")
}

impl WeakKey {
    fn new() -> Self {
        let pem = openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024", b"");
        let der = openssl("pkcs8 -topk8 -nocrypt -outform DER", &pem);
        let public = openssl("rsa -RSAPublicKey_out -outform DER", &pem);
        Self { public, pem, der }
    }
}

/// What the program prints if it is given `input`.
fn openssl(arguments: &str, input: &[u8]) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap_or_else(|error| {
        panic!("openssl cannot be started: {error}; install Debian's package openssl")
    });
    // A key is far smaller than a pipe, so this does not wait for the program to read.
    let written = child.stdin.take().map(|mut stdin| stdin.write_all(input));
    let output = child.wait_with_output().expect("a child can be waited for");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {}: {said}", output.status);
    written.transpose().unwrap_or_else(|error| panic!("openssl {arguments}: {error}"));
    output.stdout
}
