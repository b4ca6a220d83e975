//! Circuits on a clock that the test moves.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use socketry_connection::Clock;
use socketry_testing::{CountingWaker, ManualClock};

use super::*;

mod breaker;
mod budget;
mod waiters;

const SECOND: Duration = Duration::from_secs(1);

/// A circuit and its time.
struct Stage {
    circuit: Circuit,
    clock: ManualClock,
    began: Instant,
}

impl Stage {
    fn new(options: CircuitOptions) -> Self {
        let clock = ManualClock::new();
        let circuit = Circuit::new(options).with_clock(Arc::new(clock.clone()));
        Self { circuit, began: clock.now(), clock }
    }

    /// Without a breaker.
    fn with_budget(burst: u32) -> Self {
        Self::new(CircuitOptions::default().burst(burst).failures_to_open(None))
    }

    /// A new task that waits.
    fn queued(&self) -> Task {
        let mut task = Task::new(&self.circuit);
        assert!(task.poll().is_none(), "it was let through");
        task
    }

    fn let_through(&self) -> Permit {
        Task::new(&self.circuit).poll().expect("nobody is let through")
    }

    fn is_let_through(&self) -> bool {
        Task::new(&self.circuit).poll().is_some() // a permit that is dropped was never there
    }

    fn fail(&self, times: usize) {
        for _ in 0..times {
            self.let_through().failed(&error("refused"));
        }
    }

    /// Since the beginning, in seconds.
    fn at(&self) -> f64 {
        (self.clock.now() - self.began).as_secs_f64()
    }

    /// Lets time pass until the next timer is due.
    fn go_on(&self) {
        self.clock.advance(self.clock.until_next().expect("nobody waits for a time"));
    }

    fn has_opened(&self) -> bool {
        matches!(self.circuit.state(), CircuitState::Open { .. })
    }

    fn is_half_open(&self) -> bool {
        matches!(self.circuit.state(), CircuitState::HalfOpen)
    }
}

/// Somebody who asks for a permit.
struct Task {
    permitting: Permitting,
    waker: CountingWaker,
}

impl Task {
    fn new(circuit: &Circuit) -> Self {
        Self { permitting: circuit.permit(), waker: CountingWaker::new() }
    }

    fn poll(&mut self) -> Option<Permit> {
        match Pin::new(&mut self.permitting).poll(&mut self.waker.context()) {
            Poll::Ready(permit) => Some(permit),
            Poll::Pending => None,
        }
    }

    /// Polls it only if it was woken, as an executor does.
    fn run(&mut self) -> Option<Permit> {
        (self.waker.take() > 0).then(|| self.poll()).flatten()
    }
}

/// Runs all that are woken until none is, and hands each permit with the number of its task to `attempt`.
/// Hands back how often one was polled.
fn run(tasks: &mut [Option<Task>], mut attempt: impl FnMut(usize, Permit)) -> usize {
    let mut polls = 0;
    loop {
        let before = polls;
        for (number, place) in tasks.iter_mut().enumerate() {
            let Some(task) = place else { continue };
            if task.waker.take() == 0 {
                continue;
            }
            polls += 1;
            if let Some(permit) = task.poll() {
                *place = None;
                attempt(number, permit);
            }
        }
        if polls == before {
            return polls;
        }
    }
}

/// So many tasks, each of which will be polled by the next [`run`].
fn tasks(circuit: &Circuit, count: usize) -> Vec<Option<Task>> {
    let new = |_| {
        let task = Task::new(circuit);
        task.waker.waker().wake_by_ref();
        Some(task)
    };
    (0..count).map(new).collect()
}

fn error(text: &str) -> Arc<io::Error> {
    Arc::new(io::Error::new(io::ErrorKind::ConnectionRefused, text))
}
