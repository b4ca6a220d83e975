//! Who may come in and how many at once, over any server, before a byte is read.
//!
//! [`GateServer`] is a decorator: it takes the connections of the server inside and yields those
//! whom its [`Gate`] lets in. The others are closed at once. It reads nothing and knows neither TCP
//! nor TLS; whoever is in is of no more concern to it, but for the place that they hold.
//!
//! A [`Gate`] is a handle. Its [`GateSettings`] are limits (open connections and newcomers in a
//! time, in all and with one address or network) and lists (who may come in, who may not, whom no
//! limit concerns); they change while servers run. Several servers may share one gate.
//!
//! # Examples
//!
//! ```
//! use futures_lite::future::block_on;
//! use socketry_connection::Connection;
//! use socketry_server::{AcceptExt, LimitReached};
//! use socketry_server_gate::{Gate, GateServer, GateSettings};
//!
//! let mut settings = GateSettings::default();
//! settings.most_open_per_prefix = Some(1);
//! let gate = Gate::new(settings);
//! # let (tcp, handle) = socketry_testing::scripted_server();
//! # let clients = [1, 2, 3].map(|port| {
//! #     let end = |port: u16| std::net::SocketAddr::from(([192, 0, 2, 1], port)).into();
//! #     let (ours, theirs) = socketry_testing::pair_between(end(port), end(80));
//! #     handle.push(theirs);
//! #     ours
//! # });
//! let mut server = GateServer::new(tcp, gate.clone());
//!
//! block_on(async {
//!     let first = server.accept().await.unwrap()?;
//!     let second = server.accept().await.unwrap().unwrap_err(); // from the same address
//!     assert!(second.get_ref().is_some_and(|error| error.is::<LimitReached>()));
//!
//!     drop(first); // and there is room
//!     let third = server.accept().await.unwrap()?;
//!     assert_eq!(gate.counts().open, 1);
//! #   drop((third, clients));
//! #   std::io::Result::Ok(())
//! })?;
//! # std::io::Result::Ok(())
//! ```

pub use crate::{
    connection::GatedConnection,
    counts::GateCounts,
    gate::Gate,
    not_admitted::{AccessRule, NotAdmitted},
    rate::Rate,
    server::GateServer,
    settings::GateSettings,
};

mod bucket;
mod census;
mod connection;
mod counts;
mod gate;
mod networks;
mod not_admitted;
mod place;
mod rate;
mod refusal;
mod remembered;
mod rules;
mod server;
mod settings;
mod shared;
mod state;
mod waiters;
