//! Two network namespaces with a wire between them: this one, and a far one.

use std::{
    io,
    process::{Command, Stdio},
};

use crate::helper::Helper;

/// This process' end of the wire, in both families.
const NEAR: [&str; 2] = ["10.77.0.1/24", "2001:db8:77::1/64"];

/// The far end.
pub(crate) const FAR_V4: &str = "10.77.0.2";
pub(crate) const FAR_V6: &str = "2001:db8:77::2";

/// Behind the far end, which lets nothing through and says nothing: black holes.
pub(crate) const HOLE_V4: &str = "10.78.0.1";
pub(crate) const HOLE_V6: &str = "2001:db8:78::1";

/// Whoever lives at the far end, which lives as long as this.
pub(crate) struct Far {
    helper: Helper,
}

impl Far {
    /// Lays the wire. This process has to be in a namespace of its own ([`Helper::start_apart`]).
    pub(crate) async fn connect() -> io::Result<Self> {
        let mut helper = Helper::start_apart("far")?;
        helper.hear::<String>("hello").await?;
        let far = helper.id().to_string();
        ip("link set lo up")?;
        ip(&format!("link add near type veth peer name far netns {far}"))?;
        for address in NEAR {
            ip(&format!("address add {address} dev near nodad"))?;
        }
        ip("link set near up")?;
        helper.say("wire")?;
        helper.hear::<String>("wired").await?;
        ip(&format!("route add 10.78.0.0/24 via {FAR_V4}"))?;
        ip(&format!("route add 2001:db8:78::/64 via {FAR_V6}"))?;
        Ok(Self { helper })
    }

    /// Lets the far end listen on IPv4, and returns the port, on which IPv6 is refused.
    pub(crate) async fn listen(&mut self) -> io::Result<u16> {
        self.helper.say("listen")?;
        self.helper.hear("port").await
    }
}

/// Gives the far end its addresses.
pub(crate) fn wire_far_end() -> io::Result<()> {
    ip(&format!("address add {FAR_V4}/24 dev far"))?;
    ip(&format!("address add {FAR_V6}/64 dev far nodad"))?;
    ip("link set far up")
}

/// Asks the system's `ip` to change something.
fn ip(words: &str) -> io::Result<()> {
    let mut command = Command::new("ip");
    if words.contains(':') {
        command.arg("-6");
    }
    let output = command.args(words.split(' ')).stdin(Stdio::null()).output();
    let output = output.map_err(|error| {
        io::Error::new(error.kind(), format!("`ip` of iproute2 is needed: {error}"))
    })?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(io::Error::other(format!("ip {words}: {}", said.trim())))
        }
    }
}
