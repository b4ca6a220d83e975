//! Ending all servers without cutting off who ends in time.

use std::{
    convert::Infallible,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_lite::Stream;
use smol::channel::{Receiver, unbounded};
use socketry_connection::{Address, BoxConnection};
use socketry_server::{Accept, AcceptExt, Control, State};
use socketry_server_workers::{Answer, Drained, Handle, PoolOptions, ServerOptions, WorkerServer};
use socketry_testing::{Operation, faulty, pair, pair_with_capacity, scripted_server};

use crate::serving::support::{Runner, Setting, Stage, Work, end, poll_now, say, stage};

type Drain = Pin<Box<dyn Future<Output = Drained>>>;

/// Begins a drain of so many milliseconds.
fn begin(handle: &Handle, grace: u64) -> Drain {
    let handle = handle.clone();
    let mut drain: Drain =
        Box::pin(async move { handle.drain(Duration::from_millis(grace)).await });
    assert!(poll_now(drain.as_mut()).is_none());
    drain
}

/// How many have finished, how many were closed, and how many milliseconds it took.
fn numbers(stage: &mut Stage, drain: &mut Drain) -> (u64, u64, u128) {
    assert!(stage.has_ended(), "the servers have ended");
    let drained = poll_now(drain.as_mut()).expect("the drain has ended");
    (drained.finished, drained.closed, drained.took.as_millis())
}

#[test]
fn a_drain_closes_the_servers_first() {
    let mut stage = Setting { names: vec!["one", "two"], ..Setting::default() }.build();
    let mut client = stage.open();
    let _drain = begin(&stage.handle, 1_000);
    let states: Vec<_> = stage.servers.iter().map(|server| server.state()).collect();
    assert_eq!(states, [State::Closed; 2]);
    stage.say(&mut client, b"still served\r\n");
    stage.next_is("DATA", b"still served\r\n");
}

#[test]
fn idle_connections_are_closed_at_the_end_of_the_grace() {
    let mut stage = stage();
    let mut client = stage.open();
    let mut drain = begin(&stage.handle, 1_000);
    stage.pass(999);
    stage.nothing_is_asked();
    stage.pass(1);
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    assert_eq!(stage.heard(&mut client), (String::new(), true));
    assert_eq!(numbers(&mut stage, &mut drain), (0, 1, 1_000));
}

#[test]
fn who_ends_in_time_has_finished_and_the_drain_is_over_with_the_last() {
    let mut stage = stage();
    let (first, second) = (stage.open(), stage.open());
    let mut drain = begin(&stage.handle, 1_000);
    drop(first);
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    stage.pass(500);
    drop(second);
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    assert_eq!(numbers(&mut stage, &mut drain), (2, 0, 500));
}

#[test]
fn who_is_being_answered_gets_the_answer_first() {
    let mut stage = stage();
    let mut client = stage.open();
    stage.say(&mut client, b"work\r\n");
    let asked = stage.next();
    let mut drain = begin(&stage.handle, 0);
    stage.nothing_is_asked();
    asked.answer(Answer::respond("done"));
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    assert_eq!(stage.heard(&mut client), ("done".into(), true));
    assert_eq!(numbers(&mut stage, &mut drain), (0, 1, 0));
}

#[test]
fn who_is_stuck_is_cut_after_destroy_timeout() {
    let mut stage = stage();
    let mut client = stage.open();
    stage.say(&mut client, b"work\r\n");
    let _stuck = stage.next();
    let mut drain = begin(&stage.handle, 1_000);
    stage.pass(1_000);
    stage.pass(6_999);
    assert_eq!(stage.heard(&mut client), (String::new(), false));
    stage.pass(1);
    assert_eq!(stage.heard(&mut client), (String::new(), true));
    assert_eq!(numbers(&mut stage, &mut drain), (0, 1, 8_000));
}

#[test]
fn a_worker_that_is_stuck_at_the_last_event_is_not_waited_for_any_longer() {
    let mut stage = stage();
    drop(stage.open());
    let _stuck = stage.next_is("CLOSED", b"");
    let mut drain = begin(&stage.handle, 1_000);
    stage.pass(1_000);
    stage.pass(7_000);
    assert_eq!(numbers(&mut stage, &mut drain), (0, 0, 8_000));
}

#[test]
fn a_client_that_takes_nothing_is_cut_after_destroy_timeout() {
    let mut stage = stage();
    let (_client, accepted) = pair_with_capacity(1);
    stage.come(accepted);
    stage.next().answer(Answer::respond("more than it takes"));
    let mut drain = begin(&stage.handle, 0);
    stage.turn();
    stage.pass(7_000);
    assert_eq!(numbers(&mut stage, &mut drain), (0, 1, 7_000));
    assert_eq!(stage.notices(), [""; 0]);
}

#[test]
fn a_second_drain_makes_the_first_one_shorter_and_never_longer() {
    let mut stage = stage();
    let _client = stage.open();
    let mut first = begin(&stage.handle, 1_000);
    let mut longer = begin(&stage.handle, 5_000);
    let mut shorter = begin(&stage.handle, 100);
    stage.turn();
    stage.pass(100);
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    let all = [
        numbers(&mut stage, &mut first),
        numbers(&mut stage, &mut longer),
        numbers(&mut stage, &mut shorter),
    ];
    assert_eq!(all, [(0, 1, 100); 3]);
}

#[test]
fn a_drain_goes_on_without_whoever_waits_for_it() {
    let mut stage = stage();
    let _client = stage.open();
    drop(begin(&stage.handle, 1_000));
    stage.turn();
    stage.pass(1_000);
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    assert!(stage.has_ended());
}

#[test]
fn clients_that_do_not_end_their_side_hold_up_no_end() {
    let mut stage = stage();
    let _silent = stage.open();
    let mut drain = begin(&stage.handle, 0);
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    assert_eq!(numbers(&mut stage, &mut drain), (0, 1, 0));
    assert_eq!(stage.clock.sleeping(), 0);
}

#[test]
fn a_client_whose_end_does_not_come_through_holds_it_up_for_five_seconds() {
    let mut stage = stage();
    let (_client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    faults.hold(Operation::Close);
    stage.come(accepted);
    stage.greet();
    let mut drain = begin(&stage.handle, 0);
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    stage.turn();
    stage.pass(4_999);
    assert!(!stage.has_ended());
    stage.pass(1);
    assert_eq!(numbers(&mut stage, &mut drain), (0, 1, 5_000));
}

#[test]
fn while_servers_serve_a_client_has_five_seconds_to_end_its_side() {
    let mut stage = stage();
    let mut client = stage.open();
    stage.say(&mut client, b"quit\r\n");
    stage.next().answer(Answer::respond_close("bye"));
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    stage.turn();
    stage.pass(4_999);
    stage.say(&mut client, b"something unread");
    assert_eq!(stage.heard(&mut client), ("bye".into(), true));
    say(&mut client, b".");
    stage.pass(1);
    let gone = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| say(&mut client, b".")));
    assert!(gone.is_err(), "the connection is gone");
}

