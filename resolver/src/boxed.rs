//! The object-safe twin of [`Resolve`].

use std::{fmt, future::Future, io, pin::Pin, sync::Arc};

use socketry_connection::Family;

use crate::{Answer, Resolve};

/// A resolver whose type was erased, as run-time wiring needs it.
///
/// Costs one box a call. A clone shares the resolver.
///
/// # Examples
///
/// ```
/// use socketry_resolver::{BoxResolver, Resolve, StaticResolver};
///
/// fn choose(other: impl Resolve + 'static, pinned: bool) -> BoxResolver {
///     if pinned { BoxResolver::new(StaticResolver::new()) } else { BoxResolver::new(other) }
/// }
/// ```
#[derive(Clone)]
pub struct BoxResolver(Arc<dyn ResolveBoxed>);

impl BoxResolver {
    /// Erases the type of `resolver`.
    pub fn new(resolver: impl Resolve + 'static) -> Self {
        Self(Arc::new(resolver))
    }
}

impl Resolve for BoxResolver {
    async fn resolve(&self, name: &str, family: Family) -> io::Result<Answer> {
        self.0.resolve_boxed(name, family).await
    }
}

impl fmt::Debug for BoxResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxResolver").finish_non_exhaustive()
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

trait ResolveBoxed: Send + Sync {
    fn resolve_boxed<'a>(
        &'a self,
        name: &'a str,
        family: Family,
    ) -> BoxFuture<'a, io::Result<Answer>>;
}

impl<R: Resolve> ResolveBoxed for R {
    fn resolve_boxed<'a>(
        &'a self,
        name: &'a str,
        family: Family,
    ) -> BoxFuture<'a, io::Result<Answer>> {
        Box::pin(self.resolve(name, family))
    }
}
