//! A function as a resolver.

use std::{fmt, future::Future, io};

use socketry_connection::Family;

use crate::{Answer, Resolve};

/// Makes a resolver of an async function or closure of a name and a family.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use futures_lite::future::block_on;
/// use socketry_resolver::{Answer, Family, Resolve, from_fn};
///
/// let resolver = from_fn(|name: String, family: Family| async move {
///     match family {
///         Family::V4 if name.ends_with(".local") => Ok(Answer::from(vec![[127, 0, 0, 1].into()])),
///         _ => Ok(Answer::default()),
///     }
/// });
/// assert_eq!(block_on(resolver.resolve("a.local", Family::V4))?.len(), 1);
/// # io::Result::Ok(())
/// ```
pub fn from_fn<F, Lookup>(function: F) -> FnResolver<F>
where
    F: Fn(String, Family) -> Lookup + Send + Sync,
    Lookup: Future<Output = io::Result<Answer>> + Send,
{
    FnResolver { function }
}

/// A function as a resolver: [`from_fn`].
#[derive(Clone, Copy)]
pub struct FnResolver<F> {
    function: F,
}

impl<F, Lookup> Resolve for FnResolver<F>
where
    F: Fn(String, Family) -> Lookup + Send + Sync,
    Lookup: Future<Output = io::Result<Answer>> + Send,
{
    fn resolve(
        &self,
        name: &str,
        family: Family,
    ) -> impl Future<Output = io::Result<Answer>> + Send {
        (self.function)(name.to_string(), family)
    }
}

impl<F> fmt::Debug for FnResolver<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnResolver").finish_non_exhaustive()
    }
}
