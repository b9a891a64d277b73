//! Menu: which examinations can be asked for?
//!
//! `profiles/menu.toml`: tests by kind, in order of how often they are asked for, with sample limits for laboratory values.
//! - **How it fits**: [`World`](crate::world::World) gives every test the department that performs it.
//! - **Not here**: what a real site calls its tests.

use serde::Deserialize;

use crate::vocabulary::Kind;

const MENU: &str = include_str!("../../profiles/menu.toml");

/// What a culture is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Specimen {
    /// Urine.
    Urine,
    /// Blood.
    Blood,
    /// Anything else.
    Other,
}

/// One test of any kind.
#[derive(Debug, Clone, Deserialize)]
pub struct Test {
    /// LOINC code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Departments that may perform it, best first.
    pub departments: Vec<String>,
    /// Used only when the others are used up.
    #[serde(default)]
    pub spare: bool,
    /// Of cultures.
    pub specimen: Option<Specimen>,
}

/// One laboratory test with its limits.
#[derive(Debug, Clone, Deserialize)]
pub struct LabTest {
    /// UCUM unit.
    pub unit: String,
    /// Digits after the point.
    pub digits: u8,
    /// Reference range.
    pub range: [f64; 2],
    /// Critical below.
    pub critical_low: Option<f64>,
    /// Critical above.
    pub critical_high: Option<f64>,
    /// Code, name and departments.
    #[serde(flatten)]
    pub test: Test,
}

/// All tests, by kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// Laboratory.
    pub lab: Vec<LabTest>,
    micro: Vec<Test>,
    blood_bank: Vec<Test>,
    pathology: Vec<Test>,
    genetics: Vec<Test>,
    imaging: Vec<Test>,
    cardiology: Vec<Test>,
    pulmonary: Vec<Test>,
}

impl Menu {
    /// The built-in menu. **Errors**: the reader's message, if the file does not fit its shape.
    pub fn built_in() -> Result<Self, String> {
        toml::from_str(MENU).map_err(|error| error.to_string())
    }

    /// The tests of a kind, most frequent first.
    #[must_use]
    pub fn tests(&self, kind: Kind) -> Vec<&Test> {
        match kind {
            Kind::Lab => self.lab.iter().map(|lab| &lab.test).collect(),
            Kind::Micro => self.micro.iter().collect(),
            Kind::BloodBank => self.blood_bank.iter().collect(),
            Kind::Pathology => self.pathology.iter().collect(),
            Kind::Genetics => self.genetics.iter().collect(),
            Kind::Imaging => self.imaging.iter().collect(),
            Kind::Cardiology => self.cardiology.iter().collect(),
            Kind::Pulmonary => self.pulmonary.iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn menu_has_tests_of_every_kind_with_plain_codes() {
        let menu = Menu::built_in().unwrap();
        for kind in Kind::ALL {
            let tests = menu.tests(*kind);
            assert!(tests.iter().any(|test| !test.spare), "{kind:?}");
            assert!(tests.iter().all(|test| { test.code.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') }));
        }
        assert_eq!(menu.lab.iter().filter(|lab| !lab.test.spare).count(), 10);
    }

    #[test]
    fn limits_lie_outside_the_reference_range() {
        for lab in Menu::built_in().unwrap().lab {
            assert!(lab.range[0] < lab.range[1], "{}", lab.test.name);
            assert!(lab.critical_low.is_none_or(|low| low < lab.range[0]), "{}", lab.test.name);
            assert!(lab.critical_high.is_none_or(|high| high > lab.range[1]), "{}", lab.test.name);
            assert!(lab.critical_low.is_some() || lab.critical_high.is_some(), "{}", lab.test.name);
        }
    }
}
