//! Listeners without layers: those that the system opens, and those that this process was started
//! with.

#[cfg(not(unix))]
use std::fmt;
#[cfg(unix)]
use std::os::fd::OwnedFd;
use std::{io, net::SocketAddr};

#[cfg(unix)]
use socketry_connection_socket::Adopted;
use socketry_server::ListenFailed;
#[cfg(unix)]
use socketry_server::ServerGroup;

use super::Plan;
use crate::{Server, ServerBuilder, endpoint::ServerTarget};

impl ServerBuilder {
    pub(super) fn open(&self, plan: &Plan) -> io::Result<Server> {
        let server = match &plan.target {
            ServerTarget::Tcp(address) => self.open_tcp(*address)?,
            ServerTarget::Tls(address) => {
                self.open_tcp(*address).map_err(|error| on_behalf_of(&plan.target, error))?
            }
            ServerTarget::Unix(address) => self.open_unix(address)?,
            ServerTarget::Fd(number) => self.take_over(*number)?,
            ServerTarget::Systemd(name) => self.take_over_from_systemd(name.as_deref(), plan)?,
        };
        #[cfg(unix)]
        let server = server.named(&plan.name);
        Ok(server)
    }

    fn open_tcp(&self, address: SocketAddr) -> io::Result<Server> {
        Ok(self.config.tcp.to_options()?.bind(address)?.into())
    }
}

/// Names what was asked for where the error of the listener names its address.
pub(super) fn on_behalf_of(asked: impl ToString, error: io::Error) -> io::Error {
    match error.downcast::<ListenFailed>() {
        Ok(failed) => failed.renamed(asked.to_string()).into(),
        Err(other) => other,
    }
}

#[cfg(unix)]
impl ServerBuilder {
    fn open_unix(&self, address: &socketry_connection::UnixAddress) -> io::Result<Server> {
        Ok(self.config.unix.to_options()?.bind(address)?.into())
    }

    fn take_over(&self, number: u32) -> io::Result<Server> {
        let adopted = crate::inherited::take_over(number)
            .map_err(|error| ListenFailed::new(format_args!("fd://{number}"), error))?;
        self.serve(adopted, None)
    }

    /// Serves what somebody else has opened, with the options of its kind.
    pub(super) fn serve(&self, adopted: Adopted, lock: Option<OwnedFd>) -> io::Result<Server> {
        Ok(match adopted {
            Adopted::Tcp(it) => self.config.tcp.to_options()?.from_fd(it.into())?.into(),
            Adopted::Unix(it) => {
                let options = self.config.unix.to_options()?;
                match lock {
                    Some(lock) => options.from_fd_with_lock(it.into(), lock)?.into(),
                    None => options.from_fd(it.into())?.into(),
                }
            }
        })
    }

    fn take_over_from_systemd(&self, name: Option<&str>, plan: &Plan) -> io::Result<Server> {
        let numbers = crate::inherited::listeners(name)
            .map_err(|error| ListenFailed::new(&plan.target, error))?;
        if let [number] = numbers[..] {
            return self.take_over(number);
        }
        let servers =
            numbers.into_iter().map(|number| Ok(self.take_over(number)?.named(&plan.name)));
        Ok(ServerGroup::new(servers.collect::<io::Result<Vec<_>>>()?).into())
    }
}

#[cfg(not(unix))]
impl ServerBuilder {
    fn open_unix(&self, address: &socketry_connection::UnixAddress) -> io::Result<Server> {
        Err(missing(format_args!("unix://{address}")))
    }

    fn take_over(&self, number: u32) -> io::Result<Server> {
        Err(missing(format_args!("fd://{number}")))
    }

    fn take_over_from_systemd(&self, _name: Option<&str>, plan: &Plan) -> io::Result<Server> {
        Err(missing(format_args!("{}", plan.target)))
    }
}

#[cfg(not(unix))]
fn missing(on: fmt::Arguments<'_>) -> io::Error {
    let system = std::env::consts::OS;
    let text = format!("listening on {on} refused: {system} has no such sockets here");
    io::Error::new(io::ErrorKind::Unsupported, text)
}
