//! Workers in PHP, if that is installed: it reads each header at one go.

use std::process::Command;

use socketry_server_workers::Processes;
use socketry_testing::TestDir;

use crate::support::{hire, refused};

/// A worker as small as one can be, which reads and writes as the packages of the field do.
const WORKER: &str = r#"<?php
function frame(int $flags, array $options, string $payload): string {
    $head = pack('CCV', 0x13 + count($options), $flags, strlen($payload));
    return $head . pack('V', crc32($head)) . "\0\0" . pack('V*', ...$options) . $payload;
}
function wait_event(): ?array {
    while (true) {
        $head = fread(STDIN, 12);
        if (strlen($head) !== 12) { fwrite(STDERR, "Incorrect header size\n"); exit(255); }
        $words = ord($head[0]) & 15;
        $length = unpack('V', $head, 2)[1];
        $context = $words > 3 ? unpack('V', fread(STDIN, 4))[1] : 0;
        $payload = '';
        while (strlen($payload) < $length) { $payload .= fread(STDIN, $length - strlen($payload)); }
        if (!(ord($head[1]) & 1)) {
            return [json_decode(substr($payload, 0, $context)), substr($payload, $context)];
        }
        if (!empty(json_decode($payload)->stop)) { answer('CLOSE'); return null; }
        fwrite(STDOUT, frame(1, [], json_encode(['pid' => getmypid()])));
    }
}
function answer(string $context, string $body = ''): void {
    fwrite(STDOUT, frame(0, [strlen($context)], $context . $body));
}
while ([$context, $body] = wait_event()) {
    if ($context->event === 'CONNECTED') { answer('CONTINUE'); answer('WRITE', '220 '); }
    if ($context->event === 'DATA') { answer('WRITE', $body); }
}
"#;

fn is_installed() -> bool {
    Command::new("php").arg("--version").output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_worker_in_php_serves_messages_of_any_length() {
    if !is_installed() {
        return eprintln!("left out: there is no php");
    }
    let directory = TestDir::new();
    directory.write("worker.php", WORKER);
    let mut hired =
        hire(Processes::new("php worker.php").unwrap().working_directory(directory.path()));
    assert_eq!(hired.connected().unwrap().bytes(), b"220 ");
    for length in (0..20_000).step_by(97).chain([1 << 20]) {
        let message = vec![b'x'; length];
        assert!(hired.data(&message).unwrap().bytes() == message, "{length} bytes");
    }
    hired.closed().unwrap();
    hired.dismiss();
}

#[test]
fn a_script_that_is_not_there_is_told_as_that() {
    if !is_installed() {
        return eprintln!("left out: there is no php");
    }
    let error = refused(Processes::new("php no-such-script.php").unwrap());
    assert!(error.to_string().contains("PHP does not find the script"), "{error}");
}
