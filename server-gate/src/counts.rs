//! What a gate has counted.

/// Who is in now, and what has become of newcomers so far. Read by
/// [`Gate::counts`](crate::Gate::counts), all at one moment.
///
/// # Examples
///
/// ```
/// use socketry_server_gate::Gate;
///
/// let counts = Gate::default().counts();
/// assert_eq!((counts.open, counts.admitted, counts.refused()), (0, 0, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GateCounts {
    /// How many are open now, in all.
    pub open: usize,
    /// How many of those are exempt, and count for no limit.
    pub open_exempt: usize,
    /// How many were let in, the exempt ones included.
    pub admitted: u64,
    /// How many were refused because the deny list has them.
    pub denied: u64,
    /// How many were refused because the allow list does not have them.
    pub not_allowed: u64,
    /// How many were refused because as many were open as may be.
    pub over_most_open: u64,
    /// How many were refused because as many were open with their prefix as may be.
    pub over_most_open_per_prefix: u64,
    /// How many were refused because they came faster than all may come.
    pub over_rate: u64,
    /// How many were refused because they came faster than their prefix may come.
    pub over_rate_per_prefix: u64,
}

impl GateCounts {
    /// How many were refused, for whatever reason.
    pub fn refused(&self) -> u64 {
        self.denied
            + self.not_allowed
            + self.over_most_open
            + self.over_most_open_per_prefix
            + self.over_rate
            + self.over_rate_per_prefix
    }
}
