//! What becomes of the attempts that failed.

use std::{io, time::Duration};

use socketry_connection::Address;
use socketry_connector::{AllAttemptsFailed, Attempt, Attempts, ConnectFailed, HostPort, Phase};

use crate::Route;

/// The attempts of one race that failed, in the order in which they ended.
#[derive(Debug, Default)]
pub(crate) struct Failures(Vec<Failure>);

#[derive(Debug)]
struct Failure {
    route: Route,
    error: io::Error,
    elapsed: Duration,
}

impl Failures {
    /// Keeps the error of an attempt that waited for `elapsed`.
    pub(crate) fn push(&mut self, route: Route, error: io::Error, elapsed: Duration) {
        self.0.push(Failure { route, error, elapsed });
    }

    /// The only one there is.
    pub(crate) fn of_one(route: Route, error: io::Error, elapsed: Duration) -> Self {
        Self(vec![Failure { route, error, elapsed }])
    }

    /// The attribute of a connection that came up after these, and before those that are
    /// `unanswered`; `None` if it was the only attempt.
    pub(crate) fn into_attribute(
        self,
        unanswered: impl Iterator<Item = Route>,
    ) -> Option<Attempts> {
        let mut attempts = self.into_attempts();
        unanswered.for_each(|route| attempts.push_unanswered(route.remote().into()));
        let is_the_only_one = attempts.is_empty() && attempts.unanswered().is_empty();
        (!is_the_only_one).then_some(attempts)
    }

    /// The error of a race that was lost.
    ///
    /// An error that says it all is handed on unchanged: that of the only address, if it belongs
    /// to no host, and that of a connector which refuses every address as bad input.
    pub(crate) fn into_error(mut self, host: Option<HostPort>) -> io::Error {
        let is_one_literal = self.0.len() == 1 && host.is_none();
        if is_one_literal || (!self.0.is_empty() && self.0.iter().all(Failure::is_bad_input)) {
            return self.0.swap_remove(0).error;
        }
        AllAttemptsFailed::new(host, self.into_attempts()).into()
    }

    fn into_attempts(self) -> Attempts {
        let attempts = self.0.into_iter();
        attempts
            .map(|Failure { route, error, elapsed }| to_attempt(route, error, elapsed))
            .collect()
    }
}

impl Failure {
    fn is_bad_input(&self) -> bool {
        self.error.kind() == io::ErrorKind::InvalidInput
    }
}

/// A copy of what failed, to tell it while the error goes its own way.
pub(crate) fn copy_attempt(route: Route, error: &io::Error, elapsed: Duration) -> Attempt {
    let copy = match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), error.to_string()),
    };
    told_by_itself(error).unwrap_or_else(|| to_attempt(route, copy, elapsed))
}

/// The attempt, as whoever made it tells, or as well as it can be told from outside.
fn to_attempt(route: Route, error: io::Error, elapsed: Duration) -> Attempt {
    if let Some(attempt) = told_by_itself(&error) {
        return attempt;
    }
    let phase = match error.kind() {
        io::ErrorKind::InvalidInput => Phase::Socket, // refused before anything was opened
        _ => Phase::Connect,
    };
    let local = route.local().map(Address::Tcp);
    Attempt::new(route.remote().into(), phase, error, elapsed).from_local(local)
}

fn told_by_itself(error: &io::Error) -> Option<Attempt> {
    let failed = error.get_ref()?.downcast_ref::<ConnectFailed>()?;
    Some(failed.attempt().clone())
}
