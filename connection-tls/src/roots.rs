//! Whose signatures are trusted.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, CertificateRevocationListDer},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

use crate::{
    LoadFailed,
    certificates::{any, certificates, revocations},
    document::Source,
    load_failed::Origin,
};

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

/// Certificates that were named one by one.
#[derive(Clone, Debug)]
enum Own {
    Document(Source),
    Folder(PathBuf),
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

    fn new(base: Base) -> Self {
        Self { base, own: Vec::new(), revocations: Vec::new() }
    }

    /// The certificates in this file, in PEM or DER, as well.
    pub fn with_pem_file(mut self, path: impl AsRef<Path>) -> Self {
        self.own.push(Own::Document(Source::File(path.as_ref().into())));
        self
    }

    /// The certificates in the files of this folder as well. Files without any are passed over.
    pub fn with_pem_dir(mut self, path: impl AsRef<Path>) -> Self {
        self.own.push(Own::Folder(path.as_ref().into()));
        self
    }

    /// These certificates in PEM as well.
    pub fn with_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.own.push(Own::Document(Source::given("the roots", pem)));
        self
    }

    /// This certificate in DER as well.
    pub fn with_der(self, der: impl Into<Vec<u8>>) -> Self {
        self.with_pem(der)
    }

    /// What the revocation lists in this file name is not trusted, in PEM or DER.
    ///
    /// All certificates of a chain are looked up; one of an issuer that no list is of counts as
    /// good. Lists say themselves when they are too old, and then nothing under them is good.
    pub fn with_revocation_file(mut self, path: impl AsRef<Path>) -> Self {
        self.revocations.push(Source::File(path.as_ref().into()));
        self
    }

    /// The same with a list that is given.
    pub fn with_revocations(mut self, list: impl Into<Vec<u8>>) -> Self {
        self.revocations.push(Source::given("the revocation list", list));
        self
    }

    /// The files and folders that are read when it is loaded.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let own = self.own.iter().filter_map(|own| match own {
            Own::Document(source) => source.path(),
            Own::Folder(path) => Some(path),
        });
        own.chain(self.revocations.iter().filter_map(Source::path))
    }

    /// What verifies servers.
    ///
    /// It blocks for some milliseconds, on macOS for some hundred: call it once, and off the
    /// executor.
    ///
    /// # Errors
    ///
    /// - [`LoadFailed`], which names the file and the line of a certificate.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput), if nobody is trusted.
    /// - [`Unsupported`](io::ErrorKind::Unsupported), if this build lacks the roots.
    /// - What the system says if it has none.
    pub fn server_verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> io::Result<Arc<dyn ServerCertVerifier>> {
        if self.base == Base::Platform {
            return self.platform_verifier(provider);
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
    /// It blocks, as [`server_verifier`](Self::server_verifier) does. Whom the system or Mozilla
    /// trusts is refused here: they have certificates for servers made out to anybody, and say
    /// nothing of who may be a client.
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
        let mut store = RootCertStore::empty();
        if self.base == Base::Mozilla {
            add_mozilla(&mut store)?;
        }
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
            match own {
                Own::Document(source) => {
                    let certificates = certificates(&source.read()?)?;
                    all.extend(certificates.into_iter().map(|certificate| certificate.der));
                }
                Own::Folder(path) => all.extend(in_folder(path)?),
            }
        }
        Ok(all)
    }

    fn lists(&self) -> Result<Vec<CertificateRevocationListDer<'static>>, LoadFailed> {
        let mut all = Vec::new();
        for source in &self.revocations {
            all.extend(revocations(&source.read()?)?);
        }
        Ok(all)
    }

    #[cfg(feature = "platform-roots")]
    fn platform_verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> io::Result<Arc<dyn ServerCertVerifier>> {
        use rustls_platform_verifier::Verifier;

        if !self.revocations.is_empty() {
            let text = "revocation lists cannot be used with the roots of the system, which has \
                        its own: name the roots by a file";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let verifier = match self.own.is_empty() {
            true => Verifier::new(provider.clone()),
            false => Verifier::new_with_extra_roots(self.own()?, provider.clone()),
        };
        let verifier = verifier.map_err(|error| {
            let text = format!(
                "the roots of the system cannot be loaded ({error}): install its package of \
                 certificates (ca-certificates), or name the roots by a file"
            );
            io::Error::other(text)
        })?;
        Ok(Arc::new(verifier))
    }

    #[cfg(not(feature = "platform-roots"))]
    fn platform_verifier(
        &self,
        _provider: &Arc<CryptoProvider>,
    ) -> io::Result<Arc<dyn ServerCertVerifier>> {
        Err(not_built_in("the roots of the system", "platform-roots"))
    }
}

#[cfg(feature = "mozilla-roots")]
fn add_mozilla(store: &mut RootCertStore) -> io::Result<()> {
    store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    Ok(())
}

#[cfg(not(feature = "mozilla-roots"))]
fn add_mozilla(_store: &mut RootCertStore) -> io::Result<()> {
    Err(not_built_in("the roots of Mozilla", "mozilla-roots"))
}

#[cfg(not(all(feature = "platform-roots", feature = "mozilla-roots")))]
fn not_built_in(what: &str, feature: &str) -> io::Error {
    let text = format!(
        "{what} are not in this build: enable the feature {feature}, or name the roots by a file"
    );
    io::Error::new(io::ErrorKind::Unsupported, text)
}

/// All certificates in the files of a folder, of which there is one at least.
fn in_folder(folder: &Path) -> Result<Vec<CertificateDer<'static>>, LoadFailed> {
    let failed = |error| LoadFailed::system(folder, error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort(); // the same in every run
    let mut all = Vec::new();
    for path in paths.into_iter().filter(|path| path.is_file()) {
        let document = Source::File(path).read()?;
        all.extend(any(&document)?.into_iter().map(|certificate| certificate.der));
    }
    if all.is_empty() {
        let reason = "there is no file with a certificate in this folder";
        return Err(LoadFailed::data(&Origin::File(folder.into()), reason));
    }
    Ok(all)
}

fn unusable(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
