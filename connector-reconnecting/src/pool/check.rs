//! Whether a connection is as good as it looks.

use std::{future::Future, io, pin::Pin, sync::Arc};

use socketry_connection::{Clock, Sleep};

use crate::{in_time::in_time, pool::options::PoolOptions, session::Session};

/// The future of a [check](crate::PoolBuilder::check).
pub type CheckFuture<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>;

/// A function that checks a session.
pub(super) type Check<C> = Arc<dyn for<'a> Fn(&'a mut Session<C>) -> CheckFuture<'a> + Send + Sync>;

/// Whether the session passes its check in time.
pub(super) async fn passes<C>(
    check: &Check<C>,
    session: &mut Session<C>,
    options: &PoolOptions,
    clock: Option<&Arc<dyn Clock>>,
) -> bool {
    let timer = || options.check_timeout.map(|after| Sleep::after(clock, after));
    let checked = in_time(check(session), timer).await;
    matches!(checked, Some(Ok(())))
}
