//! Who one is: a certificate and its private key.

use std::{fmt, io, path::Path, sync::Arc};

use rustls::{
    Error, InconsistentKeys,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::CertifiedKey,
};
use zeroize::Zeroizing;

use crate::{
    LoadFailed,
    certificates::certificates,
    default_provider,
    document::Source,
    key::{Key, key},
    load_failed::Origin,
};

/// A certificate, those between it and a root, and its private key.
///
/// Servers need one; clients show one to servers that ask. A clone shares it.
///
/// | form | of the certificates | of the key |
/// |---|---|---|
/// | PEM | one or several `CERTIFICATE`, the own one first | `PRIVATE KEY` (PKCS#8), `EC PRIVATE KEY` (SEC1), `RSA PRIVATE KEY` (PKCS#1), `ENCRYPTED PRIVATE KEY` |
/// | DER | one | the same forms |
///
/// Which of them it is shows its content, not its name. Encrypted keys are those of PKCS#8 with
/// PBES2 (PBKDF2 with SHA-2, or scrypt; AES), as `openssl genpkey -aes256` and `openssl pkcs8
/// -topk8` make them, and need the feature `encrypted-keys`, which is on by default. Those that
/// OpenSSL made before (with the header `Proc-Type: 4,ENCRYPTED`) are refused with the command that
/// writes them anew: their key is one round of MD5. Nobody is ever asked for a passphrase.
///
/// # Examples
///
/// ```
/// use socketry_connection_tls::Identity;
///
/// # let authority = socketry_testing::TestAuthority::new();
/// # let issued = authority.issue(["example.org"]);
/// # let (certificate, key) = (issued.chain_pem(), issued.key_pem());
/// let identity = Identity::from_pem(certificate, key).load()?;
/// assert_eq!(identity.chain().count(), 1);
///
/// let other = authority.issue(["example.org"]);
/// let error = Identity::from_pem(certificate, other.key_pem()).load().unwrap_err();
/// assert!(error.to_string().contains("does not belong to the certificate"));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct Identity {
    inner: Arc<Inner>,
}

struct Inner {
    secret: Secret,
    loader: Option<IdentityLoader>,
}

enum Secret {
    Key(Vec<CertificateDer<'static>>, Zeroizing<PrivateKeyDer<'static>>),
    Signer(Arc<CertifiedKey>),
}

/// Where an [`Identity`] comes from; it is read by [`load`](Self::load).
#[derive(Clone)]
#[must_use = "a loader does nothing until it loads"]
pub struct IdentityLoader {
    chain: Chain,
    /// In the document of the chain if there is none.
    key: Option<Source>,
    passphrase: Option<Zeroizing<String>>,
}

#[derive(Clone)]
enum Chain {
    Document(Source),
    Der(Vec<CertificateDer<'static>>),
}

impl Identity {
    /// From two files, in PEM or DER.
    pub fn from_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> IdentityLoader {
        let certificate = Source::File(certificate.as_ref().into());
        IdentityLoader::new(Chain::Document(certificate), Some(Source::File(key.as_ref().into())))
    }

    /// From one file in PEM that has the certificates and the key.
    pub fn from_file(both: impl AsRef<Path>) -> IdentityLoader {
        IdentityLoader::new(Chain::Document(Source::File(both.as_ref().into())), None)
    }

