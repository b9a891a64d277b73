//! View: what is known about one report, or one of its results, as of one instant?
//!
//! The facts that conditions look at. "Always" fields (kind, tests, attributes) are read from the whole life of the report,
//! the others as of the instant [CAT-6]. [`RoutingView`] knows only routing fields and says `unknown` to the rest; what is
//! false for it is false for every report that says the same.

use wardline_rules::{
    Text,
    decimal::Decimal,
    evaluate::{Facts, Said},
    program::{Call, FeedId, Field, Operand, Program, TestId},
    script,
    time::Timestamp,
    words::{Abnormal, Comparator, Flag, FlagWord, PatientClass, Priority, Role, State, WardKind},
};

use crate::{
    dictionary::{Coded, Dictionary, NO_TEXT},
    past::{Amount, Past},
    report::{
        FlagCode, Report,
        results::{ResultKey, Run, Value},
    },
    scripts::{self, Scripts},
    tuple::{self, Tuple, Tuples},
};

/// Which test of a ward a code means, by the code's number.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestIndex {
    tests: Vec<Option<TestId>>,
}

impl TestIndex {
    /// Learns the codes that the dictionary got since the last call.
    pub(crate) fn learn(&mut self, program: &Program, dictionary: &Dictionary) {
        let new = dictionary.texts().iter().skip(self.tests.len());
        self.tests.extend(new.map(|code| program.catalogue.test_of_code(code)));
    }

    /// The test of a code.
    pub(crate) fn test(&self, code: Coded) -> Option<TestId> {
        self.tests.get(code as usize).copied().flatten()
    }
}

/// Flags of a report that speak of its patient.
const PATIENT_FLAGS: [Flag; 2] = [Flag::NoPortal, Flag::Deceased];

/// Where the parts of a view come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sources<'a> {
    pub(crate) program: &'a Program,
    pub(crate) tests: &'a TestIndex,
    pub(crate) scripts: &'a Scripts,
    pub(crate) dictionary: &'a Dictionary,
    pub(crate) tuples: &'a Tuples,
    /// Other reports; none where routing fields alone are looked at.
    pub(crate) past: Option<Past<'a>>,
}

/// A report, or one of its results, as of an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) from: Sources<'a>,
    pub(crate) report: &'a Report,
    /// Routing fields as of the instant.
    pub(crate) then: &'a Tuple,
    pub(crate) at: Timestamp,
    pub(crate) result: Option<(ResultKey, Run)>,
}

