//! Splits, by hand and by trying all cuts.

use super::*;

/// What a connection yields whose bytes come in these reads: its messages, and what is left.
fn split(
    framing: &Framing,
    limit: usize,
    reads: &[&[u8]],
) -> Result<(Vec<Vec<u8>>, Rest), MessageTooLong> {
    let mut splitter = Splitter::new(framing.clone(), limit);
    let (mut gathered, mut taken, mut messages) = (Vec::new(), 0, Vec::new());
    for read in reads {
        gathered.extend_from_slice(read);
        while let Some(length) = splitter.next(&gathered[taken..])? {
            messages.push(gathered[taken..taken + length].to_vec());
            taken += length;
        }
    }
    let rest = splitter.at_end(&gathered[taken..]);
    if rest == Rest::Message {
        messages.push(gathered[taken..].to_vec());
    }
    Ok((messages, rest))
}

/// The messages as text, of a connection that is not to fail.
fn messages(framing: &Framing, reads: &[&str]) -> Vec<String> {
    let reads: Vec<&[u8]> = reads.iter().map(|read| read.as_bytes()).collect();
    let (messages, _) = split(framing, 1 << 20, &reads).unwrap();
    messages.into_iter().map(|message| String::from_utf8(message).unwrap()).collect()
}

fn prefixed(bytes: usize, order: ByteOrder) -> Framing {
    Framing::length_prefixed(LengthPrefix::new(bytes, order).unwrap())
}

/// All ways to cut these bytes into reads, of which none is empty.
fn all_cuts(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    (0_u32..1 << (bytes.len() - 1)).map(move |cuts| {
        let (mut reads, mut start) = (Vec::new(), 0);
        for end in 1..bytes.len() {
            if cuts >> (end - 1) & 1 == 1 {
                reads.push(&bytes[start..end]);
                start = end;
            }
        }
        reads.push(&bytes[start..]);
        reads
    })
}

/// The messages by the simplest means: byte by byte, looking at the end of what is gathered.
fn delimited_simply(delimiter: &[u8], bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut messages, mut message) = (Vec::new(), Vec::new());
    for byte in bytes {
        message.push(*byte);
        if message.ends_with(delimiter) {
            messages.push(std::mem::take(&mut message));
        }
    }
    messages.extend(Some(message).filter(|message| !message.is_empty()));
    messages
}

#[test]
fn two_messages_in_one_segment_are_two() {
    assert_eq!(messages(&Framing::default(), &["a\r\nb\r\n"]), ["a\r\n", "b\r\n"]);
}

#[test]
fn a_message_is_there_before_the_next_one_is_whole() {
    let mut splitter = Splitter::new(Framing::default(), 100);
    assert_eq!(splitter.next(b"a\r\nb"), Ok(Some(3)));
}

#[test]
fn the_rest_of_a_segment_is_the_beginning_of_the_next_message() {
    assert_eq!(messages(&Framing::default(), &["a\r\nb", "\r\n"]), ["a\r\n", "b\r\n"]);
}

#[test]
fn a_delimiter_may_come_in_two_reads() {
    assert_eq!(messages(&Framing::default(), &["ping\r", "\n"]), ["ping\r\n"]);
}

#[test]
fn a_message_may_come_byte_by_byte() {
    assert_eq!(
        messages(&Framing::default(), &["h", "i", "\r", "\n", "\r", "\n"]),
        ["hi\r\n", "\r\n"]
    );
}

#[test]
fn what_is_left_without_a_delimiter_is_a_last_message() {
    assert_eq!(messages(&Framing::default(), &["a\r\nquit"]), ["a\r\n", "quit"]);
}

#[test]
fn a_delimiter_at_the_very_end_leaves_nothing() {
    let (_, rest) = split(&Framing::default(), 100, &[b"a\r\n"]).unwrap();
    assert_eq!(rest, Rest::Nothing);
}

#[test]
fn a_delimiter_may_have_many_bytes() {
    let framing = Framing::delimited("--end--").unwrap();
    let reads = ["one--en", "d--two--end-", "-"];
    assert_eq!(messages(&framing, &reads), ["one--end--", "two--end--"]);
}

#[test]
fn delimited_messages_do_not_depend_on_the_cuts() {
    let cases: [(&str, &[u8]); 6] = [
        ("\r\n", b"a\r\n\r\n\r\r\nb\n\r"),
        ("aab", b"aaaabaabaaab"),
        ("aa", b"aaaaabaaa"),
        ("\0", b"\0a\0\0b"),
        ("abab", b"ababababbabab"),
        ("--end--", b"--end----end---"),
    ];
    for (delimiter, bytes) in cases {
        let framing = Framing::delimited(delimiter).unwrap();
        let expected = delimited_simply(delimiter.as_bytes(), bytes);
        for reads in all_cuts(bytes) {
            assert_eq!(
                split(&framing, 100, &reads).unwrap().0,
                expected,
                "{delimiter:?} in {reads:?}"
            );
        }
    }
}

