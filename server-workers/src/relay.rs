//! How a worker process and its server talk.

use std::{fmt, io, net::SocketAddr, path::PathBuf, str::FromStr};

/// The way on which frames go to a worker process and come back.
///
/// Prints and parses as workers find it in `RR_RELAY`: `pipes`, `tcp://127.0.0.1:6001` or
/// `unix:///run/workers.sock` (or `unix://workers.sock`, seen from the server's working directory).
///
/// # Examples
///
/// ```
/// use socketry_server_workers::Relay;
///
/// assert_eq!("pipes".parse::<Relay>()?, Relay::Pipes);
/// assert_eq!("tcp://[::1]:6001".parse::<Relay>()?.to_string(), "tcp://[::1]:6001");
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Relay {
    /// The worker's standard input and output. The fastest way, and one that nobody else can get into.
    #[default]
    Pipes,
    /// The server listens here, and workers connect; with port 0 the system chooses one. Whoever can
    /// connect can say that he is a worker, so let it be a loopback address.
    Tcp(SocketAddr),
    /// The server listens on this socket file, and workers connect. Only this user may.
    Unix(PathBuf),
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pipes => f.write_str("pipes"),
            Self::Tcp(address) => write!(f, "tcp://{address}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

/// Reads what `Display` prints. What is none is of kind [`InvalidInput`](io::ErrorKind::InvalidInput).
impl FromStr for Relay {
    type Err = io::Error;

    fn from_str(text: &str) -> io::Result<Self> {
        let invalid = |mend: &str| {
            let reason = format!("invalid relay {text:?}: {mend}");
            Err(io::Error::new(io::ErrorKind::InvalidInput, reason))
        };
        match text.split_once("://") {
            None if text == "pipes" => Ok(Self::Pipes),
            Some(("tcp", address)) => match address.parse() {
                Ok(address) => Ok(Self::Tcp(address)),
                Err(_) => invalid("an IP address and a port follow, as in tcp://127.0.0.1:6001"),
            },
            Some(("unix", path)) if !path.is_empty() => Ok(Self::Unix(path.into())),
            Some(("unix", _)) => invalid("a path follows, as in unix:///run/workers.sock"),
            _ => invalid("it is pipes, tcp://127.0.0.1:6001 or unix:///run/workers.sock"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relays_print_as_they_parse() {
        for text in ["pipes", "tcp://127.0.0.1:6001", "unix:///run/w.sock", "unix://w.sock"] {
            assert_eq!(text.parse::<Relay>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_relay_is_refused_with_the_way_out() {
        for (text, mend) in [
            ("tcp://localhost:6001", "tcp://127.0.0.1:6001"),
            ("unix://", "unix:///run/workers.sock"),
            ("stdio", "it is pipes"),
            ("Pipes", "it is pipes"),
        ] {
            let error = text.parse::<Relay>().unwrap_err();
            assert!(error.to_string().contains(mend), "{error}");
        }
    }
}
