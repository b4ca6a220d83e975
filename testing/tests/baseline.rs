//! What a baseline finds. Every test in this binary takes one first.

#![cfg(target_os = "linux")]

use std::{
    fs::File,
    net::TcpListener,
    os::fd::AsRawFd,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    thread,
};

use socketry_testing::Baseline;

/// The text of the panic, if the baseline finds anything.
fn complaint(baseline: &Baseline) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| baseline.assert_unchanged())).err()?;
    Some(*panic.downcast::<String>().expect("a message with a list"))
}

#[test]
fn what_was_opened_and_closed_again_changes_nothing() {
    let baseline = Baseline::take();
    drop(TcpListener::bind("127.0.0.1:0").unwrap());
    thread::spawn(|| ()).join().unwrap();
    assert_eq!(complaint(&baseline), None);
}

#[test]
fn a_descriptor_left_open_is_named_with_what_it_is() {
    let baseline = Baseline::take();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let complaint = complaint(&baseline).unwrap();
    let expected = format!("opened: descriptor {}, socket:[", listener.as_raw_fd());
    assert!(complaint.contains(&expected), "{complaint}");
}

#[test]
fn a_descriptor_closed_that_was_open_before_is_named() {
    let turn = Baseline::take();
    let file = File::open("/proc/self/status").unwrap();
    let number = file.as_raw_fd();
    drop(turn);
    let baseline = Baseline::take();
    drop(file);
    let complaint = complaint(&baseline).unwrap();
    let expected = format!("closed: descriptor {number}, ");
    assert!(complaint.contains(&expected), "{complaint}");
}

#[test]
fn a_descriptor_replaced_by_another_under_the_same_number_is_named() {
    let turn = Baseline::take();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let number = listener.as_raw_fd();
    drop(turn);
    let baseline = Baseline::take();
    drop(listener);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(listener.as_raw_fd(), number);
    let complaint = complaint(&baseline).unwrap();
    assert!(complaint.contains("opened") && complaint.contains("closed"), "{complaint}");
}

#[test]
fn a_thread_left_running_is_named() {
    let baseline = Baseline::take();
    let (stop, stopped) = mpsc::channel::<()>();
    let (ready, is_ready) = mpsc::channel();
    let running = thread::Builder::new().name("left-behind".into()).spawn(move || {
        ready.send(()).unwrap();
        stopped.recv().unwrap_err();
    });
    is_ready.recv().unwrap();
    let complaint = complaint(&baseline).unwrap();
    drop(stop);
    running.unwrap().join().unwrap();
    assert!(complaint.contains("left-behind"), "{complaint}");
}
