//! A nameserver in a process of its own, whose memory is no concern of who asks it.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use futures_lite::{StreamExt, future::block_on};
use socketry::connection::Family;
use socketry_testing::{DnsReply, DnsServer};

use crate::helper::{answer, commands};

/// This machine in both families, to be asked for anew each time.
pub(crate) const BOTH: &str = "both.example";

/// The same over IPv4, with a nameserver that says nothing of IPv6.
pub(crate) const LOST_AAAA: &str = "lost-aaaa.example";

/// Answers until the other side has gone.
pub(crate) fn run() -> io::Result<()> {
    let server = DnsServer::start()?;
    let (v4, v6) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
    server.reply(BOTH, None, DnsReply::addresses([v4, v6]).ttl(Duration::ZERO));
    server.reply(LOST_AAAA, Family::V4, DnsReply::addresses([v4]).ttl(Duration::ZERO));
    server.reply(LOST_AAAA, Family::V6, DnsReply::silence());
    answer("listening", server.address())?;
    block_on(async {
        let mut commands = commands()?;
        while commands.next().await.transpose()?.is_some() {}
        Ok(())
    })
}
