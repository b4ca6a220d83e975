//! Whose signatures are trusted.

use std::{io, path::Path, sync::Arc};

use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, CertificateRevocationListDer},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

use self::own::Own;
use crate::{LoadFailed, certificates::revocations, document::Source};

mod built_in;
mod own;

/// Whose signatures are trusted: a description, which is cheap to clone. Loading is what costs.
///
/// # Examples
///
/// ```
/// use socketry_connection_tls::{Roots, default_provider};
///
/// # let authority = socketry_testing::TestAuthority::new();
/// # let company = authority.certificate_pem();
/// let roots = Roots::none().with_pem(company);
/// let verifier = roots.server_verifier(&default_provider()?)?;
///
/// let nobody = Roots::none().server_verifier(&default_provider()?).unwrap_err();
/// assert!(nobody.to_string().contains("nobody is trusted"));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Roots {
    base: Base,
    own: Vec<Own>,
    revocations: Vec<Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    None,
    Platform,
    Mozilla,
}

impl Roots {
    /// Whom the system trusts. On macOS and Windows the system itself decides; elsewhere they are
    /// the certificates in its store.
    ///
    /// Needs the feature `platform-roots`, which is on by default; without it, loading says so.
    pub fn platform() -> Self {
        Self::new(Base::Platform)
    }

    /// Whom Mozilla trusts, as it was when the package `webpki-roots` was made.
    ///
    /// Needs the feature `mozilla-roots`; without it, loading says so.
    pub fn mozilla() -> Self {
        Self::new(Base::Mozilla)
    }

    /// Nobody, to begin with.
    pub fn none() -> Self {
        Self::new(Base::None)
    }

    /// The certificates in this file, and no others: [`with_pem_file`](Self::with_pem_file).
    pub fn pem_file(path: impl AsRef<Path>) -> Self {
        Self::none().with_pem_file(path)
    }

    /// The certificates in this folder, and no others: [`with_pem_dir`](Self::with_pem_dir).
    pub fn pem_dir(path: impl AsRef<Path>) -> Self {
        Self::none().with_pem_dir(path)
    }

    /// These certificates in PEM, and no others.
    pub fn pem(pem: impl Into<Vec<u8>>) -> Self {
        Self::none().with_pem(pem)
    }

    /// This certificate in DER, and no others.
    pub fn der(der: impl Into<Vec<u8>>) -> Self {
        Self::none().with_der(der)
    }

    fn new(base: Base) -> Self {
        Self { base, own: Vec::new(), revocations: Vec::new() }
    }

    /// The certificates in this file, in PEM or DER, as well. There has to be one at least.
    pub fn with_pem_file(self, path: impl AsRef<Path>) -> Self {
        self.with(Own::Document(Source::file(path)))
    }

    /// The certificates in the files of this folder as well, in PEM or DER. There has to be one at
    /// least.
    ///
    /// Files without any are passed over, as are folders below and links that lead nowhere. So it may
    /// be a folder that was made for OpenSSL (`capath`), but the names need not be hashes.
    pub fn with_pem_dir(self, path: impl AsRef<Path>) -> Self {
        self.with(Own::Folder(path.as_ref().into()))
    }

    /// These certificates in PEM as well.
    pub fn with_pem(self, pem: impl Into<Vec<u8>>) -> Self {
        self.with(Own::Document(Source::given("the roots", pem)))
    }

    /// This certificate in DER as well.
    pub fn with_der(self, der: impl Into<Vec<u8>>) -> Self {
        self.with_pem(der)
    }

    fn with(mut self, own: Own) -> Self {
        self.own.push(own);
        self
    }

    /// What the revocation lists in this file name is not trusted, in PEM or DER.
    ///
    /// All certificates of a chain are looked up; one of an issuer that no list is of counts as
    /// good. Lists say themselves when they are too old, and then nothing under them is good.
    pub fn with_revocation_file(mut self, path: impl AsRef<Path>) -> Self {
        self.revocations.push(Source::file(path));
        self
    }

