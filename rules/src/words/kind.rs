//! Kind: which sort of report is it, to a producer and to a ward?
//!
//! Producers name ten kinds; wards name thirteen, some of them split by a flag or an attribute, and groups of them.
//! A [`KindSet`] is a set of ward kinds in one machine word.

use super::words;

words! {
    /// The kind as events carry it.
    pub enum Kind {
        Lab = "lab", Micro = "micro", BloodBank = "blood_bank", Pathology = "pathology", Genetics = "genetics",
        Imaging = "imaging", Cardiology = "cardiology", Pulmonary = "pulmonary", Document = "document",
        Other = "other",
    }
}

words! {
    /// The kind as wards name it; the text is the ward's word.
    pub enum WardKind {
        GeneralLab = "general lab", Microbiology = "microbiology", BloodBank = "blood bank",
        PointOfCare = "point of care", Pathology = "pathology", Genetics = "genetics",
        Radiology = "radiology", NuclearMedicine = "nuclear medicine", Cardiology = "cardiology",
        Pulmonary = "pulmonary", Neurophysiology = "neurophysiology", Document = "document", Other = "other",
    }
}

impl Kind {
    /// The ward kind of a report: a flag or an attribute of it may narrow the kind.
    ///
    /// - **Input**: whether the flag `poct` is set; whether `modality` is NM or PT; whether `service_line` is `neurophysiology`.
    #[must_use]
    pub const fn ward_kind(self, narrowed: bool) -> WardKind {
        match self {
            Self::Lab if narrowed => WardKind::PointOfCare,
            Self::Lab => WardKind::GeneralLab,
            Self::Micro => WardKind::Microbiology,
            Self::BloodBank => WardKind::BloodBank,
            Self::Pathology => WardKind::Pathology,
            Self::Genetics => WardKind::Genetics,
            Self::Imaging if narrowed => WardKind::NuclearMedicine,
            Self::Imaging => WardKind::Radiology,
            Self::Cardiology => WardKind::Cardiology,
            Self::Pulmonary => WardKind::Pulmonary,
            Self::Document => WardKind::Document,
            Self::Other if narrowed => WardKind::Neurophysiology,
            Self::Other => WardKind::Other,
        }
    }

    /// Whether step 30 of this kind is `exam_started` and step 40 `exam_ended`, not `collected` and `received`.
    #[must_use]
    pub const fn is_exam(self) -> bool {
        matches!(self, Self::Imaging | Self::Cardiology | Self::Pulmonary)
    }
}

/// A set of ward kinds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct KindSet(u16);

impl KindSet {
    /// No kind.
    pub const NONE: Self = Self(0);
    /// Every kind.
    pub const ALL: Self = Self(0x1fff);
    /// `lab`: general lab, microbiology, blood bank, point of care.
    pub const LAB: Self = Self(0b1111);
    /// `imaging`: radiology, nuclear medicine.
    pub const IMAGING: Self = Self(0b1100_0000);

    /// The set of one.
    #[must_use]
    pub const fn of(kind: WardKind) -> Self {
        Self(1 << kind.index())
    }

    /// The kinds a ward's word means: a kind or a group; `None` if it is neither.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "lab" => Some(Self::LAB),
            "imaging" => Some(Self::IMAGING),
            _ => WardKind::parse(word).map(Self::of),
        }
    }

    /// Whether `kind` is in it.
    #[must_use]
    pub const fn has(self, kind: WardKind) -> bool {
        self.0 & (1 << kind.index()) != 0
    }

    /// The kinds of either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kinds of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its kinds in order.
    pub fn iter(self) -> impl Iterator<Item = WardKind> {
        WardKind::ALL.iter().copied().filter(move |kind| self.has(*kind))
    }
}

impl core::fmt::Debug for KindSet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_their_members() {
        let lab = KindSet::from_word("lab").unwrap();
        assert!(lab.has(WardKind::Microbiology) && lab.has(WardKind::PointOfCare) && !lab.has(WardKind::Pathology));
        let imaging = KindSet::from_word("imaging").unwrap();
        assert_eq!(imaging.iter().collect::<Vec<_>>(), [WardKind::Radiology, WardKind::NuclearMedicine]);
        assert_eq!(KindSet::ALL.iter().count(), WardKind::ALL.len());
    }

    #[test]
    fn a_flag_or_an_attribute_narrows_a_kind() {
        assert_eq!(Kind::Lab.ward_kind(true), WardKind::PointOfCare);
        assert_eq!(Kind::Imaging.ward_kind(false), WardKind::Radiology);
        assert_eq!(Kind::Other.ward_kind(true), WardKind::Neurophysiology);
    }
}
