//! The far end of a wire between two network namespaces.

use std::{io, net::Ipv4Addr};

use futures_lite::{StreamExt, future::block_on};
use socketry::Server;

use crate::{
    helper::{answer, commands},
    network::wire_far_end,
};

/// Listens on IPv4 and takes whoever comes, until the near end has left.
pub(crate) fn run() -> io::Result<()> {
    block_on(async {
        let mut commands = commands()?;
        let mut servers = Vec::new();
        answer("hello", "near")?;
        while let Some(command) = commands.next().await.transpose()? {
            match command.as_str() {
                "wire" => {
                    wire_far_end()?;
                    answer("wired", "far")?;
                }
                "listen" => {
                    let server = Server::bind((Ipv4Addr::UNSPECIFIED.to_string(), 0)).await?;
                    answer("port", server.local_address().and_then(|it| it.port()).unwrap_or(0))?;
                    servers.push(server); // the system connects clients without being asked
                }
                _ => return Err(io::Error::other(format!("what is {command:?}?"))),
            }
        }
        Ok(())
    })
}