impl View<'_> {
    fn now(&self) -> &Tuple {
        self.from.tuples.get(self.report.effective)
    }

    /// Whether anything was said about flags of the patient, be it that there is none [COND-1].
    fn knows_patient_flags(&self) -> bool {
        let is_one = |flag: FlagCode| PATIENT_FLAGS.iter().any(|known| flag == FlagCode::Known(*known));
        self.report.cold.flags.iter().any(|fact| fact.at <= self.at && is_one(fact.flag))
    }

    fn has_report_flag(&self, flag: Flag) -> bool {
        self.report.has_flag(FlagCode::Known(flag), self.at)
    }

    /// Whether one of the results as of the instant is so.
    fn any_result(&self, is: impl Fn(bool, u32) -> bool) -> bool {
        let known = self.report.cold.statements.iter().filter(|statement| statement.at <= self.at);
        let mut newest = self.report.result_keys().into_iter().filter_map(|key| {
            let mut mine = known.clone().filter(move |statement| statement.key == key);
            mine.next_back()
        });
        newest.any(|statement| is(statement.content.is_critical, statement.abnormal))
    }

    /// Whether the result, or any where none is meant, carries one of these codes of table 0078, a bit each.
    fn has_coded(&self, codes: u32) -> bool {
        match &self.result {
            Some((_, run)) => run.abnormal & codes != 0,
            None => self.any_result(|_, bits| bits & codes != 0),
        }
    }

    fn attribute(&self, field: Field) -> Option<&str> {
        let key = self.from.dictionary.find(field.attribute()?)?;
        self.report.attribute(key).map(|value| self.from.dictionary.text(value))
    }

    pub(crate) fn named(&self, field: Field) -> Option<&str> {
        let text = |code: Coded| (code != NO_TEXT).then(|| self.from.dictionary.text(code));
        match field {
            Field::Site => text(self.then.site),
            Field::Department => text(self.then.department),
            Field::Location => self.then.location.value().and_then(text),
            Field::Finding => match self.result?.1.content.value {
                Value::Word(word) => text(word),
                Value::None | Value::Quantity(..) | Value::Number(..) | Value::Retracted => None,
            },
            Field::SpecimenClass | Field::SpecimenSite | Field::Modality | Field::PatientRisk => self.attribute(field),
            Field::Kind
            | Field::Priority
            | Field::State
            | Field::Flag
            | Field::Feed
            | Field::Test
            | Field::Value
            | Field::PreviousValue
            | Field::Change
            | Field::TimeSinceSameTest
            | Field::PatientClass
            | Field::PatientFlag
            | Field::PatientAge
            | Field::OrderingClinician
            | Field::AttendingClinician
            | Field::ReportingClinician => None,
        }
    }

    /// A value as the ward spells it, if the ward declares it.
    fn declared<'a>(&'a self, field: Field, text: &'a str) -> &'a str {
        let declared = self.from.program.catalogue.values.iter().filter(|values| values.field == field.word());
        declared.flat_map(|values| &values.values).find(|name| is_same(text, name)).map_or(text, Text::as_str)
    }

    fn feed_id(&self) -> Option<FeedId> {
        self.from.program.catalogue.feed(self.from.dictionary.text(self.then.source))
    }

    /// The test of the result, or the first test of the report that the ward declares.
    pub(crate) fn first_test(&self) -> Option<TestId> {
        match &self.result {
            Some((key, _)) => self.from.tests.test(key.code),
            None => self.now().tests.iter().find_map(|code| self.from.tests.test(*code)),
        }
    }

    /// The value of the result, if its unit is of the dimension of its test [UNIT-2].
    pub(crate) fn value(&self) -> Option<Amount> {
        let (key, run) = self.result.as_ref()?;
        self.amount_of(key.code, run.content.value)
    }

    /// A value of the test of a code as an amount.
    pub(crate) fn amount_of(&self, code: Coded, value: Value) -> Option<Amount> {
        let declared = self.from.tests.test(code).and_then(|test| self.from.program.catalogue.tests.get(test.index()));
        let unit = declared.and_then(|test| test.unit);
        match value {
            Value::Quantity(sign, quantity) if unit.is_none_or(|unit| unit.dimension() == quantity.dimension) => {
                Some((sign, Operand::Quantity(quantity)))
            }
            Value::Number(sign, number, NO_TEXT) if unit.is_none() => Some((sign, Operand::Number(number))),
            Value::None | Value::Quantity(..) | Value::Number(..) | Value::Word(_) | Value::Retracted => None,
        }
    }
}

/// Whether what was said of a field is that value: a site or place is one of the catalogue by its very name [COND-7].
fn is_value(field: Field, text: &str, name: &str) -> bool {
    let is_entry = matches!(field, Field::Site | Field::Location);
    if is_entry { text == name } else { is_same(text, name) }
}

/// Declared values compare without regard to case and with `_` for blanks.
fn is_same(text: &str, name: &str) -> bool {
    let plain = |byte: u8| if byte == b'_' { b' ' } else { byte.to_ascii_lowercase() };
    text == name || text.len() == name.len() && text.bytes().map(plain).eq(name.bytes().map(plain))
}

/// What is said of a field in a form that is the same for two texts just when [`is_value`] says that one is the other.
pub(crate) fn plain(field: Field, text: &str) -> String {
    let is_entry = matches!(field, Field::Site | Field::Location);
    if is_entry { text.to_owned() } else { text.replace('_', " ").to_ascii_lowercase() }
}

fn has_test(tuple: &Tuple, tests: &TestIndex) -> bool {
    tuple.tests.iter().any(|code| tests.test(*code).is_some())
}

fn feed_is(program: &Program, dictionary: &Dictionary, tuple: &Tuple, feed: FeedId) -> bool {
    program.catalogue.feed(dictionary.text(tuple.source)) == Some(feed)
}

/// Whether a declared test is among those that were said; a code that the ward does not declare is none of them, so that
/// where it stands alone the test is absent.
fn test_in(tuple: &Tuple, tests: &TestIndex, test: TestId) -> Option<bool> {
    let found = tuple.tests.iter().any(|code| tests.test(*code) == Some(test));
    match (found, !has_test(tuple, tests) || tuple.crowded) {
        (true, _) => Some(true),
        (false, true) => None,
        (false, false) => Some(false),
    }
}

