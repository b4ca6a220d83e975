//! Durations, sizes and commands as they are written.

use std::{fmt, num::NonZeroUsize, time::Duration};

use serde::{Deserialize, Deserializer, de, de::Error};

use crate::pool_options::{MOST_WORKERS, processors};

/// A duration as Go writes it: `60s`, `1m30s`, `1.5h`, `250ms`, `0`.
pub(super) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    match text.trim() {
        "" | "0" => Ok(Duration::ZERO),
        number if number.parse::<f64>().is_ok() => Err(D::Error::custom(format_args!(
            "{number} has no unit: write a duration as \"{number}s\" or \"{number}ms\""
        ))),
        text => humantime::parse_duration(text).map_err(|_| {
            D::Error::custom(format_args!(
                "{text:?} is no duration: write it as \"60s\", \"1m30s\" or \"250ms\""
            ))
        }),
    }
}

/// A duration that is a minute if it is 0, as the original has it.
pub(super) fn duration_or_minute<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    Ok(Some(duration(from)?)
        .filter(|duration| !duration.is_zero())
        .unwrap_or(Duration::from_secs(60)))
}

/// A duration that is five seconds if it is 0, as the original has it.
pub(super) fn duration_or_five_seconds<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Duration, D::Error> {
    Ok(Some(duration(from)?)
        .filter(|duration| !duration.is_zero())
        .unwrap_or(Duration::from_secs(5)))
}

/// Mebibytes as a number, or a size with its unit; as bytes.
pub(super) fn mebibytes<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let text = String::deserialize(from)?;
    parse_size(&text, 1 << 20).ok_or_else(|| {
        D::Error::custom(format_args!(
            "{text:?} is no size: write megabytes as a number, or \"128MiB\""
        ))
    })
}

/// Bytes as a number, or a size with its unit. At least 1.
pub(super) fn size<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    let text = String::deserialize(from)?;
    match parse_size(&text, 1).map(usize::try_from) {
        Some(Ok(0)) => Err(D::Error::custom("0 bytes are too few: leave it out for the default")),
        Some(Ok(size)) => Ok(size),
        _ => Err(D::Error::custom(format_args!(
            "{text:?} is no size: write bytes as a number, or \"64KiB\" or \"1MiB\""
        ))),
    }
}

fn parse_size(text: &str, plain: u64) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" => plain,
        "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// The number of workers: that of processors if it is 0, and not above the limit of the original.
pub(super) fn workers<'de, D: Deserializer<'de>>(from: D) -> Result<NonZeroUsize, D::Error> {
    match usize::deserialize(from)? {
        number if number > MOST_WORKERS => Err(D::Error::custom(format_args!(
            "{number} workers are too many: there may be {MOST_WORKERS}"
        ))),
        number => Ok(NonZeroUsize::new(number).unwrap_or_else(processors)),
    }
}

const QUOTES: &str = "has quotes, which are not understood: write its words as a list, such as \
    [php, \"my worker.php\"]";

/// A command: a list of words, or a text that is split at white space, as the original has it.
#[derive(Debug, Default)]
pub(super) struct Command(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Words;

        impl<'de> de::Visitor<'de> for Words {
            type Value = Command;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a command, as text or as a list of words")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Command, E> {
                if text.contains(['"', '\'']) {
                    return Err(E::custom(format_args!("the command `{text}` {QUOTES}")));
                }
                Ok(Command(text.split_whitespace().map(str::to_owned).collect()))
            }

            fn visit_unit<E: Error>(self) -> Result<Command, E> {
                Ok(Command::default())
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Command, A::Error> {
                let mut words: Vec<String> = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                match words.as_slice() {
                    [only] => self.visit_str(only),
                    _ => Ok(Command(words)),
                }
            }
        }

        from.deserialize_any(Words)
    }
}

/// A command for the workers of one pool, if there is one.
pub(super) fn own_command<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Vec<String>>, D::Error> {
    let Command(words) = Command::deserialize(from)?;
    Ok(Some(words).filter(|words| !words.is_empty()))
}

/// Variables of the environment of workers: a map, or a list of maps. Their names are in capitals, as
/// the original has it.
#[derive(Debug, Default)]
pub(super) struct Variables(pub(super) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Variables {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> de::Visitor<'de> for Pairs {
            type Value = Variables;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of names and values")
            }

            fn visit_unit<E: Error>(self) -> Result<Variables, E> {
                Ok(Variables::default())
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Variables, A::Error> {
                let mut pairs: Vec<(String, String)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, String>()? {
                    let name = name.to_uppercase();
                    if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                        let reason = format!("{name:?} cannot be a variable of an environment");
                        return Err(A::Error::custom(reason));
                    }
                    if pairs.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom(format_args!("{name} is given twice")));
                    }
                    pairs.push((name, value));
                }
                Ok(Variables(pairs))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Variables, A::Error> {
                let mut pairs = Vec::new();
                while let Some(Variables(more)) = list.next_element()? {
                    // A later map wins, as in the original.
                    pairs.retain(|(name, _)| more.iter().all(|(later, _)| later != name));
                    pairs.extend(more);
                }
                Ok(Variables(pairs))
            }
        }

        from.deserialize_any(Pairs)
    }
}
