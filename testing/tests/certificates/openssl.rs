//! The certificates that are made at run time, as the program `openssl` judges them.

use std::{fs, path::Path, process::Command};

use socketry_testing::{
    TestAuthority, TestCertificate, TestDir, TestIdentity, TestKey, TestRevocations,
};

const GOOD: &str = "OK";

#[test]
fn a_certificate_is_good_for_its_names_on_both_sides() {
    let authority = TestAuthority::new();
    let identity = authority.issue(["localhost", "*.example.com", "127.0.0.1", "::1"]);
    let judge = Judge::trusting(&authority);
    for name in ["-verify_hostname localhost", "-verify_hostname www.example.com"] {
        assert_eq!(judge.of_server(&identity, name), GOOD, "{name}");
    }
    for address in ["-verify_ip 127.0.0.1", "-verify_ip ::1"] {
        assert_eq!(judge.of_server(&identity, address), GOOD, "{address}");
    }
    assert_eq!(judge.of_client(&identity), GOOD);
}

#[test]
fn a_certificate_is_not_good_for_another_name() {
    let authority = TestAuthority::new();
    let identity = authority.issue(["localhost", "*.example.com", "127.0.0.1"]);
    let judge = Judge::trusting(&authority);
    for (name, why) in [
        ("-verify_hostname example.com", "hostname mismatch"),
        ("-verify_hostname a.b.example.com", "hostname mismatch"),
        ("-verify_ip 127.0.0.2", "IP address mismatch"),
    ] {
        assert_eq!(judge.of_server(&identity, name), why, "{name}");
    }
}

#[test]
fn time_makes_a_certificate_bad() {
    let authority = TestAuthority::new();
    let judge = Judge::trusting(&authority);
    let expired = authority.certificate(["localhost"]).expired().issue();
    assert_eq!(judge.of_server(&expired, ""), "certificate has expired");
    let future = authority.certificate(["localhost"]).not_valid_yet().issue();
    assert_eq!(judge.of_server(&future, ""), "certificate is not yet valid");
}

#[test]
fn a_certificate_for_one_side_is_not_good_for_the_other() {
    let authority = TestAuthority::new();
    let judge = Judge::trusting(&authority);
    let server = authority.certificate(["localhost"]).for_servers().issue();
    let client = authority.certificate(["localhost"]).for_clients().issue();
    let both = authority.certificate(["localhost"]).for_clients().for_servers().issue();
    let verdicts = |identity| (judge.of_server(identity, ""), judge.of_client(identity));
    let (good, bad) = (GOOD.to_string(), "unsuitable certificate purpose".to_string());
    assert_eq!(verdicts(&server), (good.clone(), bad.clone()));
    assert_eq!(verdicts(&client), (bad, good.clone()));
    assert_eq!(verdicts(&both), (good.clone(), good));
}

#[test]
fn what_strangers_and_impostors_have_signed_is_bad() {
    let authority = TestAuthority::new();
    let judge = Judge::trusting(&authority);
    let unknown = TestAuthority::new().issue(["localhost"]);
    assert_eq!(judge.of_server(&unknown, ""), "unable to get local issuer certificate");
    let forged = authority.impostor().issue(["localhost"]);
    assert_ne!(judge.of_server(&forged, ""), GOOD);
}

#[test]
fn a_chain_is_good_if_it_is_complete() {
    let root = TestAuthority::new();
    let intermediate = root.intermediate().intermediate();
    let judge = Judge::trusting(&root);
    assert_eq!(judge.of_server(&intermediate.issue(["localhost"]), ""), GOOD);
    let incomplete = intermediate.certificate(["localhost"]).without_intermediates().issue();
    assert_eq!(judge.of_server(&incomplete, ""), "unable to get local issuer certificate");
}

#[test]
fn what_has_signed_itself_is_trusted_by_those_alone_who_have_it() {
    let leaf = TestCertificate::self_signed(["localhost"]).issue();
    let by_openssl = TestCertificate::self_signed(["localhost"]).as_authority().issue();
    let stranger = Judge::trusting(&TestAuthority::new());
    for identity in [leaf, by_openssl] {
        assert_eq!(stranger.of_server(&identity, ""), "self-signed certificate");
        assert_eq!(Judge::trusting_pem(identity.chain_pem()).of_server(&identity, ""), GOOD);
    }
}

#[test]
fn an_authority_may_issue_what_it_is_not_kept_from() {
    let root = TestAuthority::new();
    let authority = root.constrained(["example.com", "192.0.2.0/24"], ["bad.example.com"]);
    let judge = Judge::trusting(&root);
    for (name, verdict) in [
        ("www.example.com", GOOD),
        ("192.0.2.1", GOOD),
        ("www.bad.example.com", "excluded subtree violation"),
        ("www.example.org", "permitted subtree violation"),
        ("198.51.100.1", "permitted subtree violation"),
    ] {
        assert_eq!(judge.of_server(&authority.issue([name]), ""), verdict, "{name}");
    }
}

