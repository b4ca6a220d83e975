//! A server as plain data.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

use super::{
    address,
    document::{FramingKeys, OneKeys},
};
use crate::{Framing, LengthPrefix};

/// One of the servers: what stands under its name in `tcp.servers`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerConfig<L = NoListener> {
    /// Its name, which its events carry.
    pub name: String,
    /// Where it listens, always with a scheme: `tcp://0.0.0.0:8889`, `unix:///run/name.sock`.
    pub addr: String,
    /// How bytes become messages: the keys `delimiter`, `framing` and `together`. By default by `"\r\n"`.
    pub framing: Framing,
    /// So many bytes a message may have. By default 1 MiB.
    pub max_message_size: usize,
    /// How long a client may be silent between two messages. By default 0, which means for ever.
    pub idle_timeout: Duration,
    /// How long a message may take to come whole. By default 0, which means any time.
    pub read_timeout: Duration,
    /// How long a client may take nothing of what is written to it. By default a minute; 0 means any time.
    pub write_timeout: Duration,
    /// Whether all events of a connection go to the same worker. By default not.
    pub sticky: bool,
    /// What is said about listening, if something is.
    pub listen: Option<L>,
}

impl<L> ServerConfig<L> {
    /// What these keys mean; the error is under one of them.
    pub(super) fn new(name: &str, keys: OneKeys<L>) -> Result<Self, (&'static str, String)> {
        if keys.addr.trim().is_empty() {
            return Err(("addr", format!("empty address for the server: {name}; {EXAMPLE}")));
        }
        Ok(Self {
            name: name.to_owned(),
            addr: address::normalised(&keys.addr).map_err(|reason| ("addr", reason))?,
            framing: framing(&keys)?,
            max_message_size: keys.max_message_size,
            idle_timeout: keys.idle_timeout,
            read_timeout: keys.read_timeout,
            write_timeout: keys.write_timeout,
            sticky: keys.sticky,
            listen: keys.listen,
        })
    }
}

const EXAMPLE: &str = "write where it listens, such as addr: \"127.0.0.1:7777\"";

fn framing<L>(keys: &OneKeys<L>) -> Result<Framing, (&'static str, String)> {
    let of_framing = |error: std::io::Error| ("framing", error.to_string());
    let framing = match &keys.framing {
        FramingKeys::Delimiter => {
            let delimiter = keys.delimiter.as_deref().unwrap_or("\r\n");
            let framing =
                Framing::delimited(delimiter).map_err(|_| ("delimiter", EMPTY.to_owned()))?;
            if delimiter.len() > keys.max_message_size {
                return Err(("max_message_size", "it is shorter than the delimiter".to_owned()));
            }
            return Ok(if keys.together { framing.together() } else { framing });
        }
        FramingKeys::Raw => Framing::raw(),
        FramingKeys::Fixed(bytes) => Framing::fixed(*bytes).map_err(of_framing)?,
        FramingKeys::LengthPrefixed(prefix) => {
            let order = prefix.order.into();
            Framing::length_prefixed(LengthPrefix::new(prefix.bytes, order).map_err(of_framing)?)
        }
    };
    let useless = [("delimiter", keys.delimiter.is_some()), ("together", keys.together)];
    if let Some((key, _)) = useless.into_iter().find(|(_, is_given)| *is_given) {
        return Err((
            key,
            "it has no effect with this `framing`: leave one of them out".to_owned(),
        ));
    }
    match framing.fixed_size() {
        Some(size) if size > keys.max_message_size => Err((
            "framing",
            format!(
                "messages of {size} bytes are above max_message_size, which is {}",
                keys.max_message_size
            ),
        )),
        _ => Ok(framing),
    }
}

const EMPTY: &str = "it is empty: leave it out for \"\\r\\n\", or write framing: raw";

/// No options for listening: the key `listen` is refused. Programs that have such options put their own
/// type in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoListener {}

impl<'de> Deserialize<'de> for NoListener {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("this program has no options for listening: leave it out"))
    }
}
