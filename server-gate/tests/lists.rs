//! Who may come in, who may not, and whom no limit concerns.

use std::io::ErrorKind;

use socketry_server_gate::{AccessRule, Rate};

use crate::support::{
    address, admitted, come, come_from, is_at_its_end, network, not_admitted, poll_until_idle,
    refused, server, server_on_a_clock,
};

#[test]
fn who_is_on_the_deny_list_is_closed_with_one_error_that_names_the_network() {
    let (mut server, handle, gate) =
        server(|settings| settings.deny = vec![network("192.0.2.0/25"), network("10.0.0.0/8")]);
    let mut client = come_from(1, &handle);
    let error = refused(&mut server);
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(not_admitted(&error).remote(), &address("tcp://192.0.2.1:50000"));
    assert_eq!(not_admitted(&error).rule(), AccessRule::Deny(network("192.0.2.0/25")));
    assert_eq!(
        error.to_string(),
        "connection from tcp://192.0.2.1:50000 closed: 192.0.2.0/25 is on the deny list"
    );
    assert!(is_at_its_end(&mut client));
    assert_eq!(gate.counts().denied, 1);
}

#[test]
fn who_is_on_no_list_comes_in_if_nobody_is_on_the_allow_list() {
    let (mut server, handle, _gate) =
        server(|settings| settings.deny = vec![network("192.0.2.0/25")]);
    let _client = come_from(128, &handle);
    admitted(&mut server);
}

#[test]
fn if_anybody_is_on_the_allow_list_whoever_is_not_stays_out() {
    let (mut server, handle, gate) =
        server(|settings| settings.allow = vec![network("192.0.2.0/25"), network("::1")]);
    let _clients = [127, 128].map(|host| come_from(host, &handle));
    let _local = come("tcp://[::1]:1", &handle);
    let _open = admitted(&mut server);
    let error = refused(&mut server);
    assert_eq!(not_admitted(&error).rule(), AccessRule::Allow);
    assert_eq!(
        error.to_string(),
        "connection from tcp://192.0.2.128:50000 closed: the address is not on the allow list"
    );
    admitted(&mut server);
    assert_eq!(gate.counts().not_allowed, 1);
}

#[test]
fn deny_beats_allow_and_exempt() {
    let (mut server, handle, _gate) = server(|settings| {
        settings.deny = vec![network("192.0.2.1")];
        settings.allow = vec![network("192.0.2.1"), network("192.0.2.2")];
        settings.exempt = vec![network("192.0.2.1")];
    });
    let _clients = [1, 2].map(|host| come_from(host, &handle));
    refused(&mut server);
    admitted(&mut server);
}

#[test]
fn who_is_exempt_and_not_allowed_stays_out() {
    let (mut server, handle, _gate) = server(|settings| {
        settings.allow = vec![network("10.0.0.0/8")];
        settings.exempt = vec![network("192.0.2.0/24")];
    });
    let _client = come_from(1, &handle);
    assert_eq!(not_admitted(&refused(&mut server)).rule(), AccessRule::Allow);
}

#[test]
fn the_lists_know_ipv4_addresses_that_are_mapped_into_ipv6() {
    let (mut server, handle, _gate) = server(|settings| settings.deny = vec![network("192.0.2.1")]);
    let _client = come("tcp://[::ffff:192.0.2.1]:1", &handle);
    refused(&mut server);
}

#[test]
fn no_limit_concerns_the_exempt() {
    let (mut server, handle, gate, _clock) = server_on_a_clock(|settings| {
        settings.most_open = Some(0);
        settings.most_open_per_prefix = Some(0);
        settings.rate = Some(Rate::per_second(0));
        settings.rate_per_prefix = Some(Rate::per_second(0));
        settings.exempt = vec![network("192.0.2.1")];
    });
    let _clients: Vec<_> = (0..10).map(|_| come_from(1, &handle)).collect();
    let open = poll_until_idle(&mut server);
    assert!(open.iter().all(Result::is_ok));
    assert_eq!((gate.counts().open, gate.counts().open_exempt), (10, 10));
    assert_eq!(gate.open_from([192, 0, 2, 1].into()), 10);
    drop(open);
    assert_eq!((gate.counts().open, gate.counts().open_exempt), (0, 0));
}

#[test]
fn the_exempt_take_no_place_and_no_token_of_others() {
    let (mut server, handle, _gate, _clock) = server_on_a_clock(|settings| {
        settings.most_open = Some(1);
        settings.most_open_per_prefix = Some(1);
        settings.rate = Some(Rate::per_second(1));
        settings.rate_per_prefix = Some(Rate::per_second(1));
        settings.ipv4_prefix = 24;
        settings.exempt = vec![network("192.0.2.1")];
    });
    let _clients = [1, 1, 2, 3].map(|host| come_from(host, &handle));
    let _open = [admitted(&mut server), admitted(&mut server), admitted(&mut server)];
    refused(&mut server);
}

#[test]
fn the_exempt_give_no_token_back_to_others_of_their_prefix() {
    let (mut server, handle, _gate, _clock) = server_on_a_clock(|settings| {
        settings.rate_per_prefix = Some(Rate::per_minute(1));
        settings.ipv4_prefix = 24;
        settings.exempt = vec![network("192.0.2.1")];
    });
    let _clients = [2, 1, 2].map(|host| come_from(host, &handle));
    drop(admitted(&mut server)); // and only its token is known any more
    let _exempt = admitted(&mut server);
    refused(&mut server);
}

#[test]
fn the_lists_do_not_concern_who_has_no_ip_address() {
    let (mut server, handle, _gate) = server(|settings| {
        settings.allow = vec![network("10.0.0.0/8")];
        settings.deny = vec![network("0.0.0.0/0"), network("::/0")];
    });
    handle.push(socketry_testing::pair().1);
    admitted(&mut server);
}
