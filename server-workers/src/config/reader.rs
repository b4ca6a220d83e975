//! Reads values from a tree with serde, and says where they are wrong.

use serde::{
    Deserializer, de,
    de::{DeserializeSeed, Error, Unexpected, Visitor},
    forward_to_deserialize_any,
};

use super::{
    fault::{Fault, Location},
    key::Key,
    tree::{Entry, Node, Value},
};

/// Reads one value. Scalars are what is asked for: the text `4` is a number where a number is expected.
#[derive(Clone, Copy)]
pub(super) struct Reader<'de>(pub(super) &'de Node);

impl<'de> Reader<'de> {
    fn unexpected(self) -> Unexpected<'de> {
        match &self.0.value {
            _ if self.0.is_null() => Unexpected::Other("nothing"),
            Value::Scalar { text, .. } => Unexpected::Str(text),
            Value::List(_) => Unexpected::Other("a list"),
            Value::Map(_) => Unexpected::Other("a map"),
        }
    }

    /// The text of a scalar, or what stands for it if there is nothing.
    fn text<'t>(self, nothing: &'t str, expected: &dyn de::Expected) -> Result<&'t str, Fault>
    where
        'de: 't,
    {
        match &self.0.value {
            _ if self.0.is_null() => Ok(nothing),
            Value::Scalar { text, .. } => Ok(text),
            _ => Err(Fault::invalid_type(self.unexpected(), expected)),
        }
    }

    fn parse<T: std::str::FromStr>(self, nothing: &str, expected: &str) -> Result<T, Fault> {
        let text = match self.text(nothing, &expected)? {
            // A variable without a value counts as nothing.
            "" => nothing,
            text => text,
        };
        text.parse().map_err(|_| Fault::invalid_type(self.unexpected(), &expected))
    }
}

macro_rules! numbers {
    ($($deserialize:ident $visit:ident $number:ident)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let expected = format!("a whole number from {} to {}", $number::MIN, $number::MAX);
            visitor.$visit(self.parse("0", &expected)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.value {
            _ if self.0.is_null() => visitor.visit_unit(),
            Value::Scalar { text, is_plain } => match text.as_str() {
                text if !is_plain => visitor.visit_borrowed_str(text),
                "true" | "True" | "TRUE" => visitor.visit_bool(true),
                "false" | "False" | "FALSE" => visitor.visit_bool(false),
                text => match (text.parse(), text.parse(), text.parse()) {
                    (Ok(number), _, _) => visitor.visit_u64(number),
                    (_, Ok(number), _) => visitor.visit_i64(number),
                    (_, _, Ok(number)) if text.starts_with(NUMERIC) => visitor.visit_f64(number),
                    _ => visitor.visit_borrowed_str(text),
                },
            },
            Value::List(list) => visitor.visit_seq(Items { items: list.iter().enumerate() }),
            Value::Map(entries) => {
                visitor.visit_map(Entries { entries: entries.iter(), entry: None })
            }
        }
    }

    numbers! {
        deserialize_u8 visit_u8 u8
        deserialize_u16 visit_u16 u16
        deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64
        deserialize_i8 visit_i8 i8
        deserialize_i16 visit_i16 i16
        deserialize_i32 visit_i32 i32
        deserialize_i64 visit_i64 i64
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_f32(self.parse("0", "a number")?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_f64(self.parse("0", "a number")?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.text("false", &"true or false")? {
            "true" | "True" | "TRUE" | "1" => visitor.visit_bool(true),
            "false" | "False" | "FALSE" | "0" | "" => visitor.visit_bool(false),
            _ => Err(Fault::invalid_type(self.unexpected(), &"true or false")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let text: &'de str = self.text("", &visitor)?;
        visitor.visit_borrowed_str(text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.is_null() {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.value {
            Value::List(list) => visitor.visit_seq(Items { items: list.iter().enumerate() }),
            _ => Err(Fault::invalid_type(self.unexpected(), &"a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let entries: &[Entry] = match &self.0.value {
            Value::Map(entries) => entries,
            _ if self.0.is_null() => &[],
            _ => return Err(Fault::invalid_type(self.unexpected(), &"a map of keys and values")),
        };
        visitor.visit_map(Entries { entries: entries.iter(), entry: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.0.value {
            Value::Scalar { text, .. } => {
                visitor.visit_enum(Variant { name: text, location: self.0.location, content: None })
            }
            Value::Map(entries) => match entries.as_slice() {
                [Entry { key, location, value }] => visitor.visit_enum(Variant {
                    name: key,
                    location: *location,
                    content: Some(value),
                }),
                _ => Err(Fault::new("expected one name, or a map of one name and its value")),
            },
            Value::List(_) => Err(Fault::invalid_type(self.unexpected(), &visitor)),
        }
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// What a number begins with, so that `inf` and `nan` are words.
const NUMERIC: [char; 13] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-', '+', '.'];

struct Items<'de> {
    items: std::iter::Enumerate<std::slice::Iter<'de, Node>>,
}

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Some((index, node)) = self.items.next() else { return Ok(None) };
        let read = seed.deserialize(Reader(node));
        read.map(Some).map_err(|fault| fault.at(node.location).under(index.to_string()))
    }
}

struct Entries<'de> {
    entries: std::slice::Iter<'de, Entry>,
    /// The entry whose key was read last.
    entry: Option<&'de Entry>,
}

impl<'de> de::MapAccess<'de> for Entries<'de> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        self.entry = self.entries.next();
        let Some(entry) = self.entry else { return Ok(None) };
        let read = seed.deserialize(Key(&entry.key));
        read.map(Some).map_err(|fault| fault.at(entry.location).under(&entry.key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        // It is asked for the value of the key that it has just handed out.
        let Some(entry) = self.entry else { return Err(Fault::new("a value has no key")) };
        let read = seed.deserialize(Reader(&entry.value));
        read.map_err(|fault| fault.at(entry.value.location).under(&entry.key))
    }
}

/// A name alone, or a map of one name and its content.
struct Variant<'de> {
    name: &'de str,
    location: Location,
    content: Option<&'de Node>,
}

impl<'de> Variant<'de> {
    fn content(&self) -> Result<Reader<'de>, Fault> {
        let name = self.name;
        self.content
            .map(Reader)
            .ok_or_else(|| Fault::new(format!("`{name}` needs a value: write {{{name}: ...}}")))
    }

    fn placed(&self, fault: Fault) -> Fault {
        let location = self.content.map_or(self.location, |content| content.location);
        let fault = fault.at(location);
        match self.content {
            Some(_) => fault.under(self.name),
            None => fault,
        }
    }
}

impl<'de> de::EnumAccess<'de> for Variant<'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Fault> {
        let read = seed.deserialize(Key(self.name)).map_err(|fault| fault.at(self.location));
        read.map(|name| (name, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.content {
            None => Ok(()),
            Some(content) if content.is_null() => Ok(()),
            Some(_) => Err(self.placed(Fault::new("it takes no value"))),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Fault> {
        let read = self.content().and_then(|content| seed.deserialize(content));
        read.map_err(|fault| self.placed(fault))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        let read = self.content().and_then(|content| content.deserialize_seq(visitor));
        read.map_err(|fault| self.placed(fault))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let read = self.content().and_then(|content| content.deserialize_map(visitor));
        read.map_err(|fault| self.placed(fault))
    }
}
