//! What others send and close from outside.

use std::io;

use socketry_server_workers::{Answer, NotSent, ServerOptions};
use socketry_testing::{MemoryConnection, Operation, faulty, pair, pair_with_capacity};
use uuid::Uuid;

use crate::serving::support::{Setting, Stage, end, heard, say, stage, stage_with};

/// The one client's id.
fn id(stage: &Stage) -> Uuid {
    stage.handle.peers()[0].id()
}

/// A client that can take four bytes at a time.
fn open_narrow(stage: &mut Stage) -> MemoryConnection {
    let (client, accepted) = pair_with_capacity(4);
    stage.come(accepted);
    stage.greet();
    client
}

#[test]
fn an_idle_client_gets_what_is_sent_at_once() {
    let mut stage = stage();
    let mut client = stage.open();
    stage.handle.send(id(&stage), *b"news\r\n").unwrap();
    assert_eq!(stage.heard(&mut client), ("news\r\n".into(), false));
}

#[test]
fn a_client_gets_what_is_sent_while_a_worker_works() {
    let mut stage = stage();
    let mut client = stage.open();
    stage.say(&mut client, b"work\r\n");
    let asked = stage.next();
    stage.handle.send(asked.peer.id(), *b"news ").unwrap();
    assert_eq!(stage.heard(&mut client), ("news ".into(), false));
    asked.answer(Answer::respond("done"));
    assert_eq!(stage.heard(&mut client), ("done".into(), false));
}

#[test]
fn what_is_sent_while_an_answer_is_half_written_comes_after_it_and_whole() {
    let mut stage = stage();
    let mut client = open_narrow(&mut stage);
    stage.say(&mut client, b"q\r\n");
    let asked = stage.next();
    let id = asked.peer.id();
    asked.answer(Answer::respond("a long answer. "));
    stage.turn();
    stage.handle.send(id, *b"first news. ").unwrap();
    stage.handle.send(id, *b"second news.").unwrap();
    let (all, _) = stage.heard(&mut client);
    assert_eq!(all, "a long answer. first news. second news.");
}

#[test]
fn an_answer_comes_after_a_message_that_is_half_written() {
    let mut stage = stage();
    let mut client = open_narrow(&mut stage);
    stage.say(&mut client, b"q\r\n");
    let asked = stage.next();
    stage.handle.send(asked.peer.id(), *b"long news. ").unwrap();
    stage.turn();
    asked.answer(Answer::respond("an answer."));
    assert_eq!(stage.heard(&mut client).0, "long news. an answer.");
}

#[test]
fn an_answer_that_is_begun_waits_for_no_more_news() {
    let mut stage = stage();
    let mut client = open_narrow(&mut stage);
    stage.say(&mut client, b"q\r\n");
    let asked = stage.next();
    let id = asked.peer.id();
    stage.handle.send(id, *b"1234").unwrap();
    stage.turn();
    asked.answer(Answer::respond("answer "));
    stage.turn();
    stage.handle.send(id, *b"news").unwrap();
    assert_eq!(stage.heard(&mut client).0, "1234answer news");
}

#[test]
fn an_answer_waits_for_the_news_before_it_and_for_no_others() {
    let mut stage = stage();
    let mut client = open_narrow(&mut stage);
    stage.say(&mut client, b"q\r\n");
    let asked = stage.next();
    let id = asked.peer.id();
    stage.handle.send(id, *b"12345678 ").unwrap();
    stage.turn();
    asked.answer(Answer::respond("answer "));
    stage.turn();
    stage.handle.send(id, *b"news").unwrap();
    assert_eq!(stage.heard(&mut client).0, "12345678 answer news");
}

