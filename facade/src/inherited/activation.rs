//! What systemd passes to the services that its socket units start.

use std::{env, ffi::OsString, io, process};

/// The descriptors that systemd passed: those called `name`, or without a name the only one.
///
/// See `sd_listen_fds(3)`. Several sockets may have one name, as those of one socket unit do.
/// Nothing is taken away: the variables stay set and the descriptors open, so that asking again
/// gives the same answer.
///
/// # Errors
///
/// - [`NotFound`](io::ErrorKind::NotFound): nothing was passed to this process, or not by `name`.
/// - [`InvalidData`](io::ErrorKind::InvalidData): a variable holds what it can't.
/// - [`InvalidInput`](io::ErrorKind::InvalidInput): several were passed, and none is named.
///
/// All say which variable it is, and what to do.
pub(crate) fn listeners(name: Option<&str>) -> io::Result<Vec<u32>> {
    Variables::of_this_process().listeners(process::id(), name)
}

/// What socket activation leaves in the environment.
#[derive(Clone, Default)]
struct Variables {
    pid: Option<OsString>,
    count: Option<OsString>,
    names: Option<OsString>,
}

impl Variables {
    fn of_this_process() -> Self {
        Self {
            pid: env::var_os("LISTEN_PID"),
            count: env::var_os("LISTEN_FDS"),
            names: env::var_os("LISTEN_FDNAMES"),
        }
    }

    fn listeners(&self, this_process: u32, name: Option<&str>) -> io::Result<Vec<u32>> {
        self.check_process(this_process)?;
        let count = self.count()?;
        let names = self.names(count)?;
        let listed = || format!("{:?}", names.as_deref().unwrap_or_default());
        match (name, &names) {
            (None, _) if count == 1 => Ok(vec![FIRST]),
            (None, None) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("LISTEN_FDS passes {count} sockets, and without LISTEN_FDNAMES none has a name; write fd://{FIRST} for the first, and so on"),
            )),
            (None, Some(_)) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("LISTEN_FDS passes {count} sockets; write systemd:// and one of their names: {}", listed()),
            )),
            (Some(_), None) => Err(not_found(
                "LISTEN_FDNAMES is not set, so that no socket has a name; write systemd:// alone for the only one".into(),
            )),
            (Some(name), Some(names)) => match numbers_of(name, names) {
                numbers if numbers.is_empty() => Err(not_found(format!(
                    "LISTEN_FDNAMES has no socket {name:?}, only {}; set FileDescriptorName= in the socket unit",
                    listed()
                ))),
                numbers => Ok(numbers),
            },
        }
    }

    /// That the sockets are meant for this process and not for one it descends from.
    fn check_process(&self, this_process: u32) -> io::Result<()> {
        let Some(pid) = &self.pid else {
            return Err(not_found(
                "LISTEN_PID is not set: no sockets were passed to this process; start it from a systemd socket unit, or try it with systemd-socket-activate".into(),
            ));
        };
        let pid = pid.to_string_lossy();
        match pid.parse::<u32>() {
            Ok(pid) if pid == this_process => Ok(()),
            Ok(pid) => Err(not_found(format!(
                "LISTEN_PID is {pid} and this process is {this_process}: the sockets were passed to another one; a script in between starts this program with exec"
            ))),
            Err(_) => Err(invalid(format!("LISTEN_PID is {pid:?} and no process number"))),
        }
    }

    fn count(&self) -> io::Result<u32> {
        let Some(count) = &self.count else {
            return Err(not_found(
                "LISTEN_FDS is not set, though LISTEN_PID is: no sockets were passed".into(),
            ));
        };
        let count = count.to_string_lossy();
        match count.parse::<u32>() {
            Ok(number) if (1..=MOST).contains(&number) => Ok(number),
            _ => Err(invalid(format!(
                "LISTEN_FDS is {count:?} and not the count of sockets, from 1 on"
            ))),
        }
    }

    /// One name for each socket, or none for all.
    fn names(&self, count: u32) -> io::Result<Option<Vec<String>>> {
        let Some(names) = &self.names else { return Ok(None) };
        let names: Vec<_> = names.to_string_lossy().split(':').map(str::to_string).collect();
        if u32::try_from(names.len()) == Ok(count) {
            return Ok(Some(names));
        }
        Err(invalid(format!(
            "LISTEN_FDNAMES has {} names and LISTEN_FDS passes {count} sockets; it needs one name for each, with colons between",
            names.len()
        )))
    }
}

fn numbers_of(name: &str, names: &[String]) -> Vec<u32> {
    (FIRST..).zip(names).filter(|(_, it)| *it == name).map(|(number, _)| number).collect()
}

fn not_found(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, reason)
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// The number of the first socket that is passed: those before are standard input and output.
const FIRST: u32 = 3;

/// The most sockets that can be passed, so that every number is a descriptor's.
const MOST: u32 = i32::MAX as u32 - FIRST;

#[cfg(test)]
mod tests {
    use super::*;

    const THIS: u32 = 4242;

    fn variables(pid: &str, count: &str, names: Option<&str>) -> Variables {
        Variables { pid: Some(pid.into()), count: Some(count.into()), names: names.map(Into::into) }
    }

    #[test]
    fn the_only_socket_needs_no_name() {
        for names in [None, Some("web")] {
            assert_eq!(variables("4242", "1", names).listeners(THIS, None).unwrap(), [3]);
        }
    }

    #[test]
    fn a_name_finds_every_socket_that_has_it() {
        let passed = variables("4242", "4", Some("web:admin::web"));
        assert_eq!(passed.listeners(THIS, Some("web")).unwrap(), [3, 6]);
        assert_eq!(passed.listeners(THIS, Some("admin")).unwrap(), [4]);
    }

    #[test]
    fn what_is_wrong_is_told_with_the_variable_and_the_mend() {
        use io::ErrorKind::{InvalidData, InvalidInput, NotFound};

        let names = Some("web:admin");
        let nothing = Variables::default();
        let no_count = Variables { pid: Some("4242".into()), ..Variables::default() };
        for (passed, name, kind, fragment) in [
            (nothing, None, NotFound, "LISTEN_PID is not set"),
            (no_count, None, NotFound, "LISTEN_FDS is not set"),
            (variables("1", "1", None), None, NotFound, "LISTEN_PID is 1 and this process is 4242"),
            (variables("x", "1", None), None, InvalidData, r#"LISTEN_PID is "x""#),
            (variables("4242", "", None), None, InvalidData, r#"LISTEN_FDS is """#),
            (variables("4242", "0", None), None, InvalidData, r#"LISTEN_FDS is "0""#),
            (variables("4242", "-1", None), None, InvalidData, "LISTEN_FDS"),
            (variables("4242", "2147483645", None), None, InvalidData, "LISTEN_FDS"),
            (variables("4242", "2147483644", None), None, InvalidInput, "write fd://3"),
            (variables("4242", "2", names), None, InvalidInput, r#"their names: ["web", "admin"]"#),
            (variables("4242", "2", names), Some("x"), NotFound, r#""x", only ["web", "admin"]"#),
            (variables("4242", "1", None), Some("x"), NotFound, "LISTEN_FDNAMES is not set"),
            (variables("4242", "3", names), None, InvalidData, "LISTEN_FDNAMES has 2 names"),
        ] {
            let error = passed.listeners(THIS, name).unwrap_err();
            assert!(error.to_string().contains(fragment), "{error}");
            assert_eq!(error.kind(), kind, "{error}");
        }
    }
}
