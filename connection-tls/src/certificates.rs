//! Certificates and revocation lists, each with the line where it stands.

use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use webpki::OwnedCertRevocationList;
use zeroize::Zeroizing;

use crate::{
    LoadFailed,
    document::Document,
    load_failed::Origin,
    pem::{self, Block},
};

/// A certificate as OpenSSL writes it, with what it is trusted for.
const TRUSTED: &str = "TRUSTED CERTIFICATE";

/// What blocks with certificates are called.
const CERTIFICATES: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", TRUSTED];

/// A certificate that can be parsed, and where it stands.
pub(crate) struct Certificate {
    pub(crate) der: CertificateDer<'static>,
    origin: Origin,
    line: Option<usize>,
}

impl Certificate {
    fn parse(document: &Document, der: &[u8], line: Option<usize>) -> Result<Self, LoadFailed> {
        let der = CertificateDer::from(der.to_vec());
        let error = webpki::anchor_from_trusted_cert(&der).err();
        let certificate = Self { der, origin: document.origin.clone(), line };
        match error {
            None => Ok(certificate),
            Some(error) => {
                let reason = format!("this certificate cannot be parsed ({error}): replace it");
                Err(certificate.failed(reason))
            }
        }
    }

    pub(crate) fn failed(&self, reason: impl Into<String>) -> LoadFailed {
        LoadFailed::data(&self.origin, reason).at(self.line)
    }
}

/// All certificates in `document`, of which there is one at least.
pub(crate) fn certificates(document: &Document) -> Result<Vec<Certificate>, LoadFailed> {
    let wanted = "a certificate";
    let Some(blocks) = pem::blocks(document)? else {
        if !document.is_der() {
            return Err(document.neither(wanted));
        }
        return Ok(vec![Certificate::parse(document, &document.content, None).map_err(|_| {
            let reason = "it is not PEM, and not a certificate in DER either; what is in a \
                          PKCS#12 file (.p12, .pfx) comes out with: openssl pkcs12 -in <file> \
                          -nodes -out <file>.pem";
            LoadFailed::data(&document.origin, reason)
        })?]);
    };
    let certificates = in_blocks(document, &blocks)?;
    if certificates.is_empty() {
        return Err(only(document, wanted, &blocks));
    }
    Ok(certificates)
}

/// The certificates in `document`, if it has any.
///
/// Nobody has said that it should. So it may be anything; but a block that says that it is a
/// certificate has to be one.
pub(crate) fn any(document: &Document) -> Result<Vec<Certificate>, LoadFailed> {
    let says_so = || {
        const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
        document.content.windows(BEGIN.len()).any(|bytes| bytes == BEGIN)
    };
    match pem::blocks(document) {
        Ok(Some(blocks)) => in_blocks(document, &blocks),
        Ok(None) if document.is_der() => {
            Ok(Certificate::parse(document, &document.content, None).into_iter().collect())
        }
        Err(error) if says_so() => Err(error),
        Ok(None) | Err(_) => Ok(Vec::new()),
    }
}

fn in_blocks(document: &Document, blocks: &[Block<'_>]) -> Result<Vec<Certificate>, LoadFailed> {
    let blocks = blocks.iter().filter(|block| CERTIFICATES.contains(&&*block.label));
    blocks
        .map(|block| {
            if block.label == TRUSTED {
                let reason = "this is a certificate with OpenSSL's notes on trust; without them \
                              it is written by: openssl x509 -in <file> -out <file>.pem";
                return Err(LoadFailed::data(&document.origin, reason).at(Some(block.line)));
            }
            Certificate::parse(document, &decode(document, block)?, Some(block.line))
        })
        .collect()
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
) -> Result<Zeroizing<Vec<u8>>, LoadFailed> {
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
