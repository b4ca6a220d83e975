//! Which room may use which: arrows run one way only.

use crate::workspace::{Dependency, Workspace};

/// A room, and the rooms of this house that it may use.
struct Room {
    folder: &'static str,
    uses: &'static [&'static str],
    /// What its tests may use besides.
    tests_use: &'static [&'static str],
}

/// Every room, bottom first.
///
/// An interface knows no implementation. No connector names another, no resolver or server another,
/// no client crate a server crate: what two of them share lies below both. Only the facade knows
/// all, and only the command stands on the facade. The driver stands beside all of it, and nothing on it. Tests use the fakes of `testing`, except those of
/// the interfaces, on which `testing` itself stands.
const ROOMS: &[Room] = &[
    Room { folder: "connection", uses: &[], tests_use: &[] },
    Room { folder: "connector", uses: &["connection"], tests_use: &[] },
    Room { folder: "resolver", uses: &["connection"], tests_use: &[] },
    Room { folder: "server", uses: &["connection"], tests_use: &[] },
    Room {
        folder: "testing",
        uses: &["connection", "connector", "resolver", "server"],
        tests_use: &[],
    },
    Room { folder: "connection-tls", uses: &["connection"], tests_use: &["testing"] },
    Room { folder: "connection-socket", uses: &["connection"], tests_use: &["testing"] },
    Room {
        folder: "connector-tcp",
        uses: &["connection", "connector", "connection-socket"],
        tests_use: &["testing"],
    },
    Room {
        folder: "connector-unix",
        uses: &["connection", "connector", "connection-socket"],
        tests_use: &["testing"],
    },
    Room { folder: "connector-race", uses: &["connection", "connector"], tests_use: &["testing"] },
    Room {
        folder: "connector-dns",
        uses: &["connection", "connector", "resolver"],
        tests_use: &["testing"],
    },
    Room {
        folder: "connector-tls",
        uses: &["connection", "connector", "connection-tls"],
        tests_use: &["testing"],
    },
    Room {
        folder: "connector-timeout",
        uses: &["connection", "connector"],
        tests_use: &["testing"],
    },
    Room {
        folder: "connector-reconnecting",
        uses: &["connection", "connector"],
        tests_use: &["testing"],
    },
    Room { folder: "resolver-caching", uses: &["connection", "resolver"], tests_use: &["testing"] },
    Room { folder: "resolver-hickory", uses: &["connection", "resolver"], tests_use: &["testing"] },
    Room {
        folder: "server-tcp",
        uses: &["connection", "server", "connection-socket"],
        tests_use: &["testing"],
    },
    Room {
        folder: "server-unix",
        uses: &["connection", "server", "connection-socket"],
        tests_use: &["testing"],
    },
    Room { folder: "server-gate", uses: &["connection", "server"], tests_use: &["testing"] },
    Room { folder: "server-proxy", uses: &["connection", "server"], tests_use: &["testing"] },
    Room {
        folder: "server-tls",
        uses: &["connection", "server", "connection-tls"],
        tests_use: &["testing"],
    },
    Room { folder: "server-limiting", uses: &["connection", "server"], tests_use: &["testing"] },
    Room { folder: "server-handover", uses: &["connection"], tests_use: &["testing"] },
    Room { folder: "server-workers", uses: &["connection", "server"], tests_use: &["testing"] },
    Room { folder: "resolver-system", uses: &["resolver"], tests_use: &["testing"] },
    Room {
        folder: "resolver-async-std",
        uses: &["connection", "resolver"],
        tests_use: &["testing"],
    },
    Room {
        folder: "facade",
        uses: &[
            "connection",
            "connector",
            "resolver",
            "server",
            "connection-socket",
            "connection-tls",
            "connector-tcp",
            "connector-unix",
            "connector-race",
            "connector-dns",
            "connector-tls",
            "connector-timeout",
            "connector-reconnecting",
            "resolver-hickory",
            "resolver-caching",
            "server-tcp",
            "server-unix",
            "server-gate",
            "server-proxy",
            "server-tls",
            "server-limiting",
            "server-handover",
        ],
        tests_use: &["server-workers", "testing"],
    },
    Room { folder: "cli", uses: &["facade", "server-workers"], tests_use: &["testing"] },
    Room { folder: "driver", uses: &[], tests_use: &[] },
    Room {
        folder: "bench",
        uses: &[
            "driver",
            "connector-tcp",
            "connector-tls",
            "server-tcp",
            "server-tls",
            "facade",
            "testing",
        ],
        tests_use: &[],
    },
    Room { folder: "xtask", uses: &[], tests_use: &[] },
];

