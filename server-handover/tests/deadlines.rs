//! Nobody waits for ever for one who is silent.

use std::{
    future::Future,
    io::{self, Write},
    os::unix::net::{UnixListener, UnixStream},
    sync::Arc,
    time::Duration,
};

use futures_lite::future::{self, block_on, poll_once};
use socketry_server_handover::{Handover, Phase};
use socketry_testing::ManualClock;

use crate::support::{Place, phase};

/// What a successor says first.
const REQUEST: &[u8] = b"\x01\0\0\x09socketry\x01";

/// What a leaver says that has no sockets.
const NO_SOCKETS: &[u8] = b"\x03\0\0\x02\0\0";

#[test]
fn a_successor_that_never_asks_is_given_up_in_time() {
    let (place, handover, clock) = place();
    let mut offer = handover.offer().unwrap();
    let _silent = UnixStream::connect(place.path()).unwrap();
    let error = times_out(&clock, offer.hand_on(|| Ok(Vec::new())));
    assert_eq!(phase(&error), Phase::Asking);
}

#[test]
fn a_successor_that_is_never_ready_is_given_up_in_time() {
    let (place, handover, clock) = place();
    let mut offer = handover.offer().unwrap();
    let mut slow = UnixStream::connect(place.path()).unwrap();
    slow.write_all(REQUEST).unwrap();
    let error = times_out(&clock, offer.hand_on(|| Ok(Vec::new())));
    assert_eq!(
        error.to_string(),
        format!(
            "handing sockets on at unix://{} timed out after 3s during the start of the successor",
            place.path().display()
        )
    );
}

#[test]
fn waiting_for_a_successor_takes_as_long_as_it_takes() {
    let (_place, handover, clock) = place();
    let mut offer = handover.offer().unwrap();
    let mut leaving = Box::pin(offer.hand_on(|| Ok(Vec::new())));
    assert!(block_on(poll_once(&mut leaving)).is_none());
    clock.advance(Duration::from_secs(1_000_000));
    assert!(block_on(poll_once(&mut leaving)).is_none());
}

#[test]
fn a_leaver_that_never_answers_is_given_up_in_time() {
    let (place, handover, clock) = place();
    let _silent = UnixListener::bind(place.path()).unwrap();
    let error = times_out(&clock, async { handover.take().await.map(drop) });
    assert_eq!(phase(&error), Phase::Asking);
}

#[test]
fn a_leaver_that_stops_in_the_middle_is_given_up_in_time() {
    let (place, handover, clock) = place();
    let silent = UnixListener::bind(place.path()).unwrap();
    let mut taking = Box::pin(async { handover.take().await.map(drop) });
    assert!(block_on(poll_once(&mut taking)).is_none());
    silent.accept().unwrap().0.write_all(b"\x02").unwrap();
    let error = block_on(taking).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn a_leaver_that_never_says_it_is_gone_is_given_up_in_time() {
    let (place, handover, clock) = place();
    let silent = UnixListener::bind(place.path()).unwrap();
    let mut taking = Box::pin(handover.take());
    assert!(block_on(poll_once(&mut taking)).is_none());
    let mut leaver = silent.accept().unwrap().0;
    leaver.write_all(NO_SOCKETS).unwrap();
    let inherited = block_on(taking).unwrap().unwrap();
    let error = times_out(&clock, inherited.ready());
    assert_eq!(phase(&error), Phase::Starting);
}

#[cfg(target_os = "linux")] // where a full backlog is told from nobody
#[test]
fn a_place_where_others_wait_already_is_asked_again_until_time_is_up() {
    let (place, handover, clock) = place();
    let busy = UnixListener::bind(place.path()).unwrap();
    rustix::net::listen(&busy, 0).unwrap(); // one may wait
    let _waiting = UnixStream::connect(place.path()).unwrap();
    let error = times_out_in_steps(&clock, async { handover.take().await.map(drop) });
    assert_eq!(phase(&error), Phase::Connecting);
}

#[cfg(target_os = "linux")] // where a full backlog is told from nobody
#[test]
fn a_successor_gets_in_as_soon_as_there_is_room() {
    let (place, handover, clock) = place();
    let busy = UnixListener::bind(place.path()).unwrap();
    rustix::net::listen(&busy, 0).unwrap(); // one may wait
    let _waiting = UnixStream::connect(place.path()).unwrap();
    let mut taking = Box::pin(handover.take());
    assert!(block_on(poll_once(&mut taking)).is_none());
    busy.accept().unwrap();
    clock.advance(Duration::from_millis(10));
    assert!(block_on(poll_once(&mut taking)).is_none());
    busy.accept().unwrap().0.write_all(NO_SOCKETS).unwrap();
    assert!(block_on(taking).unwrap().is_some());
}

fn place() -> (Place, Handover, ManualClock) {
    let (place, clock) = (Place::new(), ManualClock::new());
    let timeout = Duration::from_secs(3);
    let handover = place.handover().timeout(timeout).with_clock(Arc::new(clock.clone()));
    (place, handover, clock)
}

/// The error of what waits for three seconds, and not for less, and leaves no timer.
fn times_out(clock: &ManualClock, future: impl Future<Output = io::Result<()>>) -> io::Error {
    let error = block_on(async {
        let mut future = Box::pin(future);
        // What has come already is read before it waits.
        for _ in 0..10 {
            assert!(poll_once(&mut future).await.is_none());
            future::yield_now().await;
        }
        clock.advance(Duration::from_millis(2999));
        assert!(poll_once(&mut future).await.is_none());
        clock.advance(Duration::from_millis(1));
        future.await.unwrap_err()
    });
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(clock.sleeping(), 0);
    error
}

/// The same for what has timers of its own.
#[cfg(target_os = "linux")]
fn times_out_in_steps(
    clock: &ManualClock,
    future: impl Future<Output = io::Result<()>>,
) -> io::Error {
    block_on(async {
        let mut future = Box::pin(future);
        for _ in 0..300 {
            assert!(poll_once(&mut future).await.is_none());
            clock.advance(Duration::from_millis(10));
        }
        future.await.unwrap_err()
    })
}
