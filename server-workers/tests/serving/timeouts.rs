//! Who is too slow, to the millisecond.

use std::time::Duration;

use socketry_server_workers::{Answer, ServerOptions};
use socketry_testing::{faulty, pair_with_capacity};

use crate::serving::support::{Stage, heard, stage_with};

const LIMIT: Duration = Duration::from_secs(10);

fn never() -> ServerOptions {
    ServerOptions::new().write_timeout(Duration::ZERO)
}

/// It is closed, a worker is told, and so is whoever hears notices.
#[track_caller]
fn assert_timed_out(stage: &mut Stage, name: &str) {
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    let notices = stage.notices();
    assert!(notices.len() == 1 && notices[0].contains(name), "{notices:?}");
}

#[test]
fn a_silent_client_is_closed() {
    let mut stage = stage_with(never().idle_timeout(LIMIT));
    let mut client = stage.open();
    stage.pass(9_999);
    stage.nothing_is_asked();
    stage.pass(1);
    assert_timed_out(&mut stage, "idle_timeout");
    assert_eq!(stage.heard(&mut client), (String::new(), true));
}

#[test]
fn silence_begins_anew_after_each_answer() {
    let mut stage = stage_with(never().idle_timeout(LIMIT));
    let mut client = stage.open();
    stage.pass(9_999);
    stage.say(&mut client, b"here\r\n");
    stage.next().answer(Answer::Read);
    stage.turn();
    stage.pass(9_999);
    stage.nothing_is_asked();
    stage.pass(1);
    assert_timed_out(&mut stage, "idle_timeout");
}

#[test]
fn the_time_of_a_worker_is_no_silence() {
    let mut stage = stage_with(never().idle_timeout(LIMIT));
    let mut client = stage.open();
    stage.say(&mut client, b"work\r\n");
    let asked = stage.next();
    stage.pass(60_000);
    asked.answer(Answer::respond("done"));
    assert_eq!(stage.heard(&mut client), ("done".into(), false));
}

#[test]
fn who_is_at_a_message_is_not_silent() {
    let mut stage = stage_with(never().idle_timeout(LIMIT));
    let mut client = stage.open();
    stage.say(&mut client, b"slow");
    stage.pass(60_000);
    stage.say(&mut client, b"ly\r\n");
    stage.next_is("DATA", b"slowly\r\n");
}

#[test]
fn a_message_in_drops_is_not_waited_for() {
    let mut stage = stage_with(never().read_timeout(LIMIT));
    let mut client = stage.open();
    stage.pass(60_000);
    for _ in 0..9 {
        stage.say(&mut client, b".");
        stage.pass(1_000);
    }
    stage.pass(999);
    stage.nothing_is_asked();
    stage.pass(1);
    assert_timed_out(&mut stage, "read_timeout");
}

#[test]
fn the_time_of_a_message_begins_with_its_first_byte_and_not_with_the_silence_before() {
    let mut stage = stage_with(never().idle_timeout(LIMIT).read_timeout(LIMIT));
    let mut client = stage.open();
    stage.pass(9_000);
    stage.say(&mut client, b"slow");
    stage.pass(9_999);
    stage.nothing_is_asked();
    stage.pass(1);
    assert_timed_out(&mut stage, "read_timeout");
}

#[test]
fn each_message_has_its_own_time() {
    let mut stage = stage_with(never().read_timeout(LIMIT));
    let mut client = stage.open();
    stage.say(&mut client, b"o");
    stage.pass(9_999);
    stage.say(&mut client, b"ne\r\ntw");
    stage.next_is("DATA", b"one\r\n").answer(Answer::Read);
    stage.turn();
    stage.pass(9_999);
    stage.say(&mut client, b"o\r\n");
    stage.next_is("DATA", b"two\r\n");
}

#[test]
fn a_client_that_takes_nothing_is_closed() {
    let mut stage = stage_with(never().write_timeout(LIMIT));
    let (_client, accepted) = pair_with_capacity(4);
    stage.come(accepted);
    stage.next_is("CONNECTED", b"").answer(Answer::respond("too much"));
    stage.turn();
    stage.pass(9_999);
    stage.nothing_is_asked();
    stage.pass(1);
    assert_timed_out(&mut stage, "write_timeout");
}

#[test]
fn a_client_that_takes_a_little_has_time_for_the_rest() {
    let mut stage = stage_with(never().write_timeout(LIMIT));
    let (mut client, accepted) = pair_with_capacity(4);
    stage.come(accepted);
    stage.next_is("CONNECTED", b"").answer(Answer::respond("too much for it"));
    stage.turn();
    for _ in 0..3 {
        stage.pass(9_999);
        heard(&mut client);
        stage.turn();
    }
    stage.nothing_is_asked();
    assert_eq!(stage.notices().len(), 0);
}

#[test]
fn what_others_send_is_to_be_taken_in_time_also_while_a_worker_works() {
    let mut stage = stage_with(never().write_timeout(LIMIT));
    let (_client, accepted) = pair_with_capacity(4);
    stage.come(accepted);
    let asked = stage.next_is("CONNECTED", b"");
    stage.handle.send(asked.peer.id(), *b"too much").unwrap();
    stage.turn();
    stage.pass(10_000);
    asked.answer(Answer::Read);
    assert_timed_out(&mut stage, "write_timeout");
}

#[test]
fn a_flush_that_does_not_end_is_not_waited_for() {
    let mut stage = stage_with(never().write_timeout(LIMIT));
    let (_client, accepted) = pair_with_capacity(4);
    let (accepted, faults) = faulty(accepted);
    faults.buffer_writes(true);
    stage.come(accepted);
    stage.next_is("CONNECTED", b"").answer(Answer::respond("too much"));
    stage.turn();
    stage.pass(10_000);
    assert_timed_out(&mut stage, "write_timeout");
}

#[test]
fn a_timer_ends_with_what_it_was_for() {
    let mut stage = stage_with(never().write_timeout(LIMIT));
    let idle = stage.clock.sleeping();
    let (mut client, accepted) = pair_with_capacity(4);
    let (accepted, faults) = faulty(accepted);
    faults.buffer_writes(true);
    stage.come(accepted);
    stage.next_is("CONNECTED", b"").answer(Answer::respond("too much"));
    stage.turn();
    let waiting = stage.clock.sleeping();
    stage.heard(&mut client);
    assert_eq!((waiting, stage.clock.sleeping()), (idle + 1, idle));
}

#[test]
fn zero_is_never_and_makes_no_timer() {
    let mut stage = stage_with(never());
    let idle = stage.clock.sleeping();
    let (_client, accepted) = pair_with_capacity(4);
    stage.come(accepted);
    stage.next_is("CONNECTED", b"").answer(Answer::respond("too much"));
    stage.turn();
    assert_eq!(stage.clock.sleeping(), idle);
    stage.pass(1_000_000_000);
    stage.nothing_is_asked();
}
