//! Certificates and revocation lists, each with the line where it stands.

use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use webpki::OwnedCertRevocationList;

use crate::{
    LoadFailed,
    document::Document,
    pem::{self, Block},
};

/// A certificate that can be parsed; `line` is that of its block, if it has been one.
fn parse(
    document: &Document,
    der: &[u8],
    line: Option<usize>,
) -> Result<CertificateDer<'static>, LoadFailed> {
    let der = CertificateDer::from(der.to_vec());
    match webpki::anchor_from_trusted_cert(&der) {
        Ok(_) => Ok(der),
        Err(error) => {
            let reason = format!("this certificate cannot be parsed ({error}): replace it");
            Err(LoadFailed::data(&document.origin, reason).at(line))
        }
    }
}

/// All certificates in `document`, of which there is one at least.
pub(crate) fn certificates(
    document: &Document,
) -> Result<Vec<CertificateDer<'static>>, LoadFailed> {
    let wanted = "a certificate";
    let Some(blocks) = pem::blocks(document)? else {
        if !document.is_der() {
            return Err(document.neither(wanted));
        }
        return Ok(vec![parse(document, &document.content, None).map_err(|_| {
            let reason = "it is not PEM, and not a certificate in DER either; what is in a \
                          PKCS#12 file (.p12, .pfx) comes out with: openssl pkcs12 -in <file> \
                          -nodes -out <file>.pem";
            LoadFailed::data(&document.origin, reason)
        })?]);
    };
    let certificates: Vec<_> = blocks
        .iter()
        .filter(|block| block.label.ends_with("CERTIFICATE"))
        .map(|block| {
            if block.label == "TRUSTED CERTIFICATE" {
                let reason = "this is a certificate with OpenSSL's notes on trust; without them \
                              it is written by: openssl x509 -in <file> -out <file>.pem";
                return Err(LoadFailed::data(&document.origin, reason).at(Some(block.line)));
            }
            parse(document, &decode(document, block)?, Some(block.line))
        })
        .collect::<Result<_, _>>()?;
    if certificates.is_empty() {
        return Err(only(document, wanted, &blocks));
    }
    Ok(certificates)
}

/// All revocation lists in `document`, of which there is one at least.
pub(crate) fn revocations(
    document: &Document,
) -> Result<Vec<CertificateRevocationListDer<'static>>, LoadFailed> {
    let wanted = "a revocation list";
    let Some(blocks) = pem::blocks(document)? else {
        if !document.is_der() {
            return Err(document.neither(wanted));
        }
        return Ok(vec![parse_revocations(document, &document.content, None)?]);
    };
    let lists: Vec<_> = blocks
        .iter()
        .filter(|block| block.label == "X509 CRL")
        .map(|block| parse_revocations(document, &decode(document, block)?, Some(block.line)))
        .collect::<Result<_, _>>()?;
    if lists.is_empty() {
        return Err(only(document, wanted, &blocks));
    }
    Ok(lists)
}

fn parse_revocations(
    document: &Document,
    der: &[u8],
    line: Option<usize>,
) -> Result<CertificateRevocationListDer<'static>, LoadFailed> {
    match OwnedCertRevocationList::from_der(der) {
        Ok(_) => Ok(der.to_vec().into()),
        Err(error) => {
            let reason = format!("this revocation list cannot be parsed ({error}): replace it");
            Err(LoadFailed::data(&document.origin, reason).at(line))
        }
    }
}

/// What is inside of `block`.
pub(crate) fn decode(
    document: &Document,
    block: &Block<'_>,
) -> Result<zeroize::Zeroizing<Vec<u8>>, LoadFailed> {
    block.decode().ok_or_else(|| {
        let reason = format!("the block {} that begins here is not Base64", block.label);
        LoadFailed::data(&document.origin, reason).at(Some(block.line))
    })
}

/// The error of a document that has other blocks than the wanted one.
pub(crate) fn only(document: &Document, wanted: &str, blocks: &[Block<'_>]) -> LoadFailed {
    let reason = format!("there is no block of {wanted} in it, only: {}", pem::labels(blocks));
    LoadFailed::data(&document.origin, reason)
}