#[test]
fn messages_behind_their_length_do_not_depend_on_the_cuts() {
    type Case<'a> = (usize, ByteOrder, &'a [u8], &'a [&'a [u8]]);
    let cases: [Case<'_>; 4] = [
        (1, ByteOrder::Big, b"\x03abc\0\x01d", &[b"\x03abc", b"\0", b"\x01d"]),
        (2, ByteOrder::Big, b"\0\x03abc\0\0\0\x01d", &[b"\0\x03abc", b"\0\0", b"\0\x01d"]),
        (4, ByteOrder::Little, b"\x02\0\0\0ab\x01\0\0\0c", &[b"\x02\0\0\0ab", b"\x01\0\0\0c"]),
        (8, ByteOrder::Big, b"\0\0\0\0\0\0\0\x05hello", &[b"\0\0\0\0\0\0\0\x05hello"]),
    ];
    for (bytes, order, stream, expected) in cases {
        let expected: Vec<Vec<u8>> = expected.iter().map(|message| message.to_vec()).collect();
        for reads in all_cuts(stream) {
            let split = split(&prefixed(bytes, order), 100, &reads).unwrap();
            assert_eq!(split, (expected.clone(), Rest::Nothing), "{bytes} {order:?} {reads:?}");
        }
    }
}

#[test]
fn messages_of_one_size_do_not_depend_on_the_cuts() {
    for size in 1..=4 {
        for reads in all_cuts(b"abcdefghijkl") {
            let (messages, rest) = split(&Framing::fixed(size).unwrap(), 4, &reads).unwrap();
            let expected: Vec<&[u8]> = b"abcdefghijkl".chunks(size).collect();
            assert_eq!((messages.as_slice(), rest), (concat(&expected).as_slice(), Rest::Nothing));
        }
    }
}

fn concat(messages: &[&[u8]]) -> Vec<Vec<u8>> {
    messages.iter().map(|message| message.to_vec()).collect()
}

#[test]
fn each_read_is_a_message_if_there_is_no_framing() {
    assert_eq!(messages(&Framing::raw(), &["a\r\nb", "c"]), ["a\r\nb", "c"]);
}

#[test]
fn a_read_above_the_limit_is_several_messages_if_there_is_no_framing() {
    let (messages, _) = split(&Framing::raw(), 3, &[b"abcdefgh"]).unwrap();
    assert_eq!(messages, concat(&[b"abc", b"def", b"gh"]));
}

#[test]
fn messages_that_come_together_are_one_if_that_is_asked_for() {
    let together = Framing::default().together();
    assert_eq!(messages(&together, &["a\r\nb\r\nc", "\r\nd\r\n"]), ["a\r\nb\r\n", "c\r\nd\r\n"]);
}

#[test]
fn messages_that_come_together_lose_no_byte_and_end_with_the_delimiter() {
    let bytes = b"aaaabaabaaab";
    let framing = Framing::delimited("aab").unwrap().together();
    for reads in all_cuts(bytes) {
        let (messages, _) = split(&framing, 7, &reads).unwrap();
        assert!(
            messages.iter().all(|message| message.ends_with(b"aab") && message.len() <= 7),
            "{reads:?}"
        );
        assert_eq!(messages.concat(), bytes);
    }
}

#[test]
fn together_changes_no_other_framing() {
    assert_eq!(Framing::raw().together(), Framing::raw());
}

#[test]
fn a_message_may_have_as_many_bytes_as_the_limit_with_its_delimiter() {
    assert_eq!(split(&Framing::default(), 6, &[b"1234\r\n12"]).unwrap().0.len(), 2);
}

#[test]
fn one_byte_too_many_without_a_delimiter_is_an_error_however_it_comes() {
    for reads in all_cuts(b"12345\r\n12\r\n") {
        assert_eq!(
            split(&Framing::default(), 6, &reads),
            Err(MessageTooLong::new(6, None)),
            "{reads:?}"
        );
    }
}

#[test]
fn a_message_that_is_just_at_the_limit_waits_for_its_delimiter() {
    let mut splitter = Splitter::new(Framing::default(), 6);
    assert_eq!(splitter.next(b"12345\r"), Ok(None));
}

#[test]
fn a_length_above_the_limit_is_an_error_before_the_message_comes() {
    let mut splitter = Splitter::new(prefixed(2, ByteOrder::Big), 100);
    let error = splitter.next(b"\0\x63").unwrap_err();
    assert_eq!((error.limit(), error.size()), (100, Some(101)));
}

#[test]
fn a_length_at_the_limit_is_none() {
    assert_eq!(Splitter::new(prefixed(2, ByteOrder::Big), 100).next(b"\0\x62"), Ok(None));
}

