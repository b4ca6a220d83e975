//! What may stand in a document, before it is judged as a whole.

use std::{fmt, marker::PhantomData, time::Duration};

use serde::{Deserialize, Deserializer, de, de::Error};

use super::{
    PoolConfig,
    value::{Command, Variables, duration, size},
};
use crate::ByteOrder;

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields, bound = "L: Deserialize<'de>")]
pub(super) struct Document<L> {
    pub(super) server: ServerKeys,
    pub(super) tcp: TcpKeys<L>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ServerKeys {
    pub(super) command: Command,
    pub(super) env: Variables,
    pub(super) relay: String,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields, bound = "L: Deserialize<'de>")]
pub(super) struct TcpKeys<L> {
    pub(super) servers: Named<OneKeys<L>>,
    pub(super) pool: PoolConfig,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields, bound = "L: Deserialize<'de>")]
pub(super) struct OneKeys<L> {
    pub(super) addr: String,
    pub(super) delimiter: Option<String>,
    pub(super) framing: FramingKeys,
    #[serde(deserialize_with = "size")]
    pub(super) max_message_size: usize,
    #[serde(deserialize_with = "duration")]
    pub(super) idle_timeout: Duration,
    #[serde(deserialize_with = "duration")]
    pub(super) read_timeout: Duration,
    #[serde(deserialize_with = "duration")]
    pub(super) write_timeout: Duration,
    pub(super) sticky: bool,
    pub(super) together: bool,
    pub(super) listen: Option<L>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FramingKeys {
    #[default]
    Delimiter,
    Raw,
    Fixed(usize),
    LengthPrefixed(PrefixKeys),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrefixKeys {
    pub(super) bytes: usize,
    #[serde(default)]
    pub(super) order: OrderKey,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OrderKey {
    #[default]
    Big,
    Little,
}

impl From<OrderKey> for ByteOrder {
    fn from(order: OrderKey) -> Self {
        match order {
            OrderKey::Big => Self::Big,
            OrderKey::Little => Self::Little,
        }
    }
}

impl<L> Default for Document<L> {
    fn default() -> Self {
        Self { server: ServerKeys::default(), tcp: TcpKeys::default() }
    }
}

impl<L> Default for TcpKeys<L> {
    fn default() -> Self {
        Self { servers: Named(Vec::new()), pool: PoolConfig::default() }
    }
}

impl<L> Default for OneKeys<L> {
    fn default() -> Self {
        Self {
            addr: String::new(),
            delimiter: None,
            framing: FramingKeys::default(),
            max_message_size: 1 << 20,
            idle_timeout: Duration::ZERO,
            read_timeout: Duration::ZERO,
            write_timeout: Duration::from_secs(60),
            sticky: false,
            together: false,
            listen: None,
        }
    }
}

/// A map in the order in which it was written.
#[derive(Debug)]
pub(super) struct Named<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Pairs<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Pairs<T> {
            type Value = Named<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of names and what they name")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Named<T>, A::Error> {
                let mut named: Vec<(String, T)> = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name.is_empty() {
                        return Err(A::Error::custom("a name is empty"));
                    }
                    named.push((name, map.next_value()?));
                }
                Ok(Named(named))
            }
        }

        from.deserialize_map(Pairs(PhantomData))
    }
}
