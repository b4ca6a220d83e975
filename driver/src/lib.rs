//! `block_on` for the executors of async-executor, which keeps async-io's reactor on the thread
//! that does the work.
//!
//! [`block_on(&executor, future)`](block_on()) is a drop-in for `smol::block_on(executor.run(future))`, and
//! does the same. The difference shows under load: there, async-io's own thread takes the reactor
//! while tasks run, and the working thread is woken by it for every few events. This driver looks at
//! the reactor just often enough that this does not happen; the README tells the whole story, with
//! figures.
//!
//! It is neither an executor nor a reactor, and nothing else has to change: tasks are spawned on
//! the executor as ever, and use async-io's sockets and timers.
//!
//! # Examples
//!
//! ```
//! use smol::{
//!     LocalExecutor,
//!     net::{TcpListener, TcpStream},
//!     prelude::*,
//! };
//!
//! # fn main() -> std::io::Result<()> {
//! let executor = LocalExecutor::new();
//! let greeting = socketry_driver::block_on(&executor, async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let address = listener.local_addr()?;
//!     let server = executor.spawn(async move {
//!         let (mut client, _) = listener.accept().await?;
//!         client.write_all(b"hello").await
//!     });
//!     let mut heard = String::new();
//!     TcpStream::connect(address).await?.read_to_string(&mut heard).await?;
//!     server.await?;
//!     std::io::Result::Ok(heard)
//! })?;
//! assert_eq!(greeting, "hello");
//! # Ok(())
//! # }
//! ```

pub use crate::{block_on::block_on, drive::Drive};

mod bell;
mod block_on;
mod drive;
mod ladder;
mod pace;
mod slices;
mod trap;