/// One line for each arrow that the table does not have.
pub(super) fn check(workspace: &Workspace) -> Vec<String> {
    let mut violations = Vec::new();
    for package in &workspace.packages {
        let manifest = format!("{}/Cargo.toml", package.folder);
        let Some(room) = ROOMS.iter().find(|room| room.folder == package.folder) else {
            violations.push(format!(
                "{manifest}: this room is unknown; say in xtask/src/tidy/arrows.rs what it may use"
            ));
            continue;
        };
        if package.name != package_of(room.folder) {
            let expected = package_of(room.folder);
            violations.push(format!("{manifest}: name the package after its folder: {expected}"));
        }
        let inside =
            package.dependencies.iter().filter(|used| workspace.package(&used.name).is_some());
        violations.extend(inside.filter_map(|used| refusal(room, used, &manifest)));
    }
    violations
}

/// Why `room` may not use `used`, if it may not.
fn refusal(room: &Room, used: &Dependency, manifest: &str) -> Option<String> {
    let is_among = |rooms: &[&str]| rooms.iter().any(|folder| package_of(folder) == used.name);
    if is_among(room.uses) || (used.only_for_tests && is_among(room.tests_use)) {
        return None;
    }
    let mut allowed = room.uses.to_vec();
    if used.only_for_tests {
        allowed.extend(room.tests_use);
    }
    let (who, allowed) = match (used.only_for_tests, allowed.is_empty()) {
        (_, true) => (room.folder, "no other room".to_string()),
        (true, false) => ("its tests", allowed.join(", ")),
        (false, false) => (room.folder, allowed.join(", ")),
    };
    let name = &used.name;
    Some(format!(
        "{manifest}: remove {name}: {who} may use {allowed}; what both need belongs below both"
    ))
}

/// The package in a folder.
fn package_of(folder: &str) -> String {
    match folder {
        "facade" => "socketry".to_string(),
        "xtask" => "xtask".to_string(),
        folder => format!("socketry-{folder}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Package;

    /// What the check says of a room that uses another.
    fn arrow(folder: &str, used: &str, only_for_tests: bool) -> Vec<String> {
        let dependency = Dependency { name: package_of(used), only_for_tests };
        let package = |folder: &str, dependencies| Package {
            name: package_of(folder),
            folder: folder.to_string(),
            dependencies,
            ..Package::default()
        };
        check(&Workspace {
            packages: vec![package(folder, vec![dependency]), package(used, vec![])],
        })
    }

    #[test]
    fn an_arrow_of_the_table_is_allowed() {
        assert_eq!(arrow("connector-tcp", "connection-socket", false), [""; 0]);
        assert_eq!(arrow("connector-tcp", "testing", true), [""; 0]);
    }

    #[test]
    fn arrows_up_across_and_from_client_to_server_are_refused() {
        for (from, to) in [
            ("connection", "connector"),
            ("connector-timeout", "connector-tcp"),
            ("server-tcp", "server-unix"),
            ("connector-tcp", "server"),
            ("server-tcp", "connector"),
            ("connector-tcp", "facade"),
            ("connector-tcp", "testing"),
        ] {
            let violations = arrow(from, to, false);
            assert_eq!(violations.len(), 1, "{from} -> {to}: {violations:?}");
        }
    }

    #[test]
    fn tests_of_an_interface_may_not_use_the_fakes_that_stand_on_it() {
        let [violation] = &arrow("connection", "testing", true)[..] else { panic!() };
        assert_eq!(
            violation,
            "connection/Cargo.toml: remove socketry-testing: connection may use no other room; \
             what both need belongs below both"
        );
    }

    #[test]
    fn a_room_without_a_row_is_refused() {
        let [violation] = &arrow("cellar", "connection", false)[..] else { panic!() };
        assert!(violation.starts_with("cellar/Cargo.toml: this room is unknown"), "{violation}");
    }

    #[test]
    fn a_package_with_another_name_than_its_folder_is_refused() {
        let package =
            Package { name: "cheese".into(), folder: "server".into(), ..Package::default() };
        let violations = check(&Workspace { packages: vec![package] });
        assert_eq!(
            violations,
            ["server/Cargo.toml: name the package after its folder: socketry-server"]
        );
    }

    #[test]
    fn the_table_itself_points_down() {
        for (index, room) in ROOMS.iter().enumerate() {
            for used in room.uses.iter().chain(room.tests_use) {
                let is_below = ROOMS[..index].iter().any(|below| below.folder == *used);
                assert!(is_below, "{} -> {used}", room.folder);
            }
        }
    }

    #[test]
    fn the_table_itself_keeps_siblings_and_sides_apart() {
        let side = |folder: &'static str| folder.split('-').next().unwrap_or_default();
        for room in ROOMS {
            for used in room.uses {
                let apart = match (side(room.folder), side(used)) {
                    ("connection", to) => to == "connection",
                    ("connector", "connector")
                    | ("resolver", "resolver")
                    | ("server", "server") => !used.contains('-'),
                    // Looking a name up is on the way to a connection; who does it is not said.
                    ("connector", "resolver") => room.folder.contains('-') && !used.contains('-'),
                    ("connector" | "resolver" | "server", to) => to == "connection",
                    _ => true,
                };
                assert!(apart, "{} -> {used}", room.folder);
            }
        }
    }
}
