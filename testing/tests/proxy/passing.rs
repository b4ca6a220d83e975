//! What a proxy forwards.

use std::{
    io::Write,
    net::{Shutdown, TcpStream},
    thread,
};

use socketry_testing::{Fault, FaultProxy, ReservedPort};

use crate::{RESET, hear_all, many_bytes, with_proxy};

/// Writes until all buffers on the way are full and nothing moves any more; what was written.
fn fill(proxy: &FaultProxy, client: &mut TcpStream) -> Vec<u8> {
    let bytes = many_bytes();
    let mut written = Vec::new();
    client.set_nonblocking(true).unwrap();
    loop {
        let before = (proxy.counts(), written.len());
        while let Ok(count) = client.write(&bytes) {
            written.extend_from_slice(&bytes[..count]);
        }
        if before == (proxy.counts(), written.len()) {
            break;
        }
    }
    client.set_nonblocking(false).unwrap();
    written
}

#[test]
fn what_passes_arrives_and_each_direction_ends_by_itself() {
    with_proxy(|ends| {
        let (mut client, mut server) = ends.join();
        client.write_all(b"question").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(hear_all(&mut server), (b"question".to_vec(), Ok(())));
        assert_eq!(ends.proxy.counts().open, 1);
        server.write_all(b"answer").unwrap();
        drop(server);
        assert_eq!(hear_all(&mut client), (b"answer".to_vec(), Ok(())));
        let counts = ends.proxy.counts();
        assert_eq!((counts.to_server, counts.to_client), (8, 6));
        assert_eq!((counts.accepted, counts.open, counts.hung_up, counts.faults), (1, 0, 1, 0));
    });
}

#[test]
fn many_bytes_pass_both_ways_at_once_through_full_buffers() {
    with_proxy(|ends| {
        let sockets = ends.join();
        let talk = |mut socket: TcpStream| {
            let mut writing = socket.try_clone().unwrap();
            thread::scope(|scope| {
                scope.spawn(move || {
                    writing.write_all(&many_bytes()).unwrap();
                    writing.shutdown(Shutdown::Write).unwrap();
                });
                assert!(hear_all(&mut socket) == (many_bytes(), Ok(())));
            });
        };
        thread::scope(|scope| {
            scope.spawn(|| talk(sockets.0));
            talk(sockets.1);
        });
        ends.until_open(0);
    });
}

#[test]
fn what_a_full_buffer_had_no_room_for_comes_later() {
    with_proxy(|ends| {
        let (mut client, mut server) = ends.join();
        let written = fill(&ends.proxy, &mut client);
        assert!((ends.proxy.counts().to_server as usize) < written.len());
        client.shutdown(Shutdown::Write).unwrap();
        assert!(hear_all(&mut server) == (written, Ok(())));
    });
}

#[test]
fn a_reset_by_one_side_is_a_reset_for_the_other() {
    with_proxy(|ends| {
        let (mut client, mut server) = ends.join();
        server.write_all(b"x").unwrap();
        client.peek(&mut [0]).unwrap();
        drop(client); // with a byte unread
        assert_eq!(hear_all(&mut server), (Vec::new(), RESET));
        (client, server) = ends.join();
        client.write_all(b"x").unwrap();
        server.peek(&mut [0]).unwrap();
        drop(server);
        assert_eq!(hear_all(&mut client), (Vec::new(), RESET));
        assert_eq!((ends.proxy.counts().open, ends.proxy.counts().hung_up), (0, 1));
    });
}

#[test]
fn a_client_that_resets_while_the_server_does_not_read_is_no_secret_to_it() {
    with_proxy(|ends| {
        let (mut client, mut server) = ends.join();
        server.write_all(b"x").unwrap();
        client.peek(&mut [0]).unwrap();
        fill(&ends.proxy, &mut client);
        drop(client);
        ends.until_open(0);
        assert_eq!(hear_all(&mut server).1, RESET);
    });
}

#[test]
fn a_client_whose_server_cannot_be_reached_is_reset() {
    with_proxy(|ends| {
        let nobody = ReservedPort::new();
        ends.proxy.set_target(nobody.address());
        assert_eq!(hear_all(&mut ends.connect()), (Vec::new(), RESET));
        assert_eq!((ends.proxy.counts().unreachable, ends.proxy.counts().open), (1, 0));
    });
}

#[test]
fn thousands_of_short_connections_leave_nothing_behind() {
    with_proxy(|ends| {
        for round in 0..3000_u32 {
            if round % 10 == 9 {
                ends.proxy.push(Fault::ResetAfter(1));
            }
            let (mut client, mut server) = ends.join();
            server.write_all(b"ok").unwrap();
            drop(server);
            let heard = hear_all(&mut client);
            match round % 10 {
                9 => assert_eq!(heard, (b"o".to_vec(), RESET)),
                _ => assert_eq!(heard, (b"ok".to_vec(), Ok(()))),
            }
        }
        ends.until_open(0);
        assert_eq!((ends.proxy.counts().accepted, ends.proxy.counts().faults), (3000, 300));
    });
}
