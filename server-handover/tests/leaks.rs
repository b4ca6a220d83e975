//! What a handover leaves behind, wherever it ends: no descriptor, no file, no timer.
//!
//! Every test here holds a baseline of the process, so they run one after the other.

#![cfg(target_os = "linux")]

use std::{
    future::Future,
    io::{self, IoSlice, Write},
    mem::MaybeUninit,
    net::TcpListener,
    os::{
        fd::AsFd,
        unix::net::{UnixListener, UnixStream},
    },
    pin::Pin,
    sync::{Arc, Once},
    time::Duration,
};

use futures_lite::future::{block_on, poll_once, try_zip, zip};
use rustix::{
    net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg},
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use socketry_connection::os_error;
use socketry_server_handover::Inherited;
use socketry_testing::{Baseline, ManualClock};

use crate::support::{Place, listener, named, take_all};

#[allow(dead_code, reason = "the other tests use the rest")]
mod support;

/// What a successor says first.
const REQUEST: &[u8] = b"\x01\0\0\x09socketry\x01";

#[test]
fn a_whole_handover_leaves_nothing_but_what_was_taken() {
    let baseline = baseline();
    let (listener, _) = listener();
    let taken = hand_on(&listener, take_all);
    drop((taken, listener));
    baseline.assert_unchanged();
}

#[test]
fn what_nobody_has_taken_is_closed_when_the_successor_is_ready() {
    let baseline = baseline();
    let (listener, _) = listener();
    hand_on(&listener, |_| ());
    drop(listener);
    baseline.assert_unchanged();
}

#[test]
fn an_offer_that_is_dropped_while_it_waits_leaves_nothing() {
    let baseline = baseline();
    let place = Place::new();
    let mut offer = place.handover().offer().unwrap();
    assert!(block_on(poll_once(offer.hand_on(|| Ok(Vec::new())))).is_none());
    drop(offer);
    assert!(!place.path().exists());
    baseline.assert_unchanged();
}

#[test]
fn a_leaver_that_is_dropped_in_the_middle_keeps_its_own_sockets_only() {
    for said in [&b""[..], b"\x01", REQUEST] {
        let baseline = baseline();
        let (own, _) = listener();
        let place = Place::new();
        let mut offer = place.handover().offer().unwrap();
        let mut successor = UnixStream::connect(place.path()).unwrap();
        successor.write_all(said).unwrap();
        let mut leaving = Box::pin(offer.hand_on(|| named(&own, &["a", "b"])));
        assert!(is_waiting(&mut leaving));
        drop(leaving);
        drop((successor, offer, own));
        baseline.assert_unchanged();
    }
}

#[test]
fn a_successor_that_is_dropped_while_it_asks_leaves_nothing() {
    let baseline = baseline();
    let place = Place::new();
    let offer = place.handover().offer().unwrap();
    assert!(block_on(poll_once(place.handover().take())).is_none());
    drop(offer);
    baseline.assert_unchanged();
}

#[test]
fn a_successor_that_is_dropped_while_sockets_come_leaves_nothing() {
    let baseline = baseline();
    let (listener, _) = listener();
    let (mut taking, mut leaver) = asked();
    send(&mut leaver, b"\x02\x02\0\x06\0\x01a\0\x01b", &[&listener, &listener]);
    assert!(is_waiting(&mut taking));
    drop((taking, leaver, listener));
    baseline.assert_unchanged();
}

#[test]
fn a_successor_that_says_no_leaves_nothing() {
    let baseline = baseline();
    let place = Place::new();
    let (listener, _) = listener();
    let mut offer = place.handover().offer().unwrap();
    let saying_no = async { drop(place.handover().take().await.unwrap()) };
    let (left, ()) = block_on(zip(offer.hand_on(|| named(&listener, &["web"])), saying_no));
    left.unwrap_err();
    drop((offer, listener));
    baseline.assert_unchanged();
}

#[test]
fn a_ready_that_is_dropped_while_it_waits_leaves_nothing() {
    let baseline = baseline();
    let (taking, mut leaver) = asked();
    leaver.write_all(b"\x03\0\0\x02\0\0").unwrap();
    let inherited = block_on(taking).unwrap().unwrap();
    assert!(block_on(poll_once(inherited.ready())).is_none());
    drop(leaver);
    baseline.assert_unchanged();
}

#[test]
fn descriptors_that_come_with_nonsense_are_closed() {
    for nonsense in [
        &b"\x02\x01\0\x06\0\x01a\0\x01b"[..], // one socket is announced, two come
        b"\x02\x03\0\x06\0\x01a\0\x01b",      // and of three sockets
        b"\x02\x02\0\x06\0\x01a\0\x02b",      // a name is cut off
        b"\x02\x02\0\x06\0\x01a\0\x01\xff",   // a name is no text
        b"\x02\x02\0\x03\0\x01a",             // one socket has no name
        b"\x02\x02\0\x06\x01\x01a\0\x01b",    // a lock is no socket
        b"\x02\x02\0\x06\x07\x01a\0\x01b",    // a lock is there or not
        b"\x03\x02\0\x02\0\0",
        b"\x07\x02\0\0",
        b"\xff",
    ] {
        let baseline = baseline();
        let (listener, _) = listener();
        let (taking, mut leaver) = asked();
        send(&mut leaver, nonsense, &[&listener, &listener]);
        drop(leaver);
        block_on(taking).unwrap_err();
        drop(listener);
        baseline.assert_unchanged();
    }
}

