//! Whether a connection is as good as it looks.

use std::{future::Future, io, pin::Pin, sync::Arc};

use crate::session::Session;

/// The future of a [check](crate::PoolBuilder::check).
pub type CheckFuture<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>;

/// A function that checks a session.
pub(super) type Check<C> = Arc<dyn for<'a> Fn(&'a mut Session<C>) -> CheckFuture<'a> + Send + Sync>;
