//! Telling several callers of one failure.

use std::{error::Error, fmt, io, sync::Arc};

use socketry_resolver::{Answer, Family, LookupFailed, LookupFailure};

/// What a lookup has come to, for as many as want to know.
pub(crate) type Outcome = Result<Answer, Arc<io::Error>>;

/// An outcome as one caller gets it.
pub(crate) fn hand_out(outcome: Outcome) -> io::Result<Answer> {
    outcome.map_err(|error| {
        if let Some(number) = error.raw_os_error() {
            return io::Error::from_raw_os_error(number);
        }
        let kind = error.kind();
        if let Some(failed) = payload::<LookupFailed>(&error) {
            return io::Error::new(kind, failed.clone());
        }
        let shared = payload::<SharedError>(&error).cloned(); // of a cache inside this one
        io::Error::new(kind, shared.unwrap_or(SharedError { error }))
    })
}

/// The failure, if it says that there is no such name, or no address of the family.
pub(crate) fn as_none(error: &io::Error) -> Option<&LookupFailed> {
    payload::<LookupFailed>(error).filter(|failed| {
        matches!(failed.failure(), LookupFailure::NoSuchName | LookupFailure::NoAddress)
    })
}

/// The error of those whose lookup has panicked while another caller drove it.
pub(crate) fn panicked(name: &str, family: Family) -> io::Error {
    let reason = "the resolver panicked in another caller of this lookup";
    LookupFailed::new(name, family, LookupFailure::Other)
        .because_of(io::Error::other(reason))
        .into()
}

fn payload<E: Error + 'static>(error: &io::Error) -> Option<&E> {
    error.get_ref()?.downcast_ref()
}

/// An error that several callers were told of: the payload of the [`io::Error`] that each gets,
/// which has the kind and the text of the one beneath.
///
/// Only errors that cannot be copied are wrapped in it. A
/// [`LookupFailed`] and an error of the system are handed out as they are.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use futures_lite::future::block_on;
/// use socketry_resolver::{Family, Resolve, from_fn};
/// use socketry_resolver_caching::{CachingResolver, SharedError};
///
/// let broken = from_fn(|_, _| async { Err(io::Error::other("out of order")) });
/// let resolver = CachingResolver::new(broken);
///
/// let error = block_on(resolver.resolve("a.example", Family::V4)).unwrap_err();
/// assert_eq!(error.to_string(), "out of order");
/// let shared: &SharedError = error.get_ref().unwrap().downcast_ref().unwrap();
/// assert_eq!(shared.get_ref().kind(), io::ErrorKind::Other);
/// ```
#[derive(Clone, Debug)]
pub struct SharedError {
    error: Arc<io::Error>,
}

impl SharedError {
    /// The error as the resolver inside has made it.
    pub fn get_ref(&self) -> &io::Error {
        &self.error
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for SharedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.error)
    }
}
