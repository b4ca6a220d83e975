//! Opening sockets, and addresses as the system wants them.

use std::io;

use socket2::{Domain, SockAddr, Socket, Type};
use socketry_connection::Address;

/// A stream socket that is non-blocking and close-on-exec from its birth: one system call on
/// Linux.
///
/// # Errors
///
/// Those of `socket(2)`: above all that the process or the system has no descriptor left.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn open(domain: Domain) -> io::Result<Socket> {
    Socket::new_raw(domain, Type::STREAM.nonblocking().cloexec(), None)
}

/// A stream socket that is non-blocking and close-on-exec.
///
/// # Errors
///
/// Those of `socket(2)`: above all that the process or the system has no descriptor left.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn open(domain: Domain) -> io::Result<Socket> {
    let socket = Socket::new(domain, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// `address` as the system wants it.
///
/// # Errors
///
/// [`Unsupported`](io::ErrorKind::Unsupported) for an abstract name on a system other than Linux,
/// or a Unix address on one without Unix sockets.
pub fn socket_address(address: &Address) -> io::Result<SockAddr> {
    if let Some(address) = address.socket_address() {
        return Ok(address.into());
    }
    match address {
        Address::Unix(address) => unix_socket_address(address),
        _ => Err(unsupported(address)),
    }
}

#[cfg(unix)]
fn unix_socket_address(address: &socketry_connection::UnixAddress) -> io::Result<SockAddr> {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    match (address.path(), address.abstract_name()) {
        (Some(path), _) => SockAddr::unix(path),
        (None, Some(name)) if cfg!(any(target_os = "linux", target_os = "android")) => {
            let with_nul: Vec<u8> = [b"\0", name].concat();
            SockAddr::unix(OsStr::from_bytes(&with_nul))
        }
        _ => Err(unsupported(address)),
    }
}

#[cfg(not(unix))]
fn unix_socket_address(address: &socketry_connection::UnixAddress) -> io::Result<SockAddr> {
    Err(unsupported(address))
}

fn unsupported(address: &impl std::fmt::Display) -> io::Error {
    let text = format!("{address} cannot be reached on {}", std::env::consts::OS);
    io::Error::new(io::ErrorKind::Unsupported, text)
}
