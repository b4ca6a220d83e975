//! Whose signatures are trusted, and what is said where nobody's can be.

use std::{fs, io::ErrorKind};

use socketry_connection_tls::{
    Roots, default_provider,
    rustls::{
        CertRevocationListError, CertificateError, Error,
        pki_types::{CertificateDer, UnixTime},
    },
};
use socketry_testing::{TestAuthority, TestDir, TestIdentity};

fn error(roots: Roots) -> std::io::Error {
    roots.server_verifier(&default_provider().unwrap()).unwrap_err()
}

fn loads(roots: Roots) -> bool {
    roots.server_verifier(&default_provider().unwrap()).is_ok()
}

/// What a client with these roots says of a server for `a.example`.
fn verify(roots: &Roots, server: &TestIdentity) -> Result<(), Error> {
    let verifier = roots.server_verifier(&default_provider().unwrap()).unwrap();
    let own = CertificateDer::from(server.chain_der()[0].clone());
    let name = "a.example".try_into().unwrap();
    verifier.verify_server_cert(&own, &[], &name, &[], UnixTime::now()).map(drop)
}

#[test]
fn roots_come_from_files_folders_and_bytes() {
    let (folder, authority) = (TestDir::new(), TestAuthority::new());
    let file = folder.path().join("ca.pem");
    fs::write(&file, authority.certificate_pem()).unwrap();
    fs::write(folder.path().join("README"), "no certificate").unwrap();
    fs::create_dir(folder.path().join("below")).unwrap();
    assert!(loads(Roots::pem_file(&file)));
    assert!(loads(Roots::pem_dir(folder.path())));
    assert!(loads(Roots::pem(authority.certificate_pem())));
    assert!(loads(Roots::der(authority.certificate_der())));
    let roots = Roots::none().with_pem_file(&file).with_pem_dir(folder.path());
    assert_eq!(roots.files().collect::<Vec<_>>(), [file.as_path(), folder.path()]);
}

#[cfg(feature = "mozilla-roots")]
#[test]
fn those_of_mozilla_are_built_in() {
    assert!(loads(Roots::mozilla()));
}

#[test]
fn roots_that_are_not_in_this_build_are_named_with_their_feature() {
    for (roots, feature, built) in [
        (Roots::platform(), "platform-roots", cfg!(feature = "platform-roots")),
        (Roots::mozilla(), "mozilla-roots", cfg!(feature = "mozilla-roots")),
    ] {
        if !built {
            let error = error(roots);
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains(&format!("the feature {feature}")), "{error}");
        }
    }
}

#[test]
fn trusting_nobody_is_refused_when_it_is_loaded() {
    assert_eq!(error(Roots::none()).kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_bad_certificate_is_told_with_its_file_and_line() {
    let folder = TestDir::new();
    let file = folder.path().join("ca.pem");
    let good = TestAuthority::new().certificate_pem();
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::write(&file, format!("{good}{bad}")).unwrap();
    let line = good.lines().count() + 1;
    for roots in [Roots::none().with_pem_file(&file), Roots::none().with_pem_dir(folder.path())] {
        let error = error(roots);
        assert!(error.to_string().starts_with(&format!("{}:{line}: ", file.display())), "{error}");
    }
}

#[test]
fn a_folder_without_a_certificate_is_an_error() {
    let folder = TestDir::new();
    assert!(error(Roots::none().with_pem_dir(folder.path())).to_string().contains("no file with"));
    let missing = Roots::none().with_pem_dir(folder.path().join("nosuch"));
    assert_eq!(error(missing).kind(), ErrorKind::NotFound);
}

#[test]
fn a_folder_may_have_certificates_in_der_links_of_openssl_and_other_files() {
    let (folder, authority) = (TestDir::new(), TestAuthority::new());
    let path = |name: &str| folder.path().join(name);
    fs::write(path("ca.der"), authority.certificate_der()).unwrap();
    fs::write(path("key.pem"), authority.issue(["a.example"]).key_pem()).unwrap();
    fs::write(path("script"), "echo\n-----BEGIN SOMETHING\n").unwrap();
    fs::write(path("0.txt"), "0 begins as DER does").unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(path("nosuch"), path("0123abcd.0")).unwrap();
        std::os::unix::fs::symlink(path("ca.der"), path("4567cdef.0")).unwrap();
    }
    let roots = Roots::pem_dir(folder.path());
    assert_eq!(verify(&roots, &authority.issue(["a.example"])), Ok(()));
    fs::write(path("cut.pem"), &authority.certificate_pem()[..100]).unwrap();
    let cut = error(roots);
    assert!(cut.to_string().contains("cut.pem:1: the block CERTIFICATE"), "{cut}");
}

#[test]
fn those_that_are_named_are_trusted_and_no_others() {
    let (one, two, stranger) = (TestAuthority::new(), TestAuthority::new(), TestAuthority::new());
    let roots = Roots::pem(one.certificate_pem()).with_der(two.certificate_der());
    assert_eq!(verify(&roots, &one.issue(["a.example"])), Ok(()));
    assert_eq!(verify(&roots, &two.issue(["a.example"])), Ok(()));
    assert_eq!(
        verify(&roots, &stranger.issue(["a.example"])),
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))
    );
}

