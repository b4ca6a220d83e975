//! Connections as tasks of their own.

use std::{
    io,
    sync::{Arc, Barrier, Mutex},
    thread,
    time::Duration,
};

use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, StreamExt, future::block_on};
use smol::Executor;
use socketry_server::AcceptExt;
use socketry_server_workers::{
    Answer, Event, Framing, InProcess, Pool, PoolOptions, ServerOptions, Worker, WorkerServer,
};
use socketry_testing::{MemoryConnection, pair, pair_with_capacity, scripted_server};

use crate::serving::support::{Setting, Stage, Task, heard, say};

/// An executor that runs when the test says so.
type Tasks = Arc<Mutex<Vec<Task>>>;

fn stage_of_tasks() -> (Stage, Tasks) {
    let tasks = Tasks::default();
    let spawned = tasks.clone();
    let spawner = Box::new(move |task| spawned.lock().unwrap().push(task));
    (Setting { spawner: Some(spawner), ..Setting::default() }.build(), tasks)
}

fn executor_stage() -> (Stage, Arc<Executor<'static>>) {
    let executor = Arc::new(Executor::new());
    let spawn = executor.clone();
    let spawner = Box::new(move |task: Task| spawn.spawn(task).detach());
    (Setting { spawner: Some(spawner), ..Setting::default() }.build(), executor)
}

fn tick(stage: &mut Stage, executor: &Executor<'_>) {
    stage.turn();
    while executor.try_tick() {
        stage.turn();
    }
}

fn open(stage: &mut Stage, executor: &Executor<'_>) -> MemoryConnection {
    let (client, accepted) = pair();
    stage.come(accepted);
    tick(stage, executor);
    stage.greet();
    tick(stage, executor);
    client
}

#[test]
fn a_connection_is_served_by_its_task() {
    let (mut stage, executor) = executor_stage();
    let mut client = open(&mut stage, &executor);
    say(&mut client, b"hello\r\n");
    tick(&mut stage, &executor);
    stage.next_is("DATA", b"hello\r\n").answer(Answer::respond_close("bye"));
    tick(&mut stage, &executor);
    assert_eq!(heard(&mut client), ("bye".into(), true));
}

#[test]
fn with_the_servers_the_connections_end_and_their_tasks() {
    let (mut stage, executor) = executor_stage();
    let mut client = open(&mut stage, &executor);
    stage.runner.drop_future();
    assert_eq!(heard(&mut client), (String::new(), true));
    assert_eq!(stage.handle.connections(), 0);
    tick(&mut stage, &executor);
    assert!(executor.is_empty());
}

#[test]
fn a_connection_that_is_cut_while_it_is_written_or_read_is_no_failure() {
    let (mut stage, executor) = executor_stage();
    let _idle = open(&mut stage, &executor);
    let (_client, accepted) = pair_with_capacity(1);
    stage.come(accepted);
    tick(&mut stage, &executor);
    stage.next().answer(Answer::respond("more than it takes"));
    tick(&mut stage, &executor);
    stage.runner.drop_future();
    tick(&mut stage, &executor);
    assert_eq!((stage.notices(), executor.is_empty()), (Vec::new(), true));
    stage.nothing_is_asked();
}

#[test]
fn an_executor_that_runs_no_more_and_its_tasks_do_not_keep_each_other() {
    let (mut stage, executor) = executor_stage();
    let _client = open(&mut stage, &executor);
    let weak = Arc::downgrade(&executor);
    drop(executor);
    drop(stage);
    assert!(weak.upgrade().is_none());
}

#[test]
fn an_executor_that_drops_its_tasks_ends_the_connections_and_the_servers_know() {
    let (mut stage, tasks) = stage_of_tasks();
    let (mut client, accepted) = pair();
    stage.come(accepted);
    assert_eq!(stage.handle.connections(), 1);
    stage.servers[0].finish();
    assert!(!stage.has_ended());
    tasks.lock().unwrap().clear();
    assert_eq!(heard(&mut client), (String::new(), true));
    assert_eq!(stage.handle.connections(), 0);
    assert!(stage.has_ended());
}

#[test]
fn an_executor_that_runs_nothing_does_not_keep_a_drain_from_ending() {
    let (mut stage, _tasks) = stage_of_tasks();
    let (mut client, accepted) = pair();
    stage.come(accepted);
    let handle = stage.handle.clone();
    let mut drain = Box::pin(async move { handle.drain(Duration::ZERO).await });
    assert!(crate::serving::support::poll_now(drain.as_mut()).is_none());
    stage.turn();
    stage.pass(7_000);
    assert!(stage.has_ended());
    assert!(heard(&mut client).1);
}

/// Answers when another worker works at the same time, in another thread.
struct Together(Arc<Barrier>);

impl Worker for Together {
    async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
        if let Event::Data(..) = event {
            self.0.wait();
        }
        Ok(Some(Answer::respond(event.message())))
    }
}

