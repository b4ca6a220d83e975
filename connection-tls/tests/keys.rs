//! Private keys that are not what they seem, or that somebody has to write anew.

use std::{fs, io::ErrorKind, path::PathBuf};

use socketry_connection_tls::{Identity, IdentityLoader};
use socketry_testing::{TestAuthority, TestDir, TestIdentity, TestKey};

use crate::support::openssl;

/// An identity, whose key is in `key.pem` and `key.der` as well, and loads from another one.
struct Keys {
    folder: TestDir,
    identity: TestIdentity,
}

impl Keys {
    fn new(kind: TestKey) -> Self {
        let folder = TestDir::new();
        let identity = TestAuthority::new().certificate(["a.example"]).with_key(kind).issue();
        fs::write(folder.path().join("cert.pem"), identity.chain_pem()).unwrap();
        fs::write(folder.path().join("key.pem"), identity.key_pem()).unwrap();
        Self { folder, identity }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn loader(&self, key: &str) -> IdentityLoader {
        Identity::from_files(self.path("cert.pem"), self.path(key))
    }

    /// From bytes, with this key.
    fn given(&self, key: impl Into<Vec<u8>>) -> IdentityLoader {
        Identity::from_pem(self.identity.chain_pem(), key)
    }
}

#[cfg(feature = "encrypted-keys")]
#[test]
fn a_key_that_is_encrypted_too_weakly_is_refused_with_the_command_that_writes_it_anew() {
    let keys = Keys::new(TestKey::P256);
    for (form, name) in [("PEM", "weak.pem"), ("DER", "weak.der")] {
        for options in ["-v1 PBE-SHA1-3DES", "-v2 des3", "-v2 aes256 -v2prf hmacWithSHA1"] {
            let base = "pkcs8 -topk8 -in key.pem -passout pass:secret";
            openssl(&keys.folder, &format!("{base} {options} -outform {form} -out {name}"));
            let error = keys.loader(name).passphrase("secret").load().unwrap_err();
            let command = format!("openssl pkcs8 -topk8 -in {}", keys.path(name).display());
            assert!(error.to_string().contains(&command), "{options}: {error}");
            assert_eq!(error.kind(), ErrorKind::Unsupported);
        }
    }
}

#[cfg(feature = "encrypted-keys")]
#[test]
fn the_command_writes_a_key_that_can_be_read() {
    let keys = Keys::new(TestKey::Rsa2048);
    let traditional = "rsa -in key.pem -aes256 -passout pass:secret -traditional -out old.pem";
    openssl(&keys.folder, traditional);
    let error = keys.loader("old.pem").passphrase("secret").load().unwrap_err().to_string();
    let (_, command) = error.rsplit_once("openssl ").unwrap();
    openssl(&keys.folder, &format!("{command} -passin pass:secret -passout pass:secret"));
    assert!(keys.loader("new.pem").passphrase("secret").load().is_ok());
}

#[test]
fn a_passphrase_for_a_key_that_is_not_encrypted_is_an_error_unless_it_is_empty() {
    let keys = Keys::new(TestKey::P256);
    openssl(&keys.folder, "pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der");
    for name in ["key.pem", "key.der"] {
        assert!(keys.loader(name).passphrase("").load().is_ok());
        let error = keys.loader(name).passphrase("secret").load().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("is not encrypted, but there is a passphrase"));
    }
}

#[test]
fn a_key_is_known_by_its_content_and_not_by_the_name_of_its_block() {
    let keys = Keys::new(TestKey::Rsa2048);
    openssl(&keys.folder, "rsa -in key.pem -traditional -out old.pem");
    let old = fs::read_to_string(keys.path("old.pem")).unwrap();
    fs::write(keys.path("named.pem"), old.replace("RSA PRIVATE KEY", "PRIVATE KEY")).unwrap();
    assert!(keys.loader("named.pem").load().is_ok());
}