#[test]
fn much_news_for_one_client_does_not_hold_up_others() {
    let mut stage = stage_with(ServerOptions::new());
    let (mut client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    stage.come(accepted);
    stage.greet();
    for _ in 0..10_000 {
        stage.handle.send(id(&stage), *b".").unwrap();
    }
    stage.runner.turns(1);
    let writes = faults.counts().writes;
    assert!(writes <= 100, "{writes} writes");
    assert_eq!(stage.heard(&mut client).0.len(), 10_000);
}

#[test]
fn a_client_that_does_not_read_is_behind() {
    let mut stage = stage_with(ServerOptions::new().max_unsent(10));
    let _client = open_narrow(&mut stage);
    let id = id(&stage);
    stage.handle.send(id, *b"12345678").unwrap();
    stage.turn();
    stage.handle.send(id, *b"123456").unwrap();
    let refused = stage.handle.send(id, *b"1").unwrap_err();
    assert!(matches!(refused, NotSent::Behind { unsent: 10, .. }), "{refused:?}");
    assert_eq!(io::Error::from(refused).kind(), io::ErrorKind::QuotaExceeded);
}

#[test]
fn one_message_may_be_larger_than_the_limit() {
    let mut stage = stage_with(ServerOptions::new().max_unsent(0));
    let mut client = open_narrow(&mut stage);
    stage.handle.send(id(&stage), *b"larger than nothing").unwrap();
    assert_eq!(stage.heard(&mut client).0, "larger than nothing");
    stage.handle.send(id(&stage), *b"again").unwrap();
    assert_eq!(stage.heard(&mut client).0, "again");
}

#[test]
fn nothing_is_sent_to_whom_nobody_knows() {
    let stage = stage();
    assert_eq!(stage.handle.send(Uuid::nil(), *b"hello"), Err(NotSent::Unknown));
}

#[test]
fn nothing_is_sent_to_who_is_gone() {
    let mut stage = stage();
    let client = stage.open();
    let id = id(&stage);
    drop(client);
    stage.next_is("CLOSED", b"");
    assert_eq!(stage.handle.send(id, *b"hello"), Err(NotSent::Unknown));
}

#[test]
fn a_broadcast_reaches_all_of_a_server_or_of_all() {
    let mut stage = Setting { names: vec!["one", "two"], ..Setting::default() }.build();
    let mut first = stage.open();
    let (mut second, accepted) = pair();
    stage.servers[1].push(accepted);
    stage.greet();
    let reached = (
        stage.handle.broadcast(Some("two"), "two "),
        stage.handle.broadcast(None, "all "),
        stage.handle.broadcast(Some("three"), "three "),
    );
    assert_eq!(reached, ((1, vec![]), (2, vec![]), (0, vec![])));
    assert_eq!([stage.heard(&mut first).0, stage.heard(&mut second).0], ["all ", "two all "]);
}

#[test]
fn a_broadcast_says_who_is_behind() {
    let mut stage = stage_with(ServerOptions::new().max_unsent(10));
    let _narrow = open_narrow(&mut stage);
    let id = id(&stage);
    stage.handle.send(id, vec![0; 10]).unwrap();
    let mut other = stage.open();
    stage.turn();
    let (sent, behind) = stage.handle.broadcast(None, "0123456789");
    assert_eq!((sent, behind.len(), behind[0].0), (1, 1, id));
    assert_eq!(stage.heard(&mut other).0, "0123456789");
}

#[test]
fn an_idle_connection_is_closed_by_its_id() {
    let mut stage = stage();
    let mut client = stage.open();
    assert!(stage.handle.close(id(&stage)));
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    assert_eq!(stage.heard(&mut client), (String::new(), true));
}

#[test]
fn who_is_unknown_or_closing_is_not_closed() {
    let mut stage = stage();
    let _client = stage.open();
    let id = id(&stage);
    let closed = [stage.handle.close(Uuid::nil()), stage.handle.close(id), stage.handle.close(id)];
    assert_eq!(closed, [false, true, false]);
}

#[test]
fn a_close_waits_for_the_answer_and_for_what_was_sent() {
    let mut stage = stage();
    let mut client = open_narrow(&mut stage);
    stage.say(&mut client, b"q\r\n");
    let asked = stage.next();
    let id = asked.peer.id();
    stage.handle.send(id, *b"the last news. ").unwrap();
    stage.handle.close(id);
    assert_eq!(stage.handle.send(id, *b"too late"), Err(NotSent::Unknown));
    stage.nothing_is_asked();
    asked.answer(Answer::respond("the answer."));
    assert_eq!(stage.heard(&mut client), ("the last news. the answer.".into(), true));
    stage.next_is("CLOSED", b"");
}

#[test]
fn an_answer_that_closes_waits_for_what_was_sent_before_it() {
    let mut stage = stage();
    let mut client = open_narrow(&mut stage);
    stage.say(&mut client, b"q\r\n");
    let asked = stage.next();
    stage.handle.send(asked.peer.id(), *b"the last news, ").unwrap();
    stage.turn();
    stage.handle.send(asked.peer.id(), *b"all of them.").unwrap();
    asked.answer(Answer::Close);
    assert_eq!(stage.heard(&mut client), ("the last news, all of them.".into(), true));
    stage.next_is("CLOSED", b"");
}

#[test]
fn a_client_that_has_ended_its_side_gets_what_was_sent_before_that() {
    let mut stage = stage();
    let mut client = open_narrow(&mut stage);
    let id = id(&stage);
    stage.handle.send(id, *b"the last news, ").unwrap();
    stage.handle.send(id, *b"all of them.").unwrap();
    stage.turn();
    end(&mut client);
    stage.nothing_is_asked();
    assert_eq!(stage.heard(&mut client), ("the last news, all of them.".into(), true));
    stage.next_is("CLOSED", b"");
}

#[test]
fn a_close_of_an_idle_connection_waits_for_what_was_sent() {
    let mut stage = stage();
    let mut client = open_narrow(&mut stage);
    let id = id(&stage);
    stage.handle.send(id, *b"the last news.").unwrap();
    stage.turn();
    stage.handle.close(id);
    stage.nothing_is_asked();
    assert_eq!(stage.heard(&mut client), ("the last news.".into(), true));
    stage.next_is("CLOSED", b"");
}

#[test]
fn what_is_sent_is_flushed_although_the_flush_has_to_wait() {
    let mut stage = stage();
    let (mut client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    faults.buffer_writes(true);
    stage.come(accepted);
    stage.greet();
    faults.hold(Operation::Flush);
    stage.handle.send(id(&stage), *b"news").unwrap();
    stage.turn();
    faults.release(Operation::Flush);
    assert_eq!(stage.heard(&mut client).0, "news");
}

#[test]
fn a_write_that_fails_while_a_worker_works_closes_after_the_answer() {
    let mut stage = stage();
    let (mut client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    stage.come(accepted);
    stage.greet();
    stage.say(&mut client, b"work\r\n");
    let asked = stage.next();
    faults.fail(Operation::Write, io::ErrorKind::ConnectionReset);
    stage.handle.send(asked.peer.id(), *b"news").unwrap();
    stage.nothing_is_asked();
    asked.answer(Answer::respond("done"));
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    stage.nothing_is_asked();
    assert_eq!(stage.notices().len(), 1);
}

#[test]
fn all_events_of_a_sticky_connection_go_to_the_same_worker() {
    let options = ServerOptions::new().sticky(true);
    let mut stage = Setting { options, ..Setting::default() }.workers(3).build();
    let (mut client, accepted) = pair();
    stage.come(accepted);
    let asked = stage.next();
    let worker = asked.worker;
    asked.answer(Answer::Read);
    stage.turn();
    for _ in 0..5 {
        let _other = stage.handle.connections();
        stage.say(&mut client, b"x\r\n");
        let asked = stage.next();
        assert_eq!(asked.worker, worker);
        asked.answer(Answer::Read);
    }
    drop(client);
    assert_eq!(stage.next_is("CLOSED", b"").worker, worker);
}

#[test]
fn while_a_sticky_worker_works_others_answer_others_and_its_own_wait() {
    let options = ServerOptions::new().sticky(true);
    let mut stage = Setting { options, ..Setting::default() }.workers(2).build();
    // The worker that has been idle longest gets a newcomer: the first and the third have the same.
    let (mut first, _second, mut third) = (stage.open(), stage.open(), stage.open());
    stage.say(&mut first, b"first\r\n");
    let busy = stage.next_is("DATA", b"first\r\n");
    stage.say(&mut third, b"third\r\n");
    stage.nothing_is_asked();
    let (_fourth, accepted) = pair();
    stage.come(accepted);
    let other = stage.next_is("CONNECTED", b"");
    assert_ne!(other.worker, busy.worker);
    let worker = busy.worker;
    busy.answer(Answer::Read);
    assert_eq!(stage.next_is("DATA", b"third\r\n").worker, worker);
}

#[test]
fn a_sticky_connection_whose_worker_is_gone_gets_another() {
    let options = ServerOptions::new().sticky(true);
    let setting = Setting { options, ..Setting::default() };
    let mut stage = setting.build();
    let mut client = stage.open();
    let handle = stage.handle.clone();
    let mut reset = Box::pin(async move { handle.reset().await });
    let _ = crate::serving::support::poll_now(reset.as_mut());
    stage.turn();
    say(&mut client, b"x\r\n");
    let asked = stage.next_is("DATA", b"x\r\n");
    assert_eq!(asked.worker, 2);
    asked.answer(Answer::respond("y"));
    stage.turn();
    assert_eq!(heard(&mut client).0, "y");
}
