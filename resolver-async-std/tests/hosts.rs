//! Names of a hosts file.

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use futures_lite::future::block_on;
use socketry_resolver::{Family, Resolve};
use socketry_resolver_async_std::AsyncStdResolver;
use socketry_testing::DnsServer;

/// A file that is removed when it is dropped.
pub(crate) struct File {
    pub(crate) path: PathBuf,
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

pub(crate) fn file(name: &str, text: &str) -> File {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = env::temp_dir().join(format!("hosts-{name}-{}-{number}", process::id()));
    fs::write(&path, text).unwrap();
    File { path }
}

#[test]
fn a_name_with_one_family_in_the_file_has_no_other() {
    let server = DnsServer::start().unwrap();
    server.answer("a.example", ["2001:db8::1".parse().unwrap()]);
    let file = file("family", "192.0.2.1 a.example\n");
    let resolver = AsyncStdResolver::asking([server.address()]).hosts_file(&file.path).unwrap();
    assert_eq!(block_on(resolver.resolve("a.example", Family::V4)).unwrap().len(), 1);
    assert!(block_on(resolver.resolve("a.example", Family::V6)).unwrap().is_empty());
    assert_eq!(server.queries(), []);
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let resolver = AsyncStdResolver::asking([]).hosts_file(env::temp_dir());
    let error = resolver.unwrap_err();
    assert!(error.to_string().starts_with("reading the hosts file "), "{error}");
}
