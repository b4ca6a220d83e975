//! The network namespace that the processes of some scenarios are in.

use std::{
    env,
    io::{self, ErrorKind},
    net::SocketAddr,
    process::Command,
};

use crate::measure::process::{COUNTERPART, Process};

/// A namespace, kept by a process, for as long as this.
pub(crate) struct Space {
    keeper: Process,
    pub(crate) nameserver: SocketAddr,
}

impl Space {
    /// Makes one; the error is [`ErrorKind::Unsupported`] where that cannot be.
    pub(crate) fn open() -> io::Result<Self> {
        let mut command = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["--net", "--"]).arg(env::current_exe()?).arg("space");
        let refused = |error| {
            let reason = format!("a network namespace cannot be made here: {error}");
            io::Error::new(ErrorKind::Unsupported, reason)
        };
        let keeper = Process::spawn(command, COUNTERPART).map_err(refused)?;
        match keeper.address {
            Some(nameserver) => Ok(Self { keeper, nameserver }),
            None => Err(refused(io::Error::other(keeper.greeting.clone()))),
        }
    }

    /// What stands before a program that is to run in there.
    pub(crate) fn enter(&self) -> Vec<String> {
        let mut words = vec!["nsenter".to_string(), "--target".into(), self.id().to_string()];
        if !rustix::process::geteuid().is_root() {
            words.extend(["--user".into(), "--preserve-credentials".into()]);
        }
        words.extend(["--net".into(), "--".into()]);
        words
    }

    /// The process that is in there.
    pub(crate) fn id(&self) -> u32 {
        self.keeper.id()
    }
}
