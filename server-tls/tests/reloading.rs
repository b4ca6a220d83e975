//! Files that are read again.

use std::{fs, io, sync::Arc};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_server_tls::{ClientCertificates, ReloadFailed, ServerTls};
use socketry_testing::{TestAuthority, TestDir, TestIdentity};

use crate::support::{
    AUTHORITY, Identity, Roots, ask, client_config, client_config_with, identity, proved, trusted,
};

/// A server with its identity in a directory.
fn from_files(dir: &TestDir) -> ServerTls {
    let files = AUTHORITY.issue(["localhost"]).write_to(dir, "server");
    ServerTls::new(Identity::from_files(files.certificate, files.key).load().unwrap()).unwrap()
}

fn next(dir: &TestDir) -> TestIdentity {
    let next = AUTHORITY.issue(["localhost"]);
    next.write_to(dir, "server");
    next
}

#[test]
fn a_new_certificate_is_proved_after_a_reload() {
    let dir = TestDir::new();
    let tls = from_files(&dir);
    let before = proved(&tls, "localhost");
    let next = next(&dir);
    assert_eq!(proved(&tls, "localhost"), before);
    tls.reload().unwrap();
    assert_eq!(proved(&tls, "localhost"), next.chain_der()[0]);
}

#[test]
fn a_connection_that_is_up_outlives_a_reload() {
    let dir = TestDir::new();
    let tls = from_files(&dir);
    let (client, accepted) = ask(&tls, "localhost", &Arc::new(client_config()));
    next(&dir);
    tls.reload().unwrap();
    block_on(async {
        accepted.unwrap().write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        client.unwrap().read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
    });
}

#[test]
fn a_bad_file_leaves_all_as_it_was_and_is_told_by_name() {
    let dir = TestDir::new();
    let tls = from_files(&dir);
    let before = proved(&tls, "localhost");
    let bad = dir.write("server.pem", "nothing of use");
    let error = tls.reload().unwrap_err();
    assert!(error.get_ref().is_some_and(|error| error.is::<ReloadFailed>()));
    let start = "reloading TLS certificates failed, those of before stay in use: ";
    assert!(error.to_string().starts_with(start), "{error}");
    assert!(error.to_string().contains(bad.to_str().unwrap()), "{error}");
    assert_eq!(proved(&tls, "localhost"), before);
}

#[test]
fn a_missing_file_keeps_its_kind() {
    let dir = TestDir::new();
    let tls = from_files(&dir);
    fs::remove_file(dir.join("server.key")).unwrap();
    assert_eq!(tls.reload().unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn one_bad_identity_keeps_all_others_as_they_were() {
    let dir = TestDir::new();
    let default = AUTHORITY.issue(["localhost"]).write_to(&dir, "server");
    let named = AUTHORITY.issue(["a.test"]).write_to(&dir, "named");
    let tls = ServerTls::builder()
        .identity(Identity::from_files(default.certificate, default.key).load().unwrap())
        .identity_for("a.test", Identity::from_files(named.certificate, named.key).load().unwrap())
        .build()
        .unwrap();
    let before = proved(&tls, "localhost");
    next(&dir);
    dir.write("named.key", "");
    assert!(tls.reload().is_err());
    assert_eq!(proved(&tls, "localhost"), before);
}

#[test]
fn whom_clients_are_signed_by_is_read_again() {
    let dir = TestDir::new();
    let roots = dir.write("clients.pem", AUTHORITY.certificate_pem());
    let tls = ServerTls::builder()
        .identity(identity(["localhost"]))
        .client_certificates(ClientCertificates::Required(Roots::none().with_pem_file(&roots)))
        .build()
        .unwrap();
    let other = TestAuthority::new();
    let client = other.issue(["client.test"]);
    let config = Arc::new(client_config_with(
        trusted(),
        socketry_connection_tls::rustls::DEFAULT_VERSIONS,
        Some(&client),
    ));
    assert!(ask(&tls, "localhost", &config).1.is_err());
    dir.write("clients.pem", other.certificate_pem());
    tls.reload().unwrap();
    assert!(ask(&tls, "localhost", &config).1.is_ok());
}

#[test]
fn the_files_that_a_reload_reads_are_known() {
    let dir = TestDir::new();
    assert_eq!(from_files(&dir).files(), [dir.join("server.key"), dir.join("server.pem")]);
}

#[test]
fn an_identity_that_came_from_no_file_stays_in_a_reload() {
    let tls = ServerTls::new(identity(["localhost"])).unwrap();
    let before = proved(&tls, "localhost");
    tls.reload().unwrap();
    assert_eq!(proved(&tls, "localhost"), before);
}
