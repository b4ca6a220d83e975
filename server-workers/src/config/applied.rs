//! What a configuration means for pools, processes and servers.

use super::{Config, ServerConfig};
#[cfg(unix)]
use crate::Processes;
use crate::{PoolOptions, ServerOptions};

impl<L> Config<L> {
    /// The options of the pool. Nobody is told notices, and the clock is the system's.
    pub fn pool_options(&self) -> PoolOptions {
        let pool = &self.pool;
        let options = PoolOptions::new()
            .num_workers(pool.num_workers.get())
            .max_jobs(pool.max_jobs)
            .max_queue_size(pool.max_queue_size)
            .allocate_timeout(pool.allocate_timeout)
            .destroy_timeout(pool.destroy_timeout)
            .reset_timeout(pool.reset_timeout)
            .debug(pool.debug);
        match &pool.supervisor {
            None => options,
            Some(supervisor) => options
                .watch_tick(supervisor.watch_tick)
                .ttl(supervisor.ttl)
                .idle_ttl(supervisor.idle_ttl)
                .exec_ttl(supervisor.exec_ttl)
                .max_worker_memory(supervisor.max_worker_memory),
        }
    }

    /// The worker processes.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](std::io::ErrorKind::InvalidInput) if the command or the relay is none.
    #[cfg(unix)]
    pub fn processes(&self) -> std::io::Result<Processes> {
        let pool = &self.pool;
        let processes = Processes::from_words(&self.command)?
            .answers(pool.answers)
            .remote_addr(pool.remote_addr)
            .closed_timeout(pool.closed_timeout)
            .stop_timeout(pool.stop_timeout)
            .max_answer_size(pool.max_answer_size)
            .relay(self.relay.clone());
        Ok(self.env.iter().fold(processes, |processes, (name, value)| processes.env(name, value)))
    }
}

impl<L> ServerConfig<L> {
    /// The options of the server.
    pub fn options(&self) -> ServerOptions {
        ServerOptions::new()
            .framing(self.framing.clone())
            .max_message_size(self.max_message_size)
            .idle_timeout(self.idle_timeout)
            .read_timeout(self.read_timeout)
            .write_timeout(self.write_timeout)
            .sticky(self.sticky)
    }
}
