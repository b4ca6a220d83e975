//! Addresses to bind to as people write them: `"192.0.2.7:0"`.

use std::{fmt, marker::PhantomData, net, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};

/// For fields that may be an IPv4 address and a port.
pub(crate) fn deserialize_v4<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<net::SocketAddrV4>, D::Error> {
    deserialize(from, "192.0.2.7:0")
}

/// For fields that may be an IPv6 address and a port.
pub(crate) fn deserialize_v6<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<net::SocketAddrV6>, D::Error> {
    deserialize(from, "[2001:db8::7]:0")
}

fn deserialize<'de, A, D>(from: D, example: &'static str) -> Result<Option<A>, D::Error>
where
    A: FromStr + Deserialize<'de>,
    D: Deserializer<'de>,
{
    if from.is_human_readable() {
        from.deserialize_option(AddressVisitor { example, address: PhantomData })
    } else {
        Option::deserialize(from)
    }
}

struct AddressVisitor<A> {
    example: &'static str,
    address: PhantomData<A>,
}

impl<'de, A: FromStr> Visitor<'de> for AddressVisitor<A> {
    type Value = Option<A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an address and a port, such as {:?}", self.example)
    }

    fn visit_none<E: Error>(self) -> Result<Option<A>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<A>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Option<A>, D::Error> {
        from.deserialize_str(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<A>, E> {
        let address = text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))?;
        Ok(Some(address))
    }
}
