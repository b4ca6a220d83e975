//! A cache around any resolver: bounded, for as long as answers are good, and with one lookup for
//! all who ask for the same name at the same time.
//!
//! [`CachingResolver`] wraps a [`Resolve`](socketry_resolver::Resolve). There is no task behind it:
//! those who wait for a lookup drive it, and the last who gives up drops it.
//!
//! # Examples
//!
//! A thousand callers and one query:
//!
//! ```
//! use futures_lite::future::{block_on, poll_once};
//! use socketry_resolver::{Answer, Family, Resolve};
//! use socketry_resolver_caching::CachingResolver;
//! use socketry_testing::scripted_resolver;
//!
//! let (inner, nameserver) = scripted_resolver();
//! let resolver = CachingResolver::new(inner);
//! block_on(async {
//!     let mut callers = Vec::new();
//!     for _ in 0..1000 {
//!         let mut caller = Box::pin(resolver.resolve("a.example", Family::V4));
//!         assert!(poll_once(&mut caller).await.is_none());
//!         callers.push(caller);
//!     }
//!     assert_eq!(nameserver.begun(), 1);
//!
//!     let lookup = nameserver.next_lookup().await;
//!     lookup.answer(Answer::from(vec![[192, 0, 2, 1].into()]));
//!     for caller in callers {
//!         assert_eq!(caller.await.unwrap().len(), 1);
//!     }
//! });
//! ```

pub use crate::{error::SharedError, resolver::CachingResolver};

mod cache;
mod error;
mod names;
mod resolver;
mod settings;
mod sync;
