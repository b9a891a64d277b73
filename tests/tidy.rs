//! Tidy: is the house in order?
//!
//! Everything that can be searched for is searched for here, so that reviewers may speak of meaning. Each check is a function from what it reads to findings; it has one case that it accepts and one that it refuses, and one test that runs it over this repository.
//! - **How it fits**: `just test` and `tests/run` run it; `ARCHITECTURE.md` holds the table of edges it compares.
//! - **Not here**: what clippy, rustfmt and cargo-deny check; whether a wire format still reads old bytes.

#[cfg(test)]
mod tidy {
    mod codes;
    mod edges;
    mod files;
    mod guarantees;
    mod limits;
    mod manifests;
    mod pages;
    mod pure;
    mod sizes;
    mod words;

    use wardline_tests::{repository::Repository, rust::Source};

    /// A Rust file of the repository with what was read from it.
    struct RustFile {
        path: String,
        text: String,
        source: Source,
    }

    fn repository() -> Repository {
        Repository::load().unwrap()
    }

    fn rust_files() -> Vec<RustFile> {
        repository().with_extension(".rs").map(|file| rust_file(&file.path, &file.text)).collect()
    }

    fn rust_file(path: &str, text: &str) -> RustFile {
        RustFile {
            path: path.to_owned(),
            text: text.to_owned(),
            source: Source::read(text).unwrap_or_else(|error| panic!("{path}: {error}")),
        }
    }
}
