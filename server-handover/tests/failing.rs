//! Handovers that do not come to their end. The leaver serves on, and the next successor is served.

use std::{
    cell::Cell,
    io::{self, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    thread,
};

use futures_lite::future::{self, block_on, poll_once, try_zip, zip};
use rustix::io::Errno;
use socketry_connection::os_error;
use socketry_server_handover::{NamedSocket, Offer, Phase};

use crate::support::{Place, listener, named, phase};

#[test]
fn a_successor_that_says_no_is_one_error_and_the_next_one_takes_over() {
    let place = Place::new();
    let handover = place.handover();
    let mut offer = handover.offer().unwrap();
    let saying_no = async { drop(handover.take().await.unwrap().unwrap()) };
    let (left, ()) = block_on(zip(offer.hand_on(|| Ok(Vec::new())), saying_no));
    let error = left.unwrap_err();
    assert_eq!((error.kind(), phase(&error)), (io::ErrorKind::UnexpectedEof, Phase::Starting));
    assert_eq!(
        error.to_string(),
        format!(
            "handing sockets on at unix://{} failed during the start of the successor: it closed the connection",
            place.path().display()
        )
    );
    assert_offers(&place, &mut offer);
}

#[test]
fn a_successor_that_goes_before_it_asks_is_one_error_and_the_next_one_takes_over() {
    let place = Place::new();
    let mut offer = place.handover().offer().unwrap();
    drop(UnixStream::connect(place.path()).unwrap());
    let error = block_on(offer.hand_on(|| Ok(Vec::new()))).unwrap_err();
    assert_eq!((error.kind(), phase(&error)), (io::ErrorKind::UnexpectedEof, Phase::Asking));
    assert_offers(&place, &mut offer);
}

#[test]
fn both_sides_learn_why_there_are_no_sockets() {
    let place = Place::new();
    let handover = place.handover();
    let mut offer = handover.offer().unwrap();
    let leaving = offer.hand_on(|| Err(Errno::MFILE.into()));
    let (left, taken) = block_on(zip(leaving, handover.take()));
    let (left, taken) = (left.unwrap_err(), taken.unwrap_err());
    assert_eq!(
        (phase(&left), os_error(&left)),
        (Phase::Passing, Some(Errno::MFILE.raw_os_error()))
    );
    assert_eq!(taken.kind(), io::ErrorKind::ConnectionRefused);
    assert!(taken.to_string().contains(&io::Error::from(Errno::MFILE).to_string()), "{taken}");
    assert_offers(&place, &mut offer);
}

#[test]
fn a_refusal_before_the_request_was_read_is_heard() {
    let place = Place::new();
    let refusing = UnixListener::bind(place.path()).unwrap();
    let handover = place.handover();
    let mut taking = Box::pin(handover.take());
    // It has connected, and has not asked yet or has: either way the other end is closed by now.
    let refuse = thread::spawn(move || {
        let (mut successor, _) = refusing.accept().unwrap();
        successor.write_all(b"\x04\0\0\x02no").unwrap();
    });
    let error = block_on(&mut taking).unwrap_err();
    refuse.join().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_successor_that_has_given_up_is_not_left_to() {
    let place = Place::new();
    let mut offer = place.handover().offer().unwrap();
    let mut successor = UnixStream::connect(place.path()).unwrap();
    successor.write_all(b"\x01\0\0\x09socketry\x01").unwrap(); // asks
    let mut leaving = Box::pin(offer.hand_on(|| Ok(Vec::new())));
    block_on(async {
        for _ in 0..10 {
            assert!(poll_once(&mut leaving).await.is_none());
            future::yield_now().await;
        }
    });
    successor.read_exact(&mut [0; 6]).unwrap(); // no sockets
    successor.write_all(b"\x05\0\0\0").unwrap(); // is ready
    drop(successor);
    let error = block_on(leaving).unwrap_err();
    assert_eq!((error.kind(), phase(&error)), (io::ErrorKind::UnexpectedEof, Phase::Starting));
    assert_offers(&place, &mut offer);
}

#[test]
fn whoever_has_left_is_told_so_at_once_each_time() {
    let place = Place::new();
    let handover = place.handover();
    let mut offer = handover.offer().unwrap();
    let following = async { handover.take().await?.unwrap().ready().await };
    block_on(try_zip(offer.hand_on(|| Ok(Vec::new())), following)).unwrap();
    for _ in 0..2 {
        let told = block_on(poll_once(offer.hand_on(|| Ok(Vec::new()))));
        assert_eq!(told.unwrap().unwrap_err().kind(), io::ErrorKind::NotConnected);
    }
}

#[test]
fn names_and_counts_out_of_bounds_are_told_before_anything_is_passed() {
    let (listener, _) = listener();
    let long = "x".repeat(256);
    for (names, fragment) in [
        (vec!["web", ""], "has 1 to 255 bytes, this one has 0"),
        (vec!["web", &long], "has 1 to 255 bytes, this one has 256"),
    ] {
        let place = Place::new();
        let handover = place.handover();
        let mut offer = handover.offer().unwrap();
        let leaving = offer.hand_on(|| named(&listener, &names));
        let (left, taken) = block_on(zip(leaving, handover.take()));
        let left = left.unwrap_err();
        assert_eq!(left.kind(), io::ErrorKind::InvalidInput);
        for text in [left.to_string(), taken.unwrap_err().to_string()] {
            assert!(text.contains(fragment), "{text}");
        }
    }
}

#[test]
fn a_leaver_that_is_dropped_before_the_successor_is_ready_stays_and_the_successor_knows() {
    let place = Place::new();
    let handover = place.handover();
    let mut offer = handover.offer().unwrap();
    let inherited = {
        let leaving = async {
            offer.hand_on(|| Ok(Vec::new())).await.unwrap();
            panic!("nobody has said that it is ready");
        };
        block_on(future::or(leaving, async { handover.take().await.unwrap().unwrap() }))
    };
    let error = block_on(inherited.ready()).unwrap_err();
    assert_eq!((error.kind(), phase(&error)), (io::ErrorKind::UnexpectedEof, Phase::Starting));
    assert_offers(&place, &mut offer);
}

#[test]
fn a_leaver_that_is_dropped_while_it_waits_loses_nobody() {
    let place = Place::new();
    let mut offer = place.handover().offer().unwrap();
    for _ in 0..10 {
        assert!(block_on(poll_once(offer.hand_on(|| Ok(Vec::new())))).is_none());
    }
    assert_offers(&place, &mut offer);
}

#[test]
fn a_leaver_that_ends_before_it_has_passed_anything_is_an_error_of_the_successor() {
    let place = Place::new();
    let handover = place.handover();
    let offer = handover.offer().unwrap();
    let mut taking = Box::pin(handover.take());
    assert!(block_on(poll_once(&mut taking)).is_none());
    drop(offer);
    let error = block_on(taking).unwrap_err();
    assert_eq!((error.kind(), phase(&error)), (io::ErrorKind::UnexpectedEof, Phase::Asking));
}

#[test]
fn a_successor_that_is_dropped_while_it_asks_is_an_error_of_the_leaver() {
    let place = Place::new();
    let handover = place.handover();
    let mut offer = handover.offer().unwrap();
    assert!(block_on(poll_once(handover.take())).is_none());
    let asked = Cell::new(false);
    let left = block_on(offer.hand_on(|| {
        asked.set(true);
        Ok(Vec::new())
    }));
    assert!(left.is_err() && asked.get());
    assert_offers(&place, &mut offer);
}

#[test]
fn of_two_successors_the_second_learns_that_it_came_too_late() {
    let place = Place::new();
    let handover = place.handover();
    let mut offer = handover.offer().unwrap();
    let mut second = None;
    let following = async {
        let first = handover.take().await?.unwrap();
        let mut late = Box::pin(handover.take());
        assert!(poll_once(&mut late).await.is_none());
        second = Some(late);
        first.ready().await
    };
    block_on(try_zip(offer.hand_on(|| Ok(Vec::new())), following)).unwrap();
    assert!(block_on(second.unwrap()).is_err());
    assert!(block_on(handover.take()).unwrap().is_none());
}

/// Asserts that a successor takes over from this offer.
fn assert_offers(place: &Place, offer: &mut Offer) {
    let handover = place.handover();
    let (listener, _) = listener();
    let following = async {
        let mut inherited = handover.take().await?.unwrap();
        assert!(inherited.take("web").is_some());
        inherited.ready().await
    };
    let sockets = || Ok(vec![NamedSocket::new("web", listener)]);
    block_on(try_zip(offer.hand_on(sockets), following)).unwrap();
}
