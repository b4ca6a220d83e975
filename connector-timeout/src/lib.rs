//! One clock around any connector: the call is ready in time, or says what it was waiting for.
//!
//! [`TimeoutConnector`] wraps a [`Connect`](socketry_connector::Connect) of any target. Put it
//! outside everything that should be ready in that time (lookup, attempts, handshake): one clock
//! around the whole is what people mean by a timeout, and no layer inside need be timed again.
//!
//! # Examples
//!
//! ```
//! use std::{io, time::Duration};
//!
//! use futures_lite::future::block_on;
//! use socketry_connector::{Connect, HostPort};
//! use socketry_connector_timeout::{TimedOut, TimeoutConnector};
//!
//! # fn main() -> io::Result<()> {
//! # let (inner, _never_answers) = socketry_testing::scripted_connector::<HostPort>();
//! let connector = TimeoutConnector::new(inner, Duration::from_millis(10));
//! let target: HostPort = "example.org:80".parse()?;
//!
//! let error = block_on(connector.connect(target)).unwrap_err();
//! assert_eq!(error.kind(), io::ErrorKind::TimedOut);
//! assert_eq!(error.to_string(), "connection timed out after 10ms");
//!
//! let payload = error.get_ref().and_then(|payload| payload.downcast_ref::<TimedOut>());
//! assert_eq!(payload.map(TimedOut::after), Some(Duration::from_millis(10)));
//! # Ok(())
//! # }
//! ```

pub use crate::{
    connector::TimeoutConnector,
    error::{TimedOut, TimeoutPhase},
};

mod connector;
mod error;
mod expiry;
mod recorder;
mod story;
