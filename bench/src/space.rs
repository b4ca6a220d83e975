//! A network namespace of its own, with a host that is not loopback and one that nobody answers at.
//!
//! A connect over loopback is there at once, and whoever asks for that does not have to wait. To an
//! address that only happens to be on this machine it is as to any other: under way until the system
//! says otherwise.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    process::{Command, Stdio},
};

use socketry_testing::DnsServer;

/// The address to listen on.
pub(crate) const HOST: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

/// What is sent there is lost on the way, and nothing comes back.
pub(crate) const DEAD: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0, 0, 0, 0, 0xdead);

/// The name that has both addresses.
pub(crate) const NAME: &str = "eyeballs.example";

/// This process' end of a wire to nowhere, and who would be at the other end: nobody has that address.
const NEAR: &str = "2001:db8:77::1/64";
const NOBODY: &str = "02:00:00:00:00:01";

/// Furnishes the namespace that this process is in, says where its nameserver is, and keeps both
/// until its input ends. If it cannot, it says why instead.
pub(crate) fn keep() -> io::Result<()> {
    let nameserver = furnish().and_then(|()| DnsServer::start());
    let mut out = io::stdout().lock();
    match &nameserver {
        Ok(nameserver) => {
            nameserver.answer(NAME, [IpAddr::V6(DEAD), IpAddr::V4(HOST)]);
            writeln!(out, "{}", nameserver.address())?;
        }
        Err(error) => writeln!(out, "{error}")?,
    }
    out.flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn furnish() -> io::Result<()> {
    ip("link set lo up")?;
    ip(&format!("address add {HOST}/32 dev lo"))?;
    ip("link add near type veth peer name far")?;
    ip("link set near up")?;
    ip("link set far up")?;
    ip(&format!("address add {NEAR} dev near nodad"))?;
    ip(&format!("neighbour add {DEAD} lladdr {NOBODY} dev near nud permanent"))
}

/// Asks the system's `ip` to change something.
fn ip(words: &str) -> io::Result<()> {
    let output = Command::new("ip").args(words.split(' ')).stdin(Stdio::null()).output();
    let output =
        output.map_err(|error| io::Error::other(format!("`ip` of iproute2 is needed: {error}")))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(io::Error::other(format!("ip {words}: {}", said.trim())))
        }
    }
}
