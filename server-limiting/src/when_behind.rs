//! What becomes of messages that nobody reads.

/// What happens if more is written to a connection from outside than its peer reads.
///
/// Messages wait in memory until the peer makes room for them, and a connection holds so many bytes of
/// them: [`LimitingServer::when_behind`](crate::LimitingServer::when_behind).
///
/// A peer is told from an owner that has had no turn yet: it counts as one that does not read when its
/// connection has had to wait for room, or when the owner has not come to carry what there is for a
/// second. Until then whoever writes waits, whatever is chosen here; so a burst to peers that read
/// costs none of them anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenBehind {
    /// Whoever writes waits until there is room. Nothing is lost, and a peer that does not read holds
    /// up whoever waits for it.
    #[default]
    Wait,
    /// The message is dropped, and whoever writes is told. The peer misses it, whole.
    Drop,
    /// The connection is closed. No peer misses anything and none holds up others, but each has to
    /// keep up.
    Close,
}