#[test]
fn the_five_seconds_of_a_client_begin_when_our_side_has_ended() {
    let mut stage = stage();
    let (client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    faults.hold(Operation::Close);
    stage.come(accepted);
    stage.next().answer(Answer::Close);
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    stage.turn();
    stage.pass(3_000);
    let timers = stage.clock.sleeping();
    faults.release(Operation::Close);
    stage.turn();
    stage.pass(4_999);
    let still = stage.clock.sleeping();
    stage.pass(1);
    assert_eq!((still, stage.clock.sleeping()), (timers, timers - 1));
    drop(client);
}

/// A server that still yields what was under way when it was closed.
struct Late {
    under_way: Pin<Box<Receiver<BoxConnection>>>,
    control: Control,
}

impl Accept for Late {
    type Connection = BoxConnection;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<BoxConnection>>> {
        self.under_way.as_mut().poll_next(cx).map(|next| next.map(Ok))
    }

    fn poll_progress(&mut self, _: &mut Context<'_>) -> Poll<Infallible> {
        Poll::Pending
    }

    fn local_address(&self) -> Option<Address> {
        None
    }

    fn control(&self) -> Control {
        self.control.clone()
    }
}

#[test]
fn who_comes_when_all_were_told_to_leave_is_told_so_after_the_greeting() {
    let (arrive, under_way) = unbounded();
    let late = Late { under_way: Box::pin(under_way), control: Control::new(|_| ()) };
    let work = Work::default();
    let servers = WorkerServer::new(work.pool(PoolOptions::new().num_workers(1)));
    let servers = servers.server("late", late.boxed(), ServerOptions::new()).unwrap();
    let handle = servers.handle();
    let mut runner = Runner::new(servers.run());
    runner.turn();
    let mut drain = begin(&handle, 0);
    runner.turn();
    let (client, accepted) = pair();
    arrive.try_send(Box::new(accepted)).unwrap();
    drop(arrive);
    let mut kinds = Vec::new();
    for _ in 0..2 {
        runner.turn();
        let asked = work.next().expect("a worker is asked");
        kinds.push(asked.kind);
        asked.answer(Answer::Read);
    }
    runner.turn();
    assert_eq!(kinds, ["CONNECTED", "CLOSED"]);
    assert!(poll_now(drain.as_mut()).is_some());
    drop(client);
}

#[test]
fn servers_that_are_closed_together_end_together() {
    let mut stage = Setting { names: vec!["one", "two", "three"], ..Setting::default() }.build();
    stage.controls.iter().for_each(Control::close);
    assert!(stage.has_ended());
}

#[test]
fn servers_that_are_closed_end_with_their_last_connection() {
    let mut stage = Setting { names: vec!["one", "two"], ..Setting::default() }.build();
    let mut client = stage.open();
    stage.controls.iter().for_each(Control::close);
    assert!(!stage.has_ended());
    end(&mut client);
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    assert!(stage.has_ended());
}

#[test]
fn servers_that_end_by_themselves_let_the_others_go_on() {
    let mut stage = Setting { names: vec!["one", "two"], ..Setting::default() }.build();
    stage.servers[1].finish();
    assert!(!stage.has_ended());
    stage.servers[0].finish();
    assert!(stage.has_ended());
}

#[test]
fn servers_that_never_ran_are_drained_when_they_are_dropped() {
    let (server, pushed) = scripted_server();
    let servers = WorkerServer::new(Work::default().pool(PoolOptions::new()));
    let handle = servers.handle();
    let servers = servers.server("late", server.boxed(), ServerOptions::new()).unwrap();
    let mut drain = begin(&handle, 1_000);
    assert_eq!(pushed.state(), State::Closed);
    drop(servers.run());
    assert_eq!(poll_now(drain.as_mut()).map(|drained| drained.closed), Some(0));
}

#[test]
fn servers_that_are_drained_before_they_run_end_at_once() {
    let servers = WorkerServer::new(Work::default().pool(PoolOptions::new()));
    let servers = servers.server("s", scripted_server().0.boxed(), ServerOptions::new()).unwrap();
    let mut drain = begin(&servers.handle(), 1_000);
    let mut runner = Runner::new(servers.run());
    runner.turn();
    assert!(matches!(runner.result, Some(Ok(()))), "{:?}", runner.result);
    assert!(poll_now(drain.as_mut()).is_some());
}

#[test]
fn a_drain_that_ends_by_a_drop_counts_those_that_were_cut() {
    let mut stage = stage();
    let (_one, _other) = (stage.open(), stage.open());
    let mut drain = begin(&stage.handle, 1_000);
    stage.turn();
    stage.runner.drop_future();
    let drained = poll_now(drain.as_mut()).unwrap();
    assert_eq!((drained.finished, drained.closed), (0, 2));
}

#[test]
fn a_drain_while_the_first_workers_are_started_ends_at_once() {
    use socketry_server_workers::{AskFailed, Employ, Event, Notices, Pool, Reply, WorkerId};

    struct NeverReady;
    impl Employ for NeverReady {
        type Worker = ();
        type Record = ();
        async fn hire(&self, _: WorkerId, _: &Notices) -> io::Result<((), ())> {
            std::future::pending().await
        }
        async fn ask(&self, _: &mut (), _: Event<'_>) -> Result<Reply, AskFailed> {
            std::future::pending().await
        }
        async fn ended(&self, _: &mut ()) -> String {
            std::future::pending().await
        }
        async fn dismiss(&self, _: (), _: ()) {}
    }

    let servers = WorkerServer::new(Pool::new(NeverReady, PoolOptions::new()));
    let servers = servers.server("s", scripted_server().0.boxed(), ServerOptions::new()).unwrap();
    let handle = servers.handle();
    let mut runner = Runner::new(servers.run());
    runner.turn();
    let mut drain = begin(&handle, 60_000);
    runner.turn();
    assert!(poll_now(drain.as_mut()).is_some());
}