    /// The same with a list that is given.
    pub fn with_revocations(mut self, list: impl Into<Vec<u8>>) -> Self {
        self.revocations.push(Source::given("the revocation list", list));
        self
    }

    /// The files and folders that are read when it is loaded.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let own = self.own.iter().filter_map(Own::path);
        own.chain(self.revocations.iter().filter_map(Source::path))
    }

    /// What verifies servers.
    ///
    /// It blocks while files and the store of the system are read: call it once, and off the
    /// executor, as by `blocking::unblock`. What the system has and cannot be parsed is passed over;
    /// what was named has to be right.
    ///
    /// # Errors
    ///
    /// - [`LoadFailed`], which names the file and the line of a certificate.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput), if nobody is trusted, or if there are
    ///   revocation lists for the roots of the system, which decides by itself what is revoked.
    /// - [`NotFound`](io::ErrorKind::NotFound), if the system has no roots.
    /// - [`Unsupported`](io::ErrorKind::Unsupported), if this build lacks the roots.
    pub fn server_verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> io::Result<Arc<dyn ServerCertVerifier>> {
        if self.base == Base::Platform {
            if !self.revocations.is_empty() {
                let text = "revocation lists cannot be used with the roots of the system, which \
                            has its own: name the roots by a file";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
            }
            return built_in::platform(self.own()?, provider);
        }
        let store = Arc::new(self.store()?);
        let verifier = WebPkiServerVerifier::builder_with_provider(store, provider.clone())
            .with_crls(self.lists()?)
            .allow_unknown_revocation_status()
            .enforce_revocation_expiration();
        let verifier = verifier.build().map_err(unusable)?;
        Ok(verifier)
    }

    /// What verifies clients, of whom a certificate is `required` or taken if there is one.
    ///
    /// It blocks, as [`server_verifier`](Self::server_verifier) does. The roots of the system and
    /// those of Mozilla are refused here ([`InvalidInput`](io::ErrorKind::InvalidInput)): anybody can
    /// have a certificate of them, so they say nothing of who may be a client.
    ///
    /// # Errors
    ///
    /// Those of [`server_verifier`](Self::server_verifier).
    pub fn client_verifier(
        &self,
        provider: &Arc<CryptoProvider>,
        required: bool,
    ) -> io::Result<Arc<dyn ClientCertVerifier>> {
        if self.base != Base::None {
            let text = "clients cannot be verified by the roots of the system or of Mozilla, \
                        which anybody can have a certificate of: name the authority that makes \
                        those of your clients";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let store = Arc::new(self.store()?);
        let mut verifier = WebPkiClientVerifier::builder_with_provider(store, provider.clone())
            .with_crls(self.lists()?)
            .allow_unknown_revocation_status()
            .enforce_revocation_expiration();
        if !required {
            verifier = verifier.allow_unauthenticated();
        }
        verifier.build().map_err(unusable)
    }

    /// The certificates that were named, and those of Mozilla.
    fn store(&self) -> io::Result<RootCertStore> {
        let mut store = match self.base {
            Base::Mozilla => built_in::mozilla()?,
            Base::None | Base::Platform => RootCertStore::empty(),
        };
        for certificate in self.own()? {
            store.add(certificate).map_err(unusable)?;
        }
        if store.is_empty() {
            let text = "nobody is trusted, so that no certificate can be good: name the roots, by \
                        `Roots::platform()` or by a file";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        Ok(store)
    }

    fn own(&self) -> Result<Vec<CertificateDer<'static>>, LoadFailed> {
        let mut all = Vec::new();
        for own in &self.own {
            all.extend(own.load()?.into_iter().map(|certificate| certificate.der));
        }
        // The folders of OpenSSL have each of them under two names.
        all.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
        all.dedup();
        Ok(all)
    }

    fn lists(&self) -> Result<Vec<CertificateRevocationListDer<'static>>, LoadFailed> {
        let mut all = Vec::new();
        for source in &self.revocations {
            all.extend(revocations(&source.read()?)?);
        }
        Ok(all)
    }
}

fn unusable(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
