//! The errors of connectors that could not connect.

use std::{error::Error, fmt, io};

use crate::{
    Attempt, Attempts, HostPort,
    attempt::{Ends, MOST_SHOWN, While, and_more},
};

/// The error of a connector that opens one socket.
///
/// ```text
/// connection to tcp://127.0.0.1:80 failed: Connection refused (os error 111)
/// connection to tcp://192.0.2.1:80 from tcp://203.0.113.9:0 failed during bind: Cannot assign ...
/// ```
///
/// The [`io::Error`] around it has the kind of the system's error.
#[derive(Clone, Debug)]
pub struct ConnectFailed {
    attempt: Attempt,
}

impl ConnectFailed {
    /// Names the target as `tls://`, which the connection was to become.
    pub fn over_tls(self) -> Self {
        Self { attempt: self.attempt.over_tls() }
    }

    /// The attempt that failed.
    pub fn attempt(&self) -> &Attempt {
        &self.attempt
    }
}

impl From<Attempt> for ConnectFailed {
    fn from(attempt: Attempt) -> Self {
        Self { attempt }
    }
}

impl From<ConnectFailed> for io::Error {
    fn from(error: ConnectFailed) -> Self {
        Self::new(error.attempt.error().kind(), error)
    }
}

impl fmt::Display for ConnectFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempt = &self.attempt;
        write!(f, "connection to {} failed{}: {}", Ends(attempt), While(attempt), attempt.error())
    }
}

impl Error for ConnectFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.attempt.error())
    }
}

/// The error of a connector that tried several addresses, all in vain.
///
/// It keeps every attempt, and its text tells of the first 8; its headline, kind and source are those
/// of the most telling one (see [`Attempts::headline`]).
#[derive(Clone, Debug)]
pub struct AllAttemptsFailed {
    host: Option<HostPort>,
    scheme: &'static str,
    attempts: Attempts,
}

impl AllAttemptsFailed {
    /// All `attempts` to reach `host` have failed.
    pub fn new(host: Option<HostPort>, attempts: Attempts) -> Self {
        Self { host, scheme: "tcp", attempts }
    }

    /// Names the host as `tls://`, which the connection was to become. What was tried is named as it
    /// was.
    pub fn over_tls(mut self) -> Self {
        self.scheme = "tls";
        self
    }

    /// The host that was to be reached, if it is known.
    pub fn host(&self) -> Option<&HostPort> {
        self.host.as_ref()
    }

    /// Every attempt, in the order in which they ended.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }
}

/// Of the headline's kind; [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable) if there was no
/// address to try.
impl From<AllAttemptsFailed> for io::Error {
    fn from(error: AllAttemptsFailed) -> Self {
        let headline = error.attempts.headline();
        let kind =
            headline.map_or(io::ErrorKind::AddrNotAvailable, |attempt| attempt.error().kind());
        Self::new(kind, error)
    }
}

impl fmt::Display for AllAttemptsFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection")?;
        if let Some(host) = &self.host {
            write!(f, " to {}://{host}", self.scheme)?;
        }
        match self.attempts.headline() {
            None => f.write_str(" failed: it has no address to try"),
            Some(headline) if self.attempts.len() == 1 => write!(f, " failed: {headline}"),
            Some(headline) if self.attempts.fail_alike() => {
                write!(f, " failed{}: {} (", While(headline), headline.error())?;
                for (index, attempt) in self.attempts.iter().take(MOST_SHOWN).enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{}", Ends(attempt))?;
                }
                and_more(f, self.attempts.len(), ", ")?;
                f.write_str(")")
            }
            Some(headline) => write!(f, " failed: {} ({})", headline.error(), self.attempts),
        }
    }
}

