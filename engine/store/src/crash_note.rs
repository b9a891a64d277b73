//! Crash note: which input was being applied when the process died of it, and how often?
//!
//! A panic in the core ends the process. Before that it writes here which input of which batch it was at. A start that finds
//! the same input noted twice leaves it out, by an `exclude` record, instead of dying a third time.
//! - **How it fits**: the shell's panic hook writes it, its start reads it and clears it after a clean run.
//! - **Not here**: deciding to exclude, the input itself.

use crate::disk::{self, Disk};
use crate::fields::{self, Fields};

/// Path of the note.
pub const CRASH: &str = "CRASH";
const MAGIC: [u8; 8] = *b"WARDCRSH";
const FORMAT: u16 = 1;
const FILE_BYTES_MAX: usize = 64;

/// The input the core was at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashNote {
    /// Sequence of the batch.
    pub sequence: u64,
    /// Index of the input in it, from 0.
    pub input: u32,
    /// How many processes died at it in a row.
    pub times: u32,
}

impl CrashNote {
    /// Reads the note; `None` if there is none, or none that is whole: it is an aid, and a damaged one says nothing.
    pub fn read<D: Disk>(disk: &D) -> disk::Result<Option<Self>> {
        let bytes = disk::read_small(disk, CRASH, FILE_BYTES_MAX)?;
        Ok(bytes.and_then(|bytes| Self::decode(&bytes)))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(fields::checked(bytes)?);
        let magic: [u8; 8] = fields.array()?;
        let format = fields.u16()?;
        let note = Self { sequence: fields.u64()?, input: fields.u32()?, times: fields.u32()? };
        (magic == MAGIC && format == FORMAT).then_some(note)
    }

    /// Notes one more death at this input; another input starts anew.
    ///
    /// - **Output**: the note as it stands now, durable.
    pub fn write<D: Disk>(disk: &D, sequence: u64, input: u32) -> disk::Result<Self> {
        let before = Self::read(disk)?.filter(|note| (note.sequence, note.input) == (sequence, input));
        let note = Self { sequence, input, times: before.map_or(0, |note| note.times).saturating_add(1) };
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&note.sequence.to_le_bytes());
        bytes.extend_from_slice(&note.input.to_le_bytes());
        bytes.extend_from_slice(&note.times.to_le_bytes());
        fields::seal(&mut bytes);
        disk::replace_small(disk, CRASH, &bytes)?;
        Ok(note)
    }

    /// Removes the note, durably.
    pub fn clear<D: Disk>(disk: &D) -> disk::Result<()> {
        match disk.unlink(CRASH) {
            Err(error) if error.is_missing() => Ok(()),
            Err(error) => Err(error),
            Ok(()) => disk.sync_directory(""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SimDisk;

    #[test]
    fn deaths_at_one_input_are_counted_and_another_starts_anew() {
        let disk = SimDisk::new(1);
        disk.create_directory("tmp").unwrap();
        disk.sync_directory("").unwrap();
        assert_eq!(CrashNote::read(&disk).unwrap(), None);
        assert_eq!(CrashNote::write(&disk, 7, 3).unwrap().times, 1);
        let disk = disk.crash(1);
        assert_eq!(CrashNote::write(&disk, 7, 3).unwrap().times, 2);
        assert_eq!(CrashNote::write(&disk, 7, 4).unwrap().times, 1);
        CrashNote::clear(&disk).unwrap();
        CrashNote::clear(&disk).unwrap();
        assert_eq!(CrashNote::read(&disk.crash(2)).unwrap(), None);
    }

    #[test]
    fn a_damaged_note_says_nothing() {
        let disk = SimDisk::new(1);
        disk.create_directory("tmp").unwrap();
        CrashNote::write(&disk, 7, 3).unwrap();
        let bits = disk.read_file(CRASH).unwrap().len() as u64 * 8;
        for bit in 0..bits {
            let fork = disk.fork();
            fork.flip_bit(CRASH, bit);
            assert_eq!(CrashNote::read(&fork).unwrap(), None, "bit {bit}");
        }
    }
}
