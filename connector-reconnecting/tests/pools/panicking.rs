//! What becomes of a pool when its user panics.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
};

use futures_lite::AsyncReadExt;

use super::{PoolTest, small};
use crate::{now, poll_now, refused};

fn panics(act: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(act)).is_err());
}

#[test]
fn a_panic_while_a_connection_is_chosen_costs_no_place() {
    let has_panicked = AtomicBool::new(false);
    let test = PoolTest::with(small(1), |builder| {
        builder.connections(move |sessions| {
            assert!(has_panicked.swap(true, Ordering::SeqCst));
            sessions
        })
    });
    panics(|| drop(poll_now(test.pool.checkout())));
    assert_eq!(test.pool.statistics().size, 0);
    let (_guard, _peer) = test.fresh();
}

#[test]
fn a_panic_while_a_connection_is_added_costs_nothing() {
    let test = PoolTest::new(small(1));
    panics(|| drop(test.pool.add_connection(1, |_| panic!("on purpose"))));
    assert_eq!(test.pool.statistics().size, 0);
}

#[test]
fn a_panic_of_a_hook_costs_who_runs_the_pool_no_place() {
    let test = PoolTest::with(small(1).min_idle(1), |builder| {
        builder.connections(|sessions| sessions.on_attempt_failed(|_| panic!("on purpose")))
    });
    test.script.fail_next(refused());
    panics(|| assert!(poll_now(test.pool.run()).is_ready()));
    assert_eq!(test.pool.statistics().size, 0);
    let (_guard, _peer) = test.fresh();
}

#[test]
fn a_panic_of_a_hook_costs_who_checks_out_no_place() {
    let test = PoolTest::with(small(1), |builder| {
        builder.connections(|sessions| sessions.on_attempt_failed(|_| panic!("on purpose")))
    });
    test.script.fail_next(refused());
    panics(|| drop(poll_now(test.pool.checkout())));
    let (_guard, _peer) = test.fresh();
}

#[test]
fn a_connection_whose_check_panics_is_closed() {
    let has_panicked = AtomicBool::new(false);
    let test = PoolTest::with(small(1), |builder| {
        builder.check(move |_| {
            assert!(has_panicked.swap(true, Ordering::SeqCst));
            Box::pin(async { Ok(()) })
        })
    });
    let mut peer = test.prepared();
    panics(|| drop(poll_now(test.pool.checkout())));
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert_eq!((test.counts(), test.pool.statistics().closed_unfit), ((0, 0, 0), 1));
}

#[test]
fn a_connection_whose_user_panics_is_closed() {
    let test = PoolTest::new(small(1));
    let (guard, mut peer) = test.fresh();
    panics(move || {
        let _guard = guard;
        panic!("on purpose");
    });
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    let (next, _peer) = test.fresh();
    assert_eq!(next.generation(), 2);
}
