//! Certificates and keys: every form in which they come, and every way in which they can be wrong.

use std::{fs, io::ErrorKind};

use socketry_connection_tls::{Identity, LoadFailed, default_provider};
use socketry_testing::{TestAuthority, TestDir, TestIdentity, TestKey};

use crate::support::openssl;

/// An identity in the files `cert.pem` and `key.pem`.
fn issued(kind: TestKey) -> (TestDir, TestIdentity) {
    let folder = TestDir::new();
    let identity = TestAuthority::new().certificate(["a.example"]).with_key(kind).issue();
    fs::write(folder.path().join("cert.pem"), identity.chain_pem()).unwrap();
    fs::write(folder.path().join("key.pem"), identity.key_pem()).unwrap();
    (folder, identity)
}

fn load(folder: &TestDir, key: &str, passphrase: Option<&str>) -> std::io::Result<Identity> {
    let path = |name: &str| folder.path().join(name);
    let loader = Identity::from_files(path("cert.pem"), path(key));
    match passphrase {
        Some(passphrase) => loader.passphrase(passphrase),
        None => loader,
    }
    .load()
}

#[test]
fn every_form_of_every_kind_of_key_is_read() {
    for (kind, old) in [
        (TestKey::Rsa2048, Some("rsa -in key.pem -traditional")),
        (TestKey::P256, Some("ec -in key.pem")),
        (TestKey::P384, Some("ec -in key.pem")),
        (TestKey::Ed25519, None),
    ] {
        let (folder, _) = issued(kind);
        if let Some(old) = old {
            openssl(&folder, &format!("{old} -out old.pem"));
            openssl(&folder, &format!("{old} -outform DER -out old.der"));
        }
        openssl(&folder, "pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der");
        for (name, options) in [
            ("pbkdf2", "-v2 aes-256-cbc"),
            ("pbkdf2-128", "-v2 aes-128-cbc -v2prf hmacWithSHA512"),
            ("scrypt", "-scrypt"),
        ] {
            let base = format!("pkcs8 -topk8 -in key.pem -passout pass:secret {options}");
            openssl(&folder, &format!("{base} -out {name}.pem"));
            openssl(&folder, &format!("{base} -outform DER -out {name}.der"));
        }
        let olds: &[&str] = if old.is_some() { &["old.pem", "old.der"] } else { &[] };
        for name in ["key.pem", "key.der"].iter().chain(olds) {
            let identity = load(&folder, name, None).unwrap_or_else(|error| panic!("{error}"));
            assert!(identity.certified_key(&default_provider().unwrap()).is_ok(), "{name}");
        }
        let encrypted: &[&str] = match cfg!(feature = "encrypted-keys") {
            true => &["pbkdf2", "pbkdf2-128", "scrypt"],
            false => &[],
        };
        for name in encrypted {
            for form in ["pem", "der"] {
                let name = format!("{name}.{form}");
                assert!(load(&folder, &name, Some("secret")).is_ok(), "{kind:?} {name}");
            }
        }
    }
}

#[cfg(feature = "encrypted-keys")]
#[test]
fn a_passphrase_that_is_missing_or_wrong_is_told_with_file_and_line_and_never_shown() {
    let (folder, _) = issued(TestKey::P256);
    openssl(&folder, "pkcs8 -topk8 -in key.pem -passout pass:secret -out safe.pem");
    let path = folder.path().join("safe.pem");
    for (passphrase, words) in [
        (None, "the private key is encrypted: give its passphrase"),
        (Some("wrongly"), "the private key cannot be decrypted: the passphrase is wrong"),
    ] {
        let error = load(&folder, "safe.pem", passphrase).unwrap_err();
        assert_eq!(error.to_string(), format!("{}:1: {words}", path.display()));
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(!format!("{error:?}").contains("wrongly"));
    }
    let loader = Identity::from_files("c", "k").passphrase("secret");
    assert!(!format!("{loader:?}").contains("secret"));
}

