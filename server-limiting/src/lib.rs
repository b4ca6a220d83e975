//! A limit of open connections over any server, and the list of them.
//!
//! [`LimitingServer`] is a decorator, the outermost of all: it hands out the connections of the server
//! inside, as many as may be open at a time. [`Connections`] is the list of those that are, as a handle
//! for any task: it counts and shows them, writes to one or all, closes one or all, and drains the
//! server.
//!
//! # Examples
//!
//! A chat: what one says, all others hear. No task has to write to a connection that another task
//! reads; the list does.
//!
//! ```
//! use futures_lite::{AsyncBufReadExt, AsyncReadExt, io::BufReader};
//! use socketry_connection::Connection;
//! use socketry_server::{Accept, AcceptExt, AtLimit};
//! use socketry_server_limiting::{Connections, LimitingServer, TrackedConnection, WhenBehind};
//!
//! async fn chat(inner: impl Accept + 'static) {
//!     let mut server = LimitingServer::new(inner, 1000)
//!         .at_limit(AtLimit::Pause)
//!         .when_behind(64 * 1024, WhenBehind::Close); // who does not read holds up nobody
//!     let all = server.connections();
//!     while let Some(accepted) = server.accept().await {
//!         match accepted {
//!             Ok(client) => smol::spawn(listen(client, all.clone())).detach(),
//!             Err(error) => eprintln!("{error}"), // the server goes on
//!         }
//!     }
//! }
//!
//! async fn listen<C: Connection>(client: TrackedConnection<C>, all: Connections) {
//!     let me = client.tracked().clone();
//!     let (mut client, mut line) = (BufReader::new(client), Vec::new());
//!     while let Ok(1..) = (&mut client).take(1024).read_until(b'\n', &mut line).await {
//!         let said = [format!("{}: ", me.id()).as_bytes(), &line].concat();
//!         for other in all.iter().filter(|other| *other != me) {
//!             // One that waits for others carries meanwhile what they say.
//!             let _ = client.get_mut().carry_while(other.write(&said)).await;
//!         }
//!         line.clear();
//!     }
//! }
//! ```

pub use crate::{
    alarms::Alarm,
    connection::TrackedConnection,
    connections::{Broadcast, Connections},
    drain::{Drained, Draining},
    ended::{ConnectionEnded, EndReason},
    not_written::{NotWritten, NotWrittenReason},
    server::LimitingServer,
    tracked::{ConnectionId, Tracked},
    when_behind::WhenBehind,
};

mod accept;
mod alarms;
mod carried;
mod carrier;
mod connection;
mod connections;
mod deadlines;
mod drain;
mod ended;
mod entry;
mod flags;
mod mail;
mod not_written;
mod places;
mod server;
mod settings;
mod shared;
mod time;
mod tracked;
mod traffic;
mod when_behind;
