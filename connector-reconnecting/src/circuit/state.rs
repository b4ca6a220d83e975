//! How a circuit is doing.

use std::{fmt, io, sync::Arc, time::Instant};

/// Whether attempts are let through: [`Circuit::state`](crate::Circuit::state).
///
/// # Examples
///
/// ```
/// use socketry_connector_reconnecting::{Circuit, CircuitOptions, CircuitState};
///
/// match Circuit::new(CircuitOptions::default()).state() {
///     CircuitState::Open { error, .. } => println!("nobody asks it: {error}"),
///     state => println!("{state}"), // "closed"
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CircuitState {
    /// They are, as far as there are tokens.
    Closed,
    /// None is: too many have failed in a row.
    #[non_exhaustive]
    Open {
        /// When one may probe, if there is a token for it.
        until: Instant,
        /// Why the attempt that has opened it has failed.
        error: Arc<io::Error>,
    },
    /// One is, to probe, and all others wait for what it finds.
    HalfOpen,
}

impl CircuitState {
    /// Whether attempts are let through, as far as there are tokens.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

impl fmt::Display for CircuitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed"),
            Self::Open { error, .. } => write!(f, "open: {error}"),
            Self::HalfOpen => f.write_str("half-open"),
        }
    }
}

/// What has come to pass so far: [`Circuit::statistics`](crate::Circuit::statistics).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitStatistics {
    /// Attempts that were let through.
    pub attempts: u64,
    /// Attempts that have failed.
    pub failed_attempts: u64,
    /// How often it has opened, each time that a probe has failed included.
    pub openings: u64,
}
