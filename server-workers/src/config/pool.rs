//! A pool of workers as plain data.

use std::{num::NonZeroUsize, time::Duration};

use serde::Deserialize;

use super::value::{
    duration, duration_or_five_seconds, duration_or_minute, mebibytes, own_command, size, workers,
};
use crate::{AnswerMode, RemoteAddr, pool_options::processors};

/// How many workers there are, how long they live and how long things may take: the key `tcp.pool`.
///
/// Each field has the name of its key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PoolConfig {
    /// How many workers. At most 500; by default, and for 0, one for each processor.
    #[serde(deserialize_with = "workers")]
    pub num_workers: NonZeroUsize,
    /// After so many events a worker is replaced. By default 0, which means never.
    pub max_jobs: u64,
    /// So many events may wait for a worker. By default 0, which means any number.
    pub max_queue_size: usize,
    /// How long a worker may take to start, and an event may wait for one. By default, and for 0, a minute.
    #[serde(deserialize_with = "duration_or_minute")]
    pub allocate_timeout: Duration,
    /// How long running events may take when the pool ends. By default, and for 0, a minute.
    #[serde(deserialize_with = "duration_or_minute")]
    pub destroy_timeout: Duration,
    /// How long running events may take when all workers are replaced. By default, and for 0, a minute.
    #[serde(deserialize_with = "duration_or_minute")]
    pub reset_timeout: Duration,
    /// Whether each event gets a new worker. By default not.
    pub debug: bool,
    /// The command of these workers, instead of `server.command`. By default there is none.
    #[serde(deserialize_with = "own_command")]
    pub command: Option<Vec<String>>,
    /// What is watched in workers. By default nothing.
    pub supervisor: Option<SupervisorConfig>,
    /// How it is known which answers belong to an event. By default by a barrier.
    pub answers: AnswerMode,
    /// How workers are told where a client is. By default with its port.
    pub remote_addr: RemoteAddr,
    /// How long a worker may take for the event that a connection is closed. By default a second; 0 means
    /// any time.
    #[serde(deserialize_with = "duration")]
    pub closed_timeout: Duration,
    /// How long a worker may take to end by itself. By default 10 seconds; 0 means that it is ended at once.
    #[serde(deserialize_with = "duration")]
    pub stop_timeout: Duration,
    /// So many bytes an answer may have. By default 64 MiB.
    #[serde(deserialize_with = "size")]
    pub max_answer_size: usize,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            num_workers: processors(),
            max_jobs: 0,
            max_queue_size: 0,
            allocate_timeout: Duration::from_secs(60),
            destroy_timeout: Duration::from_secs(60),
            reset_timeout: Duration::from_secs(60),
            debug: false,
            command: None,
            supervisor: None,
            answers: AnswerMode::default(),
            remote_addr: RemoteAddr::default(),
            closed_timeout: Duration::from_secs(1),
            stop_timeout: Duration::from_secs(10),
            max_answer_size: 64 << 20,
        }
    }
}

/// What is watched in workers: the key `tcp.pool.supervisor`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SupervisorConfig {
    /// How often it is looked at them. By default, and for 0, every five seconds.
    #[serde(deserialize_with = "duration_or_five_seconds")]
    pub watch_tick: Duration,
    /// How long a worker lives. By default 0, which means for ever.
    #[serde(deserialize_with = "duration")]
    pub ttl: Duration,
    /// How long a worker may wait for its next event. By default 0, which means for ever.
    #[serde(deserialize_with = "duration")]
    pub idle_ttl: Duration,
    /// How long an event may take; its worker is killed then. By default 0, which means any time.
    #[serde(deserialize_with = "duration")]
    pub exec_ttl: Duration,
    /// So much memory a worker may have, in bytes here; the key is in MB, of 1,048,576 bytes each, as in the
    /// original, if it has no unit. By default 0, which means any.
    #[serde(deserialize_with = "mebibytes")]
    pub max_worker_memory: u64,
}

impl Default for SupervisorConfig {
    fn default() -> Self {
        Self {
            watch_tick: Duration::from_secs(5),
            ttl: Duration::ZERO,
            idle_ttl: Duration::ZERO,
            exec_ttl: Duration::ZERO,
            max_worker_memory: 0,
        }
    }
}
