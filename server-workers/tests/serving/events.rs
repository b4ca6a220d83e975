//! What workers are asked about, in which order, and what becomes of their answers.

use std::io;

use socketry_connection::Address;
use socketry_server::AcceptExt;
use socketry_server_workers::{
    Answer, Event, InProcess, Pool, PoolOptions, ServerOptions, Worker, WorkerServer,
};
use socketry_testing::{Operation, faulty, pair, pair_between, scripted_server};

use crate::serving::support::{Runner, Setting, assert_serves, end, heard, say, stage};

#[test]
fn a_worker_is_told_of_a_client_before_it_says_anything() {
    let mut stage = stage();
    let client: Address = "tcp://192.0.2.1:50000".parse().unwrap();
    let (_client, accepted) = pair_between(client.clone(), "tcp://192.0.2.2:25".parse().unwrap());
    stage.come(accepted);
    let asked = stage.next_is("CONNECTED", b"");
    let known = stage.handle.peers().iter().any(|peer| peer.id() == asked.peer.id());
    let told = (asked.peer.server(), asked.peer.remote_address(), known);
    assert_eq!(told, ("mail", Some(&client), true));
}

#[test]
fn the_id_is_a_random_uuid_and_that_of_no_other() {
    let mut stage = Setting::default().workers(2).build();
    let (_one, _other) = (pair(), pair());
    stage.come(_one.1);
    stage.come(_other.1);
    let (one, other) = (stage.next().peer.id(), stage.next().peer.id());
    assert_eq!((one.get_version_num(), one == other), (4, false));
}

#[test]
fn the_answer_to_the_first_event_is_written() {
    let mut stage = stage();
    let (mut client, accepted) = pair();
    stage.come(accepted);
    stage.next().answer(Answer::respond("220 hello\r\n"));
    assert_eq!(stage.heard(&mut client), ("220 hello\r\n".into(), false));
}

#[test]
fn to_read_writes_nothing_and_the_connection_goes_on() {
    let mut stage = stage();
    let mut client = stage.open();
    for message in [b"one\r\n", b"two\r\n"] {
        stage.say(&mut client, message);
        stage.next_is("DATA", message).answer(Answer::Read);
    }
    assert_eq!(stage.heard(&mut client), (String::new(), false));
}

#[test]
fn to_respond_writes_and_the_connection_goes_on() {
    let mut stage = stage();
    let mut client = stage.open();
    for message in [b"one\r\n", b"two\r\n"] {
        stage.say(&mut client, message);
        stage.next_is("DATA", message).answer(Answer::respond(*message));
    }
    assert_eq!(stage.heard(&mut client), ("one\r\ntwo\r\n".into(), false));
}

#[test]
fn to_respond_and_close_writes_and_ends_the_connection() {
    let mut stage = stage();
    let mut client = stage.open();
    stage.say(&mut client, b"quit\r\n");
    stage.next().answer(Answer::respond_close("goodbye\r\n"));
    assert_eq!(stage.heard(&mut client), ("goodbye\r\n".into(), true));
    stage.next_is("CLOSED", b"");
}

#[test]
fn to_close_ends_the_connection_with_nothing_written() {
    for answer in [Some(Answer::Close), None] {
        let mut stage = stage();
        let mut client = stage.open();
        stage.say(&mut client, b"quit\r\n");
        stage.next().say(Ok(answer));
        assert_eq!(stage.heard(&mut client), (String::new(), true));
        stage.next_is("CLOSED", b"");
    }
}

#[test]
fn the_first_answer_can_close() {
    let mut stage = stage();
    let (mut client, accepted) = pair();
    stage.come(accepted);
    stage.next_is("CONNECTED", b"").answer(Answer::respond_close("full"));
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    assert_eq!(stage.heard(&mut client), ("full".into(), true));
}

#[test]
fn all_events_of_a_connection_carry_its_id_and_come_in_order() {
    let mut stage = stage();
    let (mut client, accepted) = pair();
    stage.come(accepted);
    say(&mut client, b"a\r\nb\r\n");
    end(&mut client);
    let mut kinds = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..4 {
        let asked = stage.next();
        kinds.push(asked.kind);
        ids.push(asked.peer.id());
        asked.answer(Answer::Read);
    }
    stage.nothing_is_asked();
    ids.dedup();
    assert_eq!((kinds, ids.len()), (vec!["CONNECTED", "DATA", "DATA", "CLOSED"], 1));
}

#[test]
fn a_client_that_leaves_is_closed_once() {
    let mut stage = stage();
    drop(stage.open());
    stage.next_is("CLOSED", b"").answer(Answer::respond("whom?"));
    stage.nothing_is_asked();
    assert_eq!(stage.handle.connections(), 0);
}

