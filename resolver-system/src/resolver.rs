//! The resolver this crate is about.

use std::{io, sync::Arc};

use socketry_resolver::{Answer, Family, LookupFailed, LookupFailure, Resolve, sharing::Places};

use crate::{name, system};

/// How many lookups run at once by default.
const AT_ONCE: usize = 64;

/// Looks names up with getaddrinfo, on threads of the [`blocking`] crate.
///
/// - **At most 64 lookups at once** ([`most_at_once`](Self::most_at_once)); whoever comes later
///   waits in line, first come, first served. So slow lookups cannot take all of the 500 threads
///   that files and other blocking work need as well.
/// - **What the system says is handed on**: its order of addresses (RFC 6724), and the scope of
///   link-local ones. It does not say how long they are good:
///   [`Answer::expires`] is `None`.
/// - **Names are checked first.** An empty name, or one with an empty or too long label or with a
///   NUL, is refused before a thread is taken. One that is not ASCII is encoded (feature `idn`).
///
/// A clone shares the limit.
///
/// # Examples
///
/// ```
/// use socketry_resolver::BoxResolver;
/// use socketry_resolver_system::SystemResolver;
///
/// let resolver = BoxResolver::new(SystemResolver::new().most_at_once(8));
/// # drop(resolver);
/// ```
#[derive(Clone, Debug)]
pub struct SystemResolver {
    places: Arc<Places>,
}

impl SystemResolver {
    /// A resolver that runs 64 lookups at once.
    pub fn new() -> Self {
        Self { places: Arc::new(Places::new(AT_ONCE)) }
    }

    /// Runs at most this many lookups at once; zero counts as one. This resolver and its later
    /// clones have a limit of their own from now on.
    ///
    /// The limit of the [`blocking`] crate, 500 threads for the whole process by default, remains.
    pub fn most_at_once(mut self, most: usize) -> Self {
        self.places = Arc::new(Places::new(most.max(1)));
        self
    }
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self::new()
    }
}

/// # Errors
///
/// A [`LookupFailed`], with the words of the system beneath:
///
/// | getaddrinfo | [`LookupFailure`] |
/// |---|---|
/// | `EAI_NONAME` | [`NoSuchName`](LookupFailure::NoSuchName) |
/// | `EAI_NODATA` | none: an empty [`Answer`] |
/// | `EAI_AGAIN` | [`TimedOut`](LookupFailure::TimedOut) |
/// | `EAI_FAIL` | [`ServerFailed`](LookupFailure::ServerFailed) |
/// | any other | [`Other`](LookupFailure::Other) |
///
/// `EAI_AGAIN` is also what glibc says when the nameserver failed, refused, or could not be
/// reached; it is worth another try in each of these cases. glibc says `EAI_NONAME` also when the
/// answer was truncated and could not be had over TCP. Systems without `EAI_NODATA` (musl,
/// FreeBSD) say of a name without addresses of the family that it does not exist.
///
/// What can be no host name is [`InvalidName`](LookupFailure::InvalidName), and nothing was asked.
///
/// # Cancel safety
///
/// A dropped call that waits in line leaves it. One that has begun cannot be ended: its thread goes
/// on until getaddrinfo returns, nobody hears of the result, and only then is its place free for
/// another one.
///
/// A call whose turn has come has a place, also while nobody polls it. So do not keep one unpolled
/// for long: it takes as much of the limit as one that runs. Dropped, it hands the place on.
impl Resolve for SystemResolver {
    async fn resolve(&self, name: &str, family: Family) -> io::Result<Answer> {
        let failed = |failure, source| -> io::Error {
            LookupFailed::new(name, family, failure).because_of(source).into()
        };
        let encoded =
            name::encode(name).map_err(|source| failed(LookupFailure::InvalidName, source))?;
        let place = Places::take(&self.places).await;
        let looked_up = blocking::unblock(move || {
            let _until_it_returns = place;
            system::look_up(&encoded, family)
        });
        looked_up.await.map_err(|(failure, source)| failed(failure, source))
    }
}
