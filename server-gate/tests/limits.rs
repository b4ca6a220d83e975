//! How many may be open at once.

use std::io::ErrorKind;

use futures_lite::future::block_on;
use socketry_server::AcceptExt;

use crate::support::{
    admitted, come, come_from, how_many_come_in, is_at_its_end, limit, poll, poll_until_idle,
    refused, server,
};

#[test]
fn by_default_there_is_no_limit() {
    let (mut server, handle, gate) = server(|_| ());
    let clients: Vec<_> = (0..1000).map(|_| come_from(1, &handle)).collect();
    let results = poll_until_idle(&mut server);
    assert!(results.iter().all(Result::is_ok));
    assert_eq!((gate.counts().open, gate.counts().admitted), (1000, 1000));
    drop(clients);
}

#[test]
fn as_many_come_in_as_may_be_open_and_the_next_one_is_refused() {
    let (mut server, handle, _gate) = server(|settings| settings.most_open = Some(3));
    let mut clients: Vec<_> = (1..=4).map(|host| come_from(host, &handle)).collect();
    let _open: Vec<_> = (0..3).map(|_| admitted(&mut server)).collect();
    let error = refused(&mut server);
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    assert_eq!(
        error.to_string(),
        "connection from tcp://192.0.2.4:50000 closed: \
         the limit of 3 open connections is reached"
    );
    assert!(is_at_its_end(&mut clients[3]), "it is closed");
    assert!(!clients[..3].iter_mut().any(is_at_its_end));
}

#[test]
fn who_leaves_makes_room_for_one_more() {
    let (mut server, handle, _gate) = server(|settings| settings.most_open = Some(1));
    let _clients = [1, 2, 3].map(|host| come_from(host, &handle));
    let open = admitted(&mut server);
    refused(&mut server);
    drop(open);
    admitted(&mut server);
}

#[test]
fn one_address_has_a_limit_of_its_own() {
    let (mut server, handle, gate) = server(|settings| settings.most_open_per_prefix = Some(2));
    let _clients = [1, 1, 1, 2].map(|host| come_from(host, &handle));
    let _open = [admitted(&mut server), admitted(&mut server)];
    let error = refused(&mut server);
    assert_eq!(limit(&error).limit(), 2);
    assert_eq!(limit(&error).of_what(), "open connections from 192.0.2.1/32");
    let _other = admitted(&mut server);
    assert_eq!(gate.open_from([192, 0, 2, 1].into()), 2);
}

#[test]
fn of_one_address_who_leaves_makes_room_for_one_more_of_it() {
    let (mut server, handle, gate) = server(|settings| settings.most_open_per_prefix = Some(1));
    let _clients = [1, 1, 1].map(|host| come_from(host, &handle));
    let open = admitted(&mut server);
    refused(&mut server);
    drop(open);
    admitted(&mut server);
    assert_eq!(gate.counts().over_most_open_per_prefix, 1);
}

#[test]
fn a_64_of_ipv6_is_one_prefix_and_the_next_one_another() {
    let (mut server, handle, _gate) = server(|settings| settings.most_open_per_prefix = Some(1));
    let _clients =
        ["tcp://[2001:db8::1]:1", "tcp://[2001:db8::ffff:1]:1", "tcp://[2001:db8:0:1::1]:1"]
            .map(|from| come(from, &handle));
    let _first = admitted(&mut server);
    assert_eq!(
        refused(&mut server).to_string(),
        "connection from tcp://[2001:db8::ffff:1]:1 closed: \
         the limit of 1 open connections from 2001:db8::/64 is reached"
    );
    let _third = admitted(&mut server);
}

#[test]
fn the_length_of_prefixes_can_be_set_for_either_family() {
    let (mut server, handle, gate) = server(|settings| {
        settings.most_open_per_prefix = Some(1);
        settings.ipv4_prefix = 24;
        settings.ipv6_prefix = 128;
    });
    let from = ["192.0.2.1", "192.0.2.255", "[2001:db8::1]", "[2001:db8::2]"];
    let _clients = from.map(|host| come(&format!("tcp://{host}:1"), &handle));
    let results = poll_until_idle(&mut server);
    let are_in: Vec<_> = results.iter().map(Result::is_ok).collect();
    assert_eq!(are_in, [true, false, true, true]);
    assert_eq!(gate.open_from([192, 0, 2, 77].into()), 1);
}

