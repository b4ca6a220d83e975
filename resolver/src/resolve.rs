//! The trait this crate is about.

use std::{future::Future, io, sync::Arc};

use socketry_connection::Family;

use crate::Answer;

/// Looks up the addresses of names.
///
/// # Implementing it
///
/// Write `resolve` as an `async fn`, or make one of a function with [`from_fn`](crate::from_fn).
///
/// - A call asks for **one family**. Whoever wants both calls twice, at the same time; neither call
///   may wait for the other.
/// - `name` is a host name as people write it: of any case, with or without a dot at its end,
///   possibly not ASCII. It is never an IP address: literals do not come this far.
/// - An answer without addresses is an answer: the name exists and has none of this family. That
///   the name does not exist is an error.
/// - The order of addresses is kept by those who dial them; put the best one first.
/// - **Drop is cancel.** Dropping the future MUST end the lookup, as far as the system lets it: no
///   socket, timer or task of it may be left.
/// - A resolver MUST be usable for many calls at the same time, through `&self`.
///
/// # Errors
///
/// [`io::Error`], whose payload SHOULD be a [`LookupFailed`](crate::LookupFailed): it says which
/// name, which family, and whether the name does not exist, nobody answered, or the server failed.
///
/// # Cancel safety
///
/// A dropped call leaves nothing behind.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry_resolver::{Family, Resolve};
///
/// async fn has_ipv6(resolver: &impl Resolve, name: &str) -> io::Result<bool> {
///     Ok(!resolver.resolve(name, Family::V6).await?.is_empty())
/// }
/// ```
#[diagnostic::on_unimplemented(
    note = "a function of a name and a family is a resolver through `from_fn`"
)]
pub trait Resolve: Send + Sync {
    /// The addresses of `name` in `family`.
    fn resolve(
        &self,
        name: &str,
        family: Family,
    ) -> impl Future<Output = io::Result<Answer>> + Send;
}

impl<R: Resolve + ?Sized> Resolve for &R {
    fn resolve(
        &self,
        name: &str,
        family: Family,
    ) -> impl Future<Output = io::Result<Answer>> + Send {
        (**self).resolve(name, family)
    }
}

impl<R: Resolve + ?Sized> Resolve for Box<R> {
    fn resolve(
        &self,
        name: &str,
        family: Family,
    ) -> impl Future<Output = io::Result<Answer>> + Send {
        (**self).resolve(name, family)
    }
}

impl<R: Resolve + ?Sized> Resolve for Arc<R> {
    fn resolve(
        &self,
        name: &str,
        family: Family,
    ) -> impl Future<Output = io::Result<Answer>> + Send {
        (**self).resolve(name, family)
    }
}
