//! Which addresses of an answer are dialled.

use socketry_resolver::Answer;

use super::{Stage, answer, arrived, assert_pending, error};

#[test]
fn addresses_of_the_other_family_are_left_out_ipv4_in_the_clothes_of_ipv6_as_well() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v6.answer(answer(&["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::1"]));
    v4.answer(answer(&["2001:db8::9", "::ffff:192.0.2.9", "192.0.2.1"]));
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut stage.call()), ["[2001:db8::1]:80", "192.0.2.1:80"]);
}

#[test]
fn an_answer_that_has_only_addresses_of_the_other_family_is_an_empty_one() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v6.answer(answer(&["::ffff:192.0.2.9"]));
    assert_pending(&mut connecting);
    assert_eq!(stage.inner.begun(), 0);
    v4.answer(answer(&["192.0.2.1"]));
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut stage.call()), ["192.0.2.1:80"]);
}

#[test]
fn the_scope_of_an_answer_is_kept() {
    let stage = Stage::new();
    let (mut connecting, v6, _v4) = stage.look_up();
    v6.answer(["[fe80::1%7]:0".parse::<std::net::SocketAddr>().unwrap()].into_iter().collect());
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut stage.call()), ["[fe80::1%7]:80"]);
}

#[test]
fn a_link_local_address_without_a_scope_is_left_out() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v6.answer(answer(&["fe80::1", "2001:db8::1", "febf::1"]));
    v4.answer(answer(&["169.254.0.1"]));
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut stage.call()), ["[2001:db8::1]:80", "169.254.0.1:80"]);
}

#[test]
fn an_answer_of_link_local_addresses_without_a_scope_is_an_empty_one() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v6.answer(answer(&["fe80::1"]));
    assert_pending(&mut connecting);
    assert_eq!(stage.inner.begun(), 0);
    v4.answer(Answer::default());
    let error = error(&mut connecting);
    assert!(error.to_string().contains("has neither IPv6 nor IPv4 addresses"), "{error}");
}
