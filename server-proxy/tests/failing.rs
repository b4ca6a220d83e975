//! Trusted peers without a good header.

use std::{error::Error, io::ErrorKind, time::Duration};

use futures_lite::{AsyncWriteExt, future::block_on};
use socketry_server::AcceptExt;
use socketry_server_proxy::{InvalidHeader, ProxyFailure, ProxyHeader};
use socketry_testing::{Operation, faulty, pair_between};

use crate::support::{
    OWN, PROXY, V1, accept, address, come, come_saying, failure, is_at_its_end, options,
    poll_accept, poll_until_idle, refusal, say, server, server_on_a_clock, serving, v2,
};

/// Headers of each kind that is refused.
fn bad() -> [Vec<u8>; 5] {
    let mut changed = v2();
    changed[20] ^= 1;
    let mut too_long = v2();
    too_long[14] = 0xff;
    let endless = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 93]].concat();
    [b"GET / HTTP/1.1\r\n".into(), b"PROXY TCP4 a b c d\r\n".into(), changed, too_long, endless]
}

#[test]
fn what_is_no_header_is_one_error_and_the_end_of_the_connection() {
    for bytes in bad() {
        let (mut server, handle) = server();
        let mut peer = come_saying(&bytes, &handle);
        let error = refusal(&mut server);
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
        assert!(matches!(failure(&error), ProxyFailure::Invalid(_)), "{error}");
        assert!(is_at_its_end(&mut peer) && poll_accept(&mut server).is_pending(), "{error}");
    }
}

#[test]
fn no_error_is_the_end_of_the_server() {
    let (mut server, handle) = server();
    let _peers = bad().map(|bytes| come_saying(&bytes, &handle));
    let _good = come_saying(V1, &handle);
    let results = poll_until_idle(&mut server);
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 5);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
}

#[test]
fn the_error_says_who_it_was_and_what_is_wrong_in_one_line() {
    let (mut server, handle) = server();
    let _peer = come_saying(b"GET / HTTP/1.1\r\n", &handle);
    let error = refusal(&mut server);
    assert_eq!(
        error.to_string(),
        "connection from tcp://10.0.0.1:5678 failed during PROXY header: \
         it begins with \"GET / HT\", which begins no PROXY header"
    );
    let cause = error.source().or(error.get_ref().and_then(|payload| payload.source()));
    assert!(cause.unwrap().is::<InvalidHeader>());
}

#[test]
fn a_header_is_too_long_where_the_options_say_so() {
    let header = ProxyHeader::local().with_tlv(0xe0, [0; 300]).unwrap().to_v2();
    for (longest, is_read) in [(0, false), (318, false), (319, true), (usize::MAX, true)] {
        let (mut server, handle) = serving(options().longest_header(longest));
        let _peer = come_saying(&header, &handle);
        assert_eq!(block_on(server.accept()).unwrap().is_ok(), is_read);
    }
}

#[test]
fn the_addresses_of_unix_sockets_are_never_too_long() {
    let header = ProxyHeader::relaying(address("unix://@a"), address("unix://@b")).to_v2();
    let (mut server, handle) = serving(options().longest_header(0));
    let _peer = come_saying(&header, &handle);
    accept(&mut server);
}

#[test]
fn a_peer_that_ends_before_its_header_is_whole_is_told_with_what_it_has_sent() {
    for header in [V1, &v2()] {
        for length in 0..header.len() {
            let (mut server, handle) = server();
            let mut peer = come_saying(&header[..length], &handle);
            let waits = poll_accept(&mut server).is_pending();
            block_on(peer.close()).unwrap();
            let error = refusal(&mut server);
            assert!(waits && error.kind() == ErrorKind::UnexpectedEof, "{error}");
            let ProxyFailure::Ended { after, .. } = failure(&error) else { panic!("{error}") };
            assert_eq!(*after, length);
        }
    }
}

#[test]
fn the_error_says_after_how_many_bytes_a_peer_has_ended() {
    let (mut server, handle) = server();
    drop(come_saying(&V1[..7], &handle));
    assert_eq!(
        refusal(&mut server).to_string(),
        "connection from tcp://10.0.0.1:5678 failed during PROXY header: \
         the peer has ended it after 7 bytes"
    );
}

#[test]
fn a_connection_that_fails_midway_is_told_with_its_kind() {
    let (mut server, handle) = server();
    let (mut peer, accepted) = pair_between(address(PROXY), address(OWN));
    let (accepted, faults) = faulty(accepted);
    handle.push(accepted);
    say(&mut peer, &V1[..7]);
    assert!(poll_accept(&mut server).is_pending());
    faults.fail(Operation::Read, ErrorKind::ConnectionReset);
    say(&mut peer, b"x");
    let error = refusal(&mut server);
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(matches!(failure(&error), ProxyFailure::Io(_)));
    assert!(error.to_string().starts_with("connection from tcp://10.0.0.1:5678 failed"), "{error}");
}

#[test]
fn a_header_that_is_not_whole_after_five_seconds_is_late() {
    for begin in [&b""[..], &V1[..20]] {
        let (mut server, handle, clock) = server_on_a_clock(options());
        let mut peer = come_saying(begin, &handle);
        assert!(poll_accept(&mut server).is_pending());
        clock.advance(Duration::from_millis(4999));
        assert!(poll_accept(&mut server).is_pending());
        clock.advance(Duration::from_millis(1));
        let error = refusal(&mut server);
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(
            error.to_string(),
            "connection from tcp://10.0.0.1:5678 timed out after 5s during PROXY header"
        );
        assert!(is_at_its_end(&mut peer));
    }
}

#[test]
fn a_byte_now_and_then_does_not_put_off_the_deadline() {
    let (mut server, handle, clock) = server_on_a_clock(options());
    let mut peer = come(&handle);
    for byte in &V1[..5] {
        assert!(poll_accept(&mut server).is_pending());
        say(&mut peer, &[*byte]);
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(refusal(&mut server).kind(), ErrorKind::TimedOut);
}

#[test]
fn a_header_that_is_there_beats_the_clock() {
    let (mut server, handle, clock) = server_on_a_clock(options());
    let mut peer = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    clock.advance(Duration::from_secs(60));
    say(&mut peer, V1);
    accept(&mut server);
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn a_peer_may_take_as_long_as_it_likes_without_a_deadline() {
    let (mut server, handle, clock) = server_on_a_clock(options().header_within(None));
    let mut peer = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    assert_eq!(clock.sleeping(), 0);
    clock.advance(Duration::from_secs(100_000));
    assert!(poll_accept(&mut server).is_pending());
    say(&mut peer, V1);
    accept(&mut server);
}

#[test]
fn with_no_time_at_all_the_header_has_to_be_there() {
    let (mut server, handle, _clock) = server_on_a_clock(options().header_within(Duration::ZERO));
    let _late = come(&handle);
    assert_eq!(refusal(&mut server).kind(), ErrorKind::TimedOut);
    let _there = come_saying(V1, &handle);
    accept(&mut server);
}
