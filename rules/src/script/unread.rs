//! Unread: why can this text not be read as a script, in words that its author knows?
//!
//! The author writes rules for a hospital and has perhaps never seen another language; so each sentence says what is missing or
//! too much at the place that is pointed at, and what stands there instead.
//! - **Not here**: what can be read and may not be used (`inspect`).

use rhai::{LexError, ParseErrorType};

use crate::{
    Text,
    limits::{SCRIPT_DEPTH_MAX, SCRIPT_FUNCTION_DEPTH_MAX, SCRIPT_FUNCTIONS_MAX},
};

/// Signs before which a value has to stand.
const AFTER_VALUES: &[&str] = &[";", ",", ")", "]", "}", "=", "==", "!=", "&&", "||", "*", "/", "%"];

/// One sentence. **Input** `given`: the names that the script is given.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the list is Rhai's and may grow; what is not named has its sentence"
)]
pub(super) fn sentence(error: &ParseErrorType, given: &[Text]) -> String {
    use ParseErrorType as E;
    match error {
        E::UnexpectedEOF => "The script ends before it is complete.".to_owned(),
        E::BadInput(error) => of_letters(error),
        E::UnknownOperator(sign) => format!("There is no operator {sign}."),
        E::MissingToken(sign, _) if sign == ";" => "Here ; or a closing bracket is missing.".to_owned(),
        E::MissingToken(sign, _) => format!("Here {sign} is missing."),
        E::MissingSymbol(_) => "A sign is missing here, such as ; after a statement.".to_owned(),
        E::MalformedIndexExpr(_) => "A place in a list is a whole number, an entry of a map a text.".to_owned(),
        E::DuplicatedProperty(name) => format!("The map has {name} twice."),
        E::DuplicatedVariable(name) => format!("{name} stands here twice."),
        E::PropertyExpected => "The name of an entry is missing here.".to_owned(),
        E::VariableExpected => "A name is missing here.".to_owned(),
        E::ForbiddenVariable(word) | E::Reserved(word) => format!("It uses {word}, which scripts do not have."),
        E::MismatchedType(wanted, found) => {
            format!("Here {} is needed, not {found}.", wanted.replace("a boolean expression", "yes or no"))
        }
        E::ExprExpected(_) => "A value is missing here.".to_owned(),
        E::AssignmentToConstant(name) => format!("{name} is a constant and cannot be set."),
        E::AssignmentToInvalidLHS(_) => "This cannot be set; a name can.".to_owned(),
        E::VariableExists(name) => format!("There is a {name} already."),
        E::VariableUndefined(name) => undefined(name, given),
        E::ModuleUndefined(name) => format!("It uses {name}::, which scripts do not have."),
        E::ExprTooDeep => format!(
            "This is nested too deeply: {SCRIPT_DEPTH_MAX} levels are allowed, in functions {SCRIPT_FUNCTION_DEPTH_MAX}. \
            Give a part a name with let."
        ),
        E::LiteralTooLarge(what, most) => too_large(what, *most),
        E::LoopBreak => "break and continue stand inside a loop.".to_owned(),
        other => of_functions(other),
    }
}

/// What is wrong with a function, a choice or a comment.
#[expect(clippy::wildcard_enum_match_arm, reason = "as above")]
fn of_functions(error: &ParseErrorType) -> String {
    use ParseErrorType as E;
    match error {
        E::WrongSwitchDefaultCase => "The case _ comes last.".to_owned(),
        E::WrongSwitchCaseCondition => "The case _ has no condition.".to_owned(),
        E::WrongSwitchIntegerCase => "Cases of one number come before those of a range.".to_owned(),
        E::WrongDocComment => {
            "A comment of three strokes stands right before a function; two are a plain comment.".to_owned()
        }
        E::WrongFnDefinition => "A function is defined on its own, not inside a block or another function.".to_owned(),
        E::FnDuplicatedDefinition(name, _) => format!("There are two functions {name} with as many parameters."),
        E::FnMissingName => "The function has no name.".to_owned(),
        E::FnMissingParams(name) => format!("The function {name} has no parameters in round brackets; () for none."),
        E::FnDuplicatedParam(name, given) => format!("The function {name} has {given} twice."),
        E::FnMissingBody(name) => format!("The function {name} has no body in curly brackets."),
        E::TooManyFunctions => format!("A script may have {SCRIPT_FUNCTIONS_MAX} functions."),
        E::WrongExport => "It uses export, which scripts do not have.".to_owned(),
        _ => "This cannot be read.".to_owned(),
    }
}

/// What is wrong with letters and signs.
#[expect(clippy::wildcard_enum_match_arm, reason = "as above")]
fn of_letters(error: &LexError) -> String {
    match error {
        LexError::UnexpectedInput(sign) if AFTER_VALUES.contains(&sign.as_str()) => {
            format!("A value is missing before {sign} here.")
        }
        LexError::UnexpectedInput(sign) => format!("{sign} means nothing here."),
        LexError::UnterminatedString => "A quote opens a text here, and none closes it.".to_owned(),
        LexError::StringTooLong(most) => too_large("string", *most),
        LexError::MalformedEscapeSequence(sign) => {
            format!("{sign} stands for no letter; a backslash is written twice.")
        }
        LexError::MalformedNumber(number) => format!("{number} is no number."),
        LexError::MalformedChar(_) => "Texts stand in double quotes; single ones hold one letter.".to_owned(),
        LexError::MalformedIdentifier(name) => format!("{name} is no name; a name begins with a letter."),
        LexError::ImproperSymbol(sign, _) if sign == "===" => "Equal is written ==, with two signs.".to_owned(),
        LexError::ImproperSymbol(sign, _) if sign == "!==" => "Unequal is written !=, with two signs.".to_owned(),
        LexError::ImproperSymbol(word, _) if word.starts_with(char::is_alphabetic) => {
            format!("It uses {word}, which scripts do not have.")
        }
        LexError::ImproperSymbol(sign, _) => format!("There is no sign {sign}."),
        _ => "This cannot be read.".to_owned(),
    }
}

fn undefined(name: &str, given: &[Text]) -> String {
    let given: Vec<&str> = given.iter().map(Text::as_str).collect();
    if given.is_empty() {
        return format!("There is nothing called {name} here.");
    }
    format!("There is nothing called {name} here; the script is given {}.", given.join(" and "))
}

fn too_large(what: &str, most: usize) -> String {
    let what = what.to_lowercase();
    if what.contains("string") {
        format!("A text may have {most} bytes.")
    } else if what.contains("map") || what.contains("propert") {
        format!("A map may have {most} entries.")
    } else {
        format!("A list may have {most} elements.")
    }
}
