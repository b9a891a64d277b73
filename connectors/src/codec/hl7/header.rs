//! Header: who sends, what sort of message, and how does it want to be answered?
//!
//! - **How it fits**: the decoder reads it first; an answer is written from it after the message is durable.
//! - **Source**: HL7 v2.9, 2.13.9 (MSH).

use wardline_rules::Text;

use super::lexer::{Delimiters, Part, Segment};

/// What an MSH segment says that is needed after the message has been read. Texts are as they were written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Header {
    /// The delimiters of the message.
    pub delimiters: Delimiters,
    /// MSH-3, MSH-4: sending application and facility.
    pub sender: (Text, Text),
    /// MSH-5, MSH-6: receiving application and facility.
    pub receiver: (Text, Text),
    /// MSH-9.1, such as `ORU`.
    pub message_type: Text,
    /// MSH-9.2, such as `R01`.
    pub trigger: Text,
    /// MSH-10.
    pub control_id: Text,
    /// MSH-11, whole.
    pub processing: Text,
    /// MSH-12.1.
    pub version: Text,
    /// MSH-15: when an accept answer is wanted.
    pub accept: Text,
    /// MSH-16: when an application answer is wanted.
    pub application: Text,
    /// MSH-18.
    pub charset: Text,
}

impl Header {
    pub(super) fn read(msh: &Segment<'_>, delimiters: Delimiters) -> Self {
        let text = |part: Part<'_>| Text::from(part.raw());
        let (message_type, trigger) = names(msh.field(9));
        Self {
            delimiters,
            sender: (text(msh.field(3)), text(msh.field(4))),
            receiver: (text(msh.field(5)), text(msh.field(6))),
            message_type,
            trigger,
            control_id: text(msh.field(10)),
            processing: text(msh.field(11)),
            version: text(msh.field(12).component(1)),
            accept: text(msh.field(15).component(1)),
            application: text(msh.field(16).component(1)),
            charset: text(msh.field(18)),
        }
    }

    /// `ORU^R01`, as events name what caused them.
    #[must_use]
    pub fn event_trigger(&self) -> String {
        if self.trigger.is_empty() {
            self.message_type.to_string()
        } else {
            format!("{}^{}", self.message_type, self.trigger)
        }
    }
}

/// Type and trigger; where the trigger is missing, the structure of MSH-9.3 names it.
fn names(field: Part<'_>) -> (Text, Text) {
    let upper = |part: Part<'_>| -> Text { part.raw().chars().map(|c| c.to_ascii_uppercase()).collect() };
    let (first, second, structure) = (upper(field.component(1)), upper(field.component(2)), upper(field.component(3)));
    // Some senders write ORU_R01 where the type belongs.
    let (named_type, named_trigger) = match first.split_once('_') {
        Some((named_type, trigger)) => (Text::from(named_type), Text::from(trigger)),
        None => (first.clone(), Text::default()),
    };
    let from_structure = structure.split_once('_').map(|(_, trigger)| Text::from(trigger)).unwrap_or_default();
    let trigger = [second, named_trigger, from_structure].into_iter().find(|name| !name.is_empty());
    (named_type, trigger.unwrap_or_default())
}
