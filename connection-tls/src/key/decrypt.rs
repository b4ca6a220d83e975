//! Decrypting private keys (PKCS#8 with PBES2, RFC 8018).

use zeroize::Zeroizing;

/// Why a private key could not be decrypted.
#[cfg_attr(not(feature = "encrypted-keys"), expect(dead_code))]
pub(super) enum Undecryptable {
    /// There is no passphrase.
    NoPassphrase,
    /// The passphrase is wrong, or else the key is damaged; nobody can tell which.
    WrongPassphrase,
    /// It is encrypted in a way that is not read.
    UnknownWay,
    /// This build reads no encrypted key.
    #[cfg(not(feature = "encrypted-keys"))]
    NotBuilt,
}

#[cfg(not(feature = "encrypted-keys"))]
pub(super) fn decrypt(_: &[u8], _: Option<&str>) -> Result<Zeroizing<Vec<u8>>, Undecryptable> {
    Err(Undecryptable::NotBuilt)
}

/// The `PrivateKeyInfo` in an `EncryptedPrivateKeyInfo`.
#[cfg(feature = "encrypted-keys")]
pub(super) fn decrypt(
    der: &[u8],
    passphrase: Option<&str>,
) -> Result<Zeroizing<Vec<u8>>, Undecryptable> {
    use pkcs8::{EncryptedPrivateKeyInfoRef, Error, pkcs5};

    // What cannot be parsed names an algorithm that is not known, or bounds that are not kept.
    let encrypted =
        EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| Undecryptable::UnknownWay)?;
    if !is_affordable(&encrypted.encryption_algorithm) {
        return Err(Undecryptable::UnknownWay);
    }
    match encrypted.decrypt(passphrase.ok_or(Undecryptable::NoPassphrase)?) {
        Ok(key) => Ok(Zeroizing::new(key.as_bytes().to_vec())),
        // With a wrong passphrase one padding in some 256 looks right, and then there is no key.
        Err(Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) | Error::Asn1(_)) => {
            Err(Undecryptable::WrongPassphrase)
        }
        Err(_) => Err(Undecryptable::UnknownWay),
    }
}

/// Whether scrypt takes 256 MiB at most, sixteen times in turn. OpenSSL itself stops at 32 MiB.
///
/// Otherwise a damaged file could take all memory; and pkcs5 panics if the cost is zero.
#[cfg(feature = "encrypted-keys")]
fn is_affordable(scheme: &pkcs8::pkcs5::EncryptionScheme) -> bool {
    const MOST_BYTES: u64 = 256 << 20;
    let Some(scrypt) = scheme.pbes2().and_then(|parameters| parameters.kdf.scrypt()) else {
        return true;
    };
    let block = 128 * u64::from(scrypt.block_size);
    let bytes = scrypt.cost_parameter.checked_mul(block);
    scrypt.cost_parameter > 1
        && bytes.is_some_and(|bytes| bytes <= MOST_BYTES)
        && scrypt.parallelization <= 16
}