#[cfg(feature = "mozilla-roots")]
#[test]
fn those_that_are_named_are_trusted_beside_those_of_mozilla() {
    let authority = TestAuthority::new();
    let roots = Roots::mozilla().with_pem(authority.certificate_pem());
    assert_eq!(verify(&roots, &authority.issue(["a.example"])), Ok(()));
}

#[test]
fn who_is_on_a_list_is_refused_and_nobody_else() {
    let (authority, other) = (TestAuthority::new(), TestAuthority::new());
    let (good, revoked) = (authority.issue(["a.example"]), authority.issue(["a.example"]));
    let roots = Roots::pem(authority.certificate_pem())
        .with_pem(other.certificate_pem())
        .with_revocations(authority.revocations([&revoked]).pem());
    assert_eq!(verify(&roots, &good), Ok(()));
    assert_eq!(verify(&roots, &other.issue(["a.example"])), Ok(()));
    assert_eq!(verify(&roots, &revoked), Err(Error::InvalidCertificate(CertificateError::Revoked)));
}

#[test]
fn a_list_that_the_authority_has_not_signed_is_not_believed() {
    let authority = TestAuthority::new();
    let impostor = authority.impostor();
    let good = authority.issue(["a.example"]);
    let roots = Roots::pem(authority.certificate_pem());
    let roots = roots.with_revocations(impostor.revocations([&good]).der());
    let error = verify(&roots, &good).unwrap_err();
    assert_eq!(error, CertRevocationListError::BadSignature.into());
}

#[test]
fn revocation_lists_are_read_and_refused_where_they_cannot_be_used() {
    let authority = TestAuthority::new();
    let revoked = authority.issue(["a.example"]);
    let list = authority.revocations([&revoked]);
    let roots = Roots::none().with_der(authority.certificate_der());
    assert!(loads(roots.clone().with_revocations(list.pem())));
    assert!(loads(roots.clone().with_revocations(list.der())));
    let wrong = error(roots.with_revocations(authority.certificate_pem()));
    assert!(wrong.to_string().contains("no block of a revocation list"), "{wrong}");
    let platform = error(Roots::platform().with_revocations(list.der()));
    assert_eq!(platform.kind(), ErrorKind::InvalidInput);
}

#[test]
fn clients_are_verified_by_authorities_that_were_named_and_not_by_everybodys() {
    let provider = default_provider().unwrap();
    let own = Roots::none().with_der(TestAuthority::new().certificate_der());
    assert!(own.client_verifier(&provider, true).unwrap().client_auth_mandatory());
    assert!(!own.client_verifier(&provider, false).unwrap().client_auth_mandatory());
    let error = Roots::platform().client_verifier(&provider, true).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
