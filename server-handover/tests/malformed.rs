//! The other side is another program, or a broken one: an error, and nothing is left of it.

use std::{
    io::{self, Write},
    os::unix::net::{UnixListener, UnixStream},
};

use futures_lite::future::{block_on, poll_once};

use crate::support::{Place, listener, named};

/// What a successor says first.
const REQUEST: &[u8] = b"\x01\0\0\x09socketry\x01";

#[test]
fn a_successor_that_asks_for_something_else_is_refused_with_the_reason() {
    for (said, kind, reason) in [
        (&b"GET / HTTP/1.0\r\n\r\n"[..], io::ErrorKind::InvalidData, "another language"),
        (b"\x01\0\0\x09socketrz\x01", io::ErrorKind::InvalidData, "for something else"),
        (b"\x01\0\0\x09socketry\x02", io::ErrorKind::InvalidData, "another version"),
        (b"\x01\0\0\x08socketry", io::ErrorKind::InvalidData, "another version"),
        (b"\x01\x01\0\x09socketry\x01", io::ErrorKind::InvalidData, "another language"),
        (b"\x02\x01\0\x00", io::ErrorKind::InvalidData, "another count of descriptors"),
        (b"\x05\0\0\0", io::ErrorKind::InvalidData, "out of turn"),
        (b"\x05\0\0\x01\0", io::ErrorKind::InvalidData, "wrong length"),
        (b"\0\0\0\0", io::ErrorKind::InvalidData, "another language"),
        (b"\xff\xff\xff\xff", io::ErrorKind::InvalidData, "another language"),
        (b"", io::ErrorKind::UnexpectedEof, "closed the connection"),
        (b"\x01", io::ErrorKind::UnexpectedEof, "closed the connection"),
        (b"\x01\0\xff\xffsocketry\x01", io::ErrorKind::UnexpectedEof, "closed the connection"),
    ] {
        let error = said_by_a_successor(said);
        assert_eq!(error.kind(), kind, "{said:?}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn a_successor_that_says_another_word_than_ready_is_an_error() {
    for said in [&b"\x06\0\0\0"[..], REQUEST, b"nonsense"] {
        let error = said_by_a_successor(&[REQUEST, said].concat());
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{said:?}");
    }
}

#[test]
fn every_truncation_of_what_a_successor_says_is_an_error() {
    for length in 0..REQUEST.len() {
        let error = said_by_a_successor(&REQUEST[..length]);
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{length}");
    }
}

#[test]
fn a_leaver_that_says_something_else_is_an_error() {
    for (said, kind) in [
        (&b"HTTP/1.0 400 Bad Request\r\n\r\n"[..], io::ErrorKind::InvalidData),
        (b"\x02\x01\0\x05\0\x03web", io::ErrorKind::InvalidData), // a descriptor is missing
        (b"\x02\0\0\x05\0\x03web", io::ErrorKind::InvalidData),
        (b"\x02\0\0\x01\0", io::ErrorKind::InvalidData),
        (b"\x02\xfe\0\0", io::ErrorKind::InvalidData),
        (b"\x03\0\0\x02\0\x01", io::ErrorKind::InvalidData), // one socket is missing
        (b"\x03\0\0\x00", io::ErrorKind::InvalidData),
        (b"\x06\0\0\0", io::ErrorKind::InvalidData),
        (b"\x04\0\0\x06not me", io::ErrorKind::ConnectionRefused),
        (b"\x04\0\0\x01\xff", io::ErrorKind::ConnectionRefused),
        (b"\x02\0", io::ErrorKind::UnexpectedEof),
        (b"", io::ErrorKind::UnexpectedEof),
    ] {
        let error = said_by_a_leaver(said);
        assert_eq!(error.kind(), kind, "{said:?}: {error}");
    }
}

#[test]
fn a_refusal_is_told_in_the_words_of_the_leaver() {
    let error = said_by_a_leaver(b"\x04\0\0\x0aI am busy.");
    assert!(
        error.to_string().ends_with("failed during the passing of sockets: I am busy."),
        "{error}"
    );
}

/// What the leaver makes of a successor that says this and goes.
fn said_by_a_successor(bytes: &[u8]) -> io::Error {
    let place = Place::new();
    let mut offer = place.handover().offer().unwrap();
    let (listener, _) = listener();
    let mut successor = UnixStream::connect(place.path()).unwrap();
    successor.write_all(bytes).unwrap();
    successor.shutdown(std::net::Shutdown::Write).unwrap();
    block_on(offer.hand_on(|| named(&listener, &["web"]))).unwrap_err()
}

/// What a successor makes of a leaver that says this and goes.
fn said_by_a_leaver(bytes: &[u8]) -> io::Error {
    let place = Place::new();
    let leaver = UnixListener::bind(place.path()).unwrap();
    let handover = place.handover();
    let mut taking = Box::pin(handover.take());
    assert!(block_on(poll_once(&mut taking)).is_none());
    let mut connection = leaver.accept().unwrap().0;
    connection.write_all(bytes).unwrap();
    connection.shutdown(std::net::Shutdown::Write).unwrap();
    block_on(taking).unwrap_err()
}
