//! Connections that come back, over any connector, and pools of them.
//!
//! - [`Reconnecting`] yields one [`Session`] after the other: name a service once, and be handed the next
//!   connection when the last was lost. [`Backoff`] says when, [`Targets`] where to, and a [`Prologue`]
//!   is said on each before it is handed out.
//! - [`Handle`] looks at it and ends it, from any task.
//! - [`Pool`] hands out several connections in turn, fit for use.
//! - [`Circuit`] is what many connections to one address know together, so that they back off as one.
//! - [`Registry`] finds connections and pools again, and ends all of them with one word.
//!
//! All of it works over any [`Connect`](socketry_connector::Connect), on any executor, and needs no task of
//! its own: it goes on while somebody waits for a session or a connection.
//!
//! # Examples
//!
//! A subscriber that is subscribed again after each loss, and is told of it:
//!
//! ```
//! use std::io;
//!
//! use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
//! use socketry_connector::{Connect, HostPort};
//! use socketry_connector_reconnecting::{Backoff, Reconnecting};
//!
//! async fn listen<C: Connect<HostPort> + 'static>(connector: C, host: HostPort) -> io::Result<()> {
//!     let mut sessions = Reconnecting::new(connector, host)
//!         .backoff(Backoff::grpc())
//!         .on_connect(|connection, _session| {
//!             Box::pin(async move { connection.write_all(b"SUBSCRIBE news\r\n").await })
//!         })
//!         .on_reset(|reset| eprintln!("lost: {}", reset.cause()));
//!     while let Some(session) = sessions.next().await {
//!         let mut session = session?; // an error only if it gives up
//!         let mut news = [0; 1024];
//!         while let Ok(count) = session.read(&mut news).await {
//!             println!("{}", String::from_utf8_lossy(&news[..count]));
//!         }
//!     }
//!     Ok(())
//! }
//! # let (connector, script) = socketry_testing::scripted_connector();
//! # script.fail_next(io::ErrorKind::InvalidInput.into());
//! # assert!(block_on(listen(connector, "a.example:80".parse()?)).is_err());
//! # io::Result::Ok(())
//! ```

pub use crate::{
    backoff::{Backoff, Measured, Retry},
    circuit::{Circuit, CircuitOptions, CircuitState, CircuitStatistics},
    circuits::Circuits,
    error::{AttemptTimedOut, Fatal, GaveUp, PrologueFailed},
    handle::{Handle, Watch},
    heartbeat::Heartbeat,
    hooks::{AttemptFailed, NextStart, Prologue, PrologueFuture, Reset, SessionInfo},
    loss::{LossCause, SessionLost},
    pool::{
        CheckFuture, NotServed, Pool, PoolBuilder, PoolOptions, PoolOrder, PoolStatistics, Pooled,
    },
    reconnecting::Reconnecting,
    registry::Registry,
    session::Session,
    settings::is_worth_another_attempt,
    shared::Disconnected,
    state::{Reason, State, Statistics},
    targets::{Pick, Targets},
};

mod attempt;
mod backoff;
mod circuit;
mod circuits;
mod driver;
mod error;
mod handle;
mod heartbeat;
mod hooks;
mod in_time;
mod later;
mod life;
mod loss;
mod pool;
mod reconnecting;
mod registry;
mod schedule;
mod session;
mod settings;
mod shared;
mod slot;
mod state;
mod targets;
