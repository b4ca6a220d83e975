//! Instructions of this program (not of the kernel), counted by valgrind's callgrind.

use std::{collections::BTreeMap, process::Stdio};

use crate::{
    Report,
    layers::LAYERS,
    tool::{child, is_installed, sink},
};

pub(crate) fn count(report: &mut Report) {
    if cfg!(debug_assertions) {
        println!("count instructions: only in release builds (cargo test --release --test counts)");
        return;
    }
    if !is_installed("valgrind") {
        report.missing("valgrind", "instructions");
        return;
    }
    let bare = per_connect("connect");
    println!("      (instructions of a connect: {bare:.0})");
    let race = per_connect("connect-race");
    for (work, without, limit, layer) in [
        ("connect-fixed", bare, 50.0, "a fixed target"),
        ("connect-timeout", bare, 50.0, "a timeout"),
        ("connect-host", race, 190.0, "looking up, for a literal,"),
        ("connect-facade", bare, 2500.0, "the facade"),
    ] {
        let what = format!("instructions that {layer} adds");
        report.adds_at_most(limit, per_connect(work), without, &what);
    }
    report.adds_at_most(260.0, race, bare, "instructions that a race of one adds");
    let by_name = per_connect("connect-name");
    println!("      (instructions of a connect by a name that is kept: {by_name:.0})");
    let of_many = per_connect("connect-name-of-many");
    println!("      (instructions of the same with four addresses: {of_many:.0})");
    let kept = a_piece(|amount| instructions("lookup-kept", amount, "-"));
    report.at_most(720.0, kept, "instructions of a lookup of a name that is kept");
    count_layers(report);
}

/// In memory every run is like the other, so one is enough.
fn count_layers(report: &mut Report) {
    let mut counted = BTreeMap::new();
    for layer in LAYERS {
        let [with, without] = [layer.work, layer.without].map(|work| {
            let count = || a_piece(|amount| instructions(work, amount, "-"));
            *counted.entry(work).or_insert_with(count)
        });
        let what = format!("instructions that {} adds to {}", layer.what, layer.to);
        report.adds_at_most(layer.instructions, with, without, &what);
    }
}

fn per_connect(work: &str) -> f64 {
    let address = sink().to_string();
    a_piece(|amount| {
        // The least of three: on a busy machine the kernel finishes the odd handshake later than
        // usual, and then a connect has to wait.
        let runs = [(); 3].map(|()| instructions(work, amount, &address));
        runs.into_iter().fold(f64::INFINITY, f64::min)
    })
}

/// What one more of them costs.
fn a_piece(count: impl Fn(usize) -> f64) -> f64 {
    let [less, more] = [200, 1200].map(count);
    // Whole ones: what start and end of a run differ by is some thousandths of one.
    ((more - less) / 1000.0).round()
}

fn instructions(work: &str, amount: usize, address: &str) -> f64 {
    let tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];
    let output = child(&tool, work, amount, address).stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| line.split("Collected : ").nth(1));
    collected.unwrap().trim().parse().unwrap()
}
