//! A port of `localhost`, whichever address that is.

use std::net::{Ipv6Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

use crate::support::bound;

/// One port of both loopback addresses. Nobody else can listen there.
pub(crate) struct Port {
    pub(crate) v4: Socket,
    pub(crate) v6: Socket,
    pub(crate) number: u16,
}

impl Port {
    /// How often a port that is free on one address may be taken on the other.
    const TRIES: usize = 100;

    pub(crate) fn new() -> Self {
        for _ in 0..Self::TRIES {
            let v4 = bound("127.0.0.1:0");
            let number = v4.local_addr().unwrap().as_socket().unwrap().port();
            let v6 = Socket::new(Domain::IPV6, Type::STREAM, None).unwrap();
            if v6.bind(&SocketAddr::from((Ipv6Addr::LOCALHOST, number)).into()).is_ok() {
                return Self { v4, v6, number };
            }
        }
        panic!("no port is free on 127.0.0.1 and on [::1]");
    }
}
