//! `wardline new`: a folder with a first ward, its test and the files of an installation.

use std::{fs, io, path::PathBuf};

use super::{
    Ending,
    ending::{print, tell},
};
use crate::codes::Code;

/// The files, as they travel inside the program.
const FILES: [(&str, &str); 4] = [
    ("ward/st-anne.ward", include_str!("../../templates/new/ward/st-anne.ward")),
    ("wardline.toml", include_str!("../../templates/new/wardline.toml")),
    ("site.toml", include_str!("../../templates/new/site.toml")),
    ("directory.csv", include_str!("../../templates/new/directory.csv")),
];

/// What `new` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline new st-anne
  cd st-anne && wardline test ward && wardline run")]
pub struct Args {
    /// The folder to make; it must be empty or not there.
    dir: PathBuf,
}

/// Writes the files.
pub fn run(args: &Args) -> Ending {
    let name = args.dir.display();
    if fs::read_dir(&args.dir).is_ok_and(|mut entries| entries.next().is_some()) {
        tell(&format!(
            "{} error: the folder `{name}` is not empty\n  Name another; nothing was written.\n",
            Code::FolderInUse
        ));
        return Ending::Usage;
    }
    if let Err(error) = write(args) {
        tell(&format!(
            "{} error: cannot write to `{name}`: {error}\n  Name a folder that you may write to.\n",
            Code::FileUnreadable
        ));
        return Ending::Usage;
    }
    let made: String = FILES.iter().map(|(file, _)| format!("  {name}/{file}\n")).collect();
    print(&format!(
        "{made}\nNext:\n  cd {name}\n  wardline test ward        the ward's own test\n  wardline run              the engine, on 127.0.0.1:8470\n"
    ));
    Ending::Fine
}

fn write(args: &Args) -> io::Result<()> {
    for (file, text) in FILES {
        let path = args.dir.join(file);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Config, Directory, site},
        ward,
    };
    use wardline_rules::{time::Date, token::Token};

    #[test]
    fn what_is_made_loads_and_checks() {
        let folder = tempfile::tempdir().unwrap();
        let args = Args { dir: folder.path().join("st-anne") };
        assert_eq!(run(&args), Ending::Fine);
        let config = Config::load(&args.dir.join("wardline.toml")).unwrap();
        assert_eq!(site::load(&config.site).unwrap().critical.len(), 1);
        assert!(Directory::load(&config.directory, &|_, _| Token([0; 16])).is_ok());
        let sources = ward::load(&config.ward).unwrap();
        let activation = ward::activation(&sources, Date::new(2026, 1, 14).unwrap(), "x");
        let checked = activation.map_err(|checked| checked.diagnostics);
        assert_eq!(checked.map(|activation| activation.program.name.to_string()), Ok("St Anne".to_owned()));
        assert_eq!(run(&args), Ending::Usage, "a folder that is in use is left alone");
    }
}
