//! Messages through the whole stack, however their bytes come.

use socketry_server_workers::{Answer, ByteOrder, Framing, LengthPrefix, ServerOptions};
use socketry_testing::{faulty, pair};

use crate::serving::support::{end, stage, stage_with};

fn data(message: &[u8]) -> (&'static str, Vec<u8>) {
    ("DATA", message.to_vec())
}

fn closed() -> (&'static str, Vec<u8>) {
    ("CLOSED", Vec::new())
}

#[test]
fn two_messages_in_one_segment_are_two_events() {
    let mut stage = stage();
    let mut client = stage.open();
    stage.say(&mut client, b"a\r\nb\r\n");
    assert_eq!(stage.answer_all(&Answer::Read), [data(b"a\r\n"), data(b"b\r\n")]);
}

#[test]
fn together_they_are_one_event() {
    let mut stage = stage_with(ServerOptions::new().framing(Framing::default().together()));
    let mut client = stage.open();
    stage.say(&mut client, b"a\r\nb\r\nc");
    assert_eq!(stage.answer_all(&Answer::Read), [data(b"a\r\nb\r\n")]);
}

#[test]
fn a_message_is_whole_wherever_it_is_split() {
    let stream = b"ping\r\npong\r\n";
    for at in 1..stream.len() {
        let mut stage = stage();
        let mut client = stage.open();
        stage.say(&mut client, &stream[..at]);
        let mut events = stage.answer_all(&Answer::Read);
        stage.say(&mut client, &stream[at..]);
        events.extend(stage.answer_all(&Answer::Read));
        assert_eq!(events, [data(b"ping\r\n"), data(b"pong\r\n")], "split at {at}");
    }
}

#[test]
fn one_byte_at_a_time_is_a_message_in_the_end() {
    let mut stage = stage();
    let mut client = stage.open();
    for byte in b"hello\r\n" {
        stage.nothing_is_asked();
        stage.say(&mut client, &[*byte]);
    }
    assert_eq!(stage.answer_all(&Answer::Read), [data(b"hello\r\n")]);
}

#[test]
fn a_message_is_gathered_from_pieces_of_8_bytes() {
    let mut stage = stage();
    let (mut client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    faults.at_most_read(8);
    stage.come(accepted);
    stage.greet();
    stage.say(&mut client, b"thirty-two bytes of one message\r\n");
    assert_eq!(stage.answer_all(&Answer::Read), [data(b"thirty-two bytes of one message\r\n")]);
}

#[test]
fn a_delimiter_may_have_many_bytes() {
    let framing = Framing::delimited("--end--").unwrap();
    let mut stage = stage_with(ServerOptions::new().framing(framing));
    let mut client = stage.open();
    stage.say(&mut client, b"a--end-");
    stage.say(&mut client, b"-b--en--end--");
    assert_eq!(stage.answer_all(&Answer::Read), [data(b"a--end--"), data(b"b--en--end--")]);
}

#[test]
fn what_is_left_when_the_client_ends_is_a_last_message_whose_answer_is_written() {
    let mut stage = stage();
    let mut client = stage.open();
    stage.say(&mut client, b"bye");
    end(&mut client);
    assert_eq!(stage.answer_all(&Answer::respond("bye, too")), [data(b"bye"), closed()]);
    assert_eq!(stage.heard(&mut client), ("bye, too".into(), true));
}

#[test]
fn all_messages_of_a_client_that_has_ended_its_side_are_answered() {
    let mut stage = stage();
    let mut client = stage.open();
    stage.say(&mut client, b"a\r\nb\r\n");
    end(&mut client);
    stage.answer_all(&Answer::respond("ok."));
    assert_eq!(stage.heard(&mut client), ("ok.ok.".into(), true));
}

#[test]
fn a_message_that_is_too_long_closes_the_connection_and_is_told() {
    let mut stage = stage_with(ServerOptions::new().max_message_size(8));
    let mut client = stage.open();
    stage.say(&mut client, b"12345\r\nwithout end");
    assert_eq!(stage.answer_all(&Answer::Read), [data(b"12345\r\n"), closed()]);
    assert_eq!(stage.heard(&mut client), (String::new(), true));
    assert_eq!(stage.notices().len(), 1);
}

#[test]
fn a_client_that_ends_within_its_packet_is_closed_and_told_of() {
    let prefix = LengthPrefix::new(2, ByteOrder::Big).unwrap();
    let options = ServerOptions::new().framing(Framing::length_prefixed(prefix));
    let mut stage = stage_with(options);
    let mut client = stage.open();
    stage.say(&mut client, b"\0\x02hi\0\x05he");
    end(&mut client);
    assert_eq!(stage.answer_all(&Answer::Read), [data(b"\0\x02hi"), closed()]);
    assert_eq!(stage.notices().len(), 1);
}

#[test]
fn raw_bytes_are_handed_on_as_they_come() {
    let mut stage = stage_with(ServerOptions::new().framing(Framing::raw()));
    let mut client = stage.open();
    stage.say(&mut client, b"a\r");
    let mut events = stage.answer_all(&Answer::Read);
    stage.say(&mut client, b"\nb");
    events.extend(stage.answer_all(&Answer::Read));
    assert_eq!(events, [data(b"a\r"), data(b"\nb")]);
}

#[test]
fn blocks_of_one_size_are_messages() {
    let mut stage = stage_with(ServerOptions::new().framing(Framing::fixed(4).unwrap()));
    let mut client = stage.open();
    stage.say(&mut client, b"onetwotwo+");
    assert_eq!(stage.answer_all(&Answer::Read), [data(b"onet"), data(b"wotw")]);
}
