//! A runtime on smol primitives for [hickory](hickory_resolver), the DNS library: no tokio, no thread
//! of its own (beside the reactor of async-io), no spawner.

pub mod runtime;
