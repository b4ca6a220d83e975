//! The command as its users run it.

use std::process::{Command, Output, Stdio};

use socketry_testing::TestDir;

#[cfg(unix)]
mod serving;

/// Runs the command to its end.
fn socketry(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_socketry"));
    command.args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn the_help_tells_the_exit_codes_of_every_task() {
    for arguments in [&["--help"][..], &["serve", "--help"], &["check", "--help"]] {
        let said = socketry(arguments);
        assert!(said.status.success(), "{said:?}");
        assert!(text(&said.stdout).contains("Exit codes:\n  0  all went well\n"), "{said:?}");
    }
}

#[test]
fn a_wrong_command_line_is_no_failure_at_run_time() {
    for arguments in [&[][..], &["serve"], &["sevre", "server.yaml"]] {
        let said = socketry(arguments);
        assert_eq!(said.status.code(), Some(2), "{said:?}");
    }
}

#[test]
fn a_configuration_that_is_not_there_is_one_line() {
    for task in ["serve", "check"] {
        let said = socketry(&[task, "no/such.yaml"]);
        assert_eq!(said.status.code(), Some(2), "{said:?}");
        let line = "socketry: cannot read no/such.yaml: ";
        assert!(text(&said.stderr).starts_with(line), "{said:?}");
        assert_eq!(text(&said.stderr).lines().count(), 1, "{said:?}");
    }
}

#[test]
fn the_configuration_of_the_readme_is_one() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("```yaml\n").unwrap();
    let (configuration, _) = rest.split_once("```").unwrap();
    let directory = TestDir::new();
    let path = directory.path().join("server.yaml");
    std::fs::write(&path, configuration).unwrap();
    let said = socketry(&["check", path.to_str().unwrap()]);
    assert_eq!(text(&said.stderr), "");
    let summary = "\
server smtp: tcp://127.0.0.1:1025, messages that end with \"\\r\\n\", at most 1048576 bytes each
server chat: tls://0.0.0.0:7777, messages behind a big-endian length of 4 bytes, at most 1048576 bytes each
pool: 4 workers, `php worker.php`, over pipes
";
    assert_eq!(text(&said.stdout), summary);
}

#[test]
fn a_configuration_without_meaning_is_one_line_that_says_where() {
    let directory = TestDir::new();
    let path = directory.path().join("server.yaml");
    std::fs::write(&path, "server: {command: php a.php}\ntcp:\n  servers:\n    a: {adr: \":1\"}\n")
        .unwrap();
    let path = path.to_str().unwrap();
    for task in ["serve", "check"] {
        let said = socketry(&[task, path]);
        assert_eq!(said.status.code(), Some(2), "{said:?}");
        assert!(text(&said.stderr).starts_with(&format!("socketry: {path}:4:")), "{said:?}");
        assert_eq!(text(&said.stderr).lines().count(), 1, "{said:?}");
    }
}

#[test]
fn a_server_that_cannot_be_is_one_line_that_says_where() {
    let directory = TestDir::new();
    let path = directory.path().join("server.yaml");
    let identity = "listen: {tls: {identity: {certificate: a.pem, key: a.key}}}";
    for (keys, key, mend) in [
        ("addr: 'localhost:80'".to_string(), "addr", "write 127.0.0.1"),
        ("addr: 'tcp://127.0.0.300:80'".to_string(), "addr", "each 0 to 255"),
        ("addr: 'http://127.0.0.1:80'".to_string(), "addr", "known are tcp, tls and unix"),
        ("addr: 'tls://127.0.0.1:80'".to_string(), "addr", "write listen: "),
        (format!("addr: 'tcp://127.0.0.1:80', {identity}"), "listen", "write tls://"),
    ] {
        let text = format!("server: {{command: x}}\ntcp:\n  servers:\n    a: {{{keys}}}\n");
        std::fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap();
        for task in ["serve", "check"] {
            let said = socketry(&[task, path]);
            assert_eq!(said.status.code(), Some(2), "{said:?}");
            let line = text_of_one_line(&said);
            assert!(line.starts_with(&format!("socketry: {path}:4:")), "{line}");
            assert!(line.contains(&format!("tcp.servers.a.{key}: ")), "{line}");
            assert!(line.contains(mend), "{line}");
        }
    }
}

fn text_of_one_line(said: &Output) -> &str {
    let said = text(&said.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}
