//! Frames as they are written in the field, broken ones, and any bytes in any pieces.

use super::*;
use crate::goridge::{CONTROL, control};

/// What a decoder says of bytes that come in these pieces: the frames, the error after them, and what
/// is left.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    frames: Vec<(u8, Vec<u8>, Vec<u8>)>,
    error: Option<FrameError>,
    rest: usize,
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Said {
    let mut decoder = Decoder::new(1024);
    let mut said = Said { frames: Vec::new(), error: None, rest: 0 };
    for mut piece in pieces {
        while !piece.is_empty() {
            let space = decoder.space();
            let count = space.len().min(piece.len());
            space[..count].copy_from_slice(&piece[..count]);
            piece = &piece[count..];
            decoder.filled(count);
        }
        loop {
            match decoder.take() {
                Ok(Some(frame)) => {
                    let (options, payload) = (frame.options.to_vec(), frame.payload.to_vec());
                    said.frames.push((frame.flags, options, payload));
                }
                Ok(None) => break,
                Err(error) => {
                    said.error = Some(error);
                    break;
                }
            }
        }
    }
    said.rest = decoder.rest().len();
    said
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// The context and the body of the only frame in these bytes.
fn answer(text: &str) -> Result<(String, String), FrameError> {
    let mut decoder = Decoder::new(1024);
    let bytes = hex(text);
    decoder.space()[..bytes.len()].copy_from_slice(&bytes);
    decoder.filled(bytes.len());
    let frame = decoder.take()?.unwrap();
    let (context, body) = frame.context_and_body()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((text(context), text(body)))
}

fn said(context: &str, body: &str) -> Result<(String, String), FrameError> {
    Ok((context.into(), body.into()))
}

#[test]
fn a_worker_says_its_pid_in_a_control_frame() {
    let bytes = hex("13 01 0d000000 fb208afb 00 00 7b22706964223a32363532357d");
    let expected = (CONTROL, vec![], br#"{"pid":26525}"#.to_vec());
    assert_eq!(decode([&bytes[..]]).frames, [expected]);
}

#[test]
fn an_answer_has_a_context_and_a_body() {
    let write = "14 00 0b000000 2f6684fe 00 00 05000000 5752495445 706f6e670d0a";
    assert_eq!(answer(write), said("WRITE", "pong\r\n"));
}

#[test]
fn an_answer_may_have_no_body() {
    let go_on = "14 00 08000000 c1c931ec 00 00 08000000 434f4e54494e5545";
    assert_eq!(answer(go_on), said("CONTINUE", ""));
}

#[test]
fn an_answer_may_write_and_close() {
    let bye = "14 00 0d000000 f339efdb 00 00 0a000000 5752495445434c4f5345 627965";
    assert_eq!(answer(bye), said("WRITECLOSE", "bye"));
}

#[test]
fn an_answer_may_close() {
    let close = "14 00 05000000 1c115b1e 00 00 05000000 434c4f5345";
    assert_eq!(answer(close), said("CLOSE", ""));
}

#[test]
fn an_error_is_a_text_without_options() {
    let bytes = hex("13 40 04000000 881e11e3 00 00 626f6f6d");
    assert_eq!(decode([&bytes[..]]).frames, [(ERROR, vec![], b"boom".to_vec())]);
}

#[test]
fn another_version_is_refused_at_its_first_byte() {
    assert_eq!(decode([&b"H"[..]]).error, Some(FrameError::Version(4)));
}

#[test]
fn a_header_without_room_for_itself_is_refused_at_its_first_byte() {
    assert_eq!(decode([&b"\x12"[..]]).error, Some(FrameError::HeaderLength(2)));
}

#[test]
fn more_options_than_there_are_are_refused() {
    assert_eq!(decode([&b"\x1e"[..]]).error, Some(FrameError::HeaderLength(14)));
}

#[test]
fn a_wrong_checksum_is_refused() {
    let bytes = hex("13 40 04000000 881e11e4 00 00 626f6f6d");
    let expected = FrameError::Checksum { said: 0xe411_1e88, computed: 0xe311_1e88 };
    assert_eq!(decode([&bytes[..]]).error, Some(expected));
}

#[test]
fn a_payload_over_the_limit_is_refused_before_it_comes() {
    let mut frame = Vec::new();
    control(&mut frame, &[0; 1025]);
    let expected = FrameError::TooLong { length: 1025, limit: 1024 };
    assert_eq!(decode([&frame[..12]]).error, Some(expected));
}

#[test]
fn an_answer_without_an_option_is_refused() {
    let none = "13 40 04000000 881e11e3 00 00 626f6f6d";
    assert_eq!(answer(none), Err(FrameError::Options(0)));
}

#[test]
fn an_answer_whose_context_is_longer_than_all_of_it_is_refused() {
    let long = "14 00 05000000 1c115b1e 00 00 06000000 434c4f5345";
    assert_eq!(answer(long), Err(FrameError::Context { length: 6, payload: 5 }));
}

#[test]
fn memory_taken_by_a_long_frame_is_given_back() {
    let mut decoder = Decoder::new(1 << 20);
    let mut frame = Vec::new();
    control(&mut frame, &vec![b' '; 1 << 20]);
    let mut rest = &frame[..];
    while !rest.is_empty() {
        let space = decoder.space();
        let count = space.len().min(rest.len());
        space[..count].copy_from_slice(&rest[..count]);
        rest = &rest[count..];
        decoder.filled(count);
    }
    assert!(decoder.take().unwrap().is_some());
    decoder.shrink();
    assert_eq!(decoder.buffer.capacity(), KEPT_SPACE);
}

#[test]
fn where_bytes_are_split_changes_nothing() {
    let mut random = Random(1);
    for _ in 0..300 {
        let bytes = random.bytes();
        let whole = decode([&bytes[..]]);
        for at in 0..=bytes.len() {
            let (left, right) = bytes.split_at(at);
            assert_eq!(decode([left, right]), whole, "{bytes:x?} split at {at}");
        }
        assert_eq!(decode(bytes.chunks(1)), whole, "{bytes:x?} one by one");
    }
}

/// Numbers without an order, the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize
    }

    /// Some frames, of which one may have a wrong byte, and noise.
    fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..self.next() % 4 {
            let payload = vec![self.next() as u8; self.next() % 60];
            control(&mut bytes, &payload);
        }
        if self.next() % 2 == 0 && !bytes.is_empty() {
            let at = self.next() % bytes.len();
            bytes[at] ^= 1 << (self.next() % 8);
        }
        for _ in 0..self.next() % 20 {
            bytes.push(self.next() as u8);
        }
        bytes
    }
}
