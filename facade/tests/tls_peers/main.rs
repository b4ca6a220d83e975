//! TLS with the programs of others, each as client and as server, over real sockets.
//!
//! They are what Debian has in the packages `openssl`, `gnutls-bin` and `nginx-light`; a test that
//! misses one fails and says which.

#![cfg(target_os = "linux")]

mod gnutls;
mod nginx;
mod openssl_client;
mod openssl_client_keys;
mod openssl_server;
mod ours;