#[test]
fn connections_are_served_side_by_side_on_several_threads() {
    let executor = Arc::new(Executor::new());
    let barrier = Arc::new(Barrier::new(2));
    let make = move || Together(barrier.clone());
    let (server, pushed) = scripted_server();
    let pool = Pool::new(InProcess::new(make), PoolOptions::new().num_workers(2));
    let spawn = executor.clone();
    let servers = WorkerServer::new(pool)
        .server("s", server.boxed(), ServerOptions::new())
        .unwrap()
        .spawner(move |task| spawn.spawn(task).detach());
    let running = executor.spawn(servers.run());
    let (stop, stopped) = smol::channel::bounded::<()>(1);
    let said = thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| block_on(executor.run(stopped.recv())));
        }
        let mut clients = [pair(), pair()].map(|(client, accepted)| {
            pushed.push(accepted);
            client
        });
        let said = block_on(async {
            for client in &mut clients {
                client.write_all(b"hello\r\n").await.unwrap();
            }
            let mut said = [[0; 7]; 2];
            for (client, said) in clients.iter_mut().zip(&mut said) {
                client.read_exact(said).await.unwrap();
            }
            drop(clients);
            pushed.finish();
            running.await.unwrap();
            said
        });
        drop(stop);
        said
    });
    assert_eq!(said, [*b"hello\r\n"; 2]);
}

#[test]
fn three_servers_answer_a_hundred_round_trips_each_side_by_side() {
    struct Echo;
    impl Worker for Echo {
        async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
            Ok(Some(match event {
                Event::Connected(_) => Answer::respond("hello \r\n"),
                Event::Data(peer, message) => {
                    Answer::respond([peer.server().as_bytes(), message].concat())
                }
                _ => Answer::Read,
            }))
        }
    }

    async fn talk(mut client: MemoryConnection, name: &str) {
        let mut hello = [0; 8];
        client.read_exact(&mut hello).await.unwrap();
        for round in 0..100 {
            let message = format!(" round {round}\r\n");
            client.write_all(message.as_bytes()).await.unwrap();
            let mut answer = vec![0; name.len() + message.len()];
            client.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, [name.as_bytes(), message.as_bytes()].concat());
        }
    }

    let executor = Executor::new();
    let mut servers =
        WorkerServer::new(Pool::new(InProcess::new(|| Echo), PoolOptions::new().num_workers(2)));
    let mut talks = Vec::new();
    for name in ["one", "two", "three"] {
        let (server, pushed) = scripted_server();
        servers = servers.server(name, server.boxed(), ServerOptions::new()).unwrap();
        let (client, accepted) = pair();
        pushed.push(accepted);
        talks.push(executor.spawn(async move {
            talk(client, name).await;
            pushed.finish();
        }));
    }
    block_on(executor.run(servers.run())).unwrap();
    assert!(talks.iter().all(smol::Task::is_finished));
}

#[test]
fn nothing_that_is_sent_from_other_threads_is_lost_or_torn() {
    const CLIENTS: usize = 8;
    const ROUNDS: usize = 500;

    /// Answers "answer\n", after a while in which others have their turn.
    struct Slow;
    impl Worker for Slow {
        async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
            smol::future::yield_now().await;
            Ok(Some(match event {
                Event::Data(..) => Answer::respond("answer\n"),
                _ => Answer::Read,
            }))
        }
    }

    /// Asks so often, and counts the answers and the news.
    async fn talk(client: MemoryConnection) -> (usize, usize) {
        let (read, mut write) = smol::io::split(client);
        let mut lines = smol::io::BufReader::new(read).lines();
        let (mut answers, mut news) = (0, 0);
        write.write_all(b"question\n").await.unwrap();
        while answers < ROUNDS || news < ROUNDS {
            match &*lines.next().await.unwrap().unwrap() {
                "answer" => {
                    answers += 1;
                    if answers < ROUNDS {
                        write.write_all(b"question\n").await.unwrap();
                    }
                }
                line => {
                    assert_eq!(line, "some news");
                    news += 1;
                }
            }
        }
        (answers, news)
    }

    let executor = Arc::new(Executor::new());
    let (server, pushed) = scripted_server();
    let spawn = executor.clone();
    let options = ServerOptions::new().framing(Framing::delimited("\n").unwrap());
    let pool = Pool::new(InProcess::new(|| Slow), PoolOptions::new().num_workers(3));
    let servers = WorkerServer::new(pool)
        .server("s", server.boxed(), options)
        .unwrap()
        .spawner(move |task| spawn.spawn(task).detach());
    let handle = servers.handle();
    let (stop, stopped) = smol::channel::bounded::<()>(1);
    let talked = thread::scope(|scope| {
        let running = executor.spawn(servers.run());
        for _ in 0..3 {
            scope.spawn(|| block_on(executor.run(stopped.recv())));
        }
        let talks: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (client, accepted) = pair_with_capacity(16);
                pushed.push(accepted);
                executor.spawn(talk(client))
            })
            .collect();
        while handle.connections() < CLIENTS {
            thread::yield_now();
        }
        for _ in 0..ROUNDS {
            assert_eq!(handle.broadcast(None, "some news\n"), (CLIENTS, vec![]));
        }
        let talked = block_on(async {
            let mut talked = Vec::new();
            for talk in talks {
                talked.push(talk.await);
            }
            pushed.finish();
            running.await.unwrap();
            talked
        });
        drop(stop);
        talked
    });
    assert_eq!(talked, [(ROUNDS, ROUNDS); CLIENTS]);
}