#[test]
fn the_longest_length_is_an_error_and_no_overflow() {
    let mut splitter = Splitter::new(prefixed(8, ByteOrder::Little), usize::MAX);
    assert_eq!(splitter.next(&[0xff; 20]).unwrap_or(None), None);
    let error = Splitter::new(prefixed(8, ByteOrder::Big), 1 << 20).next(&[0xff; 8]).unwrap_err();
    assert_eq!(error.size(), Some(u64::MAX));
}

#[test]
fn a_size_above_the_limit_is_an_error_at_the_first_byte() {
    let error = Splitter::new(Framing::fixed(16).unwrap(), 15).next(b"a").unwrap_err();
    assert_eq!((error.limit(), error.size()), (15, Some(16)));
}

#[test]
fn an_end_within_a_message_says_how_many_bytes_of_how_many_have_come() {
    let (_, rest) = split(&prefixed(2, ByteOrder::Big), 100, &[b"\0\x01a\0\x04bc"]).unwrap();
    let Rest::Incomplete(error) = rest else { panic!("{rest:?}") };
    assert_eq!(error.to_string(), "the client ended its side after 4 of the 6 bytes of a message");
}

#[test]
fn an_end_within_a_length_says_so() {
    let (_, rest) = split(&prefixed(4, ByteOrder::Big), 100, &[b"\0\0"]).unwrap();
    assert_eq!(rest, Rest::Incomplete(IncompleteMessage::new(2, None)));
}

#[test]
fn an_end_within_a_message_of_fixed_size_is_an_unexpected_end() {
    let (_, rest) = split(&Framing::fixed(4).unwrap(), 100, &[b"abcde"]).unwrap();
    let Rest::Incomplete(error) = rest else { panic!("{rest:?}") };
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn no_limit_and_no_bytes_panic() {
    let framings = [
        Framing::default(),
        Framing::default().together(),
        Framing::raw(),
        Framing::fixed(usize::MAX).unwrap(),
        prefixed(8, ByteOrder::Big),
        prefixed(1, ByteOrder::Little),
    ];
    for framing in framings {
        for limit in [0, 1, 2, 9, usize::MAX] {
            for length in 0..20 {
                for byte in [0, 1, b'\r', b'\n', 0xff] {
                    let bytes = vec![byte; length];
                    let mut splitter = Splitter::new(framing.clone(), limit);
                    let found = splitter.next(&bytes);
                    assert!(
                        found.is_err()
                            || found
                                .is_ok_and(|end| end.is_none_or(|end| 0 < end && end <= length))
                    );
                    // Nor does a reader that shows less than it has shown before.
                    let _ = (splitter.next(&[]), splitter.at_end(&bytes));
                }
            }
        }
    }
}

#[test]
fn what_was_searched_is_not_searched_again() {
    let mut splitter = Splitter::new(Framing::delimited("aab").unwrap(), 100);
    let bytes = b"xaaxaa";
    for end in 1..=bytes.len() {
        assert_eq!(splitter.next(&bytes[..end]), Ok(None));
        assert_eq!(splitter.searched, end);
    }
    assert_eq!(splitter.next(b"xaaxaab"), Ok(Some(7)));
}

/// Quadratic cost would be half a million million steps in each of these.
#[test]
fn a_million_bytes_are_split_one_by_one_and_all_at_once() {
    let size = 1 << 20;
    let long = vec![b'a'; size];
    let mut splitter = Splitter::new(Framing::delimited("aab").unwrap(), size);
    assert!((0..=size).all(|end| splitter.next(&long[..end]) == Ok(None)));
    let short = b"\r\n".repeat(size / 2);
    for framing in [Framing::default(), Framing::fixed(2).unwrap()] {
        assert_eq!(split(&framing, 2, &[&short]).unwrap().0.len(), size / 2);
    }
}

#[test]
fn an_empty_delimiter_is_refused() {
    let error = Framing::delimited("").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the delimiter is empty: give at least one byte, or use raw framing"
    );
}

#[test]
fn a_length_of_three_bytes_is_refused() {
    let error = LengthPrefix::new(3, ByteOrder::Big).unwrap_err();
    assert_eq!(error.to_string(), "a length of 3 bytes is none of 1, 2, 4 or 8");
}

#[test]
fn messages_of_no_bytes_are_refused() {
    assert_eq!(Framing::fixed(0).unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn framings_say_what_a_message_is() {
    assert_eq!(Framing::default().to_string(), r#"messages that end with "\r\n""#);
    let lengths = Framing::length_prefixed(LengthPrefix::new(4, ByteOrder::Big).unwrap());
    assert_eq!(lengths.to_string(), "messages behind a big-endian length of 4 bytes");
}
