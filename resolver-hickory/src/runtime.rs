//! What hickory runs on here: sockets and timers of async-io, and a [`Driver`] for its background
//! tasks. For those who want hickory itself off tokio.
//!
//! hickory keeps a task for each connection to a nameserver and expects a runtime to run it. Here
//! nobody has to bring one: [`Driver::run`] drives the tasks beside a future, for as long as that
//! future takes. Nothing moves while no future is being run, and nothing has to: an idle connection
//! waits in the kernel.
//!
//! # Examples
//!
//! hickory's own resolver on it. Any executor will do, `block_on` is one:
//!
//! ```no_run
//! use futures_lite::future::block_on;
//! use hickory_resolver::{Resolver, config::{NameServerConfig, ResolverConfig}, net::NetError};
//! use socketry_resolver_hickory::runtime::Driver;
//!
//! # fn main() -> Result<(), NetError> {
//! let driver = Driver::new();
//! let nameserver = NameServerConfig::udp_and_tcp([192, 0, 2, 53].into());
//! let config = ResolverConfig::from_parts(None, vec![], vec![nameserver]);
//! let resolver = Resolver::builder_with_config(config, driver.runtime()).build()?;
//! let found = block_on(driver.run(resolver.mx_lookup("example.org.")))?;
//! # Ok(())
//! # }
//! ```

pub use self::{
    driver::Driver,
    provider::{SmolHandle, SmolRuntime},
    tcp::SmolTcpStream,
    timer::SmolTimer,
    udp::SmolUdpSocket,
};

mod driver;
mod provider;
pub(crate) mod reactor;
mod task_cell;
mod tcp;
mod timer;
mod udp;
