//! What a session costs: nothing that can be counted, a read or write.

use allocation_counter::AllocationInfo;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use socketry_connection::Connection;
use socketry_connector_reconnecting::{Backoff, Heartbeat};
use socketry_testing::{Faults, IoCounts, MemoryConnection, faulty, pair};

use super::{Test, ms, now, poll_now};

/// Reads what is there, waits twice and writes: what was allocated, and asked of the connection.
fn talk(
    connection: &mut impl Connection,
    peer: &mut MemoryConnection,
    faults: &Faults,
) -> (AllocationInfo, IoCounts) {
    for _ in 0..2 {
        now(peer.write_all(b"pong")).unwrap(); // the pair makes room for what it holds
        now(connection.read(&mut [0; 4])).unwrap();
        now(connection.write_all(b"ping")).unwrap();
        now(peer.read(&mut [0; 4])).unwrap();
    }
    now(peer.write_all(b"pong")).unwrap();
    faults.take_counts();
    let allocated = allocation_counter::measure(|| {
        now(connection.read(&mut [0; 4])).unwrap();
        assert!(poll_now(connection.read(&mut [0; 4])).is_pending());
        assert!(poll_now(connection.read(&mut [0; 4])).is_pending());
        now(connection.write_all(b"ping")).unwrap();
        now(connection.flush()).unwrap();
    });
    (allocated, faults.counts())
}

#[test]
fn a_session_allocates_nothing_and_asks_nothing_that_its_connection_does_not() {
    let (bare, mut peer) = pair();
    let (mut bare, faults) = faulty(bare);
    let (bare_allocated, bare_counts) = talk(&mut bare, &mut peer, &faults);

    let mut test = Test::with(Backoff::grpc(), 80, |sessions| {
        sessions.heartbeat(Heartbeat::new(ms(1000), ms(1000), "PING"))
    });
    let (ours, mut peer) = pair();
    let (connection, faults) = faulty(ours);
    test.script.succeed_next(connection);
    let mut session = test.session();
    let (allocated, counts) = talk(&mut session, &mut peer, &faults);
    assert_eq!(allocated.count_total, bare_allocated.count_total);
    assert_eq!(counts, bare_counts);
}
