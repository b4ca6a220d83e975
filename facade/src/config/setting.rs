//! Something that is off, on, or on with options.

use std::time::Duration;

use super::{DnsConfig, HappyEyeballs, TcpOptions, Timeout, TlsConfig};

/// Something that is off, on as usual, or on with options.
///
/// In a file: `false`, `true`, or the options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(
    clippy::exhaustive_enums,
    reason = "there is no fourth, and matching all three is the point"
)]
pub enum Setting<T> {
    /// Not at all.
    Off,
    /// As usual.
    #[default]
    On,
    /// With these options.
    With(T),
}

impl<T> From<bool> for Setting<T> {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

/// Values that are options: on, with them.
macro_rules! on_with {
    ($($options:ty),*) => {
        $(impl From<$options> for Setting<$options> {
            fn from(options: $options) -> Self {
                Self::With(options)
            }
        })*
    };
}

on_with!(DnsConfig, HappyEyeballs, TcpOptions, Timeout, TlsConfig);

/// On, with this time.
impl From<Duration> for Setting<Timeout> {
    fn from(duration: Duration) -> Self {
        Self::With(duration.into())
    }
}

#[cfg(feature = "serde")]
mod serde {
    use std::{fmt, marker::PhantomData};

    use ::serde::{
        Deserialize, Deserializer, Serialize, Serializer,
        de::{
            Error, IntoDeserializer, MapAccess, Visitor, value::MapAccessDeserializer,
            value::StrDeserializer,
        },
    };

    use super::Setting;

    impl<T: Serialize> Serialize for Setting<T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self {
                Self::Off => serializer.serialize_bool(false),
                Self::On => serializer.serialize_bool(true),
                Self::With(options) => options.serialize(serializer),
            }
        }
    }

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Setting<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(SettingVisitor(PhantomData))
        }
    }

    struct SettingVisitor<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for SettingVisitor<T> {
        type Value = Setting<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("true, false, or options")
        }

        fn visit_bool<E: Error>(self, on: bool) -> Result<Setting<T>, E> {
            Ok(on.into())
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Setting<T>, E> {
            T::deserialize(StrDeserializer::new(text)).map(Setting::With)
        }

        fn visit_none<E: Error>(self) -> Result<Setting<T>, E> {
            Err(E::custom(NULL))
        }

        fn visit_unit<E: Error>(self) -> Result<Setting<T>, E> {
            Err(E::custom(NULL))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Setting<T>, E> {
            read_number(number)
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Setting<T>, E> {
            read_number(number)
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<Setting<T>, E> {
            read_number(number)
        }

        // Straight into the options, so that an unknown key is told by its name.
        fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Setting<T>, M::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Setting::With)
        }
    }

    /// It may have been meant as off or as usual.
    const NULL: &str = "null is no setting; write false for off";

    /// The options know how they are written, such as `10s` for `10`.
    fn read_number<'de, T, E>(number: impl IntoDeserializer<'de, E>) -> Result<Setting<T>, E>
    where
        T: Deserialize<'de>,
        E: Error,
    {
        T::deserialize(number.into_deserializer()).map(Setting::With)
    }
}
