# `just` alone lists the verbs. `tests/run` is the gate and calls the same commands.

set shell := ["bash", "-euo", "pipefail", "-c"]

# every target in one place outside the clone, as tests/run does
export CARGO_TARGET_DIR := env("WARDLINE_TARGET_DIR", env("XDG_CACHE_HOME", env("HOME", ".") / ".cache") / "wardline/target")

[private]
default:
    @just --list --unsorted

# pinned tools, and a hook that formats and runs tidy before a commit
setup:
    rustup show active-toolchain
    printf '#!/bin/sh\nexec just fmt-check tidy\n' > "$(git rev-parse --git-path hooks)/pre-commit"
    chmod +x "$(git rev-parse --git-path hooks)/pre-commit"

# a synthetic hospital for thirty seconds
demo:
    cargo run --release -- demo --for 30s

# format everything
fmt:
    cargo fmt --all

[private]
fmt-check:
    cargo fmt --all --check

# clippy, and cargo-deny where it is installed
lint:
    cargo clippy --workspace --all-targets -- -D warnings
    if command -v cargo-deny >/dev/null; then cargo deny --all-features check; fi

# unit, integration and doc tests
test:
    cargo nextest run --workspace
    cargo test --workspace --doc

# is the house in order? seconds
tidy:
    cargo test -q -p wardline-tests --test tidy --test status

# plant one fault at a time: the named check must refuse it
bite:
    bash tests/bite

# wake one planted bug at a time in a copy of the tree: the simulator or the named test must find it
mutants *numbers:
    bash tests/mutants/run {{numbers}}

# accept what changed in generated pages, after reading the difference
bless:
    BLESS=1 cargo test -q -p wardline-tests --test tidy --test status --test editors --test packs
    BLESS=1 cargo test -q -p wardline-dsl --test reference --test diagnostics
    git diff --stat

# dashboards, rules and their pages, made again from grafana/source and the metrics table
grafana:
    BLESS=1 cargo test -q -p wardline-tests --test grafana -- files
    git diff --stat

# the dashboards against Grafana's own types; needs npm
boards:
    python3 grafana/conform.py

# rustdoc of our crates, without warnings
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# benchmarks
bench:
    cargo bench -p wardline-benches

# the same work on Flink and DuckDB, answers compared, the table into README.md; needs a JDK
peers *args:
    cargo build --release -p wardline -p wardline-loadtest
    benches/peers/run --write README.md {{args}}

# everything that must be green
ci:
    bash tests/run

# fault simulation: a whole engine on simulated disk, clocks, senders and receivers; says what it covered
sim seeds="60" from="0":
    SIM_COUNT={{seeds}} SIM_FROM={{from}} cargo test -q -p wardline-tests --test sim -- --nocapture

# one seed again, exactly
sim-seed seed:
    SIM_SEED={{seed}} cargo test -q -p wardline-tests --test sim every -- --nocapture

# as many seeds as fit into 5m, 90s or 8h, from a base that differs each time
sim-for time:
    SIM_FOR={{time}} SIM_FROM="$(date +%s)000" cargo test -q -p wardline-tests --test sim every -- --nocapture

# one seed of the twins again: engine against slow reference
twins seed:
    TWINS_SEED={{seed}} cargo test -p wardline-tests --test twins generated -- --nocapture

# the same with rules that look back and rosters
twins-past seed:
    TWINS_SEED={{seed}} cargo test -p wardline-tests --test twins before -- --nocapture

# inputs of bad will for the checker, the formatter, the editor's help and the sandbox of scripts: so long for each, 90s, 10m or 2h
fuzz-language time="10m":
    FUZZ_FOR={{time}} cargo test -p wardline-dsl --test fuzz anything -- --nocapture --test-threads 2

# change one number, word or clause of a shipped pack at a time: its tests must notice; PACK=imaging for one
pack-mutants:
    cargo test -q -p wardline-tests --test pack_mutants changes -- --nocapture

# rows and slices against plain lists: a million steps of ingest, flush, crash and query, and a million of news in the core
slices steps="1000000":
    WARDLINE_STEPS={{steps}} cargo test -q -p wardline-core --test core slices
    WARDLINE_STEPS={{steps}} cargo test -q -p wardline-tables slices_are_what
    WARDLINE_STEPS={{steps}} cargo test -q -p wardline-tables a_row_is_never

# an archive with a year of slices, to measure scans on
slices-year folder days="365" reports="10000" groups="500":
    cargo run --release -p wardline-tables --example year_of_slices -- {{folder}} {{days}} {{reports}} {{groups}}

# kills at random moments under load, with an outside ledger
crash rounds="100":
    cargo build --workspace --bins
    WARDLINE_BIN="${CARGO_TARGET_DIR:-target}/debug/wardline" python3 tests/e2e/kill_loop.py --rounds {{rounds}}

# thirty days of a hospital with seventeen incidents: which alert sees which, how soon, and who is paged for nothing
month days="30" rate="0.5x":
    cargo build --workspace --bins
    WARDLINE_BIN="${CARGO_TARGET_DIR:-target}/debug/wardline" python3 tests/e2e/month.py --days {{days}} --rate {{rate}}

# a full disk, a stop, receivers that drop, a clock set wrong, flipped bits: figures beside their bars; only=full,stops
chaos only="" scale="1":
    cargo build --workspace --bins
    WARDLINE_BIN="${CARGO_TARGET_DIR:-target}/debug/wardline" python3 tests/chaos/run.py --only "{{only}}" --scale {{scale}}

# parsers of foreign bytes against changed samples, and the store against flipped bits, much longer than the tests do
fuzz runs="200000":
    FUZZ_RUNS={{runs}} FUZZ_SEED="$(date +%s)" cargo test -p wardline-connectors --features mllp --test fuzz
    FLIPS={{runs}} FLIPS_SEED="$(date +%s)" cargo test -p wardline-store --test flips
