//! Ports by the name of their service.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use socketry_connector::{Host, HostPort};

/// Reads a host and a port, which may be given as the name of a TCP service: `example.org:http`,
/// `[::1]:https`, `example.org:80`.
///
/// Services are those of the system's services file: `/etc/services`, on Windows
/// `%SystemRoot%\System32\drivers\etc\services`. Names and aliases are told apart without regard to
/// case (RFC 6335). The file is read at each call, in place, and not at all for a number: ask once
/// at the start of a program rather than before each connect.
///
/// # Errors
///
/// [`InvalidInput`](io::ErrorKind::InvalidInput) if this is no host and port, or the file has no
/// such TCP service; what the system says if it cannot be read.
///
/// # Examples
///
/// ```
/// use socketry_connector_dns::service;
///
/// let target = service("example.org:80")?;
/// assert_eq!((target.host().name(), target.port()), (Some("example.org"), 80));
///
/// if let Ok(target) = service("[::1]:https") {
///     assert_eq!(target.to_string(), "[::1]:443"); // if the system has the file
/// }
/// # std::io::Result::Ok(())
/// ```
pub fn service(text: &str) -> io::Result<HostPort> {
    with_file(text, &services_file())
}

fn with_file(text: &str, file: &Path) -> io::Result<HostPort> {
    let invalid = match text.parse::<HostPort>() {
        Ok(target) => return Ok(target),
        Err(invalid) => invalid,
    };
    let Some((host, service)) = split(text) else { return Err(invalid.into()) };
    let host: Host = host.parse()?;
    let services = fs::read(file).map_err(|error| unreadable(text, file, &error))?;
    match find_port(&String::from_utf8_lossy(&services), service) {
        Some(port) => Ok(HostPort::new(host, port)),
        None => Err(unknown(text, service, file)),
    }
}

/// The host and the service of a text, unless it is something else that is no host and port.
fn split(text: &str) -> Option<(&str, &str)> {
    let (host, service) = text.rsplit_once(':')?;
    let may_be_named = |c: char| c.is_ascii_alphanumeric() || "-_.+*/".contains(c);
    let is_named = service.contains(|c: char| c.is_ascii_alphabetic());
    let is_service = is_named && service.chars().all(may_be_named);
    let is_host = !host.contains(':') || host.starts_with('[');
    (is_service && is_host).then_some((host, service))
}

/// The port of a TCP service, by its name or an alias. A line is `name port/protocol aliases`; what
/// stands behind `#` is a comment.
fn find_port(services: &str, service: &str) -> Option<u16> {
    services.lines().find_map(|line| {
        let entry = line.split('#').next()?;
        let mut words = entry.split_whitespace();
        let (name, port) = (words.next()?, words.next()?);
        let (port, protocol) = port.split_once('/')?;
        let is_meant =
            [name].into_iter().chain(words).any(|word| word.eq_ignore_ascii_case(service));
        if is_meant && protocol.eq_ignore_ascii_case("tcp") { port.parse().ok() } else { None }
    })
}

fn services_file() -> PathBuf {
    if cfg!(windows) {
        let system = env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
        Path::new(&system).join(r"System32\drivers\etc\services")
    } else {
        PathBuf::from("/etc/services")
    }
}

fn unreadable(text: &str, file: &Path, error: &io::Error) -> io::Error {
    let file = file.display();
    let reason = format!(
        "the port of {text:?} cannot be looked up: reading {file} failed: {error}; write the port as a number, as in example.org:80"
    );
    io::Error::new(error.kind(), reason)
}

fn unknown(text: &str, service: &str, file: &Path) -> io::Error {
    let file = file.display();
    let reason = format!(
        "the port of {text:?} is not known: {file} has no TCP service {service:?}; write the port as a number, as in example.org:80"
    );
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICES: &str = "\
# Network services
ftp		21/tcp
domain		53/tcp
domain		53/udp
http		80/tcp		www www-http	# WorldWideWeb HTTP
tftp		69/udp
only-a-name
no-protocol	79
odd		tcp
odd		99999/tcp
odd		x/tcp
odd 77/tcp # the first that can be read
odd 78/tcp
  late  7001/TCP  LATER#comment";

    /// A file with this text, which is removed in the end.
    struct File(PathBuf);

    impl File {
        fn new(name: &str, text: &[u8]) -> Self {
            let path = env::temp_dir().join(format!("socketry-{}-{name}", std::process::id()));
            fs::write(&path, text).unwrap();
            Self(path)
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    #[test]
    fn names_and_aliases_of_tcp_services_are_found_whatever_their_case() {
        for (service, port) in [
            ("ftp", Some(21)),
            ("domain", Some(53)),
            ("http", Some(80)),
            ("HTTP", Some(80)),
            ("www-http", Some(80)),
            ("odd", Some(77)),
            ("later", Some(7001)),
            ("WorldWideWeb", None),
            ("tftp", None),
            ("only-a-name", None),
            ("no-protocol", None),
            ("80/tcp", None),
        ] {
            assert_eq!(find_port(SERVICES, service), port, "{service}");
        }
    }

    #[test]
    fn a_service_name_becomes_the_port_behind_any_kind_of_host() {
        let file = File::new("hosts", SERVICES.as_bytes());
        for (text, expected) in [
            ("example.org:http", "example.org:80"),
            ("192.0.2.1:ftp", "192.0.2.1:21"),
            ("[::1]:http", "[::1]:80"),
            ("[fe80::1%eth0]:www", "[fe80::1%eth0]:80"),
        ] {
            assert_eq!(with_file(text, &file.0).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn a_comment_in_another_encoding_does_no_harm() {
        let file = File::new("encoding", b"caf\xe9 1/tcp # \xe9\nhttp 80/tcp\n");
        assert_eq!(with_file("a.example:http", &file.0).unwrap().port(), 80);
    }

    #[test]
    fn a_number_does_not_read_the_file() {
        let target = with_file("[::1]:443", Path::new("/nowhere/services")).unwrap();
        assert_eq!(target.to_string(), "[::1]:443");
    }

    #[test]
    fn a_service_that_is_not_in_the_file_is_bad_input_and_the_error_says_what_to_do() {
        let file = File::new("unknown", SERVICES.as_bytes());
        let error = with_file("example.org:gopher", &file.0).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(
            error.to_string(),
            format!(
                "the port of \"example.org:gopher\" is not known: {} has no TCP service \"gopher\"; write the port as a number, as in example.org:80",
                file.0.display()
            )
        );
    }

    #[test]
    fn a_system_without_the_file_says_so() {
        let error = with_file("example.org:http", Path::new("/nowhere/services")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let text = error.to_string();
        assert!(text.contains("reading /nowhere/services failed: "), "{text}");
        assert!(text.ends_with("write the port as a number, as in example.org:80"), "{text}");
    }

    #[test]
    fn what_is_no_host_and_port_is_refused_before_the_file_is_read() {
        for text in [
            "",
            "example.org",
            "example.org:",
            ":http",
            "::1:http",
            "[::1]",
            "[::1]http",
            "a..b:http",
            "example.org:080",
            "example.org:65536",
            "example.org:-1",
            "a b:http",
            "example.org:ht tp",
            "////",
        ] {
            let error = with_file(text, Path::new("/nowhere/services")).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{text}: {error}");
        }
    }
}
