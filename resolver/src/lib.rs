//! How names become addresses: the [`Resolve`] trait, its [`Answer`], and resolvers that ask
//! nobody.
//!
//! This crate opens nothing and waits for nothing. A resolver is a value that looks up the
//! addresses of a name, one family at a time, so that whoever wants to connect can begin with the
//! family that has answered first. Resolvers that ask a nameserver or the system are crates of
//! their own; a table ([`StaticResolver`]) and a function ([`from_fn`]) are resolvers, too. What
//! several of them need is in [`sharing`].
//!
//! # Examples
//!
//! A resolver around another one, which knows one name more:
//!
//! ```
//! use std::io;
//!
//! use socketry_connection::Family;
//! use socketry_resolver::{Answer, Resolve};
//!
//! struct WithBuildServer<R>(R);
//!
//! impl<R: Resolve> Resolve for WithBuildServer<R> {
//!     async fn resolve(&self, name: &str, family: Family) -> io::Result<Answer> {
//!         match (name, family) {
//!             ("build.example", Family::V4) => Ok(Answer::from(vec![[192, 0, 2, 1].into()])),
//!             ("build.example", Family::V6) => Ok(Answer::default()),
//!             _ => self.0.resolve(name, family).await,
//!         }
//!     }
//! }
//! ```

#[doc(no_inline)]
pub use socketry_connection::Family;

pub use crate::{
    answer::Answer,
    boxed::BoxResolver,
    error::{LookupFailed, LookupFailure},
    function::{FnResolver, from_fn},
    resolve::Resolve,
    table::StaticResolver,
};

mod answer;
mod boxed;
mod error;
mod function;
mod resolve;
pub mod sharing;
mod table;
