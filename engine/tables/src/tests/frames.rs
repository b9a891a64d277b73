//! Frames: does a damaged or foreign frame ever pass?

use wardline_rules::row::Table;

use super::row;
use crate::{
    builder::Builder,
    frame::{Commit, Error, Frame, HEADER_BYTES},
    schema::Definition,
};

fn batch() -> Frame {
    let mut builder = Builder::new(Definition::of(Table::Attempts));
    builder.push(&row(Table::Attempts, 1, 9), 4, 0).unwrap();
    builder.push(&row(Table::Attempts, 2, 9), 6, 0).unwrap();
    Frame::Batch { table: Table::Attempts, batch: builder.freeze().unwrap().unwrap() }
}

fn decode(bytes: &[u8]) -> Result<Frame, Error> {
    Frame::decode(Frame::header(bytes[..HEADER_BYTES].try_into().unwrap())?, &bytes[HEADER_BYTES..])
}

#[test]
fn a_batch_arrives_as_it_left_with_its_comments() {
    let Frame::Batch { batch: sent, .. } = batch() else { panic!("a batch") };
    let Frame::Batch { table, batch } = decode(&batch().encode().unwrap()).unwrap() else { panic!("a batch") };
    assert_eq!((table, &batch), (Table::Attempts, &sent));
    assert_eq!(batch.schema().field(0).metadata()["comment"], "of which notice");
    assert_eq!(crate::frame::epochs(&batch), (4, 6));
}

#[test]
fn any_flipped_byte_of_a_payload_is_noticed() {
    let bytes = Frame::Commit(Commit { epoch: 7, at: 8, ..Commit::default() }).encode().unwrap();
    for place in HEADER_BYTES..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        assert!(matches!(decode(&damaged), Err(Error::Damaged)), "byte {place}");
    }
    let mut foreign = bytes;
    foreign[0] = b'X';
    assert!(matches!(decode(&foreign), Err(Error::Foreign)));
}
