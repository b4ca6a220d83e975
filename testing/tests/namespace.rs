//! Tests in namespaces of their own: what is in there.

use std::{
    fs,
    net::{Ipv4Addr, UdpSocket},
    process::ExitCode,
};

use socketry_testing::{NamespaceTest, run_namespace_tests};

fn main() -> ExitCode {
    let file = NamespaceTest::new("a_file_has_the_text_of_the_test", || {
        assert_eq!(fs::read_to_string("/etc/hosts").unwrap(), "192.0.2.77 known\n");
    });
    let port = |name| {
        NamespaceTest::new(name, || {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
            socket.send_to(b"hello", socket.local_addr().unwrap()).unwrap();
            assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 5);
        })
    };
    run_namespace_tests([
        file.with_file("/etc/hosts", "192.0.2.77 known\n"),
        port("every_port_is_free_and_loopback_works"),
        port("every_test_has_ports_of_its_own"),
    ])
}
