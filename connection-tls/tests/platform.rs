//! Whom the system trusts. The environment says where its store is, so each test runs once more in a
//! process of its own.

use std::{env, fs, io::ErrorKind, path::PathBuf, process::Command};

use socketry_connection_tls::{
    Roots, default_provider,
    rustls::pki_types::{CertificateDer, UnixTime},
};
use socketry_testing::{TestAuthority, TestDir};

#[test]
fn the_system_and_those_that_are_named_are_trusted_and_what_is_bad_is_passed_over() {
    const NAME: &str =
        "platform::the_system_and_those_that_are_named_are_trusted_and_what_is_bad_is_passed_over";
    const SERVERS: &str = "SOCKETRY_TEST_SERVERS";

    if let Some(folder) = env::var_os(SERVERS) {
        let folder = PathBuf::from(folder);
        let named = Roots::platform().with_pem_file(folder.join("named.pem"));
        let verifier = named.server_verifier(&default_provider().unwrap()).unwrap();
        for (server, trusted) in
            [("by-store.der", true), ("by-named.der", true), ("other.der", false)]
        {
            let server = CertificateDer::from(fs::read(folder.join(server)).unwrap());
            let name = "a.example".try_into().unwrap();
            let verified = verifier.verify_server_cert(&server, &[], &name, &[], UnixTime::now());
            assert_eq!(verified.is_ok(), trusted);
        }
        return;
    }
    let folder = TestDir::new();
    let path = |name: &str| folder.path().join(name);
    let (store, named) = (TestAuthority::new(), TestAuthority::new());
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::write(path("store.pem"), format!("{bad}{}", store.certificate_pem())).unwrap();
    fs::write(path("named.pem"), named.certificate_pem()).unwrap();
    for (name, authority) in
        [("by-store.der", &store), ("by-named.der", &named), ("other.der", &TestAuthority::new())]
    {
        fs::write(path(name), &authority.issue(["a.example"]).chain_der()[0]).unwrap();
    }
    run_again(NAME, SERVERS, &folder, "store.pem");
}

#[test]
fn a_system_without_roots_is_told_what_to_install() {
    const NAME: &str = "platform::a_system_without_roots_is_told_what_to_install";
    const INSIDE: &str = "SOCKETRY_TEST_NO_ROOTS";

    if env::var_os(INSIDE).is_some() {
        let provider = default_provider().unwrap();
        let error = Roots::platform().server_verifier(&provider).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("install its package of certificates"), "{error}");
        return;
    }
    let folder = TestDir::new();
    fs::write(folder.path().join("empty.pem"), "").unwrap();
    run_again(NAME, INSIDE, &folder, "empty.pem");
}

/// Runs the test with this name in another process, where the store of the system is another one.
fn run_again(test: &str, variable: &str, folder: &TestDir, store: &str) {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", test])
        .env(variable, folder.path())
        .env("SSL_CERT_FILE", folder.path().join(store))
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