#[test]
fn a_client_that_fails_is_closed_and_told_of() {
    let mut stage = stage();
    let (_client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    faults.hold(Operation::Read);
    stage.come(accepted);
    stage.greet();
    faults.fail(Operation::Read, io::ErrorKind::ConnectionReset);
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    stage.nothing_is_asked();
    assert!(stage.notices()[0].contains(": reading from the client failed: "));
}

#[test]
fn if_the_worker_fails_at_the_first_event_none_is_told_of_the_end() {
    let mut stage = stage();
    let (mut client, accepted) = pair();
    stage.come(accepted);
    let asked = stage.next();
    let id = asked.peer.id();
    asked.fail();
    stage.nothing_is_asked();
    assert_eq!(stage.heard(&mut client), (String::new(), true));
    assert_eq!((stage.handle.close(id), stage.handle.connections()), (false, 0));
}

#[test]
fn if_the_worker_fails_at_a_message_the_client_is_dropped_with_nothing_written() {
    let mut stage = stage();
    let mut client = stage.open();
    stage.say(&mut client, b"fail\r\n");
    stage.next().fail();
    stage.nothing_is_asked();
    assert_eq!(stage.heard(&mut client), (String::new(), true));
    assert_eq!(stage.notices().len(), 1);
    assert_serves(&mut stage);
}

#[test]
fn if_the_answer_cannot_be_written_a_worker_is_told_of_the_end() {
    let mut stage = stage();
    let (_client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    stage.come(accepted);
    faults.fail(Operation::Write, io::ErrorKind::BrokenPipe);
    stage.next_is("CONNECTED", b"").answer(Answer::respond("hello"));
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    stage.nothing_is_asked();
    assert!(stage.notices()[0].contains(": writing to the client failed: "));
}

#[test]
fn if_the_worker_fails_at_the_last_event_that_is_told_only() {
    let mut stage = stage();
    drop(stage.open());
    stage.next_is("CLOSED", b"").fail();
    stage.nothing_is_asked();
    assert_eq!(stage.notices().len(), 1);
    assert_serves(&mut stage);
}

#[test]
fn a_worker_that_panics_costs_its_connection_and_another_takes_its_place() {
    struct Panics;
    impl Worker for Panics {
        async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
            assert_ne!(event.message(), b"panic\r\n");
            Ok(Some(Answer::respond(event.message())))
        }
    }
    let pool = Pool::new(InProcess::new(|| Panics), PoolOptions::new().num_workers(1));
    let (server, pushed) = scripted_server();
    let servers =
        WorkerServer::new(pool).server("s", server.boxed(), ServerOptions::new()).unwrap();
    let mut runner = Runner::new(servers.run());
    let mut said = Vec::new();
    for message in [&b"panic\r\n"[..], b"fine\r\n"] {
        let (mut client, accepted) = pair();
        pushed.push(accepted);
        say(&mut client, message);
        runner.turn();
        said.push(heard(&mut client));
    }
    assert_eq!(said, [(String::new(), true), ("fine\r\n".into(), false)]);
}

#[test]
fn a_client_is_not_read_while_its_event_waits_for_a_worker() {
    let mut stage = stage();
    let mut first = stage.open();
    let (mut second, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    stage.come(accepted);
    stage.greet();
    stage.say(&mut first, b"busy\r\n");
    let busy = stage.next_is("DATA", b"busy\r\n");
    stage.say(&mut second, b"one\r\n");
    faults.take_counts();
    stage.say(&mut second, b"two\r\n");
    stage.nothing_is_asked();
    assert_eq!(faults.counts().reads, 0);
    busy.answer(Answer::Read);
    stage.next_is("DATA", b"one\r\n").answer(Answer::Read);
    stage.next_is("DATA", b"two\r\n");
}

#[test]
fn accept_errors_are_told_and_never_end_a_server() {
    let mut stage = stage();
    for _ in 0..100 {
        stage.servers[0].push_error(io::Error::other("too many open files"));
    }
    stage.turn();
    assert_eq!(stage.notices(), ["server mail: too many open files"; 100]);
    assert_serves(&mut stage);
}

#[test]
fn three_named_servers_share_a_pool() {
    let names = vec!["one", "two", "three"];
    let mut stage = Setting { names: names.clone(), ..Setting::default() }.build();
    let mut clients = Vec::new();
    let mut named = Vec::new();
    for server in stage.servers.clone() {
        let (client, accepted) = pair();
        server.push(accepted);
        let asked = stage.next();
        named.push(asked.peer.server().to_owned());
        asked.answer(Answer::Read);
        clients.push(client);
    }
    assert_eq!(named, names);
}

#[test]
fn a_second_server_of_a_name_is_refused() {
    let pool = crate::serving::support::Work::default().pool(PoolOptions::new());
    let (one, other) = (scripted_server().0.boxed(), scripted_server().0.boxed());
    let servers = WorkerServer::new(pool).server("s", one, ServerOptions::new()).unwrap();
    let error = servers.server("s", other, ServerOptions::new()).unwrap_err();
    assert_eq!(error.to_string(), "two servers are named \"s\": give each a name of its own");
}

#[test]
fn no_servers_are_an_error() {
    let pool = crate::serving::support::Work::default().pool(PoolOptions::new());
    let mut runner = Runner::new(WorkerServer::new(pool).run());
    runner.turn();
    let error = runner.result.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "no servers registered: add at least one");
}