#[test]
fn parameters_of_a_curve_before_a_key_are_skipped() {
    let keys = Keys::new(TestKey::P256);
    openssl(&keys.folder, "ecparam -name prime256v1 -out curve.pem");
    let curve = fs::read_to_string(keys.path("curve.pem")).unwrap();
    fs::write(keys.path("both.pem"), curve + keys.identity.key_pem()).unwrap();
    assert!(keys.loader("both.pem").load().is_ok());
}

#[test]
fn a_key_in_the_format_of_openssh_is_refused_with_the_command_that_turns_it_into_another() {
    let keys = Keys::new(TestKey::P256);
    let block = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
    fs::write(keys.path("ssh.pem"), block).unwrap();
    let error = keys.loader("ssh.pem").load().unwrap_err();
    let command = format!("ssh-keygen -p -m PKCS8 -f {}", keys.path("ssh.pem").display());
    assert!(error.to_string().ends_with(&command), "{error}");
}

#[cfg(not(feature = "encrypted-keys"))]
#[test]
fn a_build_that_reads_no_encrypted_keys_names_the_feature() {
    let keys = Keys::new(TestKey::P256);
    for form in ["PEM", "DER"] {
        let base = "pkcs8 -topk8 -in key.pem -passout pass:secret";
        openssl(&keys.folder, &format!("{base} -outform {form} -out safe"));
        for loader in [keys.loader("safe"), keys.loader("safe").passphrase("secret")] {
            let error = loader.load().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains("enable the feature encrypted-keys"), "{error}");
        }
    }
}

#[test]
fn no_damage_to_a_key_makes_reading_it_panic() {
    let keys = Keys::new(TestKey::P256);
    let plain = keys.identity.key_der().to_vec();
    for index in 0..plain.len() {
        for flipped in [0x01, 0x80, 0xff] {
            let mut damaged = plain.clone();
            damaged[index] ^= flipped;
            let _ = keys.given(damaged).load();
        }
        assert!(keys.given(&plain[..index]).load().is_err());
    }
}

#[test]
fn no_cost_of_scrypt_makes_reading_a_key_panic_or_take_all_memory() {
    let keys = Keys::new(TestKey::P256);
    let most = [&[0x00][..], &[0xff; 8]].concat();
    let large = [0x40, 0, 0, 0, 0, 0, 0, 0].to_vec();
    for cost in [vec![0], vec![1], vec![3], large, most] {
        let loader = keys.given(encrypted_by_scrypt(&cost, &[8], &[1])).passphrase("secret");
        assert!(loader.load().is_err(), "{cost:?}");
    }
    let two = [2];
    for (block, parallel) in [(&[0][..], &[1][..]), (&[8], &[0]), (&[8], &[0x7f, 0xff])] {
        let loader = keys.given(encrypted_by_scrypt(&two, block, parallel)).passphrase("secret");
        assert!(loader.load().is_err(), "{block:?} {parallel:?}");
    }
}

/// An encrypted private key, for which scrypt has these costs.
fn encrypted_by_scrypt(cost: &[u8], block: &[u8], parallel: &[u8]) -> Vec<u8> {
    const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
    const SCRYPT: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b];
    const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];

    let costs = [(0x04, &[7; 8][..]), (0x02, cost), (0x02, block), (0x02, parallel)];
    let costs = costs.map(|(tag, content)| tagged(tag, &[content])).concat();
    let derivation = tagged(0x30, &[&tagged(0x06, &[SCRYPT]), &tagged(0x30, &[&costs])]);
    let cipher = tagged(0x30, &[&tagged(0x06, &[AES_256_CBC]), &tagged(0x04, &[&[7; 16]])]);
    let parameters = tagged(0x30, &[&derivation, &cipher]);
    let algorithm = tagged(0x30, &[&tagged(0x06, &[PBES2]), &parameters]);
    tagged(0x30, &[&algorithm, &tagged(0x04, &[&[7; 16]])])
}

/// In DER; short enough for a length of one byte.
fn tagged(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let content = contents.concat();
    assert!(content.len() < 0x80);
    [&[tag, content.len() as u8], &content[..]].concat()
}
