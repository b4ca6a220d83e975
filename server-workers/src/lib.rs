//! Named servers whose events a pool of workers answers: what RoadRunner's TCP plugin does, over any server.
//!
//! A client has connected, has sent a message, has gone: each is an [`Event`], and a worker answers it with
//! what is to be written and whether the connection goes on ([`Answer`]). Workers are values of this process
//! ([`InProcess`]) or processes in any language (`Processes`); a [`Pool`] starts, watches and replaces them,
//! a [`WorkerServer`] puts servers in front of it, and a [`Handle`] reaches into all of that from outside.
//!
//! # Examples
//!
//! Lines that are said again in capitals, by workers of this process, for a client in memory:
//!
//! ```
//! use std::{io, time::Duration};
//!
//! use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
//! use socketry_server::AcceptExt;
//! use socketry_server_workers::{
//!     Answer, Event, InProcess, Pool, PoolOptions, ServerOptions, Worker, WorkerServer,
//! };
//! use socketry_testing::{pair, scripted_server};
//!
//! struct Upper;
//!
//! impl Worker for Upper {
//!     async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
//!         Ok(match event {
//!             Event::Connected(_) => Some(Answer::Read),
//!             Event::Data(_, message) => Some(Answer::respond(message.to_ascii_uppercase())),
//!             _ => None,
//!         })
//!     }
//! }
//!
//! let pool = Pool::new(InProcess::new(|| Upper), PoolOptions::new().num_workers(4));
//! let (listener, newcomers) = scripted_server();
//! let servers =
//!     WorkerServer::new(pool).server("upper", listener.boxed(), ServerOptions::new())?;
//! let handle = servers.handle();
//!
//! let (mut client, accepted) = pair();
//! newcomers.push(accepted);
//! let talk = async {
//!     client.write_all(b"hello\r\n").await?;
//!     let mut heard = [0; 7];
//!     client.read_exact(&mut heard).await?;
//!     assert_eq!(&heard, b"HELLO\r\n");
//!     client.close().await?;
//!     handle.drain(Duration::from_secs(1)).await;
//!     Ok(())
//! };
//! future::block_on(future::try_zip(servers.run(), talk))?;
//! # io::Result::Ok(())
//! ```
//!
//! # Features
//!
//! - `yaml`: `Config`, which reads servers and pool from a file of the original's form. Off by default.
//!
//! # Platforms
//!
//! Everywhere, but for what concerns worker processes, which is for Unix. Only on Linux do worker processes
//! die with a server that is killed.

#[cfg(feature = "yaml")]
pub use crate::config::{
    Config, InvalidConfig, NoListener, PoolConfig, ServerConfig, SupervisorConfig, Warning,
};
#[cfg(unix)]
pub use crate::process::{ProcessRecord, ProcessWorker, Processes, run_worker};
pub use crate::{
    answer::{Answer, Reply},
    answer_mode::{AnswerMode, RemoteAddr},
    employ::{AskFailed, Employ, WorkerId},
    event::Event,
    framing::{ByteOrder, Framing, IncompleteMessage, LengthPrefix, MessageTooLong},
    in_process::{InProcess, Worker},
    notice::{Notice, Notices},
    peer::Peer,
    pool::{Pool, WorkerInfo, WorkerState},
    pool_options::PoolOptions,
    relay::Relay,
    server_options::ServerOptions,
    serving::{Drained, Handle, NotSent, WorkerServer},
};

mod answer;
mod answer_mode;
#[cfg(feature = "yaml")]
mod config;
mod employ;
mod event;
mod framing;
#[cfg(unix)]
mod goridge;
mod in_process;
mod notice;
mod peer;
mod pool;
mod pool_options;
#[cfg(unix)]
mod process;
mod relay;
mod server_options;
mod serving;
mod timer;