#[test]
fn prefixes_that_are_too_long_or_of_no_length_are_as_documented() {
    let (mut server, handle, _gate) = server(|settings| {
        settings.most_open_per_prefix = Some(1);
        settings.ipv4_prefix = 0;
        settings.ipv6_prefix = 255;
    });
    let from = ["192.0.2.1", "127.0.0.1", "[2001:db8::1]", "[2001:db8::2]"];
    let _clients = from.map(|host| come(&format!("tcp://{host}:1"), &handle));
    let results = poll_until_idle(&mut server);
    let are_in: Vec<_> = results.iter().map(Result::is_ok).collect();
    assert_eq!(are_in, [true, false, true, true]);
}

#[test]
fn an_ipv4_address_counts_the_same_when_it_is_mapped_into_ipv6() {
    let (mut server, handle, gate) = server(|settings| settings.most_open_per_prefix = Some(1));
    let _clients =
        ["tcp://192.0.2.1:1", "tcp://[::ffff:192.0.2.1]:1"].map(|from| come(from, &handle));
    let _open = admitted(&mut server);
    refused(&mut server);
    assert_eq!(gate.open_from("::ffff:192.0.2.1".parse().unwrap()), 1);
}

#[test]
fn what_is_refused_for_its_prefix_takes_no_place() {
    let (mut server, handle, gate) = server(|settings| {
        settings.most_open = Some(2);
        settings.most_open_per_prefix = Some(1);
    });
    let _clients = [1, 1, 1, 2].map(|host| come_from(host, &handle));
    let open: Vec<_> = poll_until_idle(&mut server).into_iter().filter_map(Result::ok).collect();
    assert_eq!((open.len(), gate.counts().refused()), (2, 2));
}

#[test]
fn a_limit_of_zero_lets_nobody_in() {
    let limits: [fn(&mut socketry_server_gate::GateSettings); 2] = [
        |settings| settings.most_open = Some(0),
        |settings| settings.most_open_per_prefix = Some(0),
    ];
    for set in limits {
        let (mut server, handle, _gate) = server(set);
        assert_eq!(how_many_come_in(3, &mut server, &handle), 0);
    }
}

#[test]
fn who_has_no_ip_address_counts_for_the_sum_and_for_no_prefix() {
    let (mut server, handle, gate) = server(|settings| {
        settings.most_open = Some(2);
        settings.most_open_per_prefix = Some(0);
    });
    let nameless = || socketry_testing::pair().1;
    let (_client, named) = socketry_testing::pair();
    handle.push(nameless());
    handle.push(named.with_remote_address("unix:///run/client".parse().unwrap()));
    handle.push(nameless());
    let _open = [admitted(&mut server), admitted(&mut server)];
    assert_eq!(
        refused(&mut server).to_string(),
        "connection closed: the limit of 2 open connections is reached"
    );
    assert_eq!(gate.counts().open, 2);
}

#[test]
fn a_flood_is_one_error_each_with_its_address_and_the_server_goes_on() {
    let (mut server, handle, gate) = server(|settings| settings.most_open = Some(1));
    let first = come_from(1, &handle);
    let open = admitted(&mut server);
    let mut flood: Vec<_> = (0..500_u32)
        .map(|n| come(&format!("tcp://10.0.{}.{}:1", n / 250, n % 250), &handle))
        .collect();
    let errors = poll_until_idle(&mut server);
    for (error, n) in errors.iter().zip(0..500) {
        let remote = limit(error.as_ref().unwrap_err()).remote().unwrap().to_string();
        assert_eq!(remote, format!("tcp://10.0.{}.{}:1", n / 250, n % 250));
    }
    assert_eq!((errors.len(), gate.counts().over_most_open), (500, 500));
    assert!(flood.iter_mut().all(is_at_its_end));
    drop((first, open));
    let _next = come_from(2, &handle);
    assert!(block_on(server.accept()).unwrap().is_ok());
}

#[test]
fn a_flood_that_is_refused_lets_other_tasks_have_a_turn() {
    let (mut server, handle, _gate) = server(|settings| settings.most_open = Some(0));
    let _clients: Vec<_> = (0..100).map(|host| come_from(host, &handle)).collect();
    let refused = (0..100).take_while(|_| poll(&mut server).is_ready()).count();
    assert_eq!(refused, 32);
    assert!(poll(&mut server).is_ready());
}

#[test]
fn errors_of_the_server_inside_come_through_unchanged() {
    let (mut server, handle, gate) = server(|settings| settings.most_open = Some(0));
    handle.push_error(ErrorKind::ConnectionAborted.into());
    assert_eq!(refused(&mut server).kind(), ErrorKind::ConnectionAborted);
    assert_eq!(gate.counts().refused(), 0);
}
