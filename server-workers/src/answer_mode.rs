//! What is taken for the answer of a worker process, and what it is told of clients.

/// Which of a worker's answers belong to an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "yaml", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum AnswerMode {
    /// All up to the next time it waits for an event: none, one or several.
    ///
    /// After each event the worker is asked for its pid, which it says as soon as it waits for the next
    /// event; every PHP worker does that by itself. So a worker that answers twice, or forgets to, does
    /// no harm to anybody. It costs the worker one more small answer to each event.
    #[default]
    Barrier,
    /// Exactly one. The only way for workers that know no question for their pid but the first.
    ///
    /// A worker that answers more often, or not in time to [`Closed`](crate::Event::Closed), is not
    /// asked again. That it has answered more often is seen if it has done so by the time of its next
    /// event; an answer that comes even later is taken for the one to that event, perhaps of another
    /// connection. Only with a barrier that cannot be.
    Strict,
}

/// How workers are told where a client is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "yaml", derive(serde::Deserialize))]
#[non_exhaustive]
pub enum RemoteAddr {
    /// With its port, as in `127.0.0.1:40000` or `[::1]:40000`. In a configuration it is `ip:port`.
    #[default]
    #[cfg_attr(feature = "yaml", serde(rename = "ip:port"))]
    IpPort,
    /// Without, as in `127.0.0.1` or `::1`. In a configuration it is `ip`.
    #[cfg_attr(feature = "yaml", serde(rename = "ip"))]
    Ip,
}
