//! Connects by name, through a resolver of its own.

use std::{collections::HashMap, io, net::IpAddr, net::TcpListener};

use futures_lite::future::block_on;
use socketry::{
    Connector, Resolve,
    connection::Family,
    resolver::{Answer, LookupFailed, LookupFailure},
};

/// Knows the names of a small company.
struct Company(HashMap<&'static str, IpAddr>);

impl Resolve for Company {
    async fn resolve(&self, name: &str, family: Family) -> io::Result<Answer> {
        let ip = self.0.get(name).copied();
        let ip = ip.ok_or(LookupFailed::new(name, family, LookupFailure::NoSuchName))?;
        Ok([ip].into_iter().filter(|ip| Family::of(ip) == family).collect())
    }
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();

    let names = HashMap::from([("wiki.company.example", [127, 0, 0, 1].into())]);
    let connector = Connector::builder().resolver(Company(names)).build()?;

    let socket = block_on(connector.connect(("wiki.company.example", port)))?;
    println!("wiki.company.example is {}", socket.remote_address().ok_or(io::ErrorKind::NotFound)?);

    let error = block_on(connector.connect(("mail.company.example", port))).map(drop).unwrap_err();
    println!("{error}");
    Ok(())
}
