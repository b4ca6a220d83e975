//! The examples that talk with memcached and Redis, while these are killed and come back.

#![cfg(target_os = "linux")]

mod memcached;
mod redis;
mod said;
