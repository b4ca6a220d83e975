//! How names are looked up, as plain data.

use std::time::Duration;

/// How names are looked up.
///
/// In a file: `dns = "192.0.2.53"`, or a table:
///
/// ```toml
/// [dns]
/// nameservers = ["192.0.2.53", "tcp://[2001:db8::53]:5353"]
/// most_names = 1000
/// timeout = "5s"
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DnsConfig {
    /// The nameservers to ask, as `192.0.2.53`, `127.0.0.1:5353`, `udp://192.0.2.53` or
    /// `tcp://[2001:db8::53]:53`. By default none, which means those of the system, with its search
    /// list and its options.
    pub nameservers: Vec<String>,
    /// How many names are kept until they expire: 256 by default, 0 for none.
    pub most_names: usize,
    /// How long one lookup may take in all. By default 15 seconds.
    #[cfg_attr(feature = "serde", serde(serialize_with = "super::duration::serialize"))]
    pub timeout: Duration,
}

impl DnsConfig {
    /// These nameservers, and otherwise the usual.
    pub(crate) fn asking(nameserver: impl Into<String>) -> Self {
        Self { nameservers: vec![nameserver.into()], ..Self::default() }
    }
}

impl Default for DnsConfig {
    fn default() -> Self {
        Self { nameservers: Vec::new(), most_names: 256, timeout: Duration::from_secs(15) }
    }
}

#[cfg(feature = "serde")]
mod reading {
    use std::{fmt, time::Duration};

    use serde::{
        Deserialize, Deserializer,
        de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
    };

    use super::DnsConfig;

    impl<'de> Deserialize<'de> for DnsConfig {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            from.deserialize_any(DnsVisitor)
        }
    }

    /// One nameserver, or a table.
    struct DnsVisitor;

    impl<'de> Visitor<'de> for DnsVisitor {
        type Value = DnsConfig;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("true, false, a nameserver such as \"192.0.2.53\", or a table of options")
        }

        fn visit_str<E: Error>(self, nameserver: &str) -> Result<DnsConfig, E> {
            Ok(DnsConfig::asking(nameserver))
        }

        fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<DnsConfig, M::Error> {
            let table = Table::deserialize(MapAccessDeserializer::new(map))?;
            let Table { nameservers, most_names, timeout } = table;
            Ok(DnsConfig { nameservers, most_names, timeout })
        }
    }

    #[derive(Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Table {
        nameservers: Vec<String>,
        most_names: usize,
        #[serde(deserialize_with = "crate::config::duration::deserialize")]
        timeout: Duration,
    }

    impl Default for Table {
        fn default() -> Self {
            let DnsConfig { nameservers, most_names, timeout } = DnsConfig::default();
            Self { nameservers, most_names, timeout }
        }
    }
}
