//! The contract of `Resolve`, case by case, against a nameserver that shares no code with hickory.

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use socketry_resolver::BoxResolver;
use socketry_resolver_hickory::HickoryResolver;
use socketry_testing::ResolverCheck;

/// A file that goes away with the test.
struct HostsFile(PathBuf);

impl HostsFile {
    fn new(case: usize, text: &str) -> Self {
        let name = format!("socketry-contract-{}-{case}", process::id());
        let path = env::temp_dir().join(name);
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for HostsFile {
    fn drop(&mut self) {
        // Whether it is still there makes no difference to any test.
        let _ = fs::remove_file(&self.0);
    }
}

fn check() -> ResolverCheck {
    static CASES: AtomicUsize = AtomicUsize::new(0);

    let case = CASES.fetch_add(1, Ordering::Relaxed);
    let hosts = HostsFile::new(case, "192.0.2.77 known\n127.0.0.1 localhost\n");
    ResolverCheck::new(move |nameserver| {
        let builder = HickoryResolver::builder().nameservers([nameserver]).hosts_path(&hosts.0);
        BoxResolver::new(builder.build().unwrap())
    })
    .impatient(|nameserver| {
        let builder = HickoryResolver::builder().nameservers([nameserver]);
        let builder = builder.try_timeout(Duration::from_millis(300)).attempts(2);
        BoxResolver::new(builder.build().unwrap())
    })
    .with_known_host("known", [192, 0, 2, 77].into())
}

socketry_testing::resolver_tests!(check());
