//! Many connections to one address back off as one.

use std::sync::Arc;

use socketry_connector_reconnecting::{
    Backoff, CircuitOptions, Circuits, PoolOptions, Reconnecting, State, Targets,
};
use socketry_testing::{ManualClock, pair, scripted_connector};

use super::{ms, now, poll_now, refused};

fn circuits(options: CircuitOptions, clock: &ManualClock) -> Circuits<u16> {
    Circuits::new(options).with_clock(Arc::new(clock.clone()))
}

#[test]
fn a_thousand_clients_of_a_dead_address_make_no_more_attempts_than_are_let_through() {
    let (connector, script) = scripted_connector();
    let clock = ManualClock::new();
    let options = CircuitOptions::default().burst(10).refill(ms(1000)).failures_to_open(None);
    let circuits = circuits(options, &clock);
    let mut clients: Vec<_> = (0..1000)
        .map(|seed| {
            Reconnecting::new(connector.clone(), 80)
                .with_clock(Arc::new(clock.clone()))
                .with_seed(seed)
                .backoff(Backoff::connman())
                .circuits(circuits.clone())
        })
        .collect();
    for _ in 0..2000 {
        script.fail_next(refused());
    }
    for _ in 0..100 {
        for client in &mut clients {
            assert!(poll_now(client.next()).is_pending());
        }
        clock.advance(ms(100));
    }
    let begun = script.begun();
    assert!((18..=10 + 10).contains(&begun), "{begun} attempts in ten seconds");
}

#[test]
fn a_known_dead_address_is_asked_by_one_at_a_time_until_it_answers() {
    let (connector, script) = scripted_connector();
    let clock = ManualClock::new();
    let options = CircuitOptions::default().failures_to_open(Some(2)).open_for(ms(1000));
    let circuits = circuits(options, &clock);
    let mut clients: Vec<_> = (0..5)
        .map(|_| {
            Reconnecting::new(connector.clone(), 80)
                .with_clock(Arc::new(clock.clone()))
                .backoff(Backoff::connman())
                .circuits(circuits.clone())
        })
        .collect();
    script.fail_next(refused());
    script.fail_next(refused());
    for client in &mut clients {
        assert!(poll_now(client.next()).is_pending());
    }
    assert_eq!(script.begun(), 2); // the others have not been let through
    clock.advance(ms(1000));
    for client in &mut clients {
        assert!(poll_now(client.next()).is_pending());
    }
    assert_eq!(script.begun(), 3);
    script.try_next_call().unwrap().succeed(pair().0);
    for _ in 0..5 {
        script.succeed_next(pair().0);
    }
    let mut up = 0;
    for _ in 0..3 {
        for client in &mut clients {
            up += usize::from(poll_now(client.next()).is_ready());
        }
        clock.advance(ms(200));
    }
    assert!(up >= 5, "{up} of them are up");
}

#[test]
fn who_is_not_let_through_waits_and_says_until_when() {
    let (connector, script) = scripted_connector();
    let clock = ManualClock::new();
    let options = CircuitOptions::default().failures_to_open(Some(1)).open_for(ms(7000));
    let (mut sessions, handle) = Reconnecting::new(connector, 80)
        .with_clock(Arc::new(clock.clone()))
        .backoff(Backoff::connman())
        .circuits(circuits(options, &clock))
        .with_handle();
    script.fail_next(refused());
    assert!(poll_now(sessions.next()).is_pending());
    clock.advance(ms(20));
    assert!(poll_now(sessions.next()).is_pending());
    let State::Waiting { until, attempt, .. } = handle.state() else { panic!("it does not wait") };
    let time = socketry_connection::Clock::now(&clock);
    assert_eq!((until - time, attempt), (ms(7000 - 20), 2));
    assert!(handle.state().last_error().is_some());
    // A network that is back says that what is known of the address is known no more.
    handle.network_is_back();
    script.succeed_next(pair().0);
    assert!(poll_now(sessions.next()).is_ready());
}

#[test]
fn the_members_of_a_pool_share_what_they_know() {
    let (connector, script) = scripted_connector();
    let clock = ManualClock::new();
    let circuits = circuits(CircuitOptions::default().failures_to_open(Some(1)), &clock);
    let pool = socketry_connector_reconnecting::Pool::builder(connector)
        .to(80)
        .options(PoolOptions::new().max_size(5))
        .with_clock(Arc::new(clock.clone()))
        .circuits(circuits.clone())
        .build();
    script.fail_next(refused());
    let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(pool.checkout())).collect();
    for checkout in &mut waiting {
        assert!(poll_now(checkout).is_pending());
    }
    assert_eq!(script.begun(), 1);
    assert!(!circuits.of(&80).state().is_closed());
    drop(waiting);
    assert_eq!((script.pending(), clock.sleeping()), (0, 0));
    let _ = now(pool.disconnect(ms(0)));
}

#[test]
fn a_dead_target_does_not_keep_a_good_one_from_being_tried() {
    let (connector, script) = scripted_connector();
    let clock = ManualClock::new();
    let options = CircuitOptions::default().failures_to_open(Some(1)).open_for(ms(30_000));
    let circuits = circuits(options, &clock);
    let client = || {
        Reconnecting::new(connector.clone(), Targets::list([1, 2]))
            .with_clock(Arc::new(clock.clone()))
            .circuits(circuits.clone())
    };
    let mut first = client();
    script.fail_next(refused());
    let (ours, _theirs) = pair();
    script.succeed_next(ours);
    assert!(now(first.next()).unwrap().is_ok());
    let mut second = client();
    let (ours, _theirs) = pair();
    script.answer_next(move |target, _| {
        assert_eq!(target, 2); // the circuit of 1 is open
        Ok(Box::new(ours))
    });
    assert!(now(second.next()).unwrap().is_ok());
}

#[test]
fn an_outage_that_may_not_last_ends_also_while_leave_is_waited_for() {
    let (connector, script) = scripted_connector();
    let clock = ManualClock::new();
    let options = CircuitOptions::default().failures_to_open(Some(1)).open_for(ms(60_000));
    let mut sessions = Reconnecting::new(connector, 80)
        .with_clock(Arc::new(clock.clone()))
        .backoff(Backoff::connman().give_up_after(Some(ms(1000))))
        .circuits(circuits(options.open_at_most(ms(60_000)), &clock));
    script.fail_next(refused());
    assert!(poll_now(sessions.next()).is_pending());
    clock.advance(ms(20));
    assert!(poll_now(sessions.next()).is_pending());
    clock.advance(ms(980));
    let error = now(sessions.next()).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "gave up after 1 attempt in 1.0s: connection refused");
}
