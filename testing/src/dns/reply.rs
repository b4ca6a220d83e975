//! What a nameserver is to say.

use std::{net::IpAddr, time::Duration};

/// What a [`DnsServer`](crate::DnsServer) says when it is asked: one message, or several in a row.
///
/// Begin with what it says ([`addresses`](Self::addresses), [`no_such_name`](Self::no_such_name),
/// [`silence`](Self::silence), ...) and go on with how. What comes behind [`then`](Self::then)
/// concerns the message that was added last.
///
/// # Examples
///
/// A forged answer comes first, and the right one 20 ms later:
///
/// ```
/// use std::time::Duration;
///
/// use socketry_testing::DnsReply;
///
/// let forged = DnsReply::addresses([[192, 0, 2, 66].into()]).with_wrong_id();
/// let right = DnsReply::addresses([[192, 0, 2, 1].into()]).after(Duration::from_millis(20));
/// let reply = forged.then(right);
/// # drop(reply);
/// ```
#[derive(Clone, Debug)]
pub struct DnsReply {
    pub(super) messages: Vec<Message>,
}

/// One message of a reply.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) body: Body,
    /// In seconds.
    pub(super) ttl: u32,
    pub(super) aliases: Vec<String>,
    pub(super) delay: Duration,
    pub(super) truncated: bool,
    pub(super) wrong_id: bool,
    pub(super) wrong_question: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    /// Those of the family that is asked for are sent.
    Addresses(Vec<IpAddr>),
    NoSuchName,
    ServerFailure,
    Refused,
    Bytes(Vec<u8>),
    Silence,
    HangUp,
}

impl DnsReply {
    /// These addresses, or rather those of the family that is asked for. Without one of them the
    /// answer is empty (NODATA).
    pub fn addresses(ips: impl IntoIterator<Item = IpAddr>) -> Self {
        Self::of(Body::Addresses(ips.into_iter().collect()))
    }

    /// The name exists and has no such records (NODATA).
    pub fn no_data() -> Self {
        Self::addresses([])
    }

    /// The name does not exist (NXDOMAIN).
    pub fn no_such_name() -> Self {
        Self::of(Body::NoSuchName)
    }

    /// The nameserver has failed (SERVFAIL).
    pub fn server_failure() -> Self {
        Self::of(Body::ServerFailure)
    }

    /// The nameserver does not want to answer (REFUSED).
    pub fn refused() -> Self {
        Self::of(Body::Refused)
    }

    /// These bytes, whatever they mean.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::of(Body::Bytes(bytes.into()))
    }

    /// Nothing: the query is lost.
    pub fn silence() -> Self {
        Self::of(Body::Silence)
    }

    /// The connection is closed without an answer; a datagram is lost.
    pub fn hang_up() -> Self {
        Self::of(Body::HangUp)
    }

    /// How long the answer is good, 60 s by default, counted in whole seconds. Zero: use it now and
    /// do not keep it. An answer without addresses says the same of itself (RFC 2308).
    pub fn ttl(self, ttl: Duration) -> Self {
        let seconds = u32::try_from(ttl.as_secs()).unwrap_or(u32::MAX);
        self.with(|message| message.ttl = seconds)
    }

    /// The name is an alias of the first of these, that one of the second, and so on; the addresses
    /// are those of the last.
    pub fn through<'a>(self, aliases: impl IntoIterator<Item = &'a str>) -> Self {
        let aliases = aliases.into_iter().map(str::to_string).collect();
        self.with(|message| message.aliases = aliases)
    }

    /// The message is sent when this time has passed. Real time: where a test can say when, let it
    /// [`hold`](crate::DnsServer::hold) the query instead.
    pub fn after(self, delay: Duration) -> Self {
        self.with(|message| message.delay = delay)
    }

    /// In a datagram nothing of the answer has room, and that is said; over TCP it comes whole.
    ///
    /// What is larger than the client can take is truncated without this, too.
    pub fn truncated(self) -> Self {
        self.with(|message| message.truncated = true)
    }

    /// The message answers another query, by its id.
    pub fn with_wrong_id(self) -> Self {
        self.with(|message| message.wrong_id = true)
    }

    /// The message answers another question, with addresses of the name that was asked for.
    pub fn with_wrong_question(self) -> Self {
        self.with(|message| message.wrong_question = true)
    }

    /// Another reply behind this one, to the same query.
    pub fn then(mut self, next: Self) -> Self {
        self.messages.extend(next.messages);
        self
    }

    fn of(body: Body) -> Self {
        let message = Message {
            body,
            ttl: 60,
            aliases: Vec::new(),
            delay: Duration::ZERO,
            truncated: false,
            wrong_id: false,
            wrong_question: false,
        };
        Self { messages: vec![message] }
    }

    fn with(mut self, change: impl FnOnce(&mut Message)) -> Self {
        if let Some(last) = self.messages.last_mut() {
            change(last);
        }
        self
    }
}
