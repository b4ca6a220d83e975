//! The hosts file.

use std::{
    collections::HashMap,
    fs,
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use socketry_resolver::{Answer, Family};

/// The names of a hosts file.
///
/// The package reads it, too, but looks names without a dot up with their search domain first, and
/// asks a nameserver before it finds them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts {
    by_name: HashMap<String, Vec<SocketAddr>>,
}

impl Hosts {
    /// Reads a file; one that is not there has no names.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(text) => Ok(Self::parse(&String::from_utf8_lossy(&text))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => {
                let text = format!("reading the hosts file {} failed: {error}", path.display());
                Err(io::Error::new(error.kind(), text))
            }
        }
    }

    /// The addresses of a name in one family, if the file has the name; then nobody else is asked
    /// for the other family either.
    pub(crate) fn find(&self, name: &str, family: Family) -> Option<Answer> {
        let addresses = self.by_name.get(&key(name))?;
        Some(addresses.iter().copied().filter(|found| Family::of(&found.ip()) == family).collect())
    }

    /// What is not understood is left out, as every resolver does.
    fn parse(text: &str) -> Self {
        let mut by_name: HashMap<String, Vec<SocketAddr>> = HashMap::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let Some(address) = words.next().and_then(address) else { continue };
            for name in words {
                let addresses = by_name.entry(key(name)).or_default();
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
        }
        Self { by_name }
    }
}

/// Where the system has its hosts file.
pub(crate) fn system_path() -> PathBuf {
    if cfg!(windows) {
        let root = std::env::var_os("SystemRoot").unwrap_or_else(|| "C:\\Windows".into());
        Path::new(&root).join("System32\\drivers\\etc\\hosts")
    } else {
        "/etc/hosts".into()
    }
}

/// An address, which may have a scope as a number.
fn address(text: &str) -> Option<SocketAddr> {
    let ip = text.parse().map(|ip: IpAddr| SocketAddr::new(ip, 0));
    ip.or_else(|_| format!("[{text}]:0").parse()).ok()
}

fn key(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, name: &str, family: Family) -> Option<Vec<String>> {
        let answer = Hosts::parse(text).find(name, family)?;
        Some(answer.addresses().iter().map(SocketAddr::to_string).collect())
    }

    #[test]
    fn a_name_may_stand_in_several_lines_and_anywhere_in_one() {
        let text = "192.0.2.1 a.example a\n192.0.2.2\tA # b\n192.0.2.1 a\n";
        let expected = vec!["192.0.2.1:0".to_string(), "192.0.2.2:0".to_string()];
        assert_eq!(find(text, "A.", Family::V4), Some(expected));
        assert_eq!(find(text, "b", Family::V4), None);
    }

    #[test]
    fn a_name_with_an_address_of_the_other_family_only_is_known() {
        assert_eq!(find("192.0.2.1 a", "a", Family::V6), Some(vec![]));
    }

    #[test]
    fn a_scope_is_kept() {
        let expected = vec!["[fe80::1%3]:0".to_string()];
        assert_eq!(find("fe80::1%3 a", "a", Family::V6), Some(expected));
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        let text = "garbage a\n\n# 192.0.2.1 a\n192.0.2.1\nfe80::1%nothing a\n";
        assert_eq!(find(text, "a", Family::V4), None);
    }

    #[test]
    fn a_file_that_is_not_there_has_no_names() {
        let hosts = Hosts::read(Path::new("/there/is/no/such/file")).unwrap();
        assert!(hosts.find("a", Family::V4).is_none());
    }
}
