//! What is left when whoever serves is dropped: nothing.

use std::{
    future::Future,
    sync::Arc,
    task::{Context, Wake, Waker},
};

use socketry_server::{AcceptExt, State};
use socketry_server_workers::{Answer, NotSent, PoolOptions, ServerOptions, WorkerServer};
use socketry_testing::{MemoryConnection, pair_with_capacity, scripted_server};

use crate::serving::support::{Stage, Work, stage};

/// Drops the servers, and looks that nothing is left.
#[track_caller]
fn assert_all_ends(mut stage: Stage, client: &mut MemoryConnection) {
    let id = stage.handle.peers().first().map(|peer| peer.id());
    stage.runner.drop_future();
    assert!(stage.heard(client).1, "the client sees the end");
    assert_eq!((stage.handle.connections(), stage.clock.sleeping()), (0, 0));
    assert_eq!(stage.servers[0].state(), State::Closed);
    if let Some(id) = id {
        assert_eq!(stage.handle.send(id, *b"too late"), Err(NotSent::Unknown));
    }
}

#[test]
fn while_a_client_has_not_been_greeted() {
    let mut stage = stage();
    let (mut client, accepted) = pair_with_capacity(4);
    stage.come(accepted);
    assert_all_ends(stage, &mut client);
}

#[test]
fn while_a_client_is_not_even_accepted() {
    let stage = stage();
    let (mut client, accepted) = pair_with_capacity(4);
    stage.servers[0].push(accepted);
    assert_all_ends(stage, &mut client);
}

#[test]
fn while_a_client_is_idle() {
    let mut stage = stage();
    let mut client = stage.open();
    assert_all_ends(stage, &mut client);
}

#[test]
fn while_a_worker_works() {
    let mut stage = stage();
    let mut client = stage.open();
    stage.say(&mut client, b"work\r\n");
    let _asked = stage.next();
    assert_all_ends(stage, &mut client);
}

#[test]
fn while_an_answer_is_half_written() {
    let mut stage = stage();
    let (mut client, accepted) = pair_with_capacity(4);
    stage.come(accepted);
    stage.next().answer(Answer::respond("half of it"));
    stage.turn();
    assert_all_ends(stage, &mut client);
}

#[test]
fn while_an_event_waits_for_a_worker() {
    let mut stage = stage();
    let mut first = stage.open();
    let mut second = stage.open();
    stage.say(&mut first, b"work\r\n");
    let _asked = stage.next();
    stage.say(&mut second, b"wait\r\n");
    assert_all_ends(stage, &mut second);
}

#[test]
fn while_a_client_is_waited_for_to_end_its_side() {
    let mut stage = stage();
    let mut client = stage.open();
    stage.say(&mut client, b"quit\r\n");
    stage.next().answer(Answer::Close);
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    stage.turn();
    assert_all_ends(stage, &mut client);
}

#[test]
fn a_handle_keeps_nothing_of_the_task_that_served() {
    struct Task;
    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }

    let task = Arc::new(Task);
    let waker = Waker::from(task.clone());
    let (server, pushed) = scripted_server();
    let servers = WorkerServer::new(Work::default().pool(PoolOptions::new()));
    let servers = servers.server("s", server.boxed(), ServerOptions::new()).unwrap();
    let handle = servers.handle();
    let mut run = Box::pin(servers.run());
    assert!(run.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop((run, pushed, waker));
    assert_eq!((Arc::strong_count(&task), handle.connections()), (1, 0));
}
