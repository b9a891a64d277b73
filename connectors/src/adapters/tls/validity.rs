//! Validity: until when does a certificate hold?
//!
//! X.509 is read as far as its fifth field and no further: `wardline doctor` says in time what will end, and rustls decides
//! whether a certificate holds.
//!
//! - **Source**: RFC 5280, 4.1.2.5; X.690 for lengths and times.

use wardline_rules::time::Timestamp;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The version, which may be absent.
const VERSION: u8 = 0xa0;

/// When the certificate ends to hold.
pub(super) fn ends_at(certificate: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (signed, _) = element(certificate, SEQUENCE)?;
    let signed = element(signed, VERSION).map_or(signed, |(_, rest)| rest);
    let (_, rest) = element(signed, INTEGER)?;
    let (_algorithm, rest) = element(rest, SEQUENCE)?;
    let (_issuer, rest) = element(rest, SEQUENCE)?;
    let (validity, _) = element(rest, SEQUENCE)?;
    let (_, rest) = time(validity)?;
    time(rest).map(|(until, _)| until)
}

/// The content of the element of this tag that comes first, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (head, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        // A certificate is shorter than 4 GiB: of a length that takes more bytes nothing is believed.
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    (*head == tag).then(|| rest.split_at_checked(length)).flatten()
}

/// `YYMMDDhhmmssZ`, or the same with a year of four digits.
fn time(bytes: &[u8]) -> Option<(Timestamp, &[u8])> {
    let ((text, rest), century) = match element(bytes, UTC_TIME) {
        Some(found) if found.0.first()? < &b'5' => (found, "20"),
        Some(found) => (found, "19"),
        None => (element(bytes, GENERALIZED_TIME)?, ""),
    };
    let text = format!("{century}{}", core::str::from_utf8(text).ok()?);
    let digits =
        text.strip_suffix('Z').filter(|text| text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let (date, clock) =
        ([part(0, 4), part(4, 6), part(6, 8)].join("-"), [part(8, 10), part(10, 12), part(12, 14)].join(":"));
    Timestamp::parse(&format!("{date}T{clock}Z")).map(|at| (at, rest))
}

#[cfg(test)]
mod tests {
    use super::super::ends_at;

    /// Made by OpenSSL; of its key nothing is left.
    const OF_THIS_CENTURY: &[u8] = b"-----BEGIN CERTIFICATE-----\n\
        MIIBhTCCASugAwIBAgIUINYGDBXyoTs4GVtVvuglku0gn18wCgYIKoZIzj0EAwIw\n\
        GDEWMBQGA1UEAwwNd2FyZGxpbmUudGVzdDAeFw0yNjExMjMwMzE4NTZaFw0zNjEx\n\
        MjAwMzE4NTZaMBgxFjAUBgNVBAMMDXdhcmRsaW5lLnRlc3QwWTATBgcqhkjOPQIB\n\
        BggqhkjOPQMBBwNCAAQGUM+AsUHjc30vrvsWMGe2DYhvqofqFsR9KZ5z8Z0dl640\n\
        VpzKa/56OO+opMRCrUng0LzvAOrfDGxTiURBZNGvo1MwUTAdBgNVHQ4EFgQUMpwn\n\
        z/dvaapnlV2O0EDip4cp/kYwHwYDVR0jBBgwFoAUMpwnz/dvaapnlV2O0EDip4cp\n\
        /kYwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAmqkDK96NQkRu\n\
        0nz7mtSGcBokeeuh8NJcQOfM8et+0EICIHsjD6zDEtKgB/QPX2OQDkokdIV9iIHi\n\
        0PmzNFqtGHhO\n\
        -----END CERTIFICATE-----\n";
    const OF_THE_NEXT: &[u8] = b"-----BEGIN CERTIFICATE-----\n\
        MIIBhjCCAS2gAwIBAgIUf/jghS1HIKoUupXOzn9qb9fXl4wwCgYIKoZIzj0EAwIw\n\
        GDEWMBQGA1UEAwwNd2FyZGxpbmUudGVzdDAgFw0yNjExMjMwMzE5MzdaGA8yMTI2\n\
        MTAzMDAzMTkzN1owGDEWMBQGA1UEAwwNd2FyZGxpbmUudGVzdDBZMBMGByqGSM49\n\
        AgEGCCqGSM49AwEHA0IABA0DG2ZUuAN5H2xVePMOonJUpQgWcQg0Dk24QS/DW3Qw\n\
        TGTRx3Feoe7n7kHWynx3egD46kWbnHJ962e4HfaUdB+jUzBRMB0GA1UdDgQWBBQ+\n\
        xwr1yik00tj3flveZv+TM+yweDAfBgNVHSMEGDAWgBQ+xwr1yik00tj3flveZv+T\n\
        M+yweDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIF8yQzxcX+Wl\n\
        1XJVkWNLkGPDhbZCQU7ZNZelxFx31PVSAiBNMDfl5LTY632z9e1beRsPb9pIeAKU\n\
        ptjHT8+EK57a4g==\n\
        -----END CERTIFICATE-----\n";

    #[test]
    fn the_end_of_a_certificate_is_known_in_both_spellings() {
        assert_eq!(ends_at(OF_THIS_CENTURY).unwrap().to_string(), "2036-11-20T03:18:56Z");
        assert_eq!(ends_at(OF_THE_NEXT).unwrap().to_string(), "2126-10-30T03:19:37Z");
    }

    #[test]
    fn what_is_cut_or_changed_has_no_end_and_stops_nobody() {
        assert_eq!(ends_at(b""), None);
        let whole = super::super::certificates(OF_THIS_CENTURY).unwrap();
        for length in 0..120 {
            assert_eq!(super::ends_at(whole[0].get(..length).unwrap()), None, "{length}");
        }
        for place in 0..whole[0].len() {
            for value in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut changed = whole[0].to_vec();
                changed[place] = value;
                // What comes of it does not matter: it comes.
                let _end = super::ends_at(&changed);
            }
        }
    }
}
