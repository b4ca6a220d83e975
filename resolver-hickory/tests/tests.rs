//! A resolver against nameservers on loopback.

mod answers;
mod keeping;
mod names;
mod nameservers;
mod runtime;
mod support;
mod together;
