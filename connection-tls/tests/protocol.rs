//! What is spoken, by name.

use std::io::ErrorKind;

use socketry_connection_tls::{
    Protocol, TlsVersion,
    rustls::{CipherSuite, NamedGroup, ProtocolVersion, ServerConfig},
};

fn refused(protocol: Protocol) -> String {
    let error = protocol.resolve().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    error.to_string()
}

fn versions(protocol: Protocol) -> Vec<ProtocolVersion> {
    protocol.resolve().unwrap().versions.iter().map(|version| version.version).collect()
}

#[test]
fn both_versions_are_spoken_unless_they_are_bounded() {
    use ProtocolVersion::{TLSv1_2, TLSv1_3};

    let new = Protocol::new;
    assert_eq!(versions(new()), [TLSv1_3, TLSv1_2]);
    assert_eq!(versions(new().min_version(TlsVersion::Tls13)), [TLSv1_3]);
    assert_eq!(versions(new().max_version(TlsVersion::Tls12)), [TLSv1_2]);
    assert_eq!(versions(new().suites(["TLS_AES_128_GCM_SHA256"])), [TLSv1_3]);
    let text = refused(new().min_version(TlsVersion::Tls13).max_version(TlsVersion::Tls12));
    assert!(text.contains("the oldest to speak (1.3) is newer than the newest (1.2)"), "{text}");
}

#[test]
fn suites_go_by_all_of_their_names_in_the_given_order() {
    use CipherSuite as Suite;

    let protocol = Protocol::new().suites([
        "TLS_CHACHA20_POLY1305_SHA256",
        "tls13_aes_128_gcm_sha256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    ]);
    let suites = protocol.resolve().unwrap().provider.cipher_suites.clone();
    assert_eq!(
        suites.iter().map(|suite| suite.suite()).collect::<Vec<_>>(),
        [
            Suite::TLS13_CHACHA20_POLY1305_SHA256,
            Suite::TLS13_AES_128_GCM_SHA256,
            Suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            Suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            Suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        ]
    );
}

#[test]
fn groups_go_by_all_of_their_names_in_the_given_order() {
    let protocol = Protocol::new().key_exchange_groups(["P-256", "x25519", "secp384r1"]);
    let groups = protocol.resolve().unwrap().provider.kx_groups.clone();
    assert_eq!(
        groups.iter().map(|group| group.name()).collect::<Vec<_>>(),
        [NamedGroup::secp256r1, NamedGroup::X25519, NamedGroup::secp384r1]
    );
}

#[test]
fn unknown_names_are_refused_with_those_that_there_are() {
    let text = refused(Protocol::new().suites(["TLS_RSA_WITH_RC4_128_MD5"]));
    assert!(text.contains("RC4_128_MD5\": choose from TLS_"), "{text}");
    let text = refused(Protocol::new().key_exchange_groups(["P-224"]));
    assert!(text.contains("\"P-224\": choose from X25519"), "{text}");
    refused(Protocol::new().suites([""; 0]));
}

#[test]
fn a_suite_of_rsa_key_exchange_is_not_taken_for_one_of_tls_1_3() {
    for name in ["AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"] {
        refused(Protocol::new().suites([name]));
    }
}

#[test]
fn a_name_stands_there_once_however_it_is_written() {
    let text =
        refused(Protocol::new().suites(["TLS_AES_128_GCM_SHA256", "tls13_aes_128_gcm_sha256"]));
    assert!(text.contains("\"tls13_aes_128_gcm_sha256\": it stands there twice"), "{text}");
    refused(Protocol::new().key_exchange_groups(["P-256", "prime256v1"]));
}

#[cfg(feature = "aws-lc-rs")]
#[test]
fn a_group_that_is_not_preferred_can_be_named_unless_another_provider_has_it_not() {
    let protocol = Protocol::new().key_exchange_groups(["secp256r1MLKEM768"]);
    assert_eq!(protocol.resolve().unwrap().provider.kx_groups.len(), 1);
    refused(protocol.provider(socketry_connection_tls::default_provider().unwrap()));
}

#[cfg(feature = "aws-lc-rs")]
#[test]
fn a_version_that_no_group_is_good_for_is_not_spoken() {
    let hybrid = Protocol::new().key_exchange_groups(["X25519MLKEM768"]);
    assert_eq!(versions(hybrid.clone()), [ProtocolVersion::TLSv1_3]);
    refused(hybrid.max_version(TlsVersion::Tls12));
}

#[test]
fn what_was_resolved_is_taken_by_the_builders_of_rustls() {
    for protocol in [
        Protocol::new(),
        Protocol::new().suites(["ECDHE-RSA-AES128-GCM-SHA256"]).key_exchange_groups(["P-384"]),
        Protocol::new().max_version(TlsVersion::Tls12),
    ] {
        let resolved = protocol.resolve().unwrap();
        let builder = ServerConfig::builder_with_provider(resolved.provider);
        assert!(builder.with_protocol_versions(&resolved.versions).is_ok(), "{protocol:?}");
    }
}

#[test]
fn a_choice_that_leaves_nothing_to_speak_is_refused() {
    let only_old = Protocol::new().suites(["ECDHE-RSA-AES128-GCM-SHA256"]);
    let text = refused(only_old.min_version(TlsVersion::Tls13));
    assert!(text.contains("TLS 1.3 needs a cipher suite and a key exchange group"), "{text}");
}

#[test]
fn names_of_application_protocols_are_bounded_and_stand_once() {
    refused(Protocol::new().alpn([""]));
    refused(Protocol::new().alpn(["x".repeat(256)]));
    refused(Protocol::new().alpn(["h2", "h2"]));
    refused(Protocol::new().alpn((0..300).map(|number| format!("{number:0>255}"))));
    let alpn = Protocol::new().alpn(["h2", "http/1.1"]).resolve().unwrap().alpn;
    assert_eq!(alpn, [b"h2".to_vec(), b"http/1.1".to_vec()]);
}

#[test]
fn versions_read_what_they_print() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        assert_eq!(version.to_string().parse::<TlsVersion>().unwrap(), version);
    }
    let error = "1.1".parse::<TlsVersion>().unwrap_err();
    assert!(error.to_string().contains("write 1.2 or 1.3"), "{error}");
}
