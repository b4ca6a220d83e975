//! How long to wait between attempts, as plain data.

use std::{io, time::Duration};

use socketry_connector_reconnecting::{Backoff, Measured};

use super::{Setting, Timeout};

/// How long to wait between attempts, and when to give up: [`Backoff`] as plain data.
///
/// What is not said is as the preset has it; the docs of [`Backoff`] have a table of them. In a file:
///
/// ```toml
/// [backoff]
/// preset = "immediate"
/// cap = "1m"
/// give_up_after = "1h"
/// ```
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry::{BackoffConfig, BackoffPreset};
///
/// let mut config = BackoffConfig::default();
/// config.preset = BackoffPreset::Connman;
/// config.cap = Some(Duration::from_secs(30));
/// let backoff = config.to_backoff()?;
///
/// config.jitter = Some(20.0);
/// let error = config.to_backoff().unwrap_err();
/// assert_eq!(error.to_string(), "backoff: jitter is 20; it is from 0 to 1, and 0.2 is 20 percent");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct BackoffConfig {
    /// What is as it is not said here. By default [`Grpc`](BackoffPreset::Grpc).
    pub preset: BackoffPreset,
    /// The first delay. Zero stays zero, however often it grows.
    #[cfg_attr(feature = "serde", serde(with = "super::duration::option"))]
    pub initial: Option<Duration>,
    /// By how much a delay is longer than the one before, at least 1, which means: always the same.
    pub factor: Option<f64>,
    /// Up to which part of itself a delay is longer or shorter by chance, from 0 to 1: 0.2 is 20
    /// percent, and 0 means exactly.
    pub jitter: Option<f64>,
    /// The longest delay, before jitter.
    #[cfg_attr(feature = "serde", serde(with = "super::duration::option"))]
    pub cap: Option<Duration>,
    /// From when a delay counts.
    pub measured: Option<MeasuredConfig>,
    /// The delay after a session that has lasted; delays grow from there. Zero means: at once, and
    /// delays begin with the initial one.
    #[cfg_attr(feature = "serde", serde(with = "super::duration::option"))]
    pub after_session: Option<Duration>,
    /// The minimum uptime: a session that was shorter counts as a failed attempt. Zero means that
    /// every session is good.
    #[cfg_attr(feature = "serde", serde(with = "super::duration::option"))]
    pub stable_after: Option<Duration>,
    /// After how many failed attempts of one outage to give up, at least 1. By default never.
    pub max_attempts: Option<u32>,
    /// How long an outage may last. By default for ever; zero ends with the first attempt that has to
    /// wait.
    #[cfg_attr(feature = "serde", serde(with = "super::duration::option"))]
    pub give_up_after: Option<Duration>,
    /// How long an attempt has at least, before it is ended. By default on, which means as the preset
    /// has it; off means as long as the connector takes.
    pub min_connect_timeout: Setting<Timeout>,
}

/// Where the parts of a [`BackoffConfig`] come from that are not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum BackoffPreset {
    /// [`Backoff::grpc`].
    #[default]
    Grpc,
    /// [`Backoff::connman`].
    Connman,
    /// [`Backoff::immediate_then`] 1 second.
    Immediate,
}

/// From when a delay counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum MeasuredConfig {
    /// From the start of the attempt.
    Start,
    /// From its end.
    End,
}

impl BackoffConfig {
    /// The backoff that this describes.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), naming the key, its value and what it has to
    /// be, if a number has no meaning.
    pub fn to_backoff(&self) -> io::Result<Backoff> {
        self.check()?;
        let mut backoff = match self.preset {
            BackoffPreset::Grpc => Backoff::grpc(),
            BackoffPreset::Connman => Backoff::connman(),
            BackoffPreset::Immediate => Backoff::immediate_then(Duration::from_secs(1)),
        };
        if let Some(delay) = self.initial {
            backoff = backoff.initial(delay);
        }
        if let Some(factor) = self.factor {
            backoff = backoff.factor(factor);
        }
        if let Some(part) = self.jitter {
            backoff = backoff.jitter(part);
        }
        if let Some(cap) = self.cap {
            backoff = backoff.cap(cap);
        }
        if let Some(measured) = self.measured {
            backoff = backoff.measured(match measured {
                MeasuredConfig::Start => Measured::FromStart,
                MeasuredConfig::End => Measured::FromEnd,
            });
        }
        if let Some(delay) = self.after_session {
            // A delay of zero would stay zero in all that follow it.
            backoff = backoff.after_session(Some(delay).filter(|delay| !delay.is_zero()));
        }
        if let Some(uptime) = self.stable_after {
            backoff = backoff.stable_after(uptime);
        }
        backoff = match self.min_connect_timeout {
            Setting::On => backoff,
            Setting::Off => backoff.min_connect_timeout(None),
            Setting::With(timeout) => backoff.min_connect_timeout(Some(timeout.into())),
        };
        Ok(backoff.max_attempts(self.max_attempts).give_up_after(self.give_up_after))
    }

    fn check(&self) -> io::Result<()> {
        if let Some(factor) = self.factor.filter(|factor| !(*factor >= 1.0 && factor.is_finite())) {
            let rule = "it is at least 1, which means that a delay is as long as the one before";
            return Err(invalid("factor", &factor, rule));
        }
        if let Some(jitter) = self.jitter.filter(|jitter| !(0.0..=1.0).contains(jitter)) {
            return Err(invalid("jitter", &jitter, "it is from 0 to 1, and 0.2 is 20 percent"));
        }
        match self.max_attempts {
            Some(0) => Err(invalid("max_attempts", &0, "it is at least 1; leave it out for never")),
            _ => Ok(()),
        }
    }
}

fn invalid(key: &str, value: &dyn std::fmt::Display, rule: &str) -> io::Error {
    let text = format!("backoff: {key} is {value}; {rule}");
    io::Error::new(io::ErrorKind::InvalidInput, text)
}
