//! Networks as people write them: `["10.0.0.0/8", "2001:db8::/32"]`.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use socketry_server::Network;

pub(crate) fn serialize<S: Serializer>(networks: &[Network], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(networks.iter().map(Network::to_string))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Network>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}