    /// From what two such files have in them.
    pub fn from_pem(certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> IdentityLoader {
        let certificate = Source::given("the certificate", certificate);
        IdentityLoader::new(
            Chain::Document(certificate),
            Some(Source::given("the private key", key)),
        )
    }

    /// From certificates in DER, the own one first, and a key.
    pub fn from_der(
        chain: impl IntoIterator<Item = Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> IdentityLoader {
        let chain = chain.into_iter().map(CertificateDer::from).collect();
        IdentityLoader::new(Chain::Der(chain), Some(Source::given("the private key", key)))
    }

    /// With a key that somebody else keeps, such as a hardware module.
    pub fn from_signer(signer: Arc<CertifiedKey>) -> Self {
        Self { inner: Arc::new(Inner { secret: Secret::Signer(signer), loader: None }) }
    }

    /// Reads its files again, with the same passphrase; what was no file is what it was.
    ///
    /// It blocks for a moment: call it off the executor.
    ///
    /// # Errors
    ///
    /// Those of [`IdentityLoader::load`].
    pub fn reload(&self) -> io::Result<Self> {
        match &self.inner.loader {
            Some(loader) => loader.clone().load(),
            None => Ok(self.clone()),
        }
    }

    /// The files that it was read from; none if it was given otherwise.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let loader = self.inner.loader.as_ref();
        let chain = loader.and_then(|loader| match &loader.chain {
            Chain::Document(source) => source.path(),
            Chain::Der(_) => None,
        });
        let key = loader.and_then(|loader| loader.key.as_ref()?.path());
        [chain, key].into_iter().flatten()
    }

    /// The certificates, the own one first, each in DER.
    pub fn chain(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates().iter().map(AsRef::as_ref)
    }

    fn certificates(&self) -> &[CertificateDer<'static>] {
        match &self.inner.secret {
            Secret::Key(chain, _) => chain,
            Secret::Signer(signer) => &signer.cert,
        }
    }

    /// The identity as rustls takes it, with the cryptography of `provider`.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](io::ErrorKind::InvalidData), if `provider` has no use for such a key, or if
    /// the certificate and the key do not belong together.
    pub fn certified_key(&self, provider: &CryptoProvider) -> io::Result<Arc<CertifiedKey>> {
        match &self.inner.secret {
            Secret::Signer(signer) => Ok(signer.clone()),
            Secret::Key(chain, key) => {
                CertifiedKey::from_der(chain.clone(), key.clone_key(), provider)
                    .map(Arc::new)
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }
}

impl IdentityLoader {
    fn new(chain: Chain, key: Option<Source>) -> Self {
        Self { chain, key, passphrase: None }
    }

    /// The passphrase of an encrypted key. With one that is not encrypted, it is an error: somebody
    /// believes that the key is protected. Only the empty one is taken for none.
    pub fn passphrase(mut self, passphrase: impl Into<String>) -> Self {
        self.passphrase = Some(Zeroizing::new(passphrase.into()));
        self
    }

    /// Reads everything, and checks that the certificate and the key belong together.
    ///
    /// It blocks for a moment: it is for the start of a program. Call it off the executor otherwise,
    /// as by `blocking::unblock`.
    ///
    /// # Errors
    ///
    /// [`LoadFailed`], which names the file and the line.
    pub fn load(self) -> io::Result<Identity> {
        let secret = self.read()?;
        Ok(Identity { inner: Arc::new(Inner { secret, loader: Some(self) }) })
    }

    fn read(&self) -> Result<Secret, LoadFailed> {
        let passphrase = self.passphrase.as_ref().map(|passphrase| passphrase.as_str());
        let (chain, chain_origin, document) = match &self.chain {
            Chain::Document(source) => {
                let document = source.read()?;
                let chain = certificates(&document)?;
                (chain, document.origin.clone(), Some(document))
            }
            Chain::Der(chain) if chain.is_empty() => {
                let origin = Origin::Given("the certificate");
                return Err(LoadFailed::input(&origin, "there is none: give one at least"));
            }
            Chain::Der(chain) => (chain.clone(), Origin::Given("the certificate"), None),
        };
        let key_document = match (&self.key, document) {
            (Some(source), _) => source.read()?,
            (None, Some(document)) => document,
            (None, None) => {
                let origin = Origin::Given("the private key");
                return Err(LoadFailed::input(&origin, "there is none: give one"));
            }
        };
        let key = key(&key_document, passphrase)?;
        check(&chain, &chain_origin, &key, &key_document.origin)?;
        Ok(Secret::Key(chain, key.der))
    }
}

/// Whether the key can be used, and belongs to the certificate. Without cryptography in this build
/// nobody knows; then whoever gives some is told.
fn check(
    chain: &[CertificateDer<'static>],
    chain_origin: &Origin,
    key: &Key,
    key_origin: &Origin,
) -> Result<(), LoadFailed> {
    let Ok(provider) = default_provider() else {
        return Ok(());
    };
    let reason = match provider.key_provider.load_private_key(key.der.clone_key()) {
        Err(error) => format!("this private key cannot be used ({error})"),
        Ok(signer) => match CertifiedKey::new(chain.to_vec(), signer).keys_match() {
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => return Ok(()),
            Err(Error::InconsistentKeys(_)) => format!(
                "this private key does not belong to the certificate ({chain_origin}): take the \
                 one that it was made with; the certificate itself has to come before those above it"
            ),
            Err(error) => {
                let reason = format!("this certificate cannot be used ({error})");
                return Err(LoadFailed::data(chain_origin, reason));
            }
        },
    };
    Err(LoadFailed::data(key_origin, reason).at(key.line))
}

/// Shows where it comes from, and no secret.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("certificates", &self.certificates().len())
            .field("from", &self.inner.loader)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for IdentityLoader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("IdentityLoader");
        if let Chain::Document(source) = &self.chain {
            text.field("certificate", source);
        }
        text.field("key", &self.key).finish_non_exhaustive()
    }
}
