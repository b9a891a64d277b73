//! `wardline explain`: what does this code mean, and what is to be done?

use super::{
    Ending,
    ending::{print, tell},
};
use crate::{codes::Code, config::shape::nearest};

/// All pages, by code.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/errors.rs"));

/// What `explain` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline explain WL0201
  wardline explain 1103")]
pub struct Args {
    /// The code, such as WL0201.
    code: String,
}

/// Prints its page.
pub fn run(args: &Args) -> Ending {
    match page(&args.code) {
        Ok(text) => {
            print(text);
            Ending::Fine
        }
        Err(help) => {
            tell(&format!("{} error: there is no code `{}`\n  {help}\n", Code::NoSuchCode, args.code));
            Ending::Usage
        }
    }
}

/// The page of a code as people type it, or what to do instead.
fn page(code: &str) -> Result<&'static str, String> {
    let wanted = code.trim().to_uppercase();
    let wanted = if wanted.starts_with("WL") { wanted } else { format!("WL{wanted}") };
    let found = PAGES.iter().find(|(name, _)| *name == wanted);
    found.map(|(_, text)| *text).ok_or_else(|| {
        let names: Vec<&str> = PAGES.iter().map(|(name, _)| *name).filter(|name| name.starts_with("WL")).collect();
        match nearest(&wanted, &names) {
            Some(name) => format!("Did you mean `{name}`?"),
            None => "Codes look like `WL0201`; each error prints its own.".to_owned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_shell_has_a_page() {
        for code in Code::ALL {
            let text = page(code.text()).unwrap_or_else(|_| panic!("no page docs/errors/{code}.md"));
            assert!(text.starts_with(&format!("# {code}: {}\n", code.title())), "{code}");
            for part in ["## What happened", "## A case", "## What to do"] {
                assert!(text.contains(part), "{code} has {part}");
            }
        }
    }

    #[test]
    fn a_code_is_found_as_people_type_it() {
        assert_eq!(page("wl1103"), page("1103"));
        assert!(page("WL1103").is_ok());
        assert!(page("potato").unwrap_err().contains("WL0201"));
    }
}
