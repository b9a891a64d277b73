//! `wardline fmt`: how does this ward look when nobody has to think about how it looks?
//!
//! - **Not here**: the form itself (`wardline-dsl`).

use std::{fs, path::PathBuf};

use wardline_dsl::{
    format::{Fault, format},
    source::SourceFile,
};

use super::{
    Ending,
    ending::{print, tell},
    loaded,
};

/// What `fmt` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline fmt wards/st-anne             rewrites its files
  wardline fmt critical.ward --check     changes nothing; exit code 1 if a file would change
Exit code 0: done, or nothing to do; 1: with --check, a file would change, or a file cannot be read as a ward; 2: wrong use.")]
pub struct Args {
    /// A ward folder or one `.ward` file.
    ward: PathBuf,
    /// Only says which files would change.
    #[arg(long)]
    check: bool,
}

/// Formats each file, and says which.
pub fn run(args: &Args) -> Ending {
    let sources = match loaded::sources(&args.ward) {
        Ok(sources) => sources,
        Err(ending) => return ending,
    };
    let base = if args.ward.is_dir() { args.ward.clone() } else { PathBuf::new() };
    let mut ending = Ending::Fine;
    for file in &sources.files {
        let path = if args.ward.is_dir() { base.join(&file.name) } else { args.ward.clone() };
        match one(file, &path, args.check) {
            Ok(false) => {}
            Ok(true) => {
                print(&format!("{}\n", path.display()));
                if args.check {
                    ending = Ending::Findings;
                }
            }
            Err(cause) => {
                tell(&format!("`{}` was left alone: {cause}\n", path.display()));
                ending = Ending::Findings;
            }
        }
    }
    ending
}

/// Whether the file changed, or would.
fn one(file: &SourceFile, path: &std::path::Path, is_check: bool) -> Result<bool, String> {
    let text = format(file).map_err(|fault| match fault {
        Fault::Unreadable => "its layout cannot be read; `wardline check` says where".to_owned(),
        Fault::Changed => "the result would not say the same, which is a fault of the formatter".to_owned(),
    })?;
    // Compared with the bytes of the file: line ends and a missing last line break count.
    let is_same = fs::read(path).map_err(|error| error.to_string())? == text.as_bytes();
    if !is_same && !is_check {
        replace(path, &text).map_err(|error| error.to_string())?;
    }
    Ok(!is_same)
}

/// Writes beside the file and renames, so that a kill leaves the old text or the new one.
fn replace(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".fmt");
    let fresh = path.with_file_name(name);
    fs::write(&fresh, text)?;
    fs::set_permissions(&fresh, fs::metadata(path)?.permissions())?;
    fs::rename(&fresh, path)
}
