//! One attempt: from the call of the connector to the end of the prologue, in its time.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use socketry_connection::{Connection, Sleep};
use socketry_connector::{Connect, Observe, Trace};

use crate::{
    error::{AttemptTimedOut, PrologueFailed},
    hooks::{Prologue, SessionInfo},
    in_time::in_time,
    shared::Shared,
};

/// An attempt under way, which is dropped to end it.
pub(crate) type Attempt<C> = Pin<Box<dyn Future<Output = Result<C, Failed>> + Send>>;

/// An attempt has led to nothing.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: io::Error,
    pub(crate) in_prologue: bool,
}

/// What an attempt needs besides its connector and target.
pub(crate) struct Plan<C> {
    pub(crate) prologue: Option<Prologue<C>>,
    pub(crate) session: SessionInfo,
    /// Since when there is no session.
    pub(crate) down_since: Instant,
    pub(crate) began: Instant,
    pub(crate) times_out: Option<Instant>,
    pub(crate) observer: Option<Arc<dyn Observe + Send + Sync>>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) epoch: u64,
}

pub(crate) async fn attempt<T: Send, C: Connect<T>>(
    connector: Arc<C>,
    target: T,
    plan: Plan<C::Connection>,
) -> Result<C::Connection, Failed> {
    let in_prologue = AtomicBool::new(false);
    let work = async {
        let trace =
            plan.observer.as_deref().map_or_else(Trace::off, |observer| Trace::to(observer));
        let mut connection = connector.connect_traced(target, trace).await?;
        if plan.shared.epoch() != Some(plan.epoch) {
            return Err(io::ErrorKind::NotConnected.into()); // nobody will hear it
        }
        if let Some(prologue) = &plan.prologue {
            in_prologue.store(true, Ordering::Relaxed);
            let mut session = plan.session.clone();
            session.outage = plan.shared.now().saturating_duration_since(plan.down_since);
            let remote = connection.remote_address();
            let said = prologue.begin(&mut connection, &session).await;
            said.map_err(|error| PrologueFailed::error(remote, error))?;
        }
        Ok(connection)
    };
    let timer = || plan.times_out.map(|deadline| Sleep::until(plan.shared.clock(), deadline));
    let in_time = in_time(work, timer).await;
    let in_prologue = in_prologue.load(Ordering::Relaxed);
    let result = in_time.unwrap_or_else(|| {
        let after = plan.times_out.map(|at| at.saturating_duration_since(plan.began));
        let during = if in_prologue { "the prologue" } else { "connect" };
        Err(AttemptTimedOut::new(after.unwrap_or_default(), during).into())
    });
    result.map_err(|error| Failed { error, in_prologue })
}
