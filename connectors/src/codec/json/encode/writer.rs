//! Writer: where do commas and quotation marks go?

/// Writes JSON into a text.
pub(super) struct Writer<'o> {
    out: &'o mut String,
    /// Whether something stands in the open object or list already.
    is_begun: bool,
}

impl<'o> Writer<'o> {
    pub(super) const fn new(out: &'o mut String) -> Self {
        Self { out, is_begun: false }
    }

    /// Opens an object or a list.
    pub(super) fn open(&mut self, bracket: char) {
        self.out.push(bracket);
        self.is_begun = false;
    }

    /// Closes it.
    pub(super) fn close(&mut self, bracket: char) {
        self.out.push(bracket);
        self.is_begun = true;
    }

    fn comma(&mut self) {
        if self.is_begun {
            self.out.push(',');
        }
        self.is_begun = true;
    }

    /// A key; its value must follow.
    pub(super) fn key(&mut self, key: &str) {
        self.comma();
        self.quoted(key);
        self.out.push(':');
    }

    /// A value that needs no quotation marks.
    pub(super) fn raw(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// A key and its text.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        self.quoted(text);
    }

    /// A key and its text, if there is one.
    pub(super) fn word(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    /// A key and its text, unless it is empty.
    pub(super) fn filled(&mut self, key: &str, text: &str) {
        self.word(key, Some(text).filter(|text| !text.is_empty()));
    }

    /// A key and a list, unless it is empty.
    pub(super) fn list<T>(&mut self, key: &str, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.key(key);
        self.open('[');
        for item in items {
            self.comma();
            write(self, item);
            self.is_begun = true;
        }
        self.close(']');
    }

    /// A text in quotation marks, with the escapes JSON demands.
    pub(super) fn quoted(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                c if u32::from(c) < 0x20 => self.out.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}
