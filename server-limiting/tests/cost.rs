//! What is counted.

use std::{mem, sync::Arc};

use allocation_counter::measure;
use futures_lite::{
    AsyncWriteExt,
    future::{block_on, poll_once},
};
use socketry_connection::BoxConnection;
use socketry_server_limiting::{TrackedConnection, WhenBehind};
use socketry_testing::{ManualClock, faulty, pair};

use crate::support::{accept, heard, limiting, meet, poll_accept, poll_read, poll_write};

const MANY: usize = 100_000;

#[test]
fn a_hundred_thousand_connections_cost_at_most_200_bytes_each() {
    let (mut server, handle) = limiting(None);
    let mut all = Vec::with_capacity(MANY);
    let mut bytes = 0;
    for _ in 0..MANY {
        let (_, accepted) = pair();
        handle.push(accepted);
        let mut taken = None;
        bytes += measure(|| taken = Some(poll_accept(&mut server))).bytes_current;
        all.push(taken);
    }
    let wrapper = size_of::<TrackedConnection<BoxConnection>>() - size_of::<BoxConnection>();
    let each = bytes as f64 / MANY as f64 + wrapper as f64;
    assert!(each <= 200.0, "{each}");
    assert!(each > 0.0, "something was measured");
    mem::forget(handle); // its queue has grown with all of them
}

#[test]
fn a_connection_costs_one_allocation() {
    let (mut server, handle) = limiting(None);
    let _warm = [meet(&mut server, &handle), meet(&mut server, &handle)];
    drop(meet(&mut server, &handle));
    let (_client, accepted) = pair();
    handle.push(accepted);
    let mut taken = None;
    let counted = measure(|| taken = Some(poll_accept(&mut server)));
    assert_eq!(counted.count_total, 1);
}

#[test]
fn reading_and_writing_cost_nothing_more_than_inside() {
    let (mut server, handle) = limiting(None);
    let (mut client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    handle.push(accepted);
    let mut accepted = accept(&mut server);
    block_on(client.write_all(b"hello")).unwrap();
    assert!(poll_read(&mut accepted).is_ready());
    let counted = measure(|| {
        for _ in 0..100 {
            assert!(poll_read(&mut accepted).is_pending());
            assert!(poll_write(&mut accepted, "hello").is_ready());
        }
    });
    let inside = {
        let (mut client, accepted) = pair();
        let (mut accepted, _faults) = faulty(accepted);
        block_on(client.write_all(b"hello")).unwrap();
        assert!(poll_read(&mut accepted).is_ready());
        measure(|| {
            for _ in 0..100 {
                assert!(poll_read(&mut accepted).is_pending());
                assert!(poll_write(&mut accepted, "hello").is_ready());
            }
        })
    };
    assert_eq!(counted.count_total, inside.count_total);
    assert_eq!(faults.counts().writes, 100);
}

#[test]
fn a_message_to_all_is_copied_once() {
    let (mut server, handle) = limiting(None);
    let mut inside: Vec<_> = (0..100).map(|_| meet(&mut server, &handle)).collect();
    let connections = server.connections();
    let message = vec![b'x'; 10_000];
    for _ in 0..2 {
        block_on(connections.broadcast(&message));
        inside.iter_mut().for_each(|(client, accepted)| {
            assert!(poll_read(accepted).is_pending());
            heard(client);
        });
    }
    let counted = measure(|| assert_eq!(block_on(connections.broadcast(&message)).queued, 100));
    // The message, what shares it, the list of those who hear it, and two for each who has had none.
    assert!(counted.count_total <= 4 + 2 * 100, "{counted:?}");
    assert!(counted.bytes_total < 10_000 + 100 * 400, "{counted:?}");
}

#[test]
fn a_message_that_has_left_leaves_nothing_behind() {
    let (mut server, handle) = limiting(None);
    let mut inside: Vec<_> = (0..100).map(|_| meet(&mut server, &handle)).collect();
    let connections = server.connections();
    for (client, accepted) in &mut inside {
        block_on(accepted.write_all(&[b'x'; 64])).unwrap();
        heard(client); // what the links need is there from now on
    }
    let counted = measure(|| {
        block_on(connections.broadcast("Hi!"));
        for (client, accepted) in &mut inside {
            assert!(poll_read(accepted).is_pending());
            assert_eq!(heard(client), "Hi!");
        }
    });
    assert_eq!(counted.bytes_current, 0, "{counted:?}");
}

#[test]
fn a_write_that_had_to_wait_leaves_nothing_behind() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = crate::support::meet_with_capacity(&mut server, &handle, 4);
    let mut once = || {
        assert!(poll_write(&mut accepted, "1234").is_ready());
        assert!(poll_write(&mut accepted, "5678").is_pending());
        heard(&mut client);
        assert!(poll_write(&mut accepted, "5678").is_ready());
        heard(&mut client);
    };
    once();
    assert_eq!(measure(once).bytes_current, 0);
}

#[test]
fn short_messages_do_not_take_more_memory_than_long_ones() {
    let (server, handle) = limiting(None);
    let clock = Arc::new(ManualClock::new());
    let mut server = server.when_behind(64 * 1024, WhenBehind::Drop).with_clock(clock);
    let (_client, accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    let waiting = measure(|| {
        for _ in 0..64 * 1024 {
            if block_on(poll_once(tracked.write("x"))).is_none() {
                break; // there is no room any more
            }
        }
    });
    assert!(waiting.bytes_current < 128 * 1024, "{waiting:?}");
}
