//! Endpoints in configuration files: their text.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Endpoint;

/// As its text.
impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From its text.
impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

struct Text;

impl de::Visitor<'_> for Text {
    type Value = Endpoint;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an endpoint as text, such as \"tcp://127.0.0.1:80\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Endpoint, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::{
        IntoDeserializer,
        value::{Error, StrDeserializer},
    };

    use super::*;

    fn read(text: &str) -> Result<Endpoint, Error> {
        let deserializer: StrDeserializer<'_, Error> = text.into_deserializer();
        Endpoint::deserialize(deserializer)
    }

    struct Written(Endpoint);

    impl fmt::Display for Written {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.serialize(f)
        }
    }

    #[test]
    fn it_is_written_as_the_text_that_it_is_read_from() {
        let text = "tls://192.0.2.1:443?hostname=example.org";
        assert_eq!(Written(read(text).unwrap()).to_string(), text);
    }

    #[test]
    fn what_is_no_endpoint_is_refused_with_the_whole_message() {
        let error = read("127.0.0.1").unwrap_err().to_string();
        assert!(
            error.starts_with(r#"invalid endpoint "127.0.0.1": the port is missing"#),
            "{error}"
        );
    }
}
