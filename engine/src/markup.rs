//! Markup: how does text stand in HTML and XML without being taken for more than text?

/// Text as it may stand in an element or an attribute; a control character that XML forbids becomes a blank.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_markup_is_escaped() {
        assert_eq!(escape("a \"b\" < c & d\u{7}'"), "a &quot;b&quot; &lt; c &amp; d &#39;");
    }
}
