//! Record: the layout is fixed to the byte, and every bit counts.

use super::*;

fn header() -> Header {
    Header {
        kind: Kind::Batch,
        format: 3,
        flags: Flags::DEAD_LETTERS,
        length: 5,
        payload_crc: 0x0102_0304,
        sequence: 0x1112_1314_1516_1718,
        at: 0x2122_2324_2526_2728,
        floor: 0x3132_3334_3536_3738,
        epoch: 0x4142_4344,
        prev: Chain([0xAB; 16]),
    }
}

fn place() -> Place {
    Place::new(&[7; 16], 1)
}

#[test]
fn every_field_stands_where_the_table_says() {
    let bytes = header().encode(place());
    let expected: &[(usize, &[u8])] = &[
        (0, b"WLR1"),
        (4, &[2]),
        (5, &[3]),
        (6, &[1, 0]),
        (8, &[5, 0, 0, 0]),
        (12, &[4, 3, 2, 1]),
        (16, &[0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11]),
        (24, &[0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21]),
        (32, &[0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31]),
        (40, &[0x44, 0x43, 0x42, 0x41]),
        (44, &[0xAB; 16]),
    ];
    for (offset, field) in expected {
        assert_eq!(&bytes[*offset..offset + field.len()], *field, "at {offset}");
    }
    let mut covered = vec![7; 16];
    covered.extend_from_slice(&1u64.to_le_bytes());
    covered.extend_from_slice(&bytes[..60]);
    assert_eq!(bytes[60..], crc32c::crc32c(&covered).to_le_bytes(), "over instance, segment and bytes 0 to 59");
    assert_eq!(Header::decode(&bytes, place()), Ok(header()));
}

#[test]
fn kinds_have_the_numbers_of_the_table() {
    use Kind::{Access, Batch, Close, Exclude, Gap, Mark, Open, Time};
    let numbers = [Open, Batch, Time, Mark, Exclude, Gap, Access, Close].map(Kind::number);
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn any_changed_bit_is_refused() {
    let bytes = header().encode(place());
    for bit in 0..HEADER_BYTES * 8 {
        let mut changed = bytes;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(Header::decode(&changed, place()), Err(Refusal::NotARecord), "bit {bit}");
    }
}

#[test]
fn a_record_of_another_segment_or_instance_is_refused() {
    let bytes = header().encode(place());
    for other in [Place::new(&[7; 16], 2), Place::new(&[8; 16], 1)] {
        assert_eq!(Header::decode(&bytes, other), Err(Refusal::NotARecord));
    }
    assert_eq!(Header::decode(&bytes[..63], place()), Err(Refusal::NotARecord));
}

/// A header whose checksum fits, with one field changed to `bytes`.
fn sound_with(offset: usize, bytes: &[u8]) -> [u8; HEADER_BYTES] {
    let mut changed = header().encode(place());
    changed[offset..offset + bytes.len()].copy_from_slice(bytes);
    let crc = place().checksum(&changed[..60]);
    changed[60..].copy_from_slice(&crc.to_le_bytes());
    changed
}

#[test]
fn what_a_newer_release_wrote_is_told_apart_from_damage() {
    assert_eq!(Header::decode(&sound_with(4, &[9]), place()), Err(Refusal::UnknownKind(9)));
    assert_eq!(Header::decode(&sound_with(4, &[0]), place()), Err(Refusal::UnknownKind(0)));
    assert_eq!(Header::decode(&sound_with(6, &[3, 0]), place()), Err(Refusal::UnknownFlags(3)));
    let longer = u32::try_from(PAYLOAD_BYTES_MAX + 1).unwrap();
    assert_eq!(Header::decode(&sound_with(8, &longer.to_le_bytes()), place()), Err(Refusal::NotARecord));
}

#[test]
fn records_fill_whole_multiples_of_eight() {
    assert_eq!([0, 1, 8, 9].map(footprint), [64, 72, 72, 80]);
}

#[test]
fn the_chain_is_the_first_half_of_blake3() {
    // The published hash of no bytes begins af1349b9f5f9a1a6a0404dea36dcc949.
    let empty = [0xAF, 0x13, 0x49, 0xB9, 0xF5, 0xF9, 0xA1, 0xA6, 0xA0, 0x40, 0x4D, 0xEA, 0x36, 0xDC, 0xC9, 0x49];
    assert_eq!(Chain::of(b""), Chain(empty));
    assert_eq!(Chain::of_record(b"ab", b"c"), Chain::of(b"abc"));
}
