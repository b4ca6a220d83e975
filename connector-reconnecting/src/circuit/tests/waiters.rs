//! Who goes next, and who is woken.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Wake},
    thread,
};

use futures_lite::future::{block_on, poll_once};

use super::*;

#[test]
fn tokens_go_to_those_who_wait_in_the_order_in_which_they_came() {
    let stage = Stage::with_budget(1);
    let permit = stage.let_through();
    let mut tasks = tasks(&stage.circuit, 5);
    run(&mut tasks, |_, _| panic!("there is no token"));
    let (mut order, mut next) = (Vec::new(), Some(permit));
    while let Some(permit) = next.take() {
        permit.succeeded();
        run(&mut tasks, |number, permit| {
            order.push(number);
            next = Some(permit);
        });
    }
    assert_eq!(order, [0, 1, 2, 3, 4]);
}

#[test]
fn who_comes_later_does_not_get_the_token_of_one_who_waits() {
    let stage = Stage::with_budget(1);
    stage.fail(1);
    let mut first = stage.queued();
    stage.clock.advance(SECOND);
    let mut second = stage.queued();
    first.run().expect("it is not its turn").succeeded();
    assert!(second.run().is_some());
}

#[test]
fn one_that_is_woken_and_dropped_wakes_the_next() {
    let stage = Stage::with_budget(1);
    let permit = stage.let_through();
    let (first, mut second) = (stage.queued(), stage.queued());
    permit.succeeded();
    assert_eq!((first.waker.count(), second.waker.count()), (1, 0));
    drop(first);
    assert!(second.run().is_some());
}

#[test]
fn those_behind_one_that_leaves_move_up() {
    let stage = Stage::with_budget(2);
    stage.fail(2);
    let mut tasks: Vec<_> = (0..4).map(|_| Some(stage.queued())).collect();
    tasks.remove(0);
    run(&mut tasks, |_, _| panic!("there is no token"));
    for turn in 0..3 {
        stage.go_on();
        let mut gone = Vec::new();
        run(&mut tasks, |number, permit| {
            gone.push((number, stage.at()));
            permit.failed(&error("refused"));
        });
        assert_eq!(gone, [(turn, turn as f64 + 1.0)]);
    }
}

#[test]
fn all_can_leave_and_no_timer_is_left() {
    let stage = Stage::new(CircuitOptions::default());
    stage.fail(5);
    let tasks: Vec<Task> = (0..10).map(|_| stage.queued()).collect();
    assert_eq!(stage.clock.sleeping(), 10);
    drop(tasks);
    assert_eq!(stage.clock.sleeping(), 0);
    stage.clock.advance(SECOND);
    assert!(stage.is_let_through());
}

#[test]
fn one_that_nobody_polls_holds_up_one_token() {
    let stage = Stage::with_budget(2);
    stage.fail(2);
    let (mut asleep, mut tasks) = (stage.queued(), tasks(&stage.circuit, 3));
    let mut gone = Vec::new();
    while gone.len() < 3 {
        run(&mut tasks, |number, permit| {
            gone.push((number, stage.at()));
            permit.failed(&error("refused"));
        });
        stage.clock.advance(SECOND);
    }
    assert_eq!(gone, [(0, 2.0), (1, 3.0), (2, 4.0)]);
    assert!(asleep.run().is_some());
}

#[test]
fn one_that_nobody_polls_does_not_hold_up_the_probe() {
    let stage = Stage::new(CircuitOptions::default());
    stage.fail(5);
    let (_asleep, mut awake) = (stage.queued(), stage.queued());
    stage.clock.advance(SECOND);
    drop(awake.run().expect("nobody probes"));
    let mut next = Task::new(&stage.circuit);
    next.poll().expect("nobody probes").succeeded();
}

#[test]
fn a_task_that_moves_is_woken_where_it_was_polled_last() {
    let stage = Stage::with_budget(1);
    let permit = stage.let_through();
    let mut task = stage.queued();
    let elsewhere = CountingWaker::new();
    assert!(Pin::new(&mut task.permitting).poll(&mut elsewhere.context()).is_pending());
    permit.succeeded();
    assert_eq!((task.waker.count(), elsewhere.count()), (0, 1));
}

#[test]
fn no_wake_up_is_lost_between_threads() {
    let circuit = Circuit::new(CircuitOptions::default().burst(2));
    let under_way = AtomicUsize::new(0);
    thread::scope(|scope| {
        for seed in 0..4 {
            let (circuit, under_way) = (&circuit, &under_way);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                for _ in 0..2000 {
                    let mut permitting = circuit.permit();
                    if random.u8(0..3) == 0 {
                        block_on(poll_once(&mut permitting)); // and leaves
                        continue;
                    }
                    let permit = block_on(permitting);
                    assert!(under_way.fetch_add(1, Ordering::SeqCst) < 2);
                    thread::yield_now();
                    under_way.fetch_sub(1, Ordering::SeqCst);
                    match random.bool() {
                        true => permit.succeeded(),
                        false => drop(permit),
                    }
                }
            });
        }
    });
    assert_eq!(circuit.next_at(), None);
}

/// Uses a circuit when it is woken or dropped, and as an error.
#[derive(Debug)]
struct Meddler(Circuit);

impl Wake for Meddler {
    fn wake(self: Arc<Self>) {
        self.0.statistics();
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        self.0.statistics();
    }
}

impl fmt::Display for Meddler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "meddling after {}", self.0.statistics().failed_attempts)
    }
}

impl std::error::Error for Meddler {}

#[test]
fn nothing_is_locked_while_somebody_is_woken_or_dropped() {
    let circuit = Circuit::new(CircuitOptions::default().burst(1).failures_to_open(Some(1)));
    // Polled with a waker that is held by nobody else.
    let poll = |permitting: &mut Permitting| {
        let waker = Arc::new(Meddler(circuit.clone())).into();
        Pin::new(permitting).poll(&mut Context::from_waker(&waker))
    };
    let Poll::Ready(permit) = poll(&mut circuit.permit()) else { panic!("there is a token") };
    let (mut one, mut two) = (circuit.permit(), circuit.permit());
    for _ in 0..2 {
        assert!(poll(&mut one).is_pending()); // and the waker before is dropped
    }
    assert!(poll(&mut two).is_pending());
    drop(permit);
    let Poll::Ready(permit) = poll(&mut one) else { panic!("there is a token") };
    drop(two);

    permit.failed(&Arc::new(io::Error::other(Meddler(circuit.clone()))));
    assert_eq!(circuit.state().to_string(), "open: meddling after 1");
    circuit.reset(); // which drops the error
}

#[test]
fn a_permit_can_be_waited_for_anywhere() {
    fn anywhere<F: Future + Send + Sync + Unpin + 'static>(_: &F) {}
    anywhere(&Circuit::new(CircuitOptions::default()).permit());
}