impl Error for AllAttemptsFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let headline = self.attempts.headline()?;
        Some(headline.error())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use socketry_connection::os_error;

    use super::*;
    use crate::Phase;

    fn attempt(port: u16, phase: Phase, errno: i32) -> Attempt {
        let remote = format!("tcp://127.0.0.1:{port}").parse().unwrap();
        Attempt::new(remote, phase, io::Error::from_raw_os_error(errno), Duration::ZERO)
    }

    #[test]
    fn one_line_says_what_failed_where_and_why_and_keeps_the_number() {
        let error = io::Error::from(ConnectFailed::from(attempt(80, Phase::Connect, 111)));
        assert_eq!(
            error.to_string(),
            "connection to tcp://127.0.0.1:80 failed: Connection refused (os error 111)"
        );
        assert_eq!((error.kind(), os_error(&error)), (io::ErrorKind::ConnectionRefused, Some(111)));
    }

    #[test]
    fn what_was_to_be_secured_is_named_so_and_its_attempts_as_they_were() {
        let one = ConnectFailed::from(attempt(443, Phase::Connect, 111)).over_tls();
        assert!(one.to_string().starts_with("connection to tls://127.0.0.1:443 failed: "), "{one}");
        let attempts = [attempt(1, Phase::Connect, 111)].into_iter().collect();
        let all = AllAttemptsFailed::new("a.example:443".parse().ok(), attempts).over_tls();
        assert_eq!(
            all.to_string(),
            "connection to tls://a.example:443 failed: tcp://127.0.0.1:1: Connection refused (os error 111)"
        );
    }

    #[test]
    fn a_failed_bind_names_both_ends_and_the_phase() {
        let local = "tcp://127.0.0.2:0".parse().ok();
        let failed = ConnectFailed::from(attempt(80, Phase::Bind, 99).from_local(local));
        let text = failed.to_string();
        assert!(
            text.starts_with(
                "connection to tcp://127.0.0.1:80 from tcp://127.0.0.2:0 failed during bind: "
            ),
            "{text}"
        );
    }

    #[test]
    fn what_fails_alike_everywhere_is_said_once() {
        let attempts = [attempt(1, Phase::Connect, 111), attempt(2, Phase::Connect, 111)];
        let failed =
            AllAttemptsFailed::new("example.org:80".parse().ok(), attempts.into_iter().collect());
        assert_eq!(
            failed.to_string(),
            "connection to tcp://example.org:80 failed: Connection refused (os error 111) (tcp://127.0.0.1:1, tcp://127.0.0.1:2)"
        );
    }

    #[test]
    fn of_many_attempts_the_first_eight_are_told_and_how_many_more_there_are() {
        let text = |phases: [Phase; 2]| {
            let attempts = (0..10_000).map(|number| attempt(1000, phases[number % 2], 111));
            AllAttemptsFailed::new(None, attempts.collect()).to_string()
        };
        let alike = text([Phase::Connect; 2]);
        assert!(alike.ends_with(", tcp://127.0.0.1:1000, and 9992 more)"), "{alike}");
        let different = text([Phase::Connect, Phase::Bind]);
        assert!(different.ends_with("(os error 111); and 9992 more)"), "{different}");
        for text in [alike, different] {
            assert_eq!(text.matches("127.0.0.1").count(), 8);
        }
    }

    #[test]
    fn all_of_eight_attempts_are_told_and_unanswered_ones_count_with_them() {
        let mut attempts =
            Attempts::from_iter((1..=7).map(|port| attempt(port, Phase::Connect, 111)));
        attempts.push_unanswered("tcp://[::1]:8".parse().unwrap());
        assert!(attempts.to_string().ends_with("; tcp://[::1]:8: no answer"), "{attempts}");
        attempts.push_unanswered("tcp://[::1]:9".parse().unwrap());
        let text = attempts.to_string();
        assert!(text.ends_with("; tcp://[::1]:8: no answer; and 1 more"), "{text}");
    }

    #[test]
    fn attempts_say_which_local_address_each_came_from_and_who_did_not_answer() {
        let from = |address: &str| attempt(1, Phase::Bind, 99).from_local(address.parse().ok());
        let mut attempts: Attempts =
            [from("tcp://127.0.0.2:0"), from("tcp://127.0.0.3:0")].into_iter().collect();
        let failed = AllAttemptsFailed::new("a.example:1".parse().ok(), attempts.clone());
        let text = failed.to_string();
        let both =
            "(tcp://127.0.0.1:1 from tcp://127.0.0.2:0, tcp://127.0.0.1:1 from tcp://127.0.0.3:0)";
        assert!(text.ends_with(both), "{text}");
        attempts.push_unanswered("tcp://[::1]:1".parse().unwrap());
        let text = attempts.to_string();
        assert!(text.ends_with("; tcp://[::1]:1: no answer"), "{text}");
        assert_eq!((attempts.len(), attempts.unanswered().len()), (2, 1));
    }

    #[test]
    fn the_headline_is_what_came_furthest_and_the_first_of_these() {
        let attempts: Attempts = [
            attempt(1, Phase::Socket, 97),
            attempt(2, Phase::Connect, 101),
            attempt(3, Phase::Connect, 111),
            attempt(4, Phase::Bind, 99),
        ]
        .into_iter()
        .collect();
        assert_eq!(attempts.headline().unwrap().remote().port(), Some(2));
        let error =
            io::Error::from(AllAttemptsFailed::new("example.org:80".parse().ok(), attempts));
        assert_eq!(os_error(&error), Some(101));
        let text = error.to_string();
        assert!(text.starts_with("connection to tcp://example.org:80 failed: "), "{text}");
        assert!((1..=4).all(|port| text.contains(&format!("tcp://127.0.0.1:{port}"))), "{text}");
    }
}