#[test]
fn a_list_of_revocations_names_the_revoked_alone() {
    let authority = TestAuthority::new();
    let (good, stolen) = (authority.issue(["a.test"]), authority.issue(["b.test"]));
    let judge = Judge::trusting(&authority).knowing(&authority.revocations([&stolen]));
    assert_eq!(judge.of_server(&good, "-crl_check"), GOOD);
    assert_eq!(judge.of_server(&stolen, "-crl_check"), "certificate revoked");
}

#[test]
fn a_key_is_of_the_kind_that_was_asked_for() {
    let authority = TestAuthority::new();
    let judge = Judge::trusting(&authority);
    for (kind, is) in [
        (TestKey::P256, "prime256v1"),
        (TestKey::P384, "secp384r1"),
        (TestKey::Ed25519, "ED25519"),
        (TestKey::Rsa2048, "(2048 bit)"),
        (TestKey::Rsa1024, "(1024 bit)"),
    ] {
        let identity = authority.certificate(["localhost"]).with_key(kind).issue();
        assert_eq!(judge.of_server(&identity, ""), GOOD, "{kind:?}");
        let files = identity.write_to(&judge.dir, "judged");
        let certificate = judge.openssl("x509 -noout -text -in", &files.certificate);
        assert!(certificate.contains(is), "{kind:?}: {certificate}");
        let of_certificate = judge.openssl("x509 -noout -pubkey -in", &files.certificate);
        assert_eq!(judge.openssl("pkey -pubout -in", &files.key), of_certificate, "{kind:?}");
    }
}

#[test]
fn a_weak_key_is_refused_by_those_who_look() {
    let authority = TestAuthority::new();
    let weak = authority.certificate(["localhost"]).with_key(TestKey::Rsa1024).issue();
    let verdict = Judge::trusting(&authority).of_server(&weak, "-auth_level 2");
    assert_eq!(verdict, "EE certificate key too weak");
}

#[test]
fn what_is_in_der_and_in_pem_is_the_same() {
    let root = TestAuthority::new();
    let identity = root.intermediate().certificate(["localhost"]).issue();
    let judge = Judge::trusting(&root);
    let der = judge.dir.write("key.der", identity.key_der());
    assert_eq!(judge.openssl("pkey -inform DER -in", &der), identity.key_pem().replace('\r', ""));
    let mut certificates = String::new();
    for certificate in identity.chain_der() {
        let der = judge.dir.write("certificate.der", certificate);
        certificates += &judge.openssl("x509 -inform DER -in", &der);
    }
    assert_eq!(certificates, identity.chain_pem().replace('\r', ""));
}

#[test]
fn a_directory_goes_away_with_all_that_is_in_it() {
    let dir = TestDir::new();
    let path = dir.path().to_path_buf();
    fs::create_dir(dir.join("more")).unwrap();
    dir.write("more/file", "content");
    drop(dir);
    assert!(!path.exists());
}

/// Knows whom to trust, and asks openssl.
struct Judge {
    dir: TestDir,
}

impl Judge {
    fn trusting(root: &TestAuthority) -> Self {
        Self::trusting_pem(&root.certificate_pem())
    }

    fn trusting_pem(root: &str) -> Self {
        let dir = TestDir::new();
        dir.write("root.pem", root);
        Self { dir }
    }

    fn knowing(self, revocations: &TestRevocations) -> Self {
        self.dir.write("revocations.pem", revocations.pem());
        self
    }

    fn of_server(&self, identity: &TestIdentity, options: &str) -> String {
        self.verdict(identity, &format!("-purpose sslserver {options}"))
    }

    fn of_client(&self, identity: &TestIdentity) -> String {
        self.verdict(identity, "-purpose sslclient")
    }

    /// `OK`, or what is wrong first of all.
    fn verdict(&self, identity: &TestIdentity, options: &str) -> String {
        let chain = identity.write_to(&self.dir, "judged").certificate;
        let mut command = Command::new("openssl");
        command.args(["verify", "-no-CApath", "-no-CAstore", "-CAfile"]);
        command.arg(self.dir.join("root.pem")).arg("-untrusted").arg(&chain);
        if self.dir.join("revocations.pem").exists() {
            command.arg("-CRLfile").arg(self.dir.join("revocations.pem"));
        }
        let output = command.args(options.split_whitespace()).arg(&chain).output().unwrap();
        if output.status.success() {
            return GOOD.into();
        }
        // error 10 at 0 depth lookup: certificate has expired
        let said = String::from_utf8(output.stderr).unwrap();
        let error = said.lines().find_map(|line| line.split_once(" lookup: "));
        error.unwrap_or_else(|| panic!("{said}")).1.trim().to_string()
    }

    fn openssl(&self, arguments: &str, file: &Path) -> String {
        let output = Command::new("openssl").args(arguments.split(' ')).arg(file).output().unwrap();
        assert!(output.status.success(), "openssl {arguments}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}