impl Facts for View<'_> {
    fn kind(&self) -> Option<WardKind> {
        let now = self.now();
        let kind = now.kind.unwrap_or(wardline_rules::words::Kind::Other);
        Some(kind.ward_kind(now.narrowed == Some(true)))
    }

    fn priority(&self) -> Option<Priority> {
        Some(self.then.priority.value().unwrap_or(Priority::Unknown))
    }

    fn state(&self) -> Option<State> {
        self.report.state_at(self.at)
    }

    fn flag(&self, flag: &FlagWord) -> Option<bool> {
        Some(match flag {
            FlagWord::Report(Flag::Critical) => {
                let of_result = match &self.result {
                    Some((_, run)) => run.content.is_critical,
                    None => self.any_result(|is_critical, _| is_critical),
                };
                of_result || self.has_report_flag(Flag::Critical)
            }
            FlagWord::Report(Flag::Abnormal) => {
                let codes = Abnormal::ALL.iter().filter(|code| code.is_abnormal());
                let codes = codes.fold(0, |codes, code| codes | 1 << code.index());
                self.has_report_flag(Flag::Abnormal) || self.has_coded(codes)
            }
            FlagWord::Report(Flag::NoPortal | Flag::Deceased) if !self.knows_patient_flags() => return None,
            FlagWord::Report(flag) => self.has_report_flag(*flag),
            FlagWord::Result(code) => self.has_coded(1 << code.index()),
            FlagWord::Wait(reason) => {
                let reason = self.from.dictionary.find(reason);
                reason.is_some_and(|reason| self.report.has_flag(FlagCode::Wait(reason), self.at))
            }
        })
    }

    fn has_flags(&self, field: Field) -> Option<bool> {
        if field == Field::PatientFlag && !self.knows_patient_flags() {
            return None;
        }
        Some(if field == Field::PatientFlag {
            PATIENT_FLAGS.into_iter().any(|flag| self.has_report_flag(flag))
        } else {
            let flags = &self.report.cold.flags;
            flags.iter().any(|fact| fact.is_on && self.report.has_flag(fact.flag, self.at))
        })
    }

    fn feed(&self, feed: FeedId) -> Option<bool> {
        Some(feed_is(self.from.program, self.from.dictionary, self.then, feed))
    }

    fn test(&self, test: TestId) -> Option<bool> {
        match &self.result {
            Some((key, _)) => self.from.tests.test(key.code).map(|known| known == test),
            None => test_in(self.now(), self.from.tests, test),
        }
    }

    fn class(&self) -> Option<PatientClass> {
        self.then.class.value()
    }

    fn name(&self, field: Field, name: &Text) -> Option<bool> {
        self.named(field).map(|text| is_value(field, text, name))
    }

    fn amount(&self, field: Field) -> Option<Amount> {
        match field {
            Field::Value => self.value(),
            Field::PreviousValue => self.previous_value(),
            Field::Change => self.change(),
            Field::TimeSinceSameTest => self.since_same_test().map(|since| (None, Operand::Span(since))),
            Field::PatientAge => self.attribute(field).and_then(Decimal::parse).map(|age| (None, Operand::Number(age))),
            Field::Kind
            | Field::Priority
            | Field::State
            | Field::Flag
            | Field::Feed
            | Field::Test
            | Field::Finding
            | Field::SpecimenClass
            | Field::SpecimenSite
            | Field::Modality
            | Field::Site
            | Field::Department
            | Field::Location
            | Field::PatientClass
            | Field::PatientRisk
            | Field::PatientFlag
            | Field::OrderingClinician
            | Field::AttendingClinician
            | Field::ReportingClinician => None,
        }
    }

    fn is_known(&self, field: Field) -> Option<bool> {
        let person = |role| self.report.person(role, self.at).is_some();
        Some(match field {
            Field::Kind | Field::Priority | Field::Flag | Field::Feed => true,
            Field::PatientFlag => self.knows_patient_flags(),
            Field::State => self.state().is_some(),
            Field::Test => match &self.result {
                Some((key, _)) => self.from.tests.test(key.code).is_some(),
                None => has_test(self.now(), self.from.tests),
            },
            Field::Value => self.value().is_some(),
            Field::PreviousValue => self.previous_value().is_some(),
            Field::Change => self.change().is_some(),
            Field::TimeSinceSameTest => self.since_same_test().is_some(),
            Field::PatientClass => self.class().is_some(),
            Field::PatientAge => self.attribute(field).is_some(),
            Field::Finding
            | Field::SpecimenClass
            | Field::SpecimenSite
            | Field::Modality
            | Field::PatientRisk
            | Field::Site
            | Field::Department
            | Field::Location => self.named(field).is_some(),
            Field::OrderingClinician => person(Role::Ordering),
            Field::AttendingClinician => person(Role::Attending),
            Field::ReportingClinician => person(Role::Interpreting),
        })
    }

    fn said(&self, field: Field) -> Option<Said> {
        let word = |word: &str| Some(Said::Word(Text::from(word)));
        match field {
            Field::Kind => word(self.kind()?.name()),
            Field::Priority => word(self.priority()?.word()),
            Field::State => word(self.state()?.name()),
            Field::Feed => word(&self.from.program.catalogue.feeds.get(self.feed_id()?.index())?.name),
            Field::Test => word(&self.from.program.catalogue.tests.get(self.first_test()?.index())?.name),
            Field::PatientClass => word(self.class()?.word()),
            Field::Finding
            | Field::SpecimenClass
            | Field::SpecimenSite
            | Field::Modality
            | Field::Site
            | Field::Department
            | Field::Location
            | Field::PatientRisk => word(self.declared(field, self.named(field)?)),
            Field::Value | Field::PatientAge | Field::PreviousValue | Field::Change | Field::TimeSinceSameTest => {
                self.amount(field).map(|(sign, amount)| Said::Amount(sign, amount))
            }
            Field::Flag
            | Field::PatientFlag
            | Field::OrderingClinician
            | Field::AttendingClinician
            | Field::ReportingClinician => None,
        }
    }

    fn call(&self, call: &Call, arguments: &[script::Value]) -> Option<script::Value> {
        scripts::ask(&self.from, call, arguments)
    }
}

