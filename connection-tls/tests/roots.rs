//! Whose signatures are trusted, and what is said where nobody's can be.

use std::{fs, io::ErrorKind};

use socketry_connection_tls::{Roots, default_provider};
use socketry_testing::{TestAuthority, TestDir};

fn error(roots: Roots) -> std::io::Error {
    roots.server_verifier(&default_provider().unwrap()).unwrap_err()
}

fn loads(roots: Roots) -> bool {
    roots.server_verifier(&default_provider().unwrap()).is_ok()
}

#[test]
fn roots_come_from_files_folders_and_bytes_and_from_the_system() {
    let (folder, authority) = (TestDir::new(), TestAuthority::new());
    let file = folder.path().join("ca.pem");
    fs::write(&file, authority.certificate_pem()).unwrap();
    fs::write(folder.path().join("README"), "no certificate").unwrap();
    fs::create_dir(folder.path().join("below")).unwrap();
    assert!(loads(Roots::none().with_pem_file(&file)));
    assert!(loads(Roots::none().with_pem_dir(folder.path())));
    assert!(loads(Roots::none().with_pem(authority.certificate_pem())));
    assert!(loads(Roots::none().with_der(authority.certificate_der())));
    assert!(loads(Roots::platform().with_der(authority.certificate_der())));
    let roots = Roots::none().with_pem_file(&file).with_pem_dir(folder.path());
    assert_eq!(roots.files().collect::<Vec<_>>(), [file.as_path(), folder.path()]);
}

#[cfg(feature = "mozilla-roots")]
#[test]
fn those_of_mozilla_are_built_in() {
    assert!(loads(Roots::mozilla()));
}

#[cfg(not(feature = "mozilla-roots"))]
#[test]
fn roots_that_are_not_in_this_build_are_named_with_their_feature() {
    let error = error(Roots::mozilla());
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("enable the feature mozilla-roots"), "{error}");
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
