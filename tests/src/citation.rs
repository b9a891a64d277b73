//! Citations: which normative rules does a piece of text name?
//!
//! `docs/rules.txt` lists the id of every rule. A test names the rule it shows, in its doc comment, its body or its prose: `[SLA-7]`, or bare `SLA-7`. Ids without a hyphen (`G1`, `O3`) are ordinary words elsewhere and count only in brackets: `[O3]`, `[O3, O4]`.
//! - **How it fits**: the status test asks [`Rules::cited_in`] for each test.
//! - **Not here**: the text of a rule, and whether the test that names it shows it: a reviewer judges that.
//!
//! ```
//! let rules = wardline_tests::citation::Rules::read("# SLA: clocks\nSLA-1\nSLA-2\n");
//! assert_eq!(rules.cited_in("a stop at the due time is in time [SLA-2]"), ["SLA-2"]);
//! ```

use std::collections::BTreeSet;

/// A family of rules that share a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// The prefix: `SLA`.
    pub prefix: String,
    /// What the family is about.
    pub about: String,
    /// Its ids in order.
    pub ids: Vec<String>,
}

/// All rules, in reading order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Families in the order of the file.
    pub families: Vec<Family>,
}

impl Rules {
    /// Reads the list: `# FAMILY: words` opens a family, other `#` lines are remarks, every other line is an id.
    pub fn read(text: &str) -> Self {
        let mut rules = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.strip_prefix("# ") {
                Some(remark) => rules.families.extend(family(remark)),
                None => rules.families.last_mut().into_iter().for_each(|family| family.ids.push(line.to_owned())),
            }
        }
        rules
    }

    /// Every id, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.families.iter().flat_map(|family| family.ids.iter().map(String::as_str))
    }

    /// The ids that `text` names and the list knows, each once, in name order.
    pub fn cited_in(&self, text: &str) -> Vec<String> {
        let known: BTreeSet<&str> = self.ids().collect();
        let cited: BTreeSet<String> = mentions(text).into_iter().filter(|id| known.contains(id.as_str())).collect();
        cited.into_iter().collect()
    }

    /// Ids in brackets whose family exists but which the list does not know: a mistyped citation.
    pub fn unknown_in(&self, text: &str) -> Vec<String> {
        let known: BTreeSet<&str> = self.ids().collect();
        let is_unknown = |id: &String| {
            let family = id.split_once('-').map(|(family, _)| family);
            !known.contains(id.as_str())
                && family.is_some_and(|family| self.families.iter().any(|one| one.prefix == family))
        };
        bracketed(text).into_iter().filter(is_unknown).collect()
    }
}

fn family(remark: &str) -> Option<Family> {
    let (prefix, about) = remark.split_once(": ")?;
    let is_prefix = prefix.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
    is_prefix.then(|| Family { prefix: prefix.to_owned(), about: about.to_owned(), ids: Vec::new() })
}

fn mentions(text: &str) -> Vec<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let mut ids: Vec<String> =
        text.split(|letter: char| !is_part(letter)).filter(|word| word.contains('-')).map(str::to_owned).collect();
    ids.extend(bracketed(text));
    ids
}

/// Words between `[` and `]`, where all of them look like ids.
fn bracketed(text: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for part in text.split('[').skip(1) {
        let inside = part.split_once(']').map_or("", |(inside, _)| inside);
        let words: Vec<&str> = inside.split([',', ' ']).filter(|word| !word.is_empty()).collect();
        if words.iter().all(|word| is_id(word)) {
            ids.extend(words.into_iter().map(str::to_owned));
        }
    }
    ids
}

fn is_id(word: &str) -> bool {
    let is_sign = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '-';
    word.starts_with(|letter: char| letter.is_ascii_uppercase())
        && word.ends_with(|letter: char| letter.is_ascii_digit())
        && word.chars().all(is_sign)
}

#[cfg(test)]
mod tests {
    use super::Rules;

    fn rules() -> Rules {
        Rules::read("# remark\n\n# SLA: clocks\nSLA-1\nSLA-2\n\n# O: oracles\nO1\nO2\n\n# S1: security\nS1-09\n")
    }

    #[test]
    fn families_and_remarks_are_told_apart() {
        let prefixes: Vec<String> = rules().families.into_iter().map(|family| family.prefix).collect();
        assert_eq!(prefixes, ["SLA", "O", "S1"]);
        assert_eq!(rules().ids().count(), 5);
    }

    #[test]
    fn an_id_with_a_hyphen_counts_bare_and_bracketed() {
        assert_eq!(rules().cited_in("// SLA-1, then [SLA-2]"), ["SLA-1", "SLA-2"]);
        assert_eq!(rules().cited_in("hostile scripts, S1-09."), ["S1-09"]);
    }

    #[test]
    fn a_short_id_counts_only_in_brackets() {
        assert_eq!(rules().cited_in("O1 is a blood group"), [""; 0]);
        assert_eq!(rules().cited_in("holds [O1, O2]"), ["O1", "O2"]);
    }

    #[test]
    fn part_of_a_longer_word_is_no_citation() {
        assert_eq!(rules().cited_in("LAB-SLA-1 and SLA-12 and SLA-1x"), [""; 0]);
    }

    #[test]
    fn a_mistyped_number_is_reported() {
        assert_eq!(rules().unknown_in("[SLA-99]"), ["SLA-99"]);
        assert_eq!(rules().unknown_in("[LAB-TAT-01] and values[0]"), [""; 0]);
    }
}
