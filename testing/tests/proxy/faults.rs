//! Every fault, as both sides see it.

use std::{io::Write, net::Shutdown};

use futures_lite::future::block_on;
use socketry_testing::{Break, Fault};

use crate::{RESET, assert_silent, hear, hear_all, many_bytes, with_proxy};

#[test]
fn accepted_and_closed_is_an_end_and_no_reset() {
    with_proxy(|ends| {
        ends.proxy.push(Fault::AcceptThenClose);
        let mut client = ends.connect();
        client.write_all(b"question").unwrap();
        assert_eq!(hear_all(&mut client), (Vec::new(), Ok(())));
        client.write_all(b"another one").unwrap();
        assert_eq!((ends.proxy.counts().open, ends.proxy.counts().hung_up), (1, 0));
        drop(client);
        ends.until_open(0);
        assert_eq!((ends.proxy.counts().to_server, ends.proxy.counts().hung_up), (0, 1));
    });
}

#[test]
fn a_reset_comes_in_the_middle_of_a_message_to_both_sides() {
    with_proxy(|ends| {
        ends.proxy.push(Fault::ResetAfter(3));
        let (mut client, mut server) = ends.join();
        client.write_all(b"question").unwrap();
        assert_eq!(hear(&mut server, 8), b"question");
        server.write_all(b"answer").unwrap();
        assert_eq!(hear_all(&mut client), (b"ans".to_vec(), RESET));
        assert_eq!(hear_all(&mut server), (Vec::new(), RESET));
        let counts = ends.proxy.counts();
        assert_eq!((counts.to_server, counts.to_client), (8, 3));
        assert_eq!((counts.open, counts.faults), (0, 1));
    });
}

#[test]
fn a_reset_after_no_byte_comes_at_once() {
    with_proxy(|ends| {
        ends.proxy.push(Fault::ResetAfter(0));
        assert_eq!(hear_all(&mut ends.connect()), (Vec::new(), RESET));
    });
}

#[test]
fn an_answer_may_come_in_pieces_until_it_is_cut_off() {
    with_proxy(|ends| {
        ends.proxy.push(Fault::CloseAfter(3));
        let (mut client, mut server) = ends.join();
        server.write_all(b"a").unwrap();
        assert_eq!(hear(&mut client, 1), b"a");
        server.write_all(b"nswer").unwrap();
        assert_eq!(hear_all(&mut client), (b"ns".to_vec(), Ok(())));
        assert_eq!(hear_all(&mut server), (Vec::new(), Ok(())));
        // It may go on, and still finds no reset.
        server.write_all(&many_bytes()).unwrap();
        client.write_all(&many_bytes()).unwrap();
        drop(server);
        assert_eq!(ends.proxy.counts().open, 1);
        drop(client);
        ends.until_open(0);
        assert_eq!((ends.proxy.counts().to_server, ends.proxy.counts().to_client), (0, 3));
    });
}

#[test]
fn an_answer_that_is_shorter_ends_before_the_fault() {
    with_proxy(|ends| {
        ends.proxy.push(Fault::ResetAfter(7));
        let (mut client, mut server) = ends.join();
        server.write_all(b"answer").unwrap();
        drop(server);
        assert_eq!(hear_all(&mut client), (b"answer".to_vec(), Ok(())));
        drop(client);
        ends.until_open(0);
        assert_eq!(ends.proxy.counts().faults, 0);
    });
}

#[test]
fn a_black_hole_takes_the_connection_and_says_nothing_even_after_an_end() {
    with_proxy(|ends| {
        ends.proxy.push(Fault::BlackHole);
        let mut client = ends.connect();
        client.write_all(b"question").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        block_on(ends.proxy.until(|counts| counts.hung_up == 1));
        assert_silent(&client);
        assert_eq!((ends.proxy.counts().open, ends.proxy.counts().to_server), (1, 0));
        // The next one is none, and so is seen to come through.
        let (_other, _server) = ends.join();
        ends.proxy.break_all(Break::Close);
        assert_eq!(hear_all(&mut client), (Vec::new(), Ok(())));
    });
}

#[test]
fn a_black_hole_does_not_read() {
    with_proxy(|ends| {
        ends.proxy.push(Fault::BlackHole);
        let mut client = ends.connect();
        client.set_nonblocking(true).unwrap();
        let mut taken = 0;
        while let Ok(count) = client.write(&[0; 1 << 16]) {
            taken += count;
            assert!(taken < 1 << 28, "somebody reads");
        }
        assert_eq!(ends.proxy.counts().open, 1);
    });
}

#[test]
fn a_connection_that_is_half_open_forwards_nothing_and_no_end_either() {
    with_proxy(|ends| {
        ends.proxy.push(Fault::HalfOpen(3));
        let (mut client, mut server) = ends.join();
        client.write_all(b"question").unwrap();
        assert_eq!(hear(&mut server, 8), b"question");
        server.write_all(b"answer").unwrap();
        assert_eq!(hear(&mut client, 3), b"ans");
        client.write_all(b"hello?").unwrap();
        assert_eq!(ends.proxy.counts().faults, 1);
        assert_silent(&server);
        drop(server);
        assert_eq!(ends.proxy.counts().open, 1);
        assert_silent(&client);
        drop(client);
        let counts = block_on(ends.proxy.until(|counts| counts.hung_up == 1));
        assert_eq!((counts.to_server, counts.to_client, counts.open), (8, 3, 1));
    });
}

#[test]
fn a_client_that_resets_a_silent_connection_ends_it() {
    with_proxy(|ends| {
        ends.proxy.push(Fault::HalfOpen(3));
        let (client, mut server) = ends.join();
        server.write_all(b"answer").unwrap();
        client.peek(&mut [0]).unwrap();
        drop(client); // with bytes unread
        ends.until_open(0);
        assert_eq!(hear_all(&mut server), (Vec::new(), RESET));
    });
}
