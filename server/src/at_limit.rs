//! What happens at a limit.

/// What becomes of newcomers when a limit of a server is reached.
///
/// # Examples
///
/// ```
/// use socketry_server::AtLimit;
///
/// assert_eq!(AtLimit::default(), AtLimit::Reject);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AtLimit {
    /// They are taken and closed at once, each of which is one error of the server: a
    /// [`LimitReached`](crate::LimitReached) with the address. Clients learn at once that there is
    /// no place, and the backlog stays free for those who come later.
    #[default]
    Reject,
    /// They are not taken: they wait in the backlog of the system, connected as far as they can
    /// tell, until there is a place. What the server inside has under way goes on meanwhile, and
    /// waits for a place as well.
    Pause,
}
