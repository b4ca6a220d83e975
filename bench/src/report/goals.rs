//! What ours has to reach.

use crate::library::Library;

/// One goal of ours in one scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    pub(crate) scenario: &'static str,
    pub(crate) limit: Limit,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// The figure of the scenario is so many times that of a library.
    Times(f64, Library),
    /// It is so many times ours in another scenario.
    TimesOursIn(f64, &'static str),
    /// It is this, in its unit.
    Figure(f64),
    SystemCalls(Count),
    /// Those that are not for waiting. Under strace both sides are so slow that a library has to wait more
    /// often than it does by itself.
    SystemCallsButWaits(Count),
    Allocations(Count),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    Exactly(f64),
    AtMost(f64),
}

/// Every goal, in the order of the scenarios.
///
/// A connect takes five system calls, and six here: the option that makes the drop reset the
/// connection (`SO_LINGER`) is set in the scenarios, by all libraries, and not by ours.
pub(crate) const GOALS: &[Goal] = &[
    goal("connect", Limit::Times(1.05, Library::Raw)),
    goal("connect", Limit::SystemCalls(Count::Exactly(6.0))),
    goal("connect", Limit::Allocations(Count::Exactly(0.0))),
    goal("connect-name", Limit::TimesOursIn(1.25, "connect")),
    goal("connect-64", Limit::Times(1.10, Library::Raw)),
    goal("churn-client", Limit::Times(1.00, Library::Tokio)),
    goal("accept", Limit::Times(1.10, Library::Raw)),
    goal("churn-server", Limit::Times(1.00, Library::Tokio)),
    goal("echo-256", Limit::Times(1.15, Library::Tokio)),
    goal("echo-256", Limit::SystemCallsButWaits(Count::AtMost(3.1))),
    goal("tls-client", Limit::Times(1.00, Library::Tokio)),
    goal("tls-client-resumed", Limit::Times(1.00, Library::Tokio)),
    goal("tls-server", Limit::Times(0.97, Library::Tokio)),
    goal("tls-server-resumed", Limit::Times(1.00, Library::Tokio)),
    // The bare loop is at 0.92, and does not copy the plaintext to a caller, as a stream has to.
    goal("tls-receive", Limit::Times(1.00, Library::Tokio)),
    goal("idle", Limit::Figure(700.0)),
    goal("tls-idle", Limit::Figure(9_500.0)),
    // Milliseconds: what the second attempt waits for, and a millisecond for the way there and back.
    goal("eyeballs", Limit::Figure(251.0)),
];

const fn goal(scenario: &'static str, limit: Limit) -> Goal {
    Goal { scenario, limit }
}
