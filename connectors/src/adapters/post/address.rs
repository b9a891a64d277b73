//! Address: may a sink connect to this machine?
//!
//! Names resolve to what somebody else's name server says. Addresses of this machine, of private networks, of cloud
//! metadata and of the ways to spell them in IPv6 are refused unless the operator says that the receiver stands inside. No
//! network of anybody's has a receiver at an address of the link itself, where cloud metadata is: those are refused always.
//!
//! - **Source**: RFC 6890; guarantees page, S1-19.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether the host of a URL is this machine by its literal address or by the reserved name.
#[must_use]
pub(crate) fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether the address belongs to the public internet.
#[must_use]
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => embedded_v4(address).map_or_else(|| is_public_v6(address), is_public_v4),
    }
}

/// Whether a receiver in our own network may have the address.
#[must_use]
pub(crate) fn is_inside(address: IpAddr) -> bool {
    let address = match address {
        IpAddr::V6(address) => {
            embedded_v4(address).filter(|_| !address.is_loopback()).map_or(IpAddr::V6(address), IpAddr::V4)
        }
        IpAddr::V4(_) => address,
    };
    match address {
        IpAddr::V4(address) => !(address.is_link_local() || address.octets()[0] == 0 || address.octets()[0] >= 224),
        IpAddr::V6(address) => {
            let [first, ..] = address.segments();
            !(address.is_unspecified() || address.is_multicast() || first & 0xffc0 == 0xfe80)
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_protocol = (first, second, third) == (192, 0, 0);
    let is_benchmark = first == 198 && (second == 18 || second == 19);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || is_shared
        || is_protocol
        || is_benchmark
        || first == 0
        || first >= 224)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Only 2000::/3 is given out at all; 2001:db8::/32 and 2001::/23 in it are not.
    let [first, second, ..] = address.segments();
    first & 0xe000 == 0x2000 && !(first == 0x2001 && (second == 0xdb8 || second < 0x200)) && first != 0x2002
}

/// The IPv4 address inside a mapped (`::ffff:0:0/96`), compatible (`::/96`) or NAT64 (`64:ff9b::/96`) one.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let is_embedded = matches!((a, b, c, d, e, f), (0, 0, 0, 0, 0, 0xffff | 0) | (0x64, 0xff9b, 0, 0, 0, 0));
    let [[one, two], [three, four]] = [high.to_be_bytes(), low.to_be_bytes()];
    is_embedded.then(|| Ipv4Addr::new(one, two, three, four))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_19_addresses_inside_are_not_public() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "ff02::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for public in ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn s1_19_inside_is_no_link_and_no_metadata() {
        for refused in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fe80::1",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "ff02::1",
        ] {
            assert!(!is_inside(refused.parse().unwrap()), "{refused}");
        }
        for inside in ["127.0.0.1", "::1", "10.1.2.3", "192.168.1.1", "fd00::1", "1.1.1.1", "::ffff:10.1.2.3"] {
            assert!(is_inside(inside.parse().unwrap()), "{inside}");
        }
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        assert!(is_this_machine("localhost") && is_this_machine("127.0.0.1") && is_this_machine("[::1]"));
        assert!(!is_this_machine("localhost.example") && !is_this_machine("10.0.0.1"));
    }
}
