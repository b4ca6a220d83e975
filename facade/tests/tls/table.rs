//! The table of the names that other libraries have for the options.

/// Each name that people look for, and the tests that show what it is here.
const NAMES: [(&str, &[&str]); 20] = [
    ("verify_peer", &["a_certificate_by_a_stranger_is_refused_unless_it_need_not_be_verified"]),
    (
        "verify_peer_name",
        &["a_certificate_for_another_name_is_taken_if_the_name_need_not_be_verified"],
    ),
    ("peer_name", &["another_name_can_be_asked_for_by_option_and_by_endpoint"]),
    (
        "allow_self_signed",
        &["a_certificate_that_has_signed_itself_is_taken_if_it_is_pinned_or_trusted"],
    ),
    ("cafile", &["files_and_folders_of_certificates_say_who_is_trusted"]),
    ("capath", &["files_and_folders_of_certificates_say_who_is_trusted"]),
    (
        "local_cert",
        &["a_client_shows_its_identity_to_a_server_that_asks", "an_identity_can_be_in_one_file"],
    ),
    ("local_pk", &["a_client_shows_its_identity_to_a_server_that_asks"]),
    ("passphrase", &["an_encrypted_key_needs_its_passphrase_and_nobody_is_asked_for_it"]),
    ("ciphers", &["suites_and_groups_go_by_name_and_unknown_ones_are_refused"]),
    ("crypto_method", &["versions_can_be_bounded_on_both_ends"]),
    ("verify_depth", &["the_options_without_a_meaning_are_unknown_keys"]),
    ("security_level", &["the_options_without_a_meaning_are_unknown_keys"]),
    ("disable_compression", &["the_options_without_a_meaning_are_unknown_keys"]),
    ("SNI_enabled", &["the_server_need_not_be_told_the_name"]),
    ("SNI_server_certs", &["each_name_has_its_own_certificate_and_the_rest_the_default"]),
    ("peer_fingerprint", &["a_pinned_certificate_is_the_only_one_that_is_taken"]),
    ("capture_peer_cert", &["what_was_agreed_upon_is_an_attribute_of_both_ends"]),
    ("capture_peer_cert_chain", &["what_was_agreed_upon_is_an_attribute_of_both_ends"]),
    ("alpn_protocols", &["both_agree_on_a_protocol_or_part"]),
];

const TESTS: [&str; 4] = [
    include_str!("both_sides.rs"),
    include_str!("options.rs"),
    include_str!("server_options.rs"),
    include_str!("table.rs"),
];

#[test]
fn every_name_has_its_row_and_its_test() {
    let table = include_str!("../../src/tls_options.md");
    let rows: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(rows, NAMES.map(|(name, _)| name));
    for test in NAMES.iter().flat_map(|(_, tests)| *tests) {
        let there = format!("fn {test}()");
        assert!(TESTS.iter().any(|file| file.contains(&there)), "{test} is gone");
    }
}

#[cfg(feature = "serde")]
#[test]
fn the_options_without_a_meaning_are_unknown_keys() {
    for name in ["verify_depth", "security_level", "disable_compression"] {
        let text = format!(r#"{{"{name}": 1}}"#);
        let error = serde_json::from_str::<socketry::TlsConfig>(&text).unwrap_err();
        assert!(error.to_string().contains(&format!("unknown field `{name}`")), "{error}");
    }
}
