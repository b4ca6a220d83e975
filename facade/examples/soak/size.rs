//! How much of the soak is done.

/// How much is done.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Size {
    /// For every change.
    Short,
    /// By hand.
    Full,
}

impl Size {
    pub(crate) fn choose<T>(self, short: T, full: T) -> T {
        match self {
            Self::Short => short,
            Self::Full => full,
        }
    }
}