#[test]
fn descriptors_that_come_with_every_byte_are_closed_before_they_pile_up() {
    let baseline = baseline();
    let (listener, _) = listener();
    let (taking, mut leaver) = asked();
    send(&mut leaver, b"\x02\x02\0\xff", &[&listener, &listener]);
    for _ in 0..255 {
        send(&mut leaver, b"\0", &[&listener; 2]);
    }
    drop(leaver);
    let error = block_on(taking).unwrap_err();
    assert!(error.to_string().contains("more descriptors than belong to a message"), "{error}");
    drop(listener);
    baseline.assert_unchanged();
}

#[test]
fn descriptors_that_a_successor_sends_are_closed() {
    let baseline = baseline();
    let place = Place::new();
    let (listener, _) = listener();
    let mut offer = place.handover().offer().unwrap();
    let mut successor = UnixStream::connect(place.path()).unwrap();
    send(&mut successor, REQUEST, &[&listener, &listener]);
    block_on(offer.hand_on(|| Ok(Vec::new()))).unwrap_err();
    drop((successor, offer, listener));
    baseline.assert_unchanged();
}

#[test]
fn a_successor_without_room_for_all_sockets_says_so_and_keeps_none() {
    let baseline = baseline();
    let place = Place::new();
    let handover = place.handover();
    let (listener, _) = listener();
    let mut offer = handover.offer().unwrap();
    let names = ["web"; 20];
    // The sockets are there when the limit falls, and on their way when it is met.
    let sockets = named(&listener, &names).unwrap();
    let limit = getrlimit(Resource::Nofile);
    let lower = || {
        let descriptors = std::fs::read_dir("/proc/self/fd").map_or(64, Iterator::count) as u64;
        let fewer = Rlimit { current: Some(descriptors + 5 - 20), ..limit };
        setrlimit(Resource::Nofile, fewer).unwrap();
        Ok(sockets)
    };
    let (left, taken) = block_on(zip(offer.hand_on(lower), handover.take()));
    setrlimit(Resource::Nofile, limit).unwrap();
    let taken = taken.unwrap_err();
    assert_eq!(os_error(&taken), Some(rustix::io::Errno::MFILE.raw_os_error()));
    assert!(taken.to_string().contains("ulimit -n"), "{taken}");
    left.unwrap_err();
    drop((offer, listener));
    baseline.assert_unchanged();
}

#[test]
fn a_leaver_without_descriptors_rests_before_it_asks_again_and_serves_when_there_are_some() {
    let baseline = baseline();
    let (place, clock) = (Place::new(), ManualClock::new());
    let handover = place.handover().with_clock(Arc::new(clock.clone()));
    let mut offer = handover.offer().unwrap();
    let successor = UnixStream::connect(place.path()).unwrap();
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(0), ..limit }).unwrap();
    let first = block_on(offer.hand_on(|| Ok(Vec::new())));
    let mut second = Box::pin(offer.hand_on(|| Ok(Vec::new())));
    assert!(is_waiting(&mut second));
    setrlimit(Resource::Nofile, limit).unwrap();
    assert_eq!(os_error(&first.unwrap_err()), Some(rustix::io::Errno::MFILE.raw_os_error()));
    assert_eq!(clock.until_next(), Some(Duration::from_millis(50)));
    clock.advance(Duration::from_millis(50));
    drop(successor);
    assert_eq!(block_on(second).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    drop(offer);
    baseline.assert_unchanged();
}

#[test]
fn offers_that_cannot_be_made_leave_nothing() {
    let baseline = baseline();
    let place = Place::new();
    let offer = place.handover().offer().unwrap();
    place.handover().offer().unwrap_err();
    drop(offer);
    std::fs::write(place.path(), "precious").unwrap();
    place.handover().offer().unwrap_err();
    baseline.assert_unchanged();
}

/// What the process holds once the reactor, which keeps what it opens at first use, is running.
fn baseline() -> Baseline {
    static REACTOR: Once = Once::new();
    REACTOR.call_once(|| {
        let (listener, _) = listener();
        hand_on(&listener, |_| ());
    });
    Baseline::take()
}

/// A handover of two sockets, of which the successor takes some.
fn hand_on<T>(listener: &TcpListener, take: impl FnOnce(&mut Inherited) -> T) -> T {
    let place = Place::new();
    let handover = place.handover();
    let mut offer = handover.offer().unwrap();
    let following = async {
        let mut inherited = handover.take().await?.unwrap();
        let taken = take(&mut inherited);
        inherited.ready().await?;
        Ok(taken)
    };
    let leaving = offer.hand_on(|| named(listener, &["a", "b"]));
    block_on(try_zip(leaving, following)).unwrap().1
}

type Taking = Pin<Box<dyn Future<Output = io::Result<Option<Inherited>>>>>;

/// A successor that has asked, and the end of a leaver that the test plays.
fn asked() -> (Taking, UnixStream) {
    let place = Place::new();
    let leaver = UnixListener::bind(place.path()).unwrap();
    let handover = place.handover();
    let mut taking: Taking = Box::pin(async move { handover.take().await });
    assert!(block_on(poll_once(&mut taking)).is_none());
    let connection = leaver.accept().unwrap().0;
    (taking, connection)
}

/// Whether it waits, once it has read what is there.
fn is_waiting(mut future: impl Future + Unpin) -> bool {
    (0..10).all(|_| block_on(poll_once(&mut future)).is_none())
}

/// Sends bytes with duplicates of sockets.
fn send(connection: &mut UnixStream, bytes: &[u8], sockets: &[&TcpListener]) {
    let descriptors = Vec::from_iter(sockets.iter().map(AsFd::as_fd));
    let mut room = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(253))];
    let mut control = SendAncillaryBuffer::new(&mut room);
    assert!(control.push(SendAncillaryMessage::ScmRights(&descriptors)));
    let sent = sendmsg(connection, &[IoSlice::new(bytes)], &mut control, SendFlags::empty());
    assert_eq!(sent, Ok(bytes.len()));
}
