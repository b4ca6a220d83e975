//! A new process of a program takes the listening sockets over from the old one, and no client is
//! refused.
//!
//! A [`Handover`] is the place where the two meet: a Unix socket. The old process offers its
//! sockets there, and goes on serving until the new one has them and says that it serves, too. In
//! between both take clients out of the same backlog, so there is no moment in which nobody
//! listens. Then the old process closes its servers, finishes what it has, and ends.
//!
//! This crate moves descriptors. It neither listens nor accepts: whoever made the servers
//! duplicates their sockets (`handle().duplicate()` of `TcpServer` and `UnixServer` in
//! `socketry-server-tcp` and `socketry-server-unix`), and adopts what was taken over (`from_fd`,
//! `from_fd_with_lock`). It starts no process either: that is for a service manager, or whoever
//! starts the program again. Where the system has no Unix sockets this crate is empty.
//!
//! Under a service manager that keeps the sockets itself (systemd's socket units) none of this is
//! needed: every process is started with them.
//!
//! # Examples
//!
//! What a program does that may be started while an earlier one of it runs:
//!
//! ```
//! use std::{io, net::TcpListener};
//!
//! use socketry_connection::UnixAddress;
//! use socketry_server_handover::{Handover, NamedSocket};
//!
//! async fn run(handover: &Handover) -> io::Result<()> {
//!     let listener = match handover.take().await? {
//!         // Somebody is there: serve what it serves, then let it go.
//!         Some(mut inherited) => {
//!             let web = inherited.take("web").ok_or(io::ErrorKind::NotFound)?;
//!             let listener = TcpListener::from(web.socket);
//!             inherited.ready().await?;
//!             listener
//!         }
//!         None => TcpListener::bind("127.0.0.1:0")?,
//!     };
//!
//!     // Beside serving, until somebody has taken over:
//!     let mut offer = handover.offer()?;
//!     let sockets = || Ok(vec![NamedSocket::new("web", listener.try_clone()?)]);
//!     while let Err(error) = offer.hand_on(sockets).await {
//!         eprintln!("{error}"); // this process goes on
//!     }
//!     Ok(()) // take no more clients, finish what is under way, and end
//! }
//! # let name = format!("socketry-handover-doc-{}", std::process::id());
//! # let path = std::env::temp_dir().join(name);
//! # let handover = Handover::new(UnixAddress::from_path(path)?);
//! # let last = async {
//! #     loop {
//! #         if let Some(mut inherited) = handover.take().await? {
//! #             assert!(inherited.take("web").is_some());
//! #             return inherited.ready().await;
//! #         }
//! #         futures_lite::future::yield_now().await;
//! #     }
//! # };
//! # futures_lite::future::block_on(futures_lite::future::try_zip(run(&handover), last))?;
//! # Ok::<(), io::Error>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg(unix)]

#[doc(no_inline)]
pub use socketry_connection::UnixAddress;

pub use crate::{
    error::{HandoverFailed, Phase},
    handover::Handover,
    inherited::Inherited,
    named_socket::NamedSocket,
    offer::Offer,
};

mod channel;
mod deadline;
mod error;
mod handover;
mod inherited;
mod meeting_point;
mod message;
mod named_socket;
mod offer;
mod peer;
mod settings;
