//! Finding the system's error number under what layers have wrapped around it.

use std::{error::Error, io};

/// The system's error number at the bottom of `error`.
///
/// [`io::Error::raw_os_error`] is `None` as soon as an error carries a payload, and the errors of
/// these crates do: they say which connection failed, in which phase. This walks the payload and
/// its sources until it finds the number.
///
/// # Examples
///
/// ```
/// use std::{fmt, io};
///
/// use socketry_connection::os_error;
///
/// #[derive(Debug)]
/// struct Failed(io::Error);
/// # impl fmt::Display for Failed {
/// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
/// # }
///
/// impl std::error::Error for Failed {
///     fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
///         Some(&self.0)
///     }
/// }
///
/// let refused = io::Error::from_raw_os_error(111);
/// let wrapped = io::Error::new(refused.kind(), Failed(refused));
/// assert_eq!(wrapped.raw_os_error(), None);
/// assert_eq!(os_error(&wrapped), Some(111));
/// assert_eq!(os_error(&io::Error::other("no number anywhere")), None);
/// ```
pub fn os_error(error: &io::Error) -> Option<i32> {
    if let Some(number) = error.raw_os_error() {
        return Some(number);
    }
    let mut next: Option<&(dyn Error + 'static)> = match error.get_ref() {
        Some(payload) => Some(payload),
        None => None,
    };
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return os_error(error);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_through_nested_io_errors() {
        let inner = io::Error::from_raw_os_error(24);
        let middle = io::Error::new(inner.kind(), inner);
        let outer = io::Error::other(middle);
        assert_eq!(os_error(&outer), Some(24));
    }

    #[test]
    fn a_plain_kind_has_no_number() {
        assert_eq!(os_error(&io::ErrorKind::TimedOut.into()), None);
    }
}
