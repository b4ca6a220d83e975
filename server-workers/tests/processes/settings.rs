//! What workers find when they start.

use socketry_server_workers::RemoteAddr;

use crate::support::{hire, processes};

/// What a worker has in its environment by this name.
fn variable(name: &str) -> String {
    let rule = format!("data=env:{name}");
    hire(processes([&rule]).env("app_env", "test")).text("x")
}

#[test]
fn workers_know_what_they_are_started_for() {
    assert_eq!(["RR_MODE", "RR_RELAY"].map(variable), ["tcp", "pipes"]);
}

#[test]
fn workers_know_the_version_of_their_server() {
    assert_eq!(variable("RR_VERSION"), env!("CARGO_PKG_VERSION"));
}

#[test]
fn variables_have_names_in_upper_case() {
    assert_eq!(variable("APP_ENV"), "test");
}

#[test]
fn workers_have_the_environment_of_their_server() {
    assert_eq!(variable("PATH"), std::env::var("PATH").unwrap());
}

#[test]
fn workers_run_where_they_are_told_to() {
    let processes = processes(["data=directory"]).working_directory("/");
    assert_eq!(hire(processes).text("x"), "/");
}

#[test]
fn workers_can_be_told_addresses_without_ports() {
    let mut hired = hire(processes(["data=context"]).remote_addr(RemoteAddr::Ip));
    let context = hired.text("x");
    assert!(context.starts_with(r#"{"remote_addr":"127.0.0.1","#), "{context}");
}