/// What routing fields alone say; anything not said is unknown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoutingView<'a> {
    pub(crate) from: Sources<'a>,
    pub(crate) tuple: &'a Tuple,
}

impl RoutingView<'_> {
    /// The declared tests that were said; `None` if there may be others [`test_in`].
    pub(crate) fn tests(&self) -> Option<Vec<TestId>> {
        let is_whole = has_test(self.tuple, self.from.tests) && !self.tuple.crowded;
        is_whole.then(|| self.tuple.tests.iter().filter_map(|code| self.from.tests.test(*code)).collect())
    }

    pub(crate) fn named(&self, field: Field) -> Option<&str> {
        let text = |code: Coded| (code != NO_TEXT).then(|| self.from.dictionary.text(code));
        if field == Field::Site {
            text(self.tuple.site)
        } else if field == Field::Department {
            text(self.tuple.department)
        } else if field == Field::Location {
            self.tuple.location.value().and_then(text)
        } else {
            None
        }
    }
}

impl Facts for RoutingView<'_> {
    fn kind(&self) -> Option<WardKind> {
        let narrowed = self.tuple.narrowed?;
        self.tuple.kind.map(|kind| kind.ward_kind(narrowed))
    }

    fn priority(&self) -> Option<Priority> {
        // A source that is silent now may speak later; then the tuple is another.
        match self.tuple.priority {
            tuple::Said::Nothing => None,
            tuple::Said::Cleared => Some(Priority::Unknown),
            tuple::Said::Value(priority) => Some(priority),
        }
    }

    fn state(&self) -> Option<State> {
        None
    }

    fn flag(&self, _: &FlagWord) -> Option<bool> {
        None
    }

    fn has_flags(&self, _: Field) -> Option<bool> {
        None
    }

    fn feed(&self, _: FeedId) -> Option<bool> {
        None
    }

    fn test(&self, test: TestId) -> Option<bool> {
        test_in(self.tuple, self.from.tests, test)
    }

    fn class(&self) -> Option<PatientClass> {
        self.tuple.class.value()
    }

    fn name(&self, field: Field, name: &Text) -> Option<bool> {
        self.named(field).map(|text| is_value(field, text, name))
    }

    fn amount(&self, _: Field) -> Option<(Option<Comparator>, Operand)> {
        None
    }

    fn is_known(&self, field: Field) -> Option<bool> {
        self.named(field).map(|_| true)
    }

    fn said(&self, _: Field) -> Option<Said> {
        None
    }

    fn call(&self, _: &Call, _: &[script::Value]) -> Option<script::Value> {
        None
    }
}
