//! Suggest: which allowed name did somebody mean?
//!
//! A name is near if two changes of a letter, or one swap of neighbours and one change, lead from one to the other; of the near
//! ones the nearest wins, then the one that sorts first. Short words must be nearer, or everything would look like `at`.
//! If none is near, a name with the same first five letters counts, where it is the only one: `escalate` means `escalation`.
//! - **How it fits**: every "did you mean" of the crate asks here, with the names allowed at that place.
//! - **Not here**: wording.

/// Changes within which a name counts as meant.
const DISTANCE_MAX: usize = 2;
/// First letters that make a name meant, if no other has them.
const BEGINNING_LENGTH: usize = 5;

/// The allowed name nearest to a wrong one, if any is near; letters are compared without case.
///
/// **Cost**: one comparison of two words of about one length per allowed name; others cannot be near, however long.
pub(crate) fn nearest<'n>(wrong: &str, allowed: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wrong = wrong.to_lowercase();
    let letters = wrong.chars().count();
    let budget = DISTANCE_MAX.min(letters.saturating_sub(1) / 2);
    let allowed: Vec<&str> = allowed.into_iter().collect();
    let near = allowed
        .iter()
        .filter(|name| name.chars().count().abs_diff(letters) <= budget)
        .map(|name| (strsim::osa_distance(&wrong, &name.to_lowercase()), *name))
        .filter(|&(distance, _)| distance <= budget)
        .min()
        .map(|(_, name)| name);
    near.or_else(|| same_beginning(&wrong, &allowed))
}

/// The one name that shares its first letters with a wrong one.
fn same_beginning<'n>(wrong: &str, allowed: &[&'n str]) -> Option<&'n str> {
    let beginning: String = wrong.chars().take(BEGINNING_LENGTH).collect();
    let long_enough = beginning.chars().count() == BEGINNING_LENGTH;
    let mut same = allowed.iter().filter(|name| long_enough && name.to_lowercase().starts_with(&beginning));
    match (same.next(), same.next()) {
        (Some(only), None) => Some(only),
        (None, _) | (Some(_), Some(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_changes_or_a_swap_are_near() {
        assert_eq!(nearest("potasium", ["sodium", "potassium"]), Some("potassium"));
        assert_eq!(nearest("tset", ["test", "when"]), Some("test"));
        assert_eq!(nearest("escalate", ["escalation", "sla"]), Some("escalation"), "by its beginning");
        assert_eq!(nearest("pathway", ["pathology"]), None);
        assert_eq!(nearest("Operatoins", ["Operations"]), Some("Operations"));
    }

    #[test]
    fn a_word_without_end_is_near_to_nothing_and_costs_nothing() {
        let names: Vec<String> = (0..500).map(|number| format!("alert {number}")).collect();
        assert_eq!(nearest(&"x".repeat(1 << 20), names.iter().map(String::as_str)), None);
        assert_eq!(nearest(&"alert".repeat(1 << 18), ["alerts", "sla"]), Some("alerts"), "by its beginning");
    }

    #[test]
    fn short_words_must_be_nearer() {
        assert_eq!(nearest("ad", ["at", "is"]), None);
        assert_eq!(nearest("whe", ["when"]), Some("when"));
    }
}
