//! What belongs to before a disconnect changes nothing after it, whatever the moment.

use std::{
    io,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_lite::AsyncReadExt;
use socketry_connection::Clock;
use socketry_connector_reconnecting::{
    Backoff, CircuitOptions, Circuits, Disconnected, Handle, LossCause, Reconnecting, Registry,
    State,
};
use socketry_testing::{CountingWaker, ManualClock, Operation, faulty, pair, scripted_connector};

use super::{Log, Sessions, Test, ms, now, poll_now, refused};

fn with_handle(test: Test) -> (Test, Handle) {
    let Test { sessions, script, clock } = test;
    let (sessions, handle) = sessions.with_handle();
    (Test { sessions, script, clock }, handle)
}

fn test_with(choose: impl FnOnce(Sessions) -> Sessions) -> (Test, Handle) {
    with_handle(Test::with(Backoff::connman(), 80, choose))
}

fn test() -> (Test, Handle) {
    test_with(|sessions| sessions)
}

/// Disconnects and connects again in the middle of something.
fn again(handle: &Arc<Mutex<Option<Handle>>>) {
    let handle = handle.lock().unwrap().clone().unwrap();
    assert_ne!(now(handle.disconnect(Duration::ZERO)), Disconnected::Aborted);
    assert!(handle.connect());
    handle.detach();
}

#[test]
fn on_the_clock_of_the_system_many_end_at_their_deadline_too() {
    let (connector, script) = scripted_connector::<u16>();
    let registry = Registry::new(connector);
    let (mut one, mut two) = (registry.connect(80), registry.connect(81));
    let _peers = [(); 2].map(|()| {
        let (ours, theirs) = pair();
        script.succeed_next(ours);
        theirs
    });
    let _sessions = (now(one.next()).unwrap().unwrap(), now(two.next()).unwrap().unwrap());
    let ending = registry.disconnect_all(ms(1));
    assert_eq!(futures_lite::future::block_on(ending), Disconnected::Aborted);
}

#[test]
fn a_session_of_after_is_not_ended_by_the_deadline_of_before() {
    let (mut test, handle) = test();
    let (old, _peer) = test.up();
    let mut ending = pin!(handle.disconnect(ms(1000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    handle.connect();
    let (new, _peer) = test.up();
    test.clock.advance(ms(1000));
    assert_eq!(now(ending), Disconnected::Aborted);
    assert!(old.lost().is_some() && new.lost().is_none());
    drop(new);
    assert_eq!(test.up().0.generation(), 3);
}

#[test]
fn the_end_of_a_session_of_before_is_no_loss_of_the_one_after() {
    let log = Log::default();
    let told = log.clone();
    let (mut test, handle) = test_with(|sessions| {
        sessions.on_reset(move |reset| told.add(reset.generation().to_string()))
    });
    let (old, _peer) = test.up();
    assert!(poll_now(handle.disconnect(ms(1000))).is_pending());
    handle.connect();
    let (new, _peer) = test.up();
    drop(old);
    assert!(matches!(handle.state(), State::Up { generation: 2, .. }));
    assert!(test.poll().is_pending());
    assert_eq!((log.take(), new.lost().is_some()), (vec![], false));
}

#[test]
fn a_connection_that_comes_in_the_moment_of_a_new_start_is_not_taken() {
    let there = Arc::new(Mutex::new(None));
    let (mut test, handle) = test();
    *there.lock().unwrap() = Some(handle);
    let (ours, mut theirs) = pair();
    test.script.answer_next(move |_, _| {
        again(&there);
        Ok(Box::new(ours))
    });
    assert!(test.poll().is_pending()); // with the attempt of after
    assert_eq!(now(theirs.read(&mut [0])).unwrap(), 0);
    assert_eq!(test.script.begun(), 2);
}

#[test]
fn an_attempt_of_before_that_gives_up_does_not_end_what_has_begun_since() {
    let there = Arc::new(Mutex::new(None));
    let in_hook = there.clone();
    let (mut test, handle) = test_with(|sessions| {
        sessions.on_attempt_failed(move |_| again(&in_hook)).retry_if(|_| false)
    });
    *there.lock().unwrap() = Some(handle.clone());
    test.script.fail_next(refused());
    assert!(test.poll().is_pending());
    assert!(matches!(handle.state(), State::Connecting { attempt: 1, .. }), "{}", handle.state());
}

#[test]
fn what_is_dropped_with_a_state_may_ask_for_the_state() {
    #[derive(Debug)]
    struct Asks(Handle);
    impl std::fmt::Display for Asks {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("asks")
        }
    }
    impl std::error::Error for Asks {}
    impl Drop for Asks {
        fn drop(&mut self) {
            assert!(!self.0.state().to_string().is_empty());
        }
    }
    let (mut test, handle) = test();
    let (mut session, _peer) = test.up();
    session.give_up(io::Error::other(Asks(handle.clone())));
    drop(session);
    now(handle.disconnect(Duration::ZERO));
    assert!(now(test.sessions.next()).is_none());
    handle.connect();
    assert!(test.poll().is_pending());
}

#[test]
fn a_session_whose_maker_is_gone_is_asked_to_end_too() {
    let (mut test, handle) = test();
    let (mut session, mut peer) = test.up();
    drop(test.sessions);
    let waker = CountingWaker::new();
    assert!(session.poll_idle(&mut waker.context()).is_pending());
    let mut ending = pin!(handle.disconnect(ms(1000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    assert!(waker.count() > 0);
    assert!(poll_now(session.idle()).is_pending());
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    drop(session);
    assert_eq!(now(ending), Disconnected::Gracefully);
    assert!(handle.state().is_closed());
}

#[test]
fn a_disconnect_gives_the_permit_of_its_attempt_back_though_nobody_polls() {
    let (connector, script) = scripted_connector::<u16>();
    let clock = ManualClock::new();
    let circuits = Circuits::new(CircuitOptions::default().burst(1));
    let circuits = circuits.with_clock(Arc::new(clock.clone()));
    let client = || {
        Reconnecting::new(connector.clone(), 80)
            .with_clock(Arc::new(clock.clone()))
            .circuits(circuits.clone())
            .with_handle()
    };
    let ((mut one, handle), (mut two, _other)) = (client(), client());
    assert!(poll_now(one.next()).is_pending() && poll_now(two.next()).is_pending());
    assert_eq!(script.begun(), 1);
    now(handle.disconnect(Duration::ZERO));
    assert!(poll_now(two.next()).is_pending());
    assert_eq!(script.begun(), 2);
}

#[test]
fn a_loss_that_came_before_a_disconnect_is_told() {
    let log = Log::default();
    let told = log.clone();
    let (mut test, handle) =
        test_with(|sessions| sessions.on_reset(move |reset| told.add(reset.cause().to_string())));
    let (mut session, peer) = test.up();
    drop(peer);
    assert!(now(session.read(&mut [0])).is_err());
    now(handle.disconnect(Duration::ZERO));
    assert!(now(test.sessions.next()).is_none());
    assert_eq!(log.take(), ["the peer has closed it"]);
}

#[test]
fn why_it_gave_up_is_told_also_when_a_session_is_still_closing() {
    use socketry_connector_reconnecting::Fatal;

    let (mut test, handle) = test();
    let (mut old, _peer) = test.up();
    now(futures_lite::AsyncWriteExt::close(&mut old)).unwrap(); // and is read on
    let waits = test.waits().unwrap();
    test.clock.advance(waits);
    test.script.fail_next(Fatal::error(refused()));
    test.end();
    assert!(matches!(handle.state(), State::Closing));
    drop(old);
    assert!(handle.state().last_error().is_some(), "{}", handle.state());
}

#[test]
fn an_abort_in_the_middle_of_a_read_of_a_session_that_ends_is_not_slept_through() {
    let (mut test, handle) = test();
    let (connection, faults) = faulty(pair().0);
    faults.hide_abort_handle();
    faults.hold(Operation::Read);
    test.script.succeed_next(connection);
    let mut session = test.session();
    assert!(poll_now(handle.disconnect(ms(1000))).is_pending());
    let waker = CountingWaker::new();
    assert!(session.poll_idle(&mut waker.context()).is_pending());
    let woken = waker.take();
    now(handle.disconnect(Duration::ZERO));
    assert!(waker.count() > 0, "{woken}");
    assert!(now(session.idle()).is_err());
    assert!(matches!(session.lost().unwrap().cause(), LossCause::Disconnected));
    assert!(now(futures_lite::AsyncWriteExt::close(&mut session)).is_ok());
}

#[test]
fn a_clock_may_ask_how_it_is_doing() {
    #[derive(Debug)]
    struct Asks(ManualClock, Mutex<Option<Handle>>);
    impl Clock for Asks {
        fn now(&self) -> std::time::Instant {
            if let Some(handle) = &*self.1.lock().unwrap() {
                let _ = handle.state();
            }
            self.0.now()
        }
        fn sleep_until(
            &self,
            deadline: std::time::Instant,
        ) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
            self.0.sleep_until(deadline)
        }
    }
    let (connector, _script) = scripted_connector::<u16>();
    let clock = Arc::new(Asks(ManualClock::new(), Mutex::default()));
    let (_sessions, handle) =
        Reconnecting::new(connector, 80).with_clock(clock.clone()).with_handle();
    *clock.1.lock().unwrap() = Some(handle.clone());
    assert_eq!(handle.statistics().sessions, 0);
    now(handle.disconnect(Duration::ZERO));
    assert!(handle.connect());
}