#[test]
fn a_key_that_was_encrypted_in_the_old_way_is_refused_with_the_command_that_mends_it() {
    let (folder, _) = issued(TestKey::Rsa2048);
    openssl(&folder, "rsa -in key.pem -aes256 -passout pass:secret -traditional -out old.pem");
    let error = load(&folder, "old.pem", Some("secret")).unwrap_err();
    assert!(error.to_string().contains("openssl pkcs8 -topk8 -in"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_key_of_another_certificate_is_told_when_it_is_loaded() {
    for kind in [TestKey::Rsa2048, TestKey::P256, TestKey::P384, TestKey::Ed25519] {
        let (folder, _) = issued(kind);
        let (_, other) = issued(kind);
        fs::write(folder.path().join("key.pem"), other.key_pem()).unwrap();
        let error = load(&folder, "key.pem", None).unwrap_err();
        assert!(error.to_string().contains("does not belong to the certificate"), "{error}");
        let failed = error.get_ref().unwrap().downcast_ref::<LoadFailed>().unwrap();
        assert_eq!(failed.path(), Some(folder.path().join("key.pem").as_path()));
    }
}

#[test]
fn certificates_can_be_in_der_and_both_in_one_file() {
    let (folder, identity) = issued(TestKey::P256);
    fs::write(folder.path().join("cert.pem"), &identity.chain_der()[0]).unwrap();
    assert!(load(&folder, "key.pem", None).is_ok());
    let both = folder.path().join("both.pem");
    for parts in
        [[identity.chain_pem(), identity.key_pem()], [identity.key_pem(), identity.chain_pem()]]
    {
        fs::write(&both, parts.concat()).unwrap();
        assert_eq!(Identity::from_file(&both).load().unwrap().chain().count(), 1);
    }
    let chain = identity.chain_der().to_vec();
    assert!(Identity::from_der(chain, identity.key_der()).load().is_ok());
    assert!(Identity::from_der([], identity.key_der()).load().is_err());
}

#[test]
fn text_around_blocks_other_line_ends_and_a_byte_order_mark_do_no_harm() {
    let (_, identity) = issued(TestKey::P256);
    let chain = identity.chain_pem();
    for text in [
        format!("subject: a\nissuer: b\n{chain}and more\n"),
        chain.replace('\n', "\r\n"),
        format!("\u{feff}{chain}"),
    ] {
        assert!(Identity::from_pem(text, identity.key_pem()).load().is_ok());
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_path_and_what_to_do() {
    let (folder, identity) = issued(TestKey::P256);
    let cut = &identity.chain_pem()[..100];
    let twice = identity.key_pem().repeat(2);
    for (certificate, key, words) in [
        ("", identity.key_pem(), "it is empty, where a certificate should be"),
        ("hello", identity.key_pem(), "neither PEM nor DER"),
        (
            identity.key_pem(),
            identity.key_pem(),
            "no block of a certificate in it, only: PRIVATE KEY",
        ),
        (cut, identity.key_pem(), "has no END line: is the file cut off?"),
        (identity.chain_pem(), "", "it is empty, where a private key should be"),
        (
            identity.chain_pem(),
            identity.chain_pem(),
            "no block of a private key in it, only: CERTIFICATE",
        ),
        (identity.chain_pem(), &twice, "there is a second private key in line"),
        (
            identity.chain_pem(),
            "-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----",
            "is not Base64",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            identity.key_pem(),
            "this certificate cannot be parsed",
        ),
    ] {
        fs::write(folder.path().join("cert.pem"), certificate).unwrap();
        fs::write(folder.path().join("key.pem"), key).unwrap();
        let error = load(&folder, "key.pem", None).unwrap_err();
        let path = folder.path().to_str().unwrap();
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert!(error.to_string().starts_with(path), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn a_file_that_cannot_be_read_keeps_the_kind_of_the_system() {
    let (folder, _) = issued(TestKey::P256);
    let error = load(&folder, "nosuch.pem", None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("nosuch.pem: reading it failed: No such file"), "{error}");
    assert!(Identity::from_files(folder.path(), folder.path()).load().is_err());
}

#[cfg(feature = "encrypted-keys")]
#[test]
fn an_identity_is_read_again_from_its_files_with_its_passphrase() {
    let (folder, _) = issued(TestKey::P256);
    openssl(&folder, "pkcs8 -topk8 -in key.pem -passout pass:secret -out safe.pem");
    let identity = load(&folder, "safe.pem", Some("secret")).unwrap();
    let files: Vec<&std::path::Path> = identity.files().collect();
    assert_eq!(files, [folder.path().join("cert.pem"), folder.path().join("safe.pem")]);
    assert!(identity.chain().eq(identity.reload().unwrap().chain()));
    fs::write(folder.path().join("cert.pem"), "").unwrap();
    assert!(identity.reload().is_err());
}
