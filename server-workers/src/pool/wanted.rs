//! What somebody wants who asks.

use crate::WorkerId;

/// Which worker somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Whichever is free: the one that was busy last, so that the others may rest.
    Any,
    /// Whichever is free, for more events than this: the one that has rested longest, so that not all who
    /// come while little is to do stick to the same.
    ToKeep,
    /// This one.
    One(WorkerId),
}

impl Wanted {
    /// The one worker, if it has to be that.
    pub(super) fn one(self) -> Option<WorkerId> {
        match self {
            Self::One(one) => Some(one),
            Self::Any | Self::ToKeep => None,
        }
    }
}
