//! What can be chosen of a connection that comes back.

use std::{io, sync::Arc};

use fastrand::Rng;
use socketry_connector::Observe;

use crate::{
    backoff::Backoff,
    circuit::Circuit,
    error::Fatal,
    heartbeat::Heartbeat,
    hooks::{AttemptFailed, NextStart, Prologue, Reset},
    targets::Targets,
};

/// All that is chosen before the first attempt.
pub(crate) struct Settings<C, T> {
    pub(crate) targets: Targets<T>,
    pub(crate) backoff: Backoff,
    pub(crate) random: Rng,
    pub(crate) observer: Option<Arc<dyn Observe + Send + Sync>>,
    pub(crate) heartbeat: Option<Heartbeat>,
    pub(crate) circuits: Option<CircuitOf<T>>,
    pub(crate) hooks: Hooks<C>,
}

/// The circuit that guards a target.
pub(crate) type CircuitOf<T> = Arc<dyn Fn(&T) -> Circuit + Send + Sync>;

/// What its user does on the way.
pub(crate) struct Hooks<C> {
    pub(crate) on_connect: Option<Prologue<C>>,
    pub(crate) on_reset: Option<OnReset<C>>,
    pub(crate) on_attempt_failed: Option<OnAttemptFailed>,
    pub(crate) retry_if: Arc<dyn Fn(&io::Error) -> bool + Send + Sync>,
}

type OnReset<C> = Box<dyn FnMut(&Reset) -> NextStart<C> + Send + Sync>;
type OnAttemptFailed = Box<dyn FnMut(&AttemptFailed<'_>) + Send + Sync>;

impl<C, T> Settings<C, T> {
    pub(crate) fn new(targets: Targets<T>) -> Self {
        Self {
            targets,
            backoff: Backoff::default(),
            random: Rng::new(),
            observer: None,
            heartbeat: None,
            circuits: None,
            hooks: Hooks {
                on_connect: None,
                on_reset: None,
                on_attempt_failed: None,
                retry_if: Arc::new(is_worth_another_attempt),
            },
        }
    }

    /// Refuses what means nothing.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.targets.as_slice().is_empty() {
            let text = "connection refused: the list of targets is empty; give one";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        self.backoff.check()
    }
}

/// Whether another attempt may succeed where one has failed with `error`: the default of
/// [`Reconnecting::retry_if`](crate::Reconnecting::retry_if).
///
/// Everything but what is [`Fatal`] or of kind [`InvalidInput`](io::ErrorKind::InvalidInput) or
/// [`Unsupported`](io::ErrorKind::Unsupported), which are about what was asked for, and
/// [`InvalidData`](io::ErrorKind::InvalidData), which TLS of this house says of a certificate that is not
/// to be trusted (and of a peer that speaks no TLS).
pub fn is_worth_another_attempt(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Unsupported};

    !Fatal::is(error) && !matches!(error.kind(), InvalidInput | Unsupported | InvalidData)
}
