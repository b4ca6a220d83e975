//! The commands that the documentation has, run by the program `openssl` of Debian's package of
//! that name.

use std::{io, path::Path, process::Command};

use socketry_connector::HostPort;
use socketry_connector_tls::{CertificatePin, ClientTls, Roots};
use socketry_testing::{TestAuthority, TestDir};

use crate::support::{connect, server_config_of};

fn shell(dir: &Path, command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).current_dir(dir).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "is Debian's package openssl installed? {command}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_string()
}

/// The code on a page between a line that starts with this and the end of the block.
fn code<'a>(page: &'a str, start: &str) -> &'a str {
    let from = page.find(start).unwrap();
    page[from..].split("```").next().unwrap()
}

/// Runs the commands on the page of which the first one makes the key `first`, and connects to a
/// server with the `server.pem` that they make, as a client that trusts nobody but `root`.
fn connect_to_what_is_made_by(first: &str, root: &str) -> io::Result<()> {
    let dir = TestDir::new();
    let page = include_str!("../CERTIFICATES.md");
    let kind = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc";
    let commands = code(page, &format!("openssl req -x509 {kind} -keyout {first}"));
    shell(dir.path(), &format!("set -e\n{commands}"));
    let roots = Roots::none().with_pem_file(dir.join(root));
    let tls = ClientTls::builder().roots(roots).build()?;
    let [chain, key] = ["server.pem", "server.key"].map(|name| dir.join(name));
    let target: HostPort = "example.com:443".parse().unwrap();
    connect(&tls, target, server_config_of(&chain, &key)).0.map(drop)
}

#[test]
fn a_self_signed_certificate_made_as_the_page_says_is_trusted_as_a_root() {
    connect_to_what_is_made_by("server.key", "server.pem").unwrap();
}

#[test]
fn a_certificate_by_an_authority_made_as_the_page_says_is_trusted() {
    connect_to_what_is_made_by("ca.key", "ca.pem").unwrap();
}

#[test]
fn the_commands_for_pins_find_the_same_as_we_do() {
    let dir = TestDir::new();
    let identity = TestAuthority::new().issue(["example.com"]);
    identity.write_to(&dir, "server");
    let page = include_str!("../src/pin.rs").replace("///", "");
    let both = code(&page, "openssl x509 -in server.pem -noout -fingerprint");
    let (certificate, key) = both.split_once("\n").unwrap();
    let fingerprint = shell(dir.path(), certificate);
    let fingerprint = fingerprint.split_once('=').unwrap().1;
    let der = &identity.chain_der()[0];
    assert_eq!(fingerprint.parse(), Ok(CertificatePin::certificate_of(der).unwrap()));
    let key = format!("sha256//{}", shell(dir.path(), key));
    assert_eq!(key.parse(), Ok(CertificatePin::key_of(der).unwrap()));
}
